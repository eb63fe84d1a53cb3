#include "reports/junit_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "reports/shown_text.h"

namespace seedbed {

namespace {

enum class CaseKind : uint8_t { passed, failure, error, skipped };

CaseKind kind_of(const ScenarioRecord& scenario) {
  switch (outcome_of(scenario)) {
    case Outcome::as_expected:
      return CaseKind::passed;
    case Outcome::not_applicable:
      return CaseKind::skipped;
    case Outcome::not_measured:
      return CaseKind::error;
    case Outcome::failed:
      break;
  }
  const bool unjudged = scenario.verdict == Verdict::stuck || scenario.verdict == Verdict::harness_broken;
  return unjudged ? CaseKind::error : CaseKind::failure;
}

std::string seconds(uint64_t real_us) {
  return fmt::format("{}.{:06}", real_us / 1'000'000, real_us % 1'000'000);
}

// Readers want a date without a zone; it is UTC.
std::string timestamp(const RunRecord& run) {
  std::string_view text = run.started_utc;
  if (text.ends_with('Z')) text.remove_suffix(1);
  return text.empty() ? "" : fmt::format(" timestamp=\"{}\"", markup_attribute(text));
}

void append_property(std::string& out, std::string_view name, std::string_view value) {
  out += fmt::format("<property name=\"{}\" value=\"{}\"/>", markup_attribute(name), markup_attribute(value));
}

// What a person needs who sees this one case only.
std::string body_of(const ScenarioRecord& scenario) {
  std::string out = fmt::format("verdict:  {}\nexpected: {}\nwhy:      {}\n", verdict_name(scenario.verdict),
                                verdict_name(scenario.expected), scenario.why);
  for (const auto& fault : scenario.faults)
    out += fmt::format("fault:    {}: fired {} of {}{}{}\n", fault.name, fault.fired, fault.planned,
                       fault.at.empty() ? "" : ", first at ", fault.at);
  for (const auto& oracle : scenario.oracles) {
    if (!oracle.ran) out += fmt::format("oracle {}: {}: did not run\n", oracle.number, oracle.name);
    for (const auto& finding : oracle.findings)
      out += fmt::format("oracle {}: {}: {}\n", oracle.number, oracle.name, finding);
  }
  if (!scenario.token.empty()) out += fmt::format("replay:   {}\n", replay_command(scenario));
  return out;
}

void append_case(std::string& out, const ScenarioRecord& scenario) {
  out += fmt::format("    <testcase name=\"{}\" classname=\"{}\" time=\"{}\">\n      <properties>",
                     markup_attribute(scenario.name), markup_attribute(scenario.file),
                     seconds(scenario.real_us));
  append_property(out, "seed", fmt::to_string(scenario.seed));
  append_property(out, "event_log_hash", scenario.event_log_hash);
  append_property(out, "token", scenario.token);
  out += "</properties>\n";
  std::string summary = fmt::format("{} (expected {}): {}", verdict_name(scenario.verdict),
                                    verdict_name(scenario.expected), scenario.why);
  if (!scenario.token.empty()) summary += "; " + replay_command(scenario);
  switch (kind_of(scenario)) {
    case CaseKind::passed:
      break;
    case CaseKind::skipped:
      out += fmt::format("      <skipped message=\"{}\"/>\n", markup_attribute(scenario.why));
      break;
    case CaseKind::failure:
    case CaseKind::error: {
      const char* element = kind_of(scenario) == CaseKind::failure ? "failure" : "error";
      out += fmt::format("      <{0} type=\"{1}\" message=\"{2}\">{3}</{0}>\n", element,
                         verdict_name(scenario.verdict), markup_attribute(summary),
                         markup_text(body_of(scenario)));
      break;
    }
  }
  out += "    </testcase>\n";
}

}  // namespace

std::string junit_report(const RunRecord& run) {
  const auto count = [&](CaseKind kind) {
    return std::count_if(run.scenarios.begin(), run.scenarios.end(),
                         [&](const ScenarioRecord& scenario) { return kind_of(scenario) == kind; });
  };
  const std::string counts = fmt::format(
      "tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{}\"", run.scenarios.size(),
      count(CaseKind::failure), count(CaseKind::error), count(CaseKind::skipped), seconds(run.real_us));
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  out += fmt::format(
      "<testsuites name=\"seedbed\" {}>\n  <testsuite name=\"seedbed {}\" {}{}>\n    <properties>", counts,
      markup_attribute(run.rung), counts, timestamp(run));
  append_property(out, "version", run.version);
  append_property(out, "command", run.command);
  append_property(out, "seed", fmt::to_string(run.seed));
  append_property(out, "event_log_hash", event_log_hash_of(run));
  append_property(out, "exit_code", fmt::to_string(exit_code_of(run)));
  for (const auto& [name, value] : run.options) append_property(out, "option " + name, value);
  out += "</properties>\n";
  for (const auto& scenario : run.scenarios) append_case(out, scenario);
  return out + "  </testsuite>\n</testsuites>\n";
}

}  // namespace seedbed
