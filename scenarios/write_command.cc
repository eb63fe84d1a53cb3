#include "scenarios/write_command.h"

#include <fmt/format.h>

#include <algorithm>

#include "reports/run_json.h"
#include "scenarios/rig_lines.h"
#include "scenarios/run_token.h"
#include "scenarios/scenario_document.h"
#include "scenarios/scenario_file.h"
#include "scenarios/scenario_run.h"
#include "scenarios/swarm.h"
#include "scenarios/toml_text.h"

namespace seedbed {

namespace {

Result<int> write(const RigContext& rig, const std::string& what, const std::string& out) {
  RunToken token = TRY(RunToken::parse(what));
  const auto kind = swarm_named(token.file);
  if (!kind || !token.edits.empty())
    return fail(ErrorCode::invalid_argument, "only what a swarm draws is written", what,
                "Give swarm:drive@SEED, for example; `seedbed shrink --out` writes what lies in a file");
  const Scenario of = swarm_of(*kind);
  ScenarioRunOptions options;
  options.extra_faults = token.faults;
  options.real_us = rig.real_us;
  const auto drawn = TRY(run_scenario(std::make_shared<const Scenario>(of), token.seed, options));

  Scenario scenario = *swarm_scenario(of, token.seed);
  std::erase_if(scenario.faults, [&](const PlannedFault& fault) {
    const auto record = std::ranges::find(drawn.record.faults, fault.name, &FaultRecord::name);
    return record != drawn.record.faults.end() && record->fired == 0;
  });
  const std::string text = fmt::format("# Drawn by {}@{}\n", swarm_name(*kind), token.seed) +
                           toml_text(scenario_document(scenario));
  const auto read = std::make_shared<const Scenario>(TRY(parse_scenario(text, out)));
  const auto again = TRY(run_scenario(read, token.seed, options));
  TRY(replace_file(rig.files, out, as_bytes(text), 0644));

  rig.console.json(encode_scenario_line_json(again.record));
  rig.console.result(scenario_line(again.record));
  token.file = out;
  rig.console.result("     seedbed replay '" + token.text() + "'");
  if (again.record.event_log_hash == drawn.record.event_log_hash) return 0;
  rig.console.result("its run differs from the swarm's: the rig is broken");
  return 5;
}

}  // namespace

int write_command(const RigContext& rig, const std::string& what, const std::string& out) {
  const auto code = write(rig, what, out);
  if (code) return *code;
  rig.console.complain(code.error());
  return kUsage;
}

}  // namespace seedbed
