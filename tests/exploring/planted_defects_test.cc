// Planted defects: each kind of flush and sync that the engine relies on does nothing, always, and says yes.
// Without a crash nothing comes of it. Exploration must find the crash that shows it.
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

}  // namespace
}  // namespace seedbed
