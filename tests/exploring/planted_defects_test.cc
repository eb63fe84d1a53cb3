// Planted defects: each kind of flush and sync that the engine relies on does nothing, always, and says yes.
// Without a crash nothing comes of it. Exploration must find the crash that shows it.
#include "scenarios/defect_catalog.h"
#include "scenarios/defect_syncs.h"
#include "scenarios/explorer.h"
#include "tests/scenarios/slim_world.h"

namespace seedbed {
namespace {

using test::always;
using test::slim;
using Act = FaultAction;
using Kind = EventKind;

struct Defect {
  const char* name;
  PlannedFault planned;
  bool volatile_cache;
};

struct Found {
  ScenarioRecord record;
};

// Stops at the first failure.
std::optional<ScenarioRecord> first_failure(const Scenario& scenario, const ExploreOptions& options) {
  Explorer explorer(test::shared(scenario), options);
  try {
    const auto totals =
        explorer.run([](const ScenarioRecord& record) { throw Found{record}; }, [](const ExploreTotals&) {});
    if (!totals) throw std::runtime_error(totals.error().message());
  } catch (const Found& found) {
    return found.record;
  }
  return std::nullopt;
}

class PlantedDefect : public testing::TestWithParam<Defect> {};

TEST_P(PlantedDefect, is_found_by_exploration_and_by_nothing_less) {
  const Defect& defect = GetParam();
  Scenario scenario = slim();
  scenario.drives[0].volatile_cache = defect.volatile_cache;
  scenario.faults = {defect.planned};
  const ScenarioRecord undisturbed = test::record_of(scenario);
  EXPECT_TRUE(undisturbed.as_expected) << undisturbed.why;
  EXPECT_GT(undisturbed.faults.at(0).fired, 0u);
  const auto failure = first_failure(scenario, {.shard = 1, .shards = defect.volatile_cache ? 40u : 6u});
  ASSERT_TRUE(failure);
  EXPECT_NE(failure->verdict, Verdict::survived);
  EXPECT_NE(failure->verdict, Verdict::not_measured);
  EXPECT_NE(failure->verdict, Verdict::harness_broken);
  EXPECT_NE(failure->why, "");
  RecordProperty("found",
                 std::string(verdict_name(failure->verdict)) + ": " + failure->why + " " + failure->token);
}

INSTANTIATE_TEST_SUITE_P(
    Each, PlantedDefect,
    testing::Values(
        Defect{"a_flush_of_the_data", always(Act::flush_lie, Kind::drive_flush, "data", ""), true},
        Defect{"a_flush_of_the_new_volume", always(Act::flush_lie, Kind::drive_flush, "build", ""), true},
        Defect{"a_sync_of_the_journal", always(Act::sync_lie, Kind::file_sync, "data", "*.jrn"), false},
        Defect{"a_sync_of_the_journals_directory",
               always(Act::sync_lie, Kind::directory_sync, "start", "/desk"), false},
        Defect{"a_sync_of_the_hash_log", always(Act::sync_lie, Kind::file_sync, "", "*.hashes"), false}),
    [](const auto& tested) { return std::string(tested.param.name); });

// ---- what defects are planted with ----

TEST(PassingPorts, change_nothing) {
  SyncClasses classes;
  ScenarioRunOptions options;
  const ScenarioRun plain = *run_scenario(test::shared(slim()), 1, options);
  options.defect = sync_recorder(classes);
  const ScenarioRun through = *run_scenario(test::shared(slim()), 1, options);
  EXPECT_EQ(through.record.event_log_hash, plain.record.event_log_hash);
  EXPECT_EQ(through.record.token, plain.record.token + "%none");
  EXPECT_GT(classes.counts.size(), 15u);
  EXPECT_TRUE(classes.counts.contains("drive.flush · copy computer · data"));
}

TEST(DroppedSyncs, classes_star_numbers_and_serials) {
  EXPECT_EQ(starred_place("/desk/seed-1-SIM001A.jrn.2.hashes"), "/desk/seed-*-*.jrn.*.hashes");
  EXPECT_EQ(starred_place("/agent/9f86d081884c7d65.cat"), "/agent/*.cat");
  EXPECT_EQ(drop_name("file.sync · copy computer · data · /desk/a.*.x"),
            "drop-file-sync-copy-computer-data-desk-a-N-x");
}

TEST(DroppedSyncs, are_a_cause_of_nothing_so_a_refusal_is_red) {
  Scenario scenario = slim();
  scenario.drives[0].volatile_cache = true;
  ScenarioRunOptions run;
  run.defect = dropped_sync("drop-drive-flush-copy-computer-data");
  Explorer explorer(test::shared(scenario), {.budget = 200, .run = run});
  std::set<std::string> verdicts;
  const auto totals = explorer.run(
      [&](const ScenarioRecord& record) { verdicts.insert(std::string(verdict_name(record.verdict))); },
      [](const ExploreTotals&) {});
  ASSERT_TRUE(totals) << totals.error().message();
  EXPECT_TRUE(verdicts.contains("stuck"));
  EXPECT_FALSE(verdicts.contains("refused"));
}

TEST(DroppedSyncs, are_explored_where_a_crash_takes_what_they_left_undone) {
  const auto explored = [](const char* name, bool undone_only, std::vector<std::string>& failed) {
    ScenarioRunOptions run;
    run.defect = dropped_sync(name);
    Explorer explorer(test::shared(slim()), {.undone_only = undone_only, .run = run});
    const auto totals = explorer.run([&](const ScenarioRecord& record) { failed.push_back(record.token); },
                                     [](const ExploreTotals&) {});
    EXPECT_TRUE(totals) << totals.error().message();
    return totals ? totals->states : 0;
  };
  static constexpr const char* kHashes = "drop-file-sync-copy-computer-data-desk-drive-jrn-N-hashes";
  std::vector<std::string> failed, failed_of_all;
  const uint64_t states = explored(kHashes, true, failed);
  EXPECT_GT(states, 0u);
  EXPECT_LT(10 * states, explored(kHashes, false, failed_of_all));
  EXPECT_FALSE(failed.empty());
  for (const std::string& token : failed) EXPECT_NE(token.find("+host-power-cut:"), token.npos) << token;
  for (const std::string& token : failed_of_all)
    EXPECT_EQ(std::ranges::count(failed, token), 1) << token << " was left out";
  failed.clear();
  EXPECT_EQ(explored("drop-nothing", true, failed), 0u);
}

TEST(PlantedDefects, have_names_of_their_own_and_are_found_by_them) {
  std::set<std::string> names;
  for (const PlantedCase& planted : planted_cases()) {
    EXPECT_TRUE(names.insert(planted.name).second) << planted.name;
    EXPECT_FALSE(planted.trials.empty()) << planted.name;
    EXPECT_FALSE(planted.catches.empty()) << planted.name;
    const auto defect = defect_named(planted.name);
    ASSERT_TRUE(defect) << planted.name;
    EXPECT_EQ((*defect)->name(), planted.name);
    EXPECT_FALSE((*defect)->acted());
  }
  EXPECT_GE(names.size(), 30u);
  EXPECT_FALSE(defect_named("gremlins"));
}

}  // namespace
}  // namespace seedbed
