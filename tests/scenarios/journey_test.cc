// Journeys: what the operator does after deaths, failures and refusals, and what the verdict is in the end.
#include "scenarios/journey.h"

#include "tests/scenarios/tiny_world.h"

namespace seedbed {
namespace {

using test::fault;
using test::nth;
using test::nth_in;
using test::record_of;
using test::tiny;
using test::with_fault;
using test::world_of;
using Kind = EventKind;
using Act = FaultAction;

// The commands of a run, as the boots tell them, and the record.
struct Played {
  std::vector<std::string> commands;
  Verdict verdict = Verdict::survived;
  std::string why;
  World world;
};

Played play(World world) {
  EventLog log(false, world.events);
  Journey journey(std::move(world), log);
  std::vector<std::string> commands;
  journey.play([&](const World&, const Event& event, EventSide side) {
    if (event.kind == Kind::boot && side == EventSide::before) commands.push_back(event.place);
  });
  Played played{commands, Verdict::survived, "", journey.world()};
  played.verdict = journey.verdict(played.why);
  return played;
}
Played play(Scenario scenario) {
  return play(world_of(std::move(scenario)));
}

PlannedFault always(PlannedFault planned) {
  planned.times = 0;
  return planned;
}

void expect_verdict(const Played& played, Verdict verdict, std::string_view why = "") {
  EXPECT_EQ(verdict_name(played.verdict), verdict_name(verdict)) << played.why;
  EXPECT_NE(played.why.find(why), std::string::npos) << played.why;
}

TEST(Journey, undisturbed_work_is_one_boot_and_survives) {
  const Played played = play(tiny());
  expect_verdict(played, Verdict::survived);
  EXPECT_EQ(played.why, "");
  EXPECT_EQ(played.commands.size(), 1u);
  EXPECT_EQ(played.world.command, 1u);
}

TEST(Journey, the_same_command_is_given_again_until_it_is_done) {
  PlannedFault kill = fault(Act::kill, nth(5, Kind::drive_write));
  kill.times = 3;
  const Played played = play(with_fault(tiny(), kill));
  expect_verdict(played, Verdict::survived);
  EXPECT_EQ(played.commands.size(), 4u);
  EXPECT_EQ(played.world.work.interruptions, 3u);
}

TEST(Journey, an_operator_who_resumes_types_the_short_form_and_the_whole_command_when_nothing_was_begun) {
  Scenario scenario = with_fault(tiny(), fault(Act::kill, nth_in("data", 9)));
  scenario.operator_.after_interruption = AfterInterruption::resume;
  expect_verdict(play(scenario), Verdict::survived);
  EXPECT_EQ(play(scenario).commands.size(), 2u);
  scenario.faults = {fault(Act::kill, nth_in("start", 2))};
  const Played begun_again = play(scenario);
  expect_verdict(begun_again, Verdict::survived);
  EXPECT_EQ(begun_again.commands.size(), 3u) << "killed, nothing to resume, done";
  EXPECT_TRUE(begun_again.world.promises.completed);
}

TEST(Journey, an_operator_who_gives_up_aborts_and_that_is_the_end) {
  Scenario scenario = with_fault(tiny(), fault(Act::kill, nth_in("data", 9)));
  scenario.operator_.after_interruption = AfterInterruption::abort;
  const Played played = play(scenario);
  expect_verdict(played, Verdict::survived);
  EXPECT_EQ(played.commands.size(), 2u);
  EXPECT_TRUE(played.world.history("drive")->sessions.at(0).aborted);
  scenario.faults = {fault(Act::kill, nth_in("start", 2))};
  expect_verdict(play(scenario), Verdict::survived);
}

TEST(Journey, commands_follow_each_other) {
  Scenario scenario = tiny();
  scenario.commands = {{}, {.session = "session-2", .source = "/source/dir", .destination = "box/more/"}};
  const Played played = play(scenario);
  expect_verdict(played, Verdict::survived);
  EXPECT_EQ(played.world.command, 2u);
  EXPECT_EQ(played.world.promises.session, "session-2");
  EXPECT_EQ(played.world.history("drive")->sessions.size(), 2u);
}

// Safety, then healing, then liveness.
TEST(Journey, what_fails_again_and_again_is_healed_and_must_then_complete) {
  const Played played =
      play(with_fault(tiny(), always(fault(Act::write_error, nth(2, Kind::drive_write, "data")))));
  expect_verdict(played, Verdict::survived);
  EXPECT_EQ(played.commands.size(), 4u) << "three failures, then healed";
  EXPECT_TRUE(played.world.promises.completed);
}

TEST(Journey, a_drive_that_is_away_is_brought_back_when_nothing_else_helps) {
  const Played played = play(with_fault(tiny(), fault(Act::unplug, nth_in("data", 5), "drive")));
  expect_verdict(played, Verdict::survived);
  EXPECT_TRUE(played.world.promises.completed);
}

TEST(Journey, a_refusal_is_the_end_of_it_and_tells_why) {
  const Played played = play(with_fault(tiny(), fault(Act::bit_rot, nth(2, Kind::drive_write, "data"))));
  expect_verdict(played, Verdict::refused, "the proof read back other bytes");
  EXPECT_EQ(played.world.command, 0u);
}

TEST(Journey, an_operator_who_heals_refusals_completes_and_the_verdict_stays) {
  Scenario scenario = with_fault(tiny(), fault(Act::source_changed, nth_in("data", 3), "/source/dir/b.bin"));
  scenario.faults.push_back(fault(Act::kill, nth_in("data", 4)));
  expect_verdict(play(scenario), Verdict::refused);
  EXPECT_EQ(play(scenario).world.command, 0u);
  scenario.operator_.heals_refusals = true;
  const Played healed = play(scenario);
  expect_verdict(healed, Verdict::refused);
  EXPECT_EQ(healed.world.command, 1u);
  EXPECT_TRUE(healed.world.promises.completed);
}

TEST(Journey, what_is_refused_after_everything_was_put_right_is_stuck) {
  Scenario scenario = with_fault(tiny(), fault(Act::bit_rot, nth(2, Kind::drive_write, "data")));
  scenario.operator_.heals_refusals = true;  // but rot stays
  expect_verdict(play(scenario), Verdict::stuck, "refused still, after everything was put right");
}

TEST(Journey, a_refusal_without_a_cause_is_stuck) {
  Scenario scenario = tiny();
  scenario.source.files.push_back({"too-big.bin", 20 * MiB});
  expect_verdict(play(scenario), Verdict::stuck, "refused without a cause: ");
  scenario.faults = {fault(Act::kill, nth(2, Kind::file_look))};  // no cause for a refusal either
  expect_verdict(play(scenario), Verdict::stuck, "refused without a cause: ");
}

// A name that is no name: the engine says what is wrong with the words, but no place.
// Every refusal of the engine has both by now: one that has not is put into the journey's memory.
TEST(Journey, a_refusal_without_place_or_remedy_breaks_the_contract) {
  const Played played = play(with_fault(tiny(), fault(Act::write_error, nth(2, Kind::drive_write, "data"))));
  ASSERT_EQ(played.verdict, Verdict::survived) << played.why;
  const auto verdict_of = [&](Error refusal, std::string& why) {
    EventLog log(false, played.world.events);
    Journey::Memory memory(false);
    memory.refusal = std::move(refusal);
    return Journey(played.world, log, std::move(memory)).verdict(why);
  };
  std::string why;
  EXPECT_EQ(verdict_of({ErrorCode::refused, "no", "here", "do that"}, why), Verdict::refused) << why;
  EXPECT_EQ(verdict_of({ErrorCode::refused, "no", "", "do that"}, why), Verdict::broke_contract);
  EXPECT_EQ(why.find("refused without place or remedy: no"), 0u) << why;
  EXPECT_EQ(verdict_of({ErrorCode::refused, "no", "here", ""}, why), Verdict::broke_contract);
}

TEST(Journey, more_boots_than_the_operator_has_patience_for_are_stuck) {
  Scenario scenario = with_fault(tiny(), always(fault(Act::kill, nth(5, Kind::drive_write))));
  scenario.operator_.boots_max = 6;
  const Played played = play(scenario);
  expect_verdict(played, Verdict::stuck, "not done after 6 boots");
  EXPECT_EQ(played.commands.size(), 6u);
}

TEST(Journey, more_virtual_time_than_allowed_is_stuck) {
  Scenario scenario = with_fault(tiny(), always(fault(Act::kill, nth_in("start", 2))));
  scenario.virtual_s_max = 1;
  scenario.operator_.boots_max = 1000;
  const Played played = play(scenario);
  expect_verdict(played, Verdict::stuck, "not done after 1 s of virtual time");
  EXPECT_LT(played.commands.size(), 1000u);
}

// The promises of the first drive are not the second one's, even where both sessions have one name.
TEST(Journey, a_second_drive_that_dies_early_has_lost_nothing_of_the_first) {
  for (const char* second : {"session-1", "session-2"}) {
    Scenario scenario = tiny();
    scenario.drives.push_back({.name = "other", .capacity_bytes = 16 * MiB});
    scenario.commands = {{}, {.session = second, .drive = "other"}};
    for (const char* phase : {"start", "intent", "build", "data", "closing"}) {
      FaultTrigger when = nth_in(phase, 2);
      when.boot = 2;
      scenario.faults = {fault(Act::host_power_cut, when)};
      scenario.faults[0].survivors = {.shape = Survivors::Shape::none};
      const Played played = play(scenario);
      expect_verdict(played, Verdict::survived);
      EXPECT_EQ(played.commands.size(), 3u) << second << " " << phase;
      EXPECT_EQ(played.world.promises.drive, "other");
    }
  }
}

TEST(Journey, a_world_that_has_just_died_is_judged_before_it_boots) {
  const test::Caught late = test::caught(tiny(), [](const World& world, const Event&) {
    return world.promises.durable_bytes > 0 && world.phase == "data";
  });
  World dead = late.world;
  die_at(dead, {.power = true, .survivors = {.shape = Survivors::Shape::none}}, late.event.time_ns);
  ASSERT_TRUE(dead.files.remove("/desk/drive.jrn", 0));
  EventLog log(false, dead.events);
  Journey judged(dead, log);
  std::string why;
  judged.play({}, true);
  EXPECT_EQ(judged.verdict(why), Verdict::lost) << why;
  EXPECT_NE(why.find("the journal that promises rest on cannot be read"), std::string::npos) << why;
}

}  // namespace
}  // namespace seedbed
