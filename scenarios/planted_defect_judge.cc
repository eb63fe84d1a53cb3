#include "scenarios/planted_defect_judge.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

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
constexpr Recorded kRecorded[] = {
    {"suites/core/two-sessions.toml", 600, true},
    {"suites/core/kill-in-data.toml", 600, true},
    {"suites/core/abort-leaves-an-empty-volume.toml", 600, true},
    {"planted/staging-alone.toml", 600, false},
    {"suites/first-journey/undisturbed.toml", 400, false},
    {"suites/multi-drive/fourteen-blobs.toml", 400, false},
    {"suites/first-journey/container-deleted-after-the-import.toml", 400, false},
    {"suites/first-journey/key-rotated-before-import.toml", 400, false},
    {"suites/core/kill-in-intent.toml", 400, false},
    {"suites/core/abort-cut-by-power.toml", 400, false},
    {"suites/core/abort-and-start-again.toml", 400, false}};

constexpr const char* kPlain = "suites/core/undisturbed.toml";
constexpr uint64_t kSamples = 16;  // at each crash point

// A job's drives have journals of other names, and are prepared by the same calls.
std::string as_of_one_drive(std::string name) {
  static constexpr std::string_view kOfAJob = "seed-N-N-jrn";
  if (const size_t at = name.find(kOfAJob); at != std::string::npos)
    name.replace(at, kOfAJob.size(), "drive-jrn");
  return name;
}

// Classes that make nothing durable which is not made so anyway, and why. They must not turn anything red.
struct Redundant {
  std::string_view name, why;
};
constexpr std::string_view kLogHasItsName =
    "the log's first sync in a life of the services: its name is durable since they made or opened their "
    "state";
constexpr Redundant kRedundant[] = {
    {"drop-file-sync-copy-computer-data-desk-drive-jrn-N-hashes-new",
     "the new page hash log is empty: the directory's sync makes its name durable, the first append its "
     "bytes"},
    {"drop-directory-sync-copy-computer-shipping-desk",
     "the tracking number stands in the job by then; the note of it on this computer is made again by the "
     "same "
     "command, and nothing rests on it"},
    {"drop-file-sync-source-computer-backup-agent-last-catalog-new",
     "a convenience with a digest: damaged or not there, it is as if it had never been, and the vault has "
     "it"},
    {"drop-file-sync-services-making-azure-state-db-wal",
     "what is lost of tables and tokens is made again; the sync of the first commit that is answered covers "
     "the whole log"},
    {"drop-file-sync-services-opening-azure-blobs-N",
     "an import syncs pages before it answers, and writes none over others: whoever does is found by "
     "StorageAccount.WhatAKilledRequestLeftAndSomebodyReadOutlastsAPowerCut"},
    {"drop-directory-sync-services-backup-azure", kLogHasItsName},
    {"drop-directory-sync-services-closing-azure", kLogHasItsName},
    {"drop-directory-sync-services-shipping-azure", kLogHasItsName},
    {"drop-directory-sync-services-delivery-azure", kLogHasItsName},
    {"drop-directory-sync-services-import-azure", kLogHasItsName},
    {"drop-directory-sync-services-drop-azure", kLogHasItsName},
    {"drop-directory-sync-services-rotate-azure", kLogHasItsName},
    {"drop-directory-sync-copy-computer-done-desk",
     "a further session's first record: that of its next one makes its name durable, and nothing is done "
     "before"},
};

// Where a class is explored that the recorded scenario comes by and leaves with nothing to lose.
struct Elsewhere {
  std::string_view name, scenario;
};
constexpr const char* kKilledCommits = "planted/services-killed-in-their-commits.toml";
constexpr Elsewhere kElsewhere[] = {{"drop-directory-sync-services-opening-azure", kKilledCommits},
                                    {"drop-file-sync-services-opening-azure-blobs-N", kKilledCommits}};

// Numbers of the oracles that found something; empty: the verdict is the journey's own, a refusal without a
// cause or none where one was due.
std::vector<int> oracles_of(const ScenarioRecord& record) {
  std::vector<int> numbers;
  for (const OracleRecord& oracle : record.oracles)
    if (!oracle.findings.empty()) numbers.push_back(oracle.number);
  return numbers;
}

std::string verdict_text(const ScenarioRecord& record) {
  const std::vector<int> oracles = oracles_of(record);
  if (oracles.empty() && record.verdict == Verdict::survived) return "survived, a refusal was due";
  if (oracles.empty() && record.verdict == Verdict::stuck) return "stuck: refused without a cause";
  return oracles.empty()
             ? std::string(verdict_name(record.verdict))
             : fmt::format("{}, oracle {}", verdict_name(record.verdict), fmt::join(oracles, " "));
}

