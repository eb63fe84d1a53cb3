#include "reports/scenario_section.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/text.h"
#include "reports/durations.h"
#include "reports/shown_text.h"
#include "reports/timeline_drawing.h"

namespace seedbed {

namespace {

constexpr size_t kFindingsMax = 50, kHappeningsMax = 120;

std::string line_text(std::string_view text) {
  return markup_text(one_line(text));
}

std::string verdict_badge(const ScenarioRecord& scenario) {
  const Outcome outcome = outcome_of(scenario);
  std::string out = fmt::format("<span class=\"verdict {}\">{}</span>", outcome_class(outcome),
                                verdict_name(scenario.verdict));
  if (scenario.verdict != scenario.expected)
    out += fmt::format(" <span class=\"small\">expected {}</span>", verdict_name(scenario.expected));
  else if (outcome == Outcome::failed)
    out += " <span class=\"small\">as expected, but something else was not</span>";
  return out;
}

std::string redo_text(const ScenarioRecord& scenario, std::string_view between) {
  if (scenario.redo_bound_bytes == 0) return human_bytes(scenario.redone_bytes);
  const bool over = scenario.redone_bytes > scenario.redo_bound_bytes;
  return fmt::format("{}{}{}{}{}", over ? "<span class=\"bad\">" : "", human_bytes(scenario.redone_bytes),
                     between, human_bytes(scenario.redo_bound_bytes), over ? "</span>" : "");
}

std::string faults_text(const ScenarioRecord& scenario) {
  if (scenario.faults.empty()) return "none";
  uint64_t planned = 0, fired = 0;
  bool missed = false;
  for (const auto& fault : scenario.faults) {
    planned += fault.planned;
    fired += fault.fired;
    missed = missed || fault.fired < fault.planned;
  }
  return fmt::format("{}{} of {}{}", missed ? "<span class=\"open\">" : "", fired, planned,
                     missed ? "</span>" : "");
}

std::string hash_text(const ScenarioRecord& scenario) {
  if (scenario.event_log_hash.empty()) return "none";
  std::string out = fmt::format("<code>{}</code>", line_text(scenario.event_log_hash));
  if (scenario.second_hash.empty()) return out;
  if (scenario.second_hash == scenario.event_log_hash) return out + " <span class=\"small\">twice</span>";
  return out + fmt::format(" <span class=\"bad\">second run: <code>{}</code></span>",
                           line_text(scenario.second_hash));
}

void append_fact(std::string& out, std::string_view name, std::string_view markup) {
  out += fmt::format("<dt>{}</dt><dd>{}</dd>\n", name, markup);
}

void append_facts(std::string& out, const ScenarioRecord& scenario) {
  out += "<dl>\n";
  if (!scenario.proves.empty()) append_fact(out, "Shows that", markup_text(scenario.proves));
  append_fact(out, "Result",
              fmt::format("{}: {}", verdict_badge(scenario), verdict_meaning(scenario.verdict)));
  if (!scenario.why.empty()) append_fact(out, "Why", markup_text(scenario.why));
  if (!scenario.file.empty())
    append_fact(out, "File", fmt::format("<code>{}</code>", line_text(scenario.file)));
  if (!scenario.tags.empty()) {
    std::string tags;
    for (const auto& tag : scenario.tags) tags += (tags.empty() ? "" : ", ") + line_text(tag);
    append_fact(out, "Tags", tags);
  }
  append_fact(out, "Data",
              fmt::format("{} of source, {} written, redone: {}", human_bytes(scenario.source_bytes),
                          human_bytes(scenario.written_bytes), redo_text(scenario, " of at most ")));
  append_fact(out, "Time",
              fmt::format("{} virtual, {} real; {} boots, {} events", duration_text(scenario.virtual_ns),
                          duration_text(std::min(scenario.real_us, UINT64_MAX / 1000) * 1000),
                          with_commas(scenario.boots), with_commas(scenario.events)));
  append_fact(out, "Seed", fmt::format("<code>{}</code>", scenario.seed));
  append_fact(out, "Event log hash", hash_text(scenario));
  out += "</dl>\n";
  if (!scenario.token.empty())
    out += fmt::format("<h3>The same run again</h3>\n<pre><code>{}</code></pre>\n",
                       line_text(replay_command(scenario)));
}

void append_faults(std::string& out, const ScenarioRecord& scenario) {
  if (scenario.faults.empty()) return;
  out +=
      "<h3>Faults</h3>\n<table class=\"parts\"><thead><tr><th>Fault</th><th>Fired of planned</th>"
      "<th>First at</th></tr></thead><tbody>\n";
  for (const auto& fault : scenario.faults)
    out += fmt::format(
        "<tr><td>{}</td><td data-label=\"Fired of planned\"{}>{} of {}</td><td data-label=\"First "
        "at\">{}</td></tr>\n",
        line_text(fault.name), fault.fired < fault.planned ? " class=\"open\"" : "", fault.fired,
        fault.planned,
        fault.fired == 0   ? "never reached"
        : fault.at.empty() ? ""
                           : fmt::format("<code>{}</code>", line_text(fault.at)));
  out += "</tbody></table>\n";
}

std::string findings_text(const OracleRecord& oracle) {
  if (!oracle.ran) return "<span class=\"open\">could not run</span>";
  if (oracle.findings.empty()) return "<span class=\"good\">nothing wrong</span>";
  std::string out =
      fmt::format("<div><span class=\"bad\">{} found</span><ul class=\"findings\">", oracle.findings.size());
  for (size_t i = 0; i < std::min(oracle.findings.size(), kFindingsMax); i++)
    out += fmt::format("<li>{}</li>", markup_text(oracle.findings[i]));
  if (oracle.findings.size() > kFindingsMax)
    out += fmt::format("<li>and {} more in run.json</li>", oracle.findings.size() - kFindingsMax);
  return out + "</ul></div>";
}

void append_oracles(std::string& out, const ScenarioRecord& scenario) {
  if (scenario.oracles.empty()) return;
  out +=
      "<h3>Checks afterwards</h3>\n<table "
      "class=\"parts\"><thead><tr><th>Check</th><th>Found</th></tr></thead><tbody>\n";
  for (const auto& oracle : scenario.oracles)
    out += fmt::format("<tr><td>{}. {}</td><td data-label=\"Found\">{}</td></tr>\n", oracle.number,
                       line_text(oracle.name), findings_text(oracle));
  out += "</tbody></table>\n";
}

// For paper, phones and screen readers, where marks cannot be pointed at.
void append_happenings(std::string& out, const ScenarioRecord& scenario) {
  std::vector<TimelineEntry> entries;
  std::copy_if(
      scenario.timeline.begin(), scenario.timeline.end(), std::back_inserter(entries),
      [](const TimelineEntry& entry) { return entry.kind != "flush" && entry.kind != "checkpoint"; });
  std::stable_sort(entries.begin(), entries.end(),
                   [](const TimelineEntry& a, const TimelineEntry& b) { return a.time_ns < b.time_ns; });
  if (entries.empty()) return;
  out +=
      "<details><summary>What happened, in order (without flushes and checkpoints)</summary><div "
      "class=\"inside\">"
      "<table><thead><tr><th class=\"number\">Time</th><th>Where</th><th>What</th></tr></thead><tbody>\n";
  for (size_t i = 0; i < std::min(entries.size(), kHappeningsMax); i++)
    out += fmt::format("<tr><td class=\"number\">{}</td><td>{}</td><td>{}: {}</td></tr>\n",
                       seconds_text(entries[i].time_ns, 1'000'000), line_text(entries[i].lane),
                       line_text(entries[i].kind), line_text(entries[i].what));
  out += "</tbody></table>\n";
  if (entries.size() > kHappeningsMax)
    out += fmt::format("<p class=\"note\">{} more are in run.json.</p>\n", entries.size() - kHappeningsMax);
  out += "</div></details>\n";
}

}  // namespace

std::string_view verdict_meaning(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::survived:
      return "everything came through whole";
    case Verdict::refused:
      return "the fault was found or the work declined, with the place and the remedy";
    case Verdict::lost:
      return "data is missing";
    case Verdict::silently_wrong:
      return "data is wrong and nobody was told";
    case Verdict::broke_contract:
      return "a promise or a rule was broken (touched too much, did something twice, redid too much, showed "
             "a secret)";
    case Verdict::stuck:
      return "the work did not come to an end";
    case Verdict::not_applicable:
      return "this kind of run lacks something that the scenario needs; nothing was tested";
    case Verdict::not_measured:
      return "a planned fault never struck, or a check could not run; nothing can be said";
    case Verdict::harness_broken:
      return "the testbed itself is at fault; its other results are in doubt";
  }
  return "";
}

