// Worlds are values: equal seeds make equal ones, and what happens to a copy happens to nothing else.
#include "scenarios/world.h"

#include "tests/scenarios/tiny_world.h"

namespace seedbed {
namespace {

using test::boot_once;
using test::caught;
using test::Caught;
using test::completed;
using test::tiny;
using test::world_of;

test::When in_data(EventKind kind) {
  return
      [kind](const World& world, const Event& event) { return world.phase == "data" && event.kind == kind; };
}

TEST(World, equal_seeds_make_equal_worlds_and_others_make_others) {
  EXPECT_EQ(world_of(tiny(), 5).hash(), world_of(tiny(), 5).hash());
  EXPECT_NE(world_of(tiny(), 5).hash(), world_of(tiny(), 6).hash());
  EXPECT_NE(world_of(tiny(), 5).account_key(), world_of(tiny(), 6).account_key());
}

TEST(World, what_a_next_boot_can_see_is_in_the_hash) {
  const World original = world_of(tiny());
  const std::vector<std::function<void(World&)>> changes = {
      [](World& w) { ASSERT_TRUE(w.files.plant_file("/desk/x", as_bytes("1"))); },
      [](World& w) { ASSERT_TRUE(w.files.set_mode("/source/a.bin", 0600)); },
      [](World& w) { w.drive_in("drive").cache.submit_write(4096, Bytes(512, 1)); },
      [](World& w) { w.drive_in("drive").rot({4096, 512}); },
      [](World& w) { w.drive_in("drive").unplug(); },
      [](World& w) { w.drive_in("bystander").cache.submit_write(4096, Bytes(512, 1)); },
      [](World& w) { w.slots.erase("drive"); },
      [](World& w) { w.slots["drive"] = w.slots["bystander"]; },
      [](World& w) { w.files.unreach("/source"); }};
  for (size_t i = 0; i < changes.size(); i++) {
    World copy = original;
    EXPECT_EQ(copy.hash(), original.hash());
    changes[i](copy);
    EXPECT_NE(copy.hash(), original.hash()) << "change " << i;
  }
}

TEST(World, a_copy_is_cut_and_the_original_does_not_notice) {
  const Caught original = caught(tiny(), in_data(EventKind::drive_flush));
  const uint64_t before = original.world.hash();
  World copy = original.world;
  EXPECT_EQ(copy.hash(), before);
  die_at(copy,
         {.power = true, .survivors = {.shape = Survivors::Shape::none}, .event = original.event.number},
         original.event.time_ns);
  EXPECT_NE(copy.hash(), before) << "something was in the caches";
  EXPECT_EQ(original.world.hash(), before);
  EXPECT_FALSE(original.world.interrupted);
  EXPECT_TRUE(copy.interrupted);
}

TEST(World, a_copy_is_booted_and_the_original_does_not_notice_and_can_do_the_same) {
  World original = caught(tiny(), in_data(EventKind::drive_flush)).world;
  die_at(original, {.power = false, .survivors = {.shape = Survivors::Shape::none}}, 2'000'000'000);
  const uint64_t before = original.hash();
  World first = original, second = original;
  ASSERT_TRUE(boot_once(first).done());
  EXPECT_EQ(original.hash(), before);
  EXPECT_FALSE(original.promises.completed);
  EXPECT_EQ(second.hash(), before);
  ASSERT_TRUE(boot_once(second).done());
  EXPECT_NE(first.hash(), before);
  EXPECT_EQ(first.hash(), second.hash());
  ASSERT_TRUE(boot_once(original).done());
  EXPECT_EQ(original.hash(), first.hash());
}

TEST(World, a_copy_taken_in_the_middle_of_a_boot_dies_and_recovers_while_the_boot_goes_on) {
  World world = world_of(tiny());
  std::optional<World> copy;
  uint64_t recovered = 0;
  const BootEnd end = boot_once(world, [&](const World& now, const Event& event, EventSide side) {
    if (side != EventSide::before || event.kind != EventKind::drive_flush) return;
    copy = now;
    die_at(*copy, {.power = true, .survivors = {.shape = Survivors::Shape::all}, .event = event.number},
           event.time_ns);
  });
  ASSERT_TRUE(end.done()) << test::text_of(end);
  const uint64_t after = world.hash();
  const BootEnd again = boot_once(*copy);
  ASSERT_TRUE(again.done()) << test::text_of(again);
  recovered += copy->promises.completed ? 1 : 0;
  EXPECT_EQ(recovered, 1u);
  EXPECT_EQ(world.hash(), after);
}

TEST(World, the_sectors_of_any_are_decided_by_the_seed) {
  Scenario scenario = tiny();
  scenario.drives[0].sectors = SectorKind::any;
  std::set<std::pair<uint32_t, uint32_t>> kinds;
  for (uint64_t seed = 1; seed <= 30; seed++) {
    const DeviceContract contract = world_of(scenario, seed).drive_in("drive").contract;
    kinds.insert({contract.logical_sector_bytes, contract.physical_sector_bytes});
  }
  EXPECT_EQ(kinds, (std::set<std::pair<uint32_t, uint32_t>>{{512, 512}, {512, 4096}, {4096, 4096}}));
}

TEST(World, the_nth_of_a_range_and_seeded_survivors_are_drawn_by_the_seed) {
  PlannedFault cut = test::fault(FaultAction::host_power_cut, test::nth_in("data", 3));
  cut.when.nth_to = 9;
  const Scenario scenario = test::with_fault(tiny(), cut);
  std::set<uint64_t> nths, seeds;
  for (uint64_t seed = 1; seed <= 80; seed++) {
    const PlannedFault planned = world_of(scenario, seed).faults.standings().front().fault;
    nths.insert(planned.when.nth);
    seeds.insert(planned.survivors.seed);
    EXPECT_EQ(planned.when.nth, world_of(scenario, seed).faults.standings().front().fault.when.nth);
  }
  EXPECT_EQ(nths, (std::set<uint64_t>{3, 4, 5, 6, 7, 8, 9}));
  EXPECT_FALSE(seeds.contains(0));
  EXPECT_GT(seeds.size(), 70u);
}

TEST(World, a_fault_that_names_a_drive_waits_for_the_events_of_its_serial) {
  FaultTrigger when = test::nth(1, EventKind::drive_write);
  when.place = "drive";
  const World world = world_of(test::with_fault(tiny(), test::fault(FaultAction::kill, when)));
  EXPECT_EQ(world.faults.standings().front().fault.when.place, world.drive_in("drive").identity.serial);
}

TEST(World, the_operator_types_the_whole_command_once_per_drive_and_short_ones_after) {
  Scenario scenario = tiny();
  scenario.commands = {
      {}, {.session = "session-2", .source = "/source/dir", .destination = "box/more/", .page_blobs = true}};
  const World fresh = world_of(scenario), world = completed(scenario);
  const auto has = [](const std::vector<std::string>& words, const std::string& word) {
    return std::ranges::find(words, word) != words.end();
  };
  const auto first = world.words_of(scenario.commands[0]), second = world.words_of(scenario.commands[1]);
  for (const std::string& word :
       {std::string("/t:drive"), std::string("/format"), "/sk:" + world.account_key()}) {
    EXPECT_TRUE(has(first, word)) << word;
    EXPECT_FALSE(has(second, word)) << word;
    EXPECT_TRUE(has(fresh.words_of(scenario.commands[1]), word))
        << "the first was given up before it had begun";
  }
  EXPECT_TRUE(has(second, "/BlobType:PageBlob"));
  EXPECT_FALSE(has(first, "/BlobType:PageBlob"));
  EXPECT_EQ(world.words_of({.action = CommandAction::resume}),
            (std::vector<std::string>{"/j:/desk/drive.jrn", "/id:session-1", "/ResumeSession"}));
  EXPECT_EQ(world.words_of({.action = CommandAction::abort}),
            (std::vector<std::string>{"/j:/desk/drive.jrn", "/id:session-1", "/AbortSession"}));
}

TEST(World, a_source_that_was_changed_is_put_back_as_it_was) {
  World world = world_of(tiny());
  const std::string path = "/source/dir/b.bin";
  ASSERT_TRUE(world.remember_source(path));
  ASSERT_TRUE(world.files.remove(path, 77));
  ASSERT_TRUE(world.files.plant_file(path, as_bytes("other"), 0644, 99));
  ASSERT_TRUE(world.remember_source(path)) << "the first memory counts";
  EXPECT_NE(world.files.hash_under("/source"), world.source_hash);
  world.restore_sources();
  EXPECT_EQ(world.files.hash_under("/source"), world.source_hash);
  EXPECT_TRUE(world.changed_sources.empty());
  world.files.power_cut();
  EXPECT_EQ(world.files.hash_under("/source"), world.source_hash) << "and durably so";
}

TEST(World, a_world_without_a_journal_has_no_history_and_one_that_is_complete_has) {
  EXPECT_EQ(world_of(tiny()).history("drive").error().code, ErrorCode::not_found);
  const World world = completed(tiny());
  const auto history = world.history("drive");
  ASSERT_TRUE(history);
  EXPECT_TRUE(history->sessions.at(0).complete);
  EXPECT_TRUE(world.promises.completed);
  EXPECT_EQ(world.promises.manifest_hash, history->sessions.at(0).manifest_hash);
  EXPECT_EQ(world.promises.session, "session-1");
  EXPECT_GE(world.promises.durable_bytes, 270'000u);
}

TEST(World, a_source_that_cannot_be_planted_is_an_error) {
  Scenario scenario = tiny();
  scenario.source.files.push_back({"a.bin/below-a-file", 1});
  EXPECT_FALSE(World::make(test::shared(scenario), 1));
}

}  // namespace
}  // namespace seedbed