// A dropped sync may show as anything that a judge says: there is no list then.
bool fits(const PlantedCase& planted, const ScenarioRecord& record) {
  if (record.as_expected) return false;
  if (planted.catches.empty())
    return record.verdict == Verdict::lost || record.verdict == Verdict::silently_wrong ||
           record.verdict == Verdict::broke_contract || record.verdict == Verdict::stuck ||
           record.verdict == Verdict::refused || record.verdict == Verdict::survived;
  const std::vector<int> oracles = oracles_of(record);
  return std::ranges::any_of(planted.catches, [&](const DefectCatch& one) {
    return one.verdict == record.verdict &&
           (one.oracle == 0 ? oracles.empty() : std::ranges::count(oracles, one.oracle) > 0);
  });
}

// Looks at one red, or none, after another.
class Search {
 public:
  Search(const PlantedCase& planted, DefectFinding& finding) : planted_(planted), finding_(finding) {}

  void take(const ScenarioRecord& record) {
    if (finding_.caught || record.as_expected) return;
    finding_.caught = fits(planted_, record);
    finding_.verdict = verdict_text(record);
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
  bool acted = false, takes_something = false;  // crashes that were explored do
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
    const bool explores = trial.how == How::explore || (trial.how == How::undone && defect->acted());
    if (explores && run.record.as_expected && !search.over()) {
      finding.how = "explore";
      ExploreOptions options{.seed = scenario->seed,
                             .budget = finding.states_max - finding.states,
                             .stop = [&] { return search.over(); },
                             .run = options_with(defect)};
      if (trial.how == How::undone) {
        options.undone_only = true;
        options.samples = kSamples;  // torn here and whole there, which is worth more than pairs
        options.pairs_most = 0;
      }
      Explorer explorer(scenario, std::move(options));
      const ExploreTotals totals = TRY(explorer.run(
          [&](const ScenarioRecord& failed) {
            finding.states++;
            search.take(failed);
          },
          [&](const ExploreTotals&) {}));
      finding.states += totals.judged - totals.failed;
      takes_something = takes_something || totals.states > 0;
    }
    acted = acted || defect->acted();
  }
  finding.redundant = !planted.redundant.empty();
  const bool red = finding.caught;
  if (finding.redundant) finding.caught = !red && acted;
  if (finding.redundant && finding.caught) {
    finding.verdict = "nothing: redundant";
    finding.why = planted.redundant;
    if (!takes_something) finding.why += " (no crash takes anything of what was dropped)";
  } else if (!finding.caught && !acted) {
    finding.why = "it never came into effect";
  } else if (!finding.caught && red) {
    finding.why =
        fmt::format("it was said to make nothing durable ({}), and: {}", planted.redundant, finding.why);
  } else if (!finding.caught && search.others() > 0) {
    finding.why =
        fmt::format("{} reds, none of the kind that fits; the last: {}", search.others(), finding.why);
  } else if (!finding.caught) {
    finding.why = "everything was as expected";
  }
  finding.real_us = real_us_() - start_us;
  return finding;
}

Result<std::vector<PlantedCase>> DefectJudge::sync_cases(bool quick) {
  std::vector<PlantedCase> cases;
  std::set<std::string> known;
  for (const Recorded& recorded : kRecorded) {
    if (quick && !recorded.quick) continue;
    const auto scenario = TRY(load_scenario(files_, join_path(scenarios_, recorded.scenario)));
    SyncClasses classes;
    ScenarioRunOptions options;
    options.defect = sync_recorder(classes);
    TRY(run_scenario(scenario, scenario->seed, options));
    for (const auto& [class_name, count] : classes.counts) {
      const std::string name = drop_name(class_name);
      if (known.contains(as_of_one_drive(name)) || !known.insert(name).second) continue;
      const bool service = class_name.find(" services ") != std::string::npos;
      PlantedCase planted;
      planted.name = name;
      planted.port = class_name.starts_with("drive") ? "BlockDevice"
                     : service                       ? "FileStore, services"
                                                     : "FileStore";
      planted.what = fmt::format("dropped: {} ({} times)", class_name, count);
      // Many show at the end of a run already, when the judges cut the power.
      if (!service) planted.trials = {{How::run, kPlain}};
      const bool plainly = recorded.quick || class_name.starts_with("drive");
      const auto elsewhere = std::ranges::find(kElsewhere, name, &Elsewhere::name);
      planted.trials.push_back(
          {plainly ? How::explore : How::undone,
           elsewhere == std::end(kElsewhere) ? recorded.scenario : std::string(elsewhere->scenario)});
      planted.states_max = recorded.states_max;
      planted.quick = recorded.quick;
      planted.make = [name] { return dropped_sync(name); };
      const auto known_redundant = std::ranges::find(kRedundant, name, &Redundant::name);
      if (known_redundant != std::end(kRedundant)) {
        planted.redundant = known_redundant->why;
        planted.quick = false;  // that nothing comes of it takes all its states to show
      }
      cases.push_back(std::move(planted));
    }
  }
  return cases;
}

}  // namespace seedbed
