// Boots: what dies leaves the world as it was at that instant, and leaves nothing else.
#include "scenarios/world_boot.h"

#include <fstream>

#include "tests/scenarios/tiny_world.h"

namespace seedbed {
namespace {

using test::boot_once;
using test::fault;
using test::shared;
using test::text_of;
using test::tiny;
using test::with_fault;
using test::world_of;

uint64_t events_of_a_run() {
  static const uint64_t events = [] {
    World world = world_of(tiny());
    EXPECT_TRUE(boot_once(world).done());
    return world.events;
  }();
  return events;
}

// A tiny world that is to die before that event.
World doomed(const World& fresh, FaultAction action, uint64_t event, const Survivors& survivors) {
  World world = fresh;
  world.faults = FaultPlan({fault_before(event, action, survivors)});
  return world;
}

// What is mapped into this process: stacks that are not used again would be two lines each.
size_t mappings() {
  std::ifstream maps("/proc/self/maps");
  size_t lines = 0;
  for (std::string line; std::getline(maps, line);) lines++;
  return lines;
}

TEST(WorldBoot, phases_come_in_order) {
  World world = world_of(tiny());
  std::vector<std::string> phases;
  const BootEnd end = boot_once(world, [&](const World& now, const Event&, EventSide) {
    if (phases.empty() || phases.back() != now.phase) phases.push_back(now.phase);
  });
  ASSERT_TRUE(end.done()) << text_of(end);
  EXPECT_EQ(phases, (std::vector<std::string>{"start", "intent", "build", "metadata", "data", "finalising",
                                              "proof", "closing"}));
  EXPECT_EQ(world.boots, 1u);
  EXPECT_EQ(world.work.interruptions, 0u);
  EXPECT_GT(world.work.build_bytes, 0u);
  EXPECT_GE(world.work.data_bytes, 270'000u);
  EXPECT_EQ(world.work.most_build_bytes, world.work.build_bytes);
}

TEST(WorldBoot, an_abort_goes_through_undo_to_done) {
  World world = world_of(with_fault(tiny(), fault(FaultAction::kill, test::nth_in("data", 9))));
  ASSERT_TRUE(boot_once(world).death);
  std::vector<std::string> phases;
  EventLog log(false, world.events);
  const BootEnd end = boot(world, world.words_of({.action = CommandAction::abort}), log,
                           [&](const World& now, const Event&, EventSide) {
                             if (phases.empty() || phases.back() != now.phase) phases.push_back(now.phase);
                           });
  ASSERT_TRUE(end.done()) << text_of(end);
  EXPECT_EQ(phases, (std::vector<std::string>{"data", "undo", "done"}));
  EXPECT_FALSE(world.promises.completed) << "an abort promises nothing";
}

TEST(WorldBoot, the_same_world_makes_the_same_events_and_another_seed_makes_others) {
  const auto hash_of_run = [](uint64_t seed) {
    World world = world_of(tiny(), seed);
    EventLog log(false);
    EXPECT_TRUE(boot(world, world.words_of({}), log, {}).done());
    return log.hash();
  };
  EXPECT_EQ(hash_of_run(1), hash_of_run(1));
  EXPECT_NE(hash_of_run(1), hash_of_run(2));
}

TEST(WorldBoot, words_that_make_no_command_are_an_error_and_no_event) {
  World world = world_of(tiny());
  EventLog log(true);
  const BootEnd end = boot(world, {"/nonsense"}, log, {});
  ASSERT_NE(end.error(), nullptr);
  EXPECT_EQ(end.error()->code, ErrorCode::invalid_argument);
  EXPECT_EQ(log.count(), 0u);
  EXPECT_EQ(world.work.interruptions, 1u);
}

// Events before which requests are on their way to the drive, and some others.
std::vector<uint64_t> events_to_die_at() {
  std::vector<uint64_t> events;
  World world = world_of(tiny());
  uint64_t seen = 0;
  boot_once(world, [&](const World& now, const Event& event, EventSide side) {
    if (side != EventSide::before) return;
    const auto pending = now.drive_in("drive").pending();
    if (++seen % 17 == 0 || std::ranges::any_of(pending, &PendingEffect::in_flight))
      events.push_back(event.number);
  });
  return events;
}

// A watch makes of a copy, at the instant before the death, what the boot must leave when it has unwound.
TEST(WorldBoot, what_a_dead_machine_does_while_it_unwinds_does_not_reach_the_world) {
  const World fresh = world_of(tiny());
  uint64_t deaths = 0, in_flight = 0;
  for (const uint64_t at : events_to_die_at()) {
    const bool power = deaths % 2 != 0;
    const Survivors survivors{.shape = Survivors::Shape::seeded, .seed = at};
    World world = doomed(fresh, power ? FaultAction::host_power_cut : FaultAction::kill, at, survivors);
    std::optional<uint64_t> right_after_death;
    const BootEnd end = boot_once(world, [&](const World& now, const Event& event, EventSide side) {
      if (event.number != at || side != EventSide::before) return;
      World copy = now;
      const auto pending = copy.drive_in("drive").pending();
      in_flight += std::ranges::any_of(pending, &PendingEffect::in_flight) ? 1 : 0;
      die_at(copy, {power, survivors, at}, event.time_ns);
      right_after_death = copy.hash();
    });
    ASSERT_TRUE(end.death) << "event " << at;
    ASSERT_TRUE(right_after_death) << "event " << at;
    ASSERT_EQ(world.hash(), *right_after_death) << (power ? "power cut" : "kill") << " before event " << at;
    EXPECT_FALSE(end.outcome);
    EXPECT_EQ(end.death->event, at);
    EXPECT_TRUE(world.interrupted);
    deaths++;
  }
  EXPECT_GT(deaths, 60u);
  EXPECT_GT(in_flight, 30u) << "deaths with requests on their way are what this is about";
}

TEST(WorldBoot, the_stacks_of_the_dead_are_used_again) {
  const World fresh = world_of(tiny());
  const auto die_everywhere = [&](uint64_t first, uint64_t step) {
    uint64_t deaths = 0;
    for (uint64_t at = first; at <= events_of_a_run(); at += step) {
      World world = doomed(fresh, FaultAction::kill, at, {.shape = Survivors::Shape::none});
      deaths += boot_once(world).death ? 1 : 0;
      world.faults = FaultPlan({fault_before(world.events + 5 + at % 40, FaultAction::host_power_cut,
                                             {.shape = Survivors::Shape::all})});
      deaths += boot_once(world).death ? 1 : 0;
    }
    return deaths;
  };
  const uint64_t warmed_up = die_everywhere(3, 41);
  const size_t before = mappings();
  const uint64_t deaths = die_everywhere(1, 13);
  EXPECT_GT(warmed_up, 20u);
  EXPECT_GT(deaths, 80u);
  EXPECT_LT(mappings(), before + deaths / 4) << deaths << " deaths";
}

TEST(WorldBoot, thousands_of_early_deaths_leave_the_world_as_it_was) {
  World world = world_of(tiny());
  const uint64_t fresh = world.hash();
  const size_t before = mappings();
  for (uint64_t i = 0; i < 2000; i++) {  // before anything is written
    world.faults = FaultPlan({fault_before(world.events + 1 + i % 3, FaultAction::kill, {})});
    ASSERT_TRUE(boot_once(world).death);
  }
  EXPECT_EQ(world.hash(), fresh);
  EXPECT_EQ(world.boots, 2000u);
  EXPECT_EQ(world.work.interruptions, 2000u);
  EXPECT_LT(mappings(), before + 200);
  world.faults.heal();
  const BootEnd end = boot_once(world);
  EXPECT_TRUE(end.done()) << text_of(end);
}

TEST(WorldBoot, a_computer_that_boots_later_lives_later) {
  World world = world_of(with_fault(tiny(), fault(FaultAction::kill, test::nth_in("data"))));
  ASSERT_TRUE(boot_once(world).death);
  const uint64_t then = world.elapsed_ns;
  uint64_t first_event_ns = 0;
  ASSERT_TRUE(boot_once(world, [&](const World&, const Event& event, EventSide) {
                if (first_event_ns == 0) first_event_ns = event.time_ns;
              }).done());
  EXPECT_GE(first_event_ns, then);
  EXPECT_GT(world.elapsed_ns, then);
}

TEST(Heal, everything_is_put_right_but_what_has_rotted) {
  World world = world_of(with_fault(tiny(), fault(FaultAction::kill, test::nth_in("data"))));
  const uint64_t sources = world.files.hash_under("/source");
  DriveState& drive = world.drive_in("drive");
  drive.rot({8 * MiB, 4096});
  drive.unplug();
  world.drives.emplace_back("OTHER", drive.contract, 1);
  world.slots["drive"] = world.drives.size() - 1;
  world.files.set_capacity(0);
  world.files.unreach("/source");
  world.files.unreach("/desk");
  ASSERT_TRUE(world.files.stat("/elsewhere"));
  heal(world);
  EXPECT_EQ(&world.drive_in("drive"), &drive);
  EXPECT_TRUE(drive.plugged);
  EXPECT_FALSE(drive.damaged().empty());
  EXPECT_GE(world.files.free_bytes("/desk").value_or(0), 1 * GiB);
  EXPECT_EQ(world.files.hash_under("/source"), sources);
  EXPECT_TRUE(world.files.list("/source"));
  const BootEnd end = boot_once(world);
  EXPECT_TRUE(end.done()) << "no fault fires any more: " << text_of(end);
}

TEST(Heal, a_share_below_the_source_comes_back_too) {
  World world = world_of(tiny());
  world.files.unreach("/source/dir");
  ASSERT_FALSE(world.files.list("/source/dir"));
  heal(world);
  EXPECT_TRUE(world.files.list("/source/dir"));
}

}  // namespace
}  // namespace seedbed
