#include "scenarios/planted_defect_judge.h"

#include <fmt/format.h>

#include <algorithm>

#include "scenarios/defect_syncs.h"
#include "scenarios/explorer.h"
#include "scenarios/suite.h"

namespace seedbed {

namespace {

using How = DefectTrial::How;

// Where flushes and syncs are recorded, and then explored: the first that comes by a class has it.
struct Recorded {
  const char* scenario;
  uint64_t states_max;
  bool quick;
};
constexpr Recorded kRecorded[] = {{"suites/core/undisturbed.toml", 400, true},
                                  {"suites/core/two-sessions.toml", 400, true},
                                  {"suites/core/kill-in-data.toml", 400, true},
                                  {"suites/core/abort-leaves-an-empty-volume.toml", 400, true},
                                  {"suites/first-journey/undisturbed.toml", 120, false}};

// The oracle whose finding the verdict rests on; 0: none's.
int oracle_of(const ScenarioRecord& record) {
  for (const OracleRecord& oracle : record.oracles)
    if (!oracle.findings.empty() && oracle.findings.front() == record.why) return oracle.number;
  return 0;
}

std::string text_of(const ScenarioRecord& record) {
  const int oracle = oracle_of(record);
  return oracle == 0 ? std::string(verdict_name(record.verdict))
                     : fmt::format("{}, oracle {}", verdict_name(record.verdict), oracle);
}

// A dropped sync may show as anything that a judge says: there is no list then.
bool fits(const PlantedCase& planted, const ScenarioRecord& record) {
  if (record.as_expected) return false;
  if (planted.catches.empty())
    return record.verdict == Verdict::lost || record.verdict == Verdict::silently_wrong ||
           record.verdict == Verdict::broke_contract || record.verdict == Verdict::stuck;
  return std::ranges::any_of(planted.catches, [&](const DefectCatch& one) {
    return one.verdict == record.verdict && one.oracle == oracle_of(record);
  });
}

// Looks at one red, or none, after another.
class Search {
 public:
  Search(const PlantedCase& planted, DefectFinding& finding) : planted_(planted), finding_(finding) {}

  void take(const ScenarioRecord& record) {
    if (finding_.caught || record.as_expected) return;
    finding_.caught = fits(planted_, record);
    finding_.verdict = text_of(record);
    finding_.why = record.why;
    finding_.token = record.token;
    if (!finding_.caught) others_++;
  }
  bool over() const { return finding_.caught || finding_.states >= finding_.states_max; }
  uint64_t others() const noexcept { return others_; }  // reds that do not fit

 private:
  const PlantedCase& planted_;
  DefectFinding& finding_;
  uint64_t others_ = 0;
};

ScenarioRunOptions options_with(const std::shared_ptr<const PlantedDefect>& defect) {
  ScenarioRunOptions options;
  options.every_fault_must_fire = false;
  options.defect = defect;
  return options;
}

}  // namespace

Status DefectJudge::check_without(const std::string& path) {
  if (green_.contains(path)) return {};
  const auto scenario = TRY(load_scenario(files_, path));
  const ScenarioRun run = TRY(run_scenario(scenario, scenario->seed, {}));
  if (!run.record.as_expected)
    return fail(ErrorCode::refused,
                fmt::format("the scenario is {} without any defect: {}", verdict_name(run.record.verdict),
                            run.record.why),
                path, "Put it right first");
  green_.insert(path);
  return {};
}

Result<DefectFinding> DefectJudge::judge(const PlantedCase& planted) {
  const uint64_t start_us = real_us_();
  DefectFinding finding{.name = planted.name,
                        .port = planted.port,
                        .what = planted.what,
                        .scenario = {},
                        .how = {},
                        .verdict = {},
                        .why = {},
                        .states_max = planted.states_max,
                        .token = {}};
  Search search(planted, finding);
  bool acted = false;
  for (const DefectTrial& trial : planted.trials) {
    if (search.over()) break;
    const auto defect = planted.make();
    const std::string path = join_path(scenarios_, trial.scenario);
    TRY(check_without(path));
    const auto scenario = TRY(load_scenario(files_, path));
    finding.scenario = trial.scenario;
    finding.how = "run";
    finding.states++;
    const ScenarioRun run = TRY(run_scenario(scenario, scenario->seed, options_with(defect)));
    search.take(run.record);
    if (trial.how == How::explore && run.record.as_expected && !search.over()) {
      finding.how = "explore";
      Explorer explorer(scenario, {.seed = scenario->seed,
                                   .budget = finding.states_max - finding.states,
                                   .enough = [&] { return search.over(); },
                                   .defect = defect});
      const ExploreTotals totals = TRY(explorer.run(
          [&](const ScenarioRecord& failed) {
            finding.states++;
            search.take(failed);
          },
          [&](const ExploreTotals&) {}));
      finding.states += totals.judged - totals.failed;
    }
    acted = acted || defect->acted();
  }
  if (!finding.caught && !acted)
    finding.why = "it never came into effect";
  else if (!finding.caught && search.others() > 0)
    finding.why = fmt::format("{} reds, none of the kind that fits; the last: {}", search.others(), finding.why);
  else if (!finding.caught)
    finding.why = "everything was as expected";
  finding.real_us = real_us_() - start_us;
  return finding;
}

Result<std::vector<PlantedCase>> DefectJudge::sync_cases() {
  std::vector<PlantedCase> cases;
  std::set<std::string> known;
  for (const Recorded& recorded : kRecorded) {
    const auto scenario = TRY(load_scenario(files_, join_path(scenarios_, recorded.scenario)));
    SyncClasses classes;
    ScenarioRunOptions options;
    options.defect = sync_recorder(classes);
    TRY(run_scenario(scenario, scenario->seed, options));
    for (const auto& [class_name, count] : classes.counts) {
      const std::string name = drop_name(class_name);
      if (!known.insert(name).second) continue;
      PlantedCase planted;
      planted.name = name;
      planted.port = class_name.starts_with("drive") ? "BlockDevice" : "FileStore";
      planted.what = fmt::format("dropped: {} ({} times)", class_name, count);
      planted.trials = {{How::explore, recorded.scenario}};
      planted.states_max = recorded.states_max;
      planted.quick = recorded.quick;
      planted.make = [name] { return dropped_sync(name); };
      cases.push_back(std::move(planted));
    }
  }
  return cases;
}

}  // namespace seedbed