std::string_view outcome_class(Outcome outcome) noexcept {
  switch (outcome) {
    case Outcome::as_expected:
      return "good";
    case Outcome::failed:
      return "bad";
    case Outcome::not_measured:
      return "open";
    case Outcome::not_applicable:
      return "none";
  }
  return "bad";
}

std::string scenario_row(const ScenarioRecord& scenario, size_t number, bool has_section) {
  const std::string name = has_section
                               ? fmt::format("<a href=\"#s{}\">{}</a>", number, line_text(scenario.name))
                               : line_text(scenario.name);
  return fmt::format(
      "<tr><td>{}</td><td data-label=\"Result\"><div>{}</div></td><td class=\"number\" "
      "data-label=\"Boots\">{}</td>"
      "<td class=\"number\" data-label=\"Virtual time\">{}</td><td class=\"number\" data-label=\"Real "
      "time\">{}</td>"
      "<td class=\"number\" data-label=\"Redone / allowed\">{}</td><td class=\"number\" data-label=\"Faults "
      "fired\">{}</td>"
      "<td data-label=\"Event log hash\"><div>{}</div></td></tr>\n",
      name, verdict_badge(scenario), with_commas(scenario.boots), duration_text(scenario.virtual_ns),
      duration_text(std::min(scenario.real_us, UINT64_MAX / 1000) * 1000), redo_text(scenario, " / "),
      faults_text(scenario), hash_text(scenario));
}

std::string scenario_section(const ScenarioRecord& scenario, size_t number) {
  const Outcome outcome = outcome_of(scenario);
  const bool open = outcome == Outcome::failed || outcome == Outcome::not_measured;
  std::string out =
      fmt::format("<details{}><summary><b>{}</b> {}</summary><div class=\"inside\" id=\"s{}\">\n",
                  open ? " open" : "", line_text(scenario.name), verdict_badge(scenario), number);
  append_facts(out, scenario);
  append_faults(out, scenario);
  append_oracles(out, scenario);
  if (!scenario.timeline.empty())
    out += "<h3>Timeline, in virtual seconds</h3>\n" + timeline_drawing(scenario.timeline);
  append_happenings(out, scenario);
  return out + "</div></details>\n";
}

}  // namespace seedbed
