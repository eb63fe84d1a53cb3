#include "scenarios/replay_command.h"

#include <fmt/format.h>

#include <algorithm>

#include "reports/event_differ.h"
#include "reports/html_report.h"
#include "reports/junit_report.h"
#include "reports/run_json.h"
#include "scenarios/defect_catalog.h"
#include "scenarios/scenario_run.h"
#include "scenarios/suite.h"
#include "scenarios/world_block_logs.h"

namespace seedbed {

namespace {

constexpr uint64_t kEventsBytesMax = 1 * GiB;

Result<ScenarioRun> replay_token(const RigContext& rig, const RunToken& token, bool keep_events,
                                 BlockLogs* block_logs = nullptr) {
  const auto scenario = TRY(load_scenario(rig.files, token.file, token.edits));
  ScenarioRunOptions options;
  options.extra_faults = token.faults;
  options.keep_events = keep_events;
  options.real_us = rig.real_us;
  if (block_logs != nullptr) {
    options.watch = [=](const World& world, const Event& event, EventSide side) {
      block_logs->see(world, event, side);
    };
    options.second_look = [=](const World& world) {
      block_logs->end(world);
      return std::string();
    };
  }
  if (!token.defect.empty()) {
    options.defect = TRY(defect_named(token.defect));
    options.every_fault_must_fire = false;
  }
  return run_scenario(scenario, token.seed, options);
}

void tell(const RigContext& rig, const ScenarioRecord& record) {
  rig.console.result(scenario_line(record));
  rig.console.say("     proves " + record.proves);
  if (!record.why.empty()) rig.console.say("     " + record.why);
  for (const FaultRecord& fault : record.faults)
    rig.console.say(
        fmt::format("     {} {}", fault.fired > 0 ? "fired        " : "never reached", fault.name) +
        (fault.at.empty() ? "" : "\n                   at " + fault.at));
  for (const OracleRecord& oracle : record.oracles) {
    rig.console.say(fmt::format("     oracle {} {:<36} {}", oracle.number, oracle.name,
                                !oracle.ran               ? "did not run"
                                : oracle.findings.empty() ? "fine"
                                                          : ""));
    for (const std::string& finding : oracle.findings) rig.console.say("       " + finding);
  }
  rig.console.say(fmt::format("     event log hash {}, {} events", record.event_log_hash, record.events));
}

Result<int> replay(const RigContext& rig, const std::string& what, const std::string& events,
                   const std::string& block_log) {
  if (what.ends_with(".json")) {
    if (!events.empty() || !block_log.empty())
      return fail(ErrorCode::invalid_argument,
                  "--events and --block-log go with a token, not with a run.json", what,
                  "Take a token out of it");
    const Bytes text = TRY(read_file(rig.files, what, kRunJsonMaxBytes));
    const RunRecord run = TRY(parse_run_json(as_text(text), what));
    uint64_t same = 0, different = 0;
    for (const ScenarioRecord& was : run.scenarios) {
      if (was.event_log_hash.empty()) continue;
      const ScenarioRun now = TRY(replay_token(rig, TRY(RunToken::parse(was.token)), false));
      const bool equal = now.record.event_log_hash == was.event_log_hash;
      (equal ? same : different)++;
      rig.console.result(
          fmt::format("{} {} {}", equal ? "same     " : "DIFFERENT", now.record.event_log_hash, was.name));
    }
    rig.console.result(fmt::format("seedbed: {} replayed bit for bit, {} differ", same, different));
    return different > 0 ? 5 : same > 0 ? 0 : 4;
  }
  const RunToken token = TRY(RunToken::parse(what));
  BlockLogs block_logs;
  const ScenarioRun run =
      TRY(replay_token(rig, token, !events.empty(), block_log.empty() ? nullptr : &block_logs));
  if (!events.empty()) {
    std::string text;
    for (const Event& event : run.events) text += event_text(event) + '\n';
    if (events == "-")
      rig.console.result(text);
    else
      TRY(replace_file(rig.files, events, as_bytes(text), 0644));
  }
  tell(rig, run.record);
  if (!block_log.empty()) {
    const auto lines = TRY(block_logs.write(rig.files, block_log));
    for (const std::string& line : lines) rig.console.say("     " + line);
  }
  rig.console.json(encode_scenario_line_json(run.record));
  RunRecord record;
  record.scenarios = {run.record};
  rig.console.result(closing_line(totals_of(record)));
  return exit_code_of(record);
}

Result<int> diff(const RigContext& rig, const std::string& a, const std::string& b) {
  const auto first = lines_of(as_text(TRY(read_file(rig.files, a, kEventsBytesMax)))),
             second = lines_of(as_text(TRY(read_file(rig.files, b, kEventsBytesMax))));
  const auto divergence = first_divergence(first, second);
  if (!divergence) {
    rig.console.result(fmt::format("{} events, the same in both", first.size()));
    return 0;
  }
  rig.console.result(divergence_text(first, second, *divergence));
  return 1;
}

Result<int> report(const RigContext& rig, const std::vector<std::string>& directories,
                   const std::string& html, const std::string& junit) {
  RunRecord all;
  for (const std::string& directory : directories) {
    const std::string path = join_path(directory, "run.json");
    const Bytes text = TRY(read_file(rig.files, path, kRunJsonMaxBytes));
    RunRecord run = TRY(parse_run_json(as_text(text), path));
    const bool first = all.version.empty();
    std::vector<ScenarioRecord> scenarios = std::move(all.scenarios);
    if (first) all = run;
    all.real_us = first ? run.real_us : all.real_us + run.real_us;
    scenarios.insert(scenarios.end(), run.scenarios.begin(), run.scenarios.end());
    all.scenarios = std::move(scenarios);
  }
  TRY(replace_file(rig.files, html, as_bytes(html_report(all)), 0644));
  if (!junit.empty()) TRY(replace_file(rig.files, junit, as_bytes(junit_report(all)), 0644));
  rig.console.result(closing_line(totals_of(all)));
  return exit_code_of(all);
}

int told(const RigContext& rig, const Result<int>& code) {
  if (code) return *code;
  rig.console.complain(code.error());
  return kUsage;
}

}  // namespace

int replay_command(const RigContext& rig, const std::string& what, const std::string& events,
                   const std::string& block_log) {
  return told(rig, replay(rig, what, events, block_log));
}

int diff_command(const RigContext& rig, const std::string& a, const std::string& b) {
  return told(rig, diff(rig, a, b));
}

int report_command(const RigContext& rig, const std::vector<std::string>& directories,
                   const std::string& html, const std::string& junit) {
  return told(rig, report(rig, directories, html, junit));
}

}  // namespace seedbed
