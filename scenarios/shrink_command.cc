#include "scenarios/shrink_command.h"

#include <fmt/format.h>

#include <algorithm>

#include "reports/run_json.h"
#include "scenarios/defect_catalog.h"
#include "scenarios/rig_lines.h"
#include "scenarios/scenario_document.h"
#include "scenarios/shrinker.h"
#include "scenarios/suite.h"
#include "scenarios/toml_text.h"

namespace seedbed {

namespace {

constexpr uint64_t kSeedMax = ~uint64_t{0} >> 1;  // what a TOML integer holds
constexpr size_t kNameMax = 100;

Result<RunToken> token_of(const RigContext& rig, const std::string& what) {
  if (!what.ends_with(".json")) return RunToken::parse(what);
  const Bytes text = TRY(read_file(rig.files, what, kRunJsonMaxBytes));
  const RunRecord run = TRY(parse_run_json(as_text(text), what));
  const auto failed = [](const ScenarioRecord& record) {
    return !record.token.empty() && !went_as_expected(record) && record.verdict != Verdict::not_applicable;
  };
  const auto first = std::ranges::find_if(run.scenarios, failed);
  if (first == run.scenarios.end())
    return fail(ErrorCode::invalid_argument, "no run of it failed", what,
                "Take one with a failed run, or a token");
  if (const auto all = std::ranges::count_if(run.scenarios, failed); all > 1)
    rig.console.say(fmt::format("{} runs of it failed; this is the first: {}", all, first->name));
  return RunToken::parse(first->token);
}

void put(TomlValue& table, const std::string& key, TomlValue value) {
  value.key = key;
  const auto there = std::ranges::find(table.items, key, &TomlValue::key);
  if (there != table.items.end())
    *there = std::move(value);
  else
    table.items.push_back(std::move(value));
}

TomlValue number_value(uint64_t number) {
  TomlValue value;
  value.kind = TomlValue::Kind::integer;
  value.integer = static_cast<int64_t>(number);
  return value;
}

// The whole run as a scenario file: the document, the seed, and the token's faults by their events.
std::string file_of(TomlValue document, const ShrinkRun& run) {
  const auto name = std::ranges::find(document.items, "name", &TomlValue::key);
  if (name != document.items.end() && !name->text.ends_with(", shrunk"))
    name->text = name->text.substr(0, kNameMax - 8) + ", shrunk";
  if (run.token.seed <= kSeedMax) put(document, "seed", number_value(run.token.seed));
  auto faults = std::ranges::find(document.items, "fault", &TomlValue::key);
  if (!run.token.faults.empty() && faults == document.items.end()) {
    put(document, "fault", {});
    faults = document.items.end() - 1;
    faults->kind = TomlValue::Kind::list;
  }
  for (const PlannedFault& fault : run.token.faults) faults->items.push_back(fault_document(fault));
  std::string text = fmt::format("# Made smaller by `seedbed shrink`. It ends as {}: {}\n",
                                 verdict_name(run.record.verdict), run.record.why);
  if (run.token.seed > kSeedMax)
    text += fmt::format("# Only under a seed that a file cannot hold: replay it with @{}\n", run.token.seed);
  return text + toml_text(document);
}

Result<int> shrink(const RigContext& rig, const ShrinkCommandOptions& options) {
  const RunToken token = TRY(token_of(rig, options.what));
  const Bytes text = TRY(read_file(rig.files, token.file, kTomlBytesMax));
  TomlValue document = TRY(parse_toml(as_text(text), token.file));
  ScenarioRunOptions run_options;
  run_options.real_us = rig.real_us;
  if (!token.defect.empty()) run_options.defect = TRY(defect_named(token.defect));
  ShrinkRunner runner(document, token.file, run_options, options.runs_max, token.defect);
  const uint64_t start_us = rig.real_us();
  Shrinker shrinker(runner, [&](uint64_t runs, const std::string& what) {
    rig.console.say(fmt::format("  {:>5} runs: {}", runs, what));
  });
  const ShrinkRun small = TRY(shrinker.shrink(token));
  const double seconds = static_cast<double>(rig.real_us() - start_us) / 1e6;

  // What is handed out is what was parsed from it, run once more.
  const std::string line = small.token.text();
  const RunToken again = TRY(RunToken::parse(line));
  const auto scenario = TRY(load_scenario(rig.files, again.file, again.edits));
  run_options.extra_faults = again.faults;
  const ScenarioRun replayed = TRY(run_scenario(scenario, again.seed, run_options));
  const bool same = replayed.record.event_log_hash == small.record.event_log_hash;
  if (!options.out.empty()) {
    TomlValue edited_document = TRY(edited(std::move(document), again.edits));
    TRY(replace_file(rig.files, options.out, as_bytes(file_of(std::move(edited_document), small)), 0644));
  }
  rig.console.json(encode_scenario_line_json(replayed.record));
  rig.console.result(scenario_line(replayed.record));
  rig.console.result(
      fmt::format("seedbed: {} runs, {:.1f} s{}; {} faults, {} commands, {} drives, {} events are left",
                  runner.runs() + 1, seconds, runner.spent() ? " (no more were allowed)" : "", small.cost[0],
                  small.cost[1], small.cost[2], small.record.events));
  rig.console.result("     seedbed replay '" + line + "'");
  if (same) return 0;
  rig.console.result("its replay differs from the run that was found: the rig is broken");
  return 5;
}

}  // namespace

int shrink_command(const RigContext& rig, const ShrinkCommandOptions& options) {
  const auto code = shrink(rig, options);
  if (code) return *code;
  rig.console.complain(code.error());
  return kUsage;
}

}  // namespace seedbed
