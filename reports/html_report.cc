#include "reports/html_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/text.h"
#include "reports/durations.h"
#include "reports/report_style.h"
#include "reports/scenario_section.h"
#include "reports/shown_text.h"
#include "reports/timeline_drawing.h"

namespace seedbed {

namespace {

constexpr size_t kSectionsMax = 400;

struct Headline {
  std::string_view style, text, small;
};

Headline headline_of(const RunRecord& run) {
  switch (exit_code_of(run)) {
    case 0:
      return {"good", "All that was tested went as expected.", ""};
    case 1:
      return {"bad", "Not as expected.", "At least one scenario ended otherwise than it must."};
    case 3:
      return {"bad", "Stuck.", "At least one scenario did not come to an end."};
    case 4:
      return totals_of(run).as_expected == 0 && totals_of(run).not_measured == 0
                 ? Headline{"open", "Nothing was tested.", "A run without a tested scenario is never green."}
                 : Headline{"open", "Not everything was measured.",
                            "A planned fault never struck, or a check could not run. This is no proof."};
    default:
      return {"bad", "The testbed itself is at fault.",
              "Its other results are in doubt until this is mended."};
  }
}

void append_fact(std::string& out, std::string_view name, std::string_view markup) {
  out += fmt::format("<dt>{}</dt><dd>{}</dd>\n", name, markup);
}

void append_header(std::string& out, const RunRecord& run) {
  const Headline headline = headline_of(run);
  const Totals totals = totals_of(run);
  out += fmt::format("<header>\n<h1>Offline seeding testbed: report</h1>\n<p class=\"banner {}\">{}",
                     headline.style, headline.text);
  if (!headline.small.empty()) out += fmt::format("<span class=\"small\">{}</span>", headline.small);
  out += "</p>\n<ul class=\"totals\">\n";
  const auto tile = [&](uint64_t count, std::string_view style, std::string_view name) {
    out += fmt::format("<li><b class=\"{}\">{}</b>{}</li>\n", count == 0 ? "none" : style, with_commas(count),
                       name);
  };
  tile(totals.as_expected, "good", "as expected");
  tile(totals.failed, "bad", "failed");
  tile(totals.not_measured, "open", "not measured");
  tile(totals.not_applicable, "none", "not applicable");
  out += "</ul>\n<dl>\n";
  append_fact(out, "Command", fmt::format("<code>{}</code>", markup_text(one_line(run.command))));
  append_fact(out, "Seed",
              fmt::format("<code>{}</code> ({})", run.seed,
                          run.seed_given ? "given on the command line" : "each scenario's own"));
  append_fact(out, "Rung", markup_text(one_line(run.rung)));
  append_fact(out, "Started",
              fmt::format("{}, took {}", markup_text(one_line(run.started_utc)),
                          duration_text(std::min(run.real_us, UINT64_MAX / 1000) * 1000)));
  std::string options;
  for (const auto& [name, value] : run.options)
    options += fmt::format("{}<code>{} {}</code>", options.empty() ? "" : ", ", markup_text(one_line(name)),
                           markup_text(one_line(value)));
  if (!options.empty()) append_fact(out, "Options", options);
  append_fact(out, "Event log hash",
              fmt::format("<code>{}</code> over all scenarios", event_log_hash_of(run)));
  append_fact(out, "Exit code", fmt::format("{}", exit_code_of(run)));
  append_fact(out, "Version", fmt::format("seedbed {}", markup_text(one_line(run.version))));
  out += "</dl>\n</header>\n";
}

// Failed ones first, then what was not measured; inside a group the record's order.
std::vector<const ScenarioRecord*> in_order_of_interest(const RunRecord& run) {
  std::vector<const ScenarioRecord*> scenarios;
  for (const auto& scenario : run.scenarios) scenarios.push_back(&scenario);
  const auto rank = [](const ScenarioRecord* scenario) {
    switch (outcome_of(*scenario)) {
      case Outcome::failed:
        return scenario->verdict == Verdict::harness_broken ? 0 : 1;
      case Outcome::not_measured:
        return 2;
      case Outcome::as_expected:
        return 3;
      case Outcome::not_applicable:
        return 4;
    }
    return 0;
  };
  std::stable_sort(scenarios.begin(), scenarios.end(),
                   [&](const ScenarioRecord* a, const ScenarioRecord* b) { return rank(a) < rank(b); });
  return scenarios;
}

void append_words(std::string& out) {
  out += "<details><summary>The words used here</summary><div class=\"inside\"><dl>\n";
  for (size_t i = 0; i < kVerdicts; i++)
    append_fact(out, verdict_name(static_cast<Verdict>(i)), verdict_meaning(static_cast<Verdict>(i)));
  append_fact(out, "boots",
              "how often the program was started in the scenario; more than one after a kill or a power cut");
  append_fact(
      out, "rung",
      "where the engine ran: sim (all simulated), process (real processes and files), file or loop (the "
      "kernel's I/O path), sata (a real or emulated drive)");
  append_fact(out, "virtual time", "time as the simulated machines saw it; hours of a drive pass in moments");
  append_fact(out, "redone / allowed",
              "what was written once more after a restart, against the most that is allowed");
  append_fact(
      out, "event log hash",
      "a fingerprint of all that happened; the same seed must give the same one, \"twice\" says that it did");
  append_fact(out, "exit code",
              "0 all as expected, 1 not as expected, 3 stuck, 4 not measured or nothing tested, 5 the "
              "testbed is at fault");
  out += "</dl></div></details>\n";
}

}  // namespace

std::string html_report(const RunRecord& run) {
  const auto scenarios = in_order_of_interest(run);
  const size_t sections = std::min(scenarios.size(), kSectionsMax);
  // the policy makes sure that not even a slip in escaping could run or fetch anything
  std::string out = fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
      "'unsafe-inline'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n",
      closing_line(totals_of(run)), report_style());
  append_header(out, run);

  out +=
      "<main>\n<h2>Scenarios</h2>\n<table class=\"scenarios\"><thead><tr><th>Scenario</th><th>Result</th>"
      "<th class=\"number\">Boots</th><th class=\"number\">Virtual time</th><th class=\"number\">Real "
      "time</th>"
      "<th class=\"number\">Redone / allowed</th><th class=\"number\">Faults fired</th><th>Event log "
      "hash</th></tr></thead><tbody>\n";
  for (size_t i = 0; i < scenarios.size(); i++) out += scenario_row(*scenarios[i], i + 1, i < sections);
  out += "</tbody></table>\n";
  if (scenarios.empty()) out += "<p class=\"note\">None.</p>\n";

  if (sections > 0) out += "<h2>Details</h2>\n" + timeline_legend();
  for (size_t i = 0; i < sections; i++) out += scenario_section(*scenarios[i], i + 1);
  if (sections < scenarios.size())
    out += fmt::format("<p class=\"note\">The details of {} more scenarios are in run.json.</p>\n",
                       with_commas(scenarios.size() - sections));
  append_words(out);
  return out + "</main>\n</body>\n</html>\n";
}

}  // namespace seedbed
