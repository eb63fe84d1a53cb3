// Boots that are known: they leave the world that playing them would leave, whatever a crash took, and what
// the boot looks at makes another boot of it.
#include "scenarios/world_boot_memo.h"

#include <fmt/format.h>

#include <iterator>

#include "scenarios/crash_states.h"
#include "tests/scenarios/tiny_world.h"

namespace seedbed {
namespace {

using test::boot_once;
using test::caught;
using test::tiny;

// The session's command given to a world, with a memo or without.
BootEnd play(World& world, BootMemo* memo) {
  EventLog log(false, world.events);
  const auto words = world.words_of(world.scenario->commands[world.command]);
  const auto really = [&](const Watch& watch) { return boot(world, words, log, watch); };
  return memo == nullptr ? really({}) : memo->boot(world, 1, log, [](const auto&...) {}, really);
}

World dead(const test::Caught& at, bool power, const Survivors& survivors) {
  World world = at.world;
  die_at(world, {power, survivors, at.event.number}, at.event.time_ns);
  return world;
}

// Every survivor set of a power cut there: each with the memo and without. How many boots were known.
uint64_t compare_all_at(const test::When& when) {
  const test::Caught at = caught(tiny(), when);
  std::vector<PendingEffect> pending = at.world.drive_in(at.world.scenario->drives[0].name).pending();
  std::ranges::copy(at.world.files.pending(), std::back_inserter(pending));
  std::ranges::sort(pending, {}, &PendingEffect::event);
  BootMemo memo;
  for (const BoundedSurvivors& one : survivors_within_bound(pending, {.pairs_most = 0})) {
    World played = dead(at, true, one.survivors), known = played;
    const BootEnd as_played = play(played, nullptr), as_known = play(known, &memo);
    const std::string survivors = one.survivors.text();
    EXPECT_EQ(test::text_of(as_played), test::text_of(as_known)) << survivors;
    EXPECT_EQ(as_played.said, as_known.said) << survivors;
    EXPECT_EQ(played.hash(), known.hash()) << survivors;
    EXPECT_EQ(played.events, known.events) << survivors;
    EXPECT_EQ(played.elapsed_ns, known.elapsed_ns) << survivors;
    EXPECT_EQ(played.work.build_bytes, known.work.build_bytes) << survivors;
    EXPECT_EQ(played.work.most_build_bytes, known.work.most_build_bytes) << survivors;
    EXPECT_EQ(played.work.data_bytes, known.work.data_bytes) << survivors;
    EXPECT_EQ(played.work.interruptions, known.work.interruptions) << survivors;
  }
  return memo.recalled();
}

TEST(BootMemo, half_a_volume_that_is_built_anew_is_no_other_world) {
  uint64_t writes = 0;
  const uint64_t known = compare_all_at([&](const World& world, const Event& event) {
    return world.phase == "build" && event.kind == EventKind::drive_write && ++writes == 12;
  });
  EXPECT_GT(known, 10u);
}

TEST(BootMemo, what_lies_in_a_file_that_was_to_replace_another_is_no_other_world) {
  const auto before_sync = [](const World& world, const Event& event) {
    return world.phase == "metadata" && event.kind == EventKind::file_sync &&
           event.place.ends_with(".set.new");
  };
  EXPECT_GT(compare_all_at(before_sync), 2u);

  World first = dead(caught(tiny(), before_sync), false, {});
  const std::string path = "/desk/drive.jrn.1.files.set.new";
  const auto with_content = [&](const std::string& text) {
    World world = first;
    EXPECT_TRUE(world.files.remove(path, 0));
    EXPECT_TRUE(world.files.plant_file(path, as_bytes(text), 0600));
    world.files.settle_under(path);
    return world;
  };
  BootMemo memo;
  World junk = with_content("junk"), other = with_content("other junk"), locked = with_content("junk");
  EXPECT_TRUE(locked.files.set_mode(path, 0400));
  play(junk, &memo);
  play(other, &memo);
  EXPECT_EQ(memo.recalled(), 1u);
  EXPECT_EQ(junk.hash(), other.hash());
  play(locked, &memo);
  EXPECT_EQ(memo.recalled(), 1u) << "a mode that was looked at makes another world";
}

TEST(BootMemo, in_every_phase_what_is_known_is_what_playing_would_have_left) {
  const std::pair<const char*, uint64_t> places[] = {{"build", 3},      {"metadata", 1}, {"metadata", 3},
                                                     {"data", 1},       {"data", 4},     {"finalising", 1},
                                                     {"finalising", 3}, {"closing", 1}};
  for (const auto& [phase, nth] : places) {
    SCOPED_TRACE(fmt::format("{} {}", phase, nth));
    uint64_t seen = 0;
    compare_all_at([&](const World& world, const Event& event) {
      return world.phase == phase && event.kind != EventKind::file_look && ++seen == nth;
    });
  }
}

test::Caught in_data() {
  return caught(tiny(), [](const World& world, const Event& event) {
    return world.phase == "data" && event.kind == EventKind::drive_write;
  });
}

TEST(BootMemo, bytes_that_the_boot_reads_make_another_boot) {
  const test::Caught at = in_data();
  const World first = dead(at, true, {});
  BootMemo memo;
  World again = first;
  play(again, &memo);
  for (World world : {first, first}) play(world, &memo);
  EXPECT_EQ(memo.recalled(), 2u);

  // The marker, which every resume reads and writes anew in the end; the header of the BitLocker volume.
  for (const uint64_t offset_bytes : {64 * KiB, 1 * MiB}) {
    World other = first;
    DriveState& drive = other.drive_in(other.scenario->drives[0].name);
    drive.cache.complete(drive.cache.submit_write(offset_bytes, Bytes(4096, 0xa5)));
    drive.cache.settle(drive.cache.completed());
    World played = other;
    const BootEnd end = play(other, &memo);
    EXPECT_EQ(memo.recalled(), 2u) << offset_bytes;
    EXPECT_EQ(test::text_of(end), test::text_of(play(played, nullptr))) << offset_bytes;
  }
}

TEST(BootMemo, where_something_may_still_befall_a_world_nothing_is_known) {
  const test::Caught at = in_data();
  const auto boots_known = [&](const std::function<void(World&)>& change) {
    BootMemo memo;
    for (int i = 0; i < 2; i++) {
      World world = dead(at, true, {});
      change(world);
      play(world, &memo);
    }
    return memo.recalled();
  };
  EXPECT_EQ(boots_known([](World&) {}), 1u);
  EXPECT_EQ(boots_known([](World& world) {
              world.faults.add(test::fault(FaultAction::kill, test::nth(1, EventKind::drive_write, "never")));
            }),
            0u);
  EXPECT_EQ(
      boots_known([](World& world) { world.drive_in(world.scenario->drives[0].name).rot({8 * MiB, 512}); }),
      0u);
}

TEST(BootMemo, worlds_of_another_number_of_boots_or_another_source_are_others) {
  const test::Caught at = in_data();
  BootMemo memo;
  for (int i = 0; i < 3; i++) {
    World world = dead(at, true, {});
    if (i == 1) world.boots++;
    if (i == 2) {
      ASSERT_TRUE(world.files.set_modified("/source/a.bin", 1));
    }
    play(world, &memo);
  }
  EXPECT_EQ(memo.recalled(), 0u);
}

}  // namespace
}  // namespace seedbed
