// One run to one record: the same again from the same seed.
#include "scenarios/scenario_run.h"

#include <set>

#include "tests/scenarios/slim_world.h"

namespace seedbed {
namespace {

using test::fault;
using test::nth;
using test::nth_in;
using test::record_of;
using test::shared;
using test::tiny;
using test::with_fault;
using Act = FaultAction;
using Kind = EventKind;

TEST(ScenarioRun, the_same_seed_makes_the_same_hash_and_another_another) {
  EXPECT_EQ(record_of(tiny(), 1).event_log_hash, record_of(tiny(), 1).event_log_hash);
  EXPECT_NE(record_of(tiny(), 1).event_log_hash, record_of(tiny(), 2).event_log_hash);
  EXPECT_NE(record_of(tiny(), 1).event_log_hash,
            record_of(with_fault(tiny(), fault(Act::kill, nth_in("data", 9))), 1).event_log_hash);
}

TEST(ScenarioRun, the_record_says_what_the_scenario_is_and_what_became_of_it) {
  Scenario scenario = with_fault(tiny(), fault(Act::kill, nth_in("data", 9)));
  scenario.tags = {"kill", "data"};
  const ScenarioRecord record = record_of(scenario, 3);
  EXPECT_EQ(record.name, "tiny");
  EXPECT_EQ(record.file, "tiny.toml");
  EXPECT_EQ(record.tags, scenario.tags);
  EXPECT_EQ(record.token, "tiny.toml@3");
  EXPECT_EQ(record.boots, 2u);
  EXPECT_GT(record.events, 300u);
  EXPECT_EQ(record.source_bytes, 270'000u);
  EXPECT_GT(record.written_bytes, record.source_bytes);
  EXPECT_EQ(record.redo_bound_bytes, scenario.computer.redo_bytes);
  EXPECT_LE(record.redone_bytes, record.redo_bound_bytes);
  EXPECT_TRUE(record.as_expected) << record.why;
  const auto marks = [&](std::string_view kind) {
    return std::ranges::count(record.timeline, kind, &TimelineEntry::kind);
  };
  EXPECT_EQ(marks("boot"), 2);
  EXPECT_EQ(marks("end"), 2) << "a death and a success";
  EXPECT_EQ(marks("fault"), 1);
  EXPECT_GT(marks("phase"), 7);
  EXPECT_GT(marks("checkpoint") + marks("promise"), 0);
}

TEST(ScenarioRun, keeping_the_events_changes_nothing) {
  ScenarioRunOptions keeps;
  keeps.keep_events = true;
  const auto run = run_scenario(shared(tiny()), 1, keeps);
  ASSERT_TRUE(run);
  EXPECT_EQ(run->events.size(), run->record.events);
  EXPECT_EQ(run->record.event_log_hash, record_of(tiny(), 1).event_log_hash);
}

TEST(ScenarioRun, what_cannot_run_here_is_not_applicable_with_the_reason) {
  Scenario scenario = tiny();
  scenario.not_applicable = "no second machine yet";
  const ScenarioRecord record = record_of(scenario);
  EXPECT_EQ(record.verdict, Verdict::not_applicable);
  EXPECT_EQ(record.why, "no second machine yet");
  EXPECT_FALSE(record.as_expected);
}

TEST(ScenarioRun, a_world_that_cannot_be_made_is_an_error) {
  Scenario scenario = tiny();
  scenario.source.files.push_back({"a.bin/below-a-file", 1});
  EXPECT_FALSE(run_scenario(shared(scenario), 1, {}));
}

TEST(ScenarioRun, another_verdict_than_expected_and_a_refusal_of_something_else_are_not_as_expected) {
  Scenario rots = with_fault(tiny(), fault(Act::bit_rot, nth(2, Kind::drive_write, "data")));
  EXPECT_FALSE(record_of(rots).as_expected);
  rots.expect.verdict = Verdict::refused;
  EXPECT_TRUE(record_of(rots).as_expected);
  rots.expect.refusal = "the proof read back other bytes";
  EXPECT_TRUE(record_of(rots).as_expected);
  rots.expect.refusal = "the moon is in the way";
  const ScenarioRecord record = record_of(rots);
  EXPECT_FALSE(record.as_expected);
  EXPECT_NE(record.why.find("the refusal does not say \"the moon is in the way\""), std::string::npos)
      << record.why;
  Scenario survives = tiny();
  survives.expect.verdict = Verdict::refused;
  EXPECT_FALSE(record_of(survives).as_expected);
}

// The volume rots while it is built, and is built anew after a kill.
TEST(ScenarioRun, where_a_refusal_was_expected_and_the_damage_was_written_over_survived_is_right) {
  Scenario scenario = with_fault(tiny(), fault(Act::bit_rot, nth(2, Kind::drive_write, "build")));
  scenario.faults.push_back(fault(Act::kill, nth(1, Kind::drive_flush, "build")));
  scenario.expect.verdict = Verdict::refused;
  const ScenarioRecord record = record_of(scenario);
  EXPECT_EQ(record.verdict, Verdict::survived);
  EXPECT_TRUE(record.as_expected) << record.why;
  EXPECT_EQ(record.why, "the damage was written over");
}

// Found by exploring scenarios whose flushes lie: with one crash more the damage may be found, or be written
// over, or be told in other words, and neither is an error of the engine.
TEST(ScenarioRun, of_hardware_that_broke_its_contract_a_crash_more_may_find_more_or_less) {
  const auto ends_with_cuts = [](const Scenario& scenario) {
    std::set<Verdict> ends;
    for (uint64_t event = 200; event < 340; event += 7) {
      ScenarioRunOptions options;
      options.every_fault_must_fire = false;
      options.extra_faults = {fault_before(event, Act::host_power_cut, {.shape = Survivors::Shape::none})};
      const auto run = run_scenario(shared(scenario), 1, options);
      EXPECT_TRUE(run && run->record.as_expected) << event << ' ' << run->record.why;
      if (run) ends.insert(run->record.verdict);
    }
    return ends;
  };
  PlannedFault lie = fault(Act::flush_lie, nth(1, Kind::drive_flush, "data"));
  lie.times = 0;
  const Scenario unnoticed = with_fault(tiny(), lie);
  EXPECT_EQ(ends_with_cuts(unnoticed), (std::set{Verdict::survived, Verdict::refused}));
  Scenario noticed = unnoticed;
  noticed.expect = {.verdict = Verdict::refused, .refusal = "words that nobody says"};
  EXPECT_EQ(ends_with_cuts(noticed), (std::set{Verdict::survived, Verdict::refused}));
  EXPECT_FALSE(record_of(noticed).as_expected) << "without a crash the words of the file count";
}

TEST(ScenarioRun, a_token_with_a_fault_makes_the_same_run_again) {
  ScenarioRunOptions options;
  options.extra_faults = {
      fault_before(300, Act::host_power_cut, {.shape = Survivors::Shape::seeded, .seed = 5})};
  const auto run = run_scenario(shared(tiny()), 7, options);
  ASSERT_TRUE(run);
  EXPECT_EQ(run->record.token, "tiny.toml@7+host-power-cut:300:seeded:5");
  EXPECT_EQ(run->record.boots, 2u);
  const auto token = RunToken::parse(run->record.token);
  ASSERT_TRUE(token);
  ScenarioRunOptions again;
  again.extra_faults = token->faults;
  EXPECT_EQ(run_scenario(shared(tiny()), token->seed, again)->record, run->record);
}

// A journal whose syncs lie, so that there is something to be found.
}  // namespace
}  // namespace seedbed
