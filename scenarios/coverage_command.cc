#include "scenarios/coverage_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "scenarios/coverage.h"
#include "scenarios/rig_lines.h"
#include "scenarios/scenario_run.h"
#include "scenarios/suite.h"

namespace seedbed {

namespace {

Result<ScenarioRecord> play(const RigContext& rig, const std::shared_ptr<const Scenario>& scenario,
                            uint64_t seed, Coverage& coverage) {
  std::set<std::string> fired;
  ScenarioRunOptions options;
  options.real_us = rig.real_us;
  options.watch = [&](const World& world, const Event& event, EventSide side) {
    if (event.kind != EventKind::fault || side != EventSide::before) return;
    const auto fault = std::ranges::find(scenario->faults, event.place, &PlannedFault::name);
    if (fault == scenario->faults.end()) return;
    fired.insert(fault->name);
    coverage.fired(*fault, world.phase);
  };
  ScenarioRun run = TRY(run_scenario(scenario, seed, options));
  for (const PlannedFault& fault : scenario->faults)
    if (!fired.contains(fault.name)) coverage.never_fired(fault);
  if (went_as_expected(run.record)) coverage.played(*scenario);
  return std::move(run.record);
}

Result<int> cover(const RigContext& rig, const std::vector<std::string>& paths,
                  const std::optional<uint64_t>& seed) {
  const auto suite = TRY(load_suite(rig.files, paths));
  rig.console.say(fmt::format("seedbed {}: coverage, seed {}, {} scenarios", rig.version,
                              seed ? std::to_string(*seed) : "of each file", suite.size()));
  Coverage coverage;
  RunRecord record;
  for (const auto& scenario : suite) {
    record.scenarios.push_back(TRY(play(rig, scenario, seed_of(*scenario, seed), coverage)));
    const ScenarioRecord& now = record.scenarios.back();
    if (went_as_expected(now)) continue;
    rig.console.result(scenario_line(now));
    rig.console.result("     seedbed replay '" + now.token + "'");
  }
  const std::vector<std::string> holes = coverage.holes();
  if (rig.console.wants_json())
    for (size_t i = 0; i < coverage.rows().size(); i++)
      rig.console.json(coverage_line(fault_rows()[i], coverage.rows()[i]));
  else
    for (const std::string& line : coverage.table()) rig.console.result(line);
  for (const std::string& hole : holes) rig.console.result("exercised by nothing: " + hole);
  rig.console.result(closing_line(totals_of(record)));
  rig.console.result(fmt::format("seedbed: {} of {} faults exercised", fault_rows().size() - holes.size(),
                                 fault_rows().size()));
  const int code = exit_code_of(record);
  return code == 0 && !holes.empty() ? 4 : code;
}

}  // namespace

int coverage_command(const RigContext& rig, const std::vector<std::string>& paths,
                     const std::optional<uint64_t>& seed) {
  const auto code = cover(rig, paths, seed);
  if (code) return *code;
  rig.console.complain(code.error());
  return kUsage;
}

}  // namespace seedbed
