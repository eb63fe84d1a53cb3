// Conduct: what may be written where and when, event by event, and what must be untouched at the end.
#include "scenarios/conduct.h"

#include "tests/scenarios/tiny_world.h"

namespace seedbed {
namespace {

using test::tiny;
using test::world_of;
using Kind = EventKind;

constexpr uint64_t kCapacityBytes = 16 * MiB;

struct Write {
  const char* what;
  const char* phase;
  uint64_t offset_bytes, length_bytes;
  const char* touched;   // part of the finding, "" for none
  const char* repeated;  // likewise
};

class ConductOf : public testing::TestWithParam<Write> {};

TEST_P(ConductOf, writes_and_discards) {
  const Write& write = GetParam();
  World world = world_of(tiny());
  world.phase = write.phase;
  Event event;
  event.place = world.drive_in("drive").identity.serial;
  event.offset_bytes = write.offset_bytes;
  event.length_bytes = write.length_bytes;
  for (const Kind kind : {Kind::drive_write, Kind::drive_discard}) {
    event.kind = kind;
    Conduct conduct;
    conduct.see(world, event, EventSide::before);
    const auto expect = [&](const std::vector<std::string>& findings, const std::string& part) {
      ASSERT_EQ(findings.size(), part.empty() ? 0u : 1u) << write.what;
      if (!part.empty()) {
        EXPECT_NE(findings[0].find(part), std::string::npos) << findings[0];
      }
    };
    expect(conduct.touched(), write.touched);
    expect(conduct.repeated(), write.repeated);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Each, ConductOf,
    testing::Values(
        Write{"anything before the intent", "start", 4 * MiB, 4096, "before the intent", ""},
        Write{"anything while the intent is on its way", "intent", 4 * MiB, 4096, "before the intent", ""},
        Write{"the partition table while the volume is built", "build", 0, 34 * 512, "", ""},
        Write{"the last sectors while the volume is built", "build", kCapacityBytes - 33 * 512, 33 * 512, "",
              ""},
        Write{"the volume", "data", 1 * MiB, 4096, "", ""},
        Write{"the volume's last bytes", "data", kCapacityBytes - 16 * KiB - 4096, 4096, "", ""},
        Write{"one sector too many", "data", kCapacityBytes - 16 * KiB - 4096, 4608,
              "outside of the partition", ""},
        Write{"the backup of the partition table", "data", kCapacityBytes - 512, 512,
              "outside of the partition", ""},
        Write{"the marker", "metadata", 64 * KiB, 4096, "", ""},
        Write{"more than the marker", "metadata", 64 * KiB, 8192, "outside of the partition", ""},
        Write{"before the partition", "proof", 1 * MiB - 512, 512, "outside of the partition", ""},
        Write{"a second format", "data", 0, 512, "", "formatted again"}));

TEST(Conduct, a_drive_that_was_not_chosen_may_not_be_written_in_any_phase) {
  World world = world_of(tiny());
  Event event;
  event.kind = Kind::drive_write;
  event.place = world.drive_in("bystander").identity.serial;
  event.offset_bytes = 2 * MiB;
  event.length_bytes = 512;
  for (const char* phase : {"start", "build", "data", "closing"}) {
    Conduct conduct;
    world.phase = phase;
    conduct.see(world, event, EventSide::before);
    ASSERT_EQ(conduct.touched().size(), 1u) << phase;
    EXPECT_NE(conduct.touched()[0].find("not chosen"), std::string::npos);
  }
}

TEST(Conduct, with_two_drives_the_commands_one_is_chosen) {
  Scenario scenario = tiny();
  scenario.drives.push_back({.name = "other", .capacity_bytes = kCapacityBytes});
  scenario.commands = {{}, {.session = "session-2", .drive = "other"}};
  World world = world_of(scenario);
  world.phase = "data";
  Event event;
  event.kind = Kind::drive_write;
  event.offset_bytes = 2 * MiB;
  event.length_bytes = 512;
  for (const size_t command : {0, 1})
    for (const char* name : {"drive", "other"}) {
      world.command = command;
      event.place = world.drive_in(name).identity.serial;
      Conduct conduct;
      conduct.see(world, event, EventSide::before);
      EXPECT_EQ(conduct.touched().empty(), (command == 0) == (std::string_view(name) == "drive"))
          << command << " " << name;
    }
}

TEST(Conduct, reading_and_what_comes_after_is_nobodys_business) {
  World world = world_of(tiny());
  Event event;
  event.place = world.drive_in("bystander").identity.serial;
  Conduct conduct;
  for (const Kind kind : {Kind::drive_read, Kind::drive_flush, Kind::drive_open, Kind::drive_write_done}) {
    event.kind = kind;
    conduct.see(world, event, EventSide::before);
  }
  event.kind = Kind::drive_write;
  conduct.see(world, event, EventSide::after);
  EXPECT_TRUE(conduct.touched().empty());
}

TEST(Conduct, findings_are_few_however_much_is_wrong) {
  World world = world_of(tiny());
  Event event;
  event.kind = Kind::drive_write;
  Conduct conduct;
  for (int i = 0; i < 1000; i++) conduct.see(world, event, EventSide::before);
  EXPECT_EQ(conduct.touched().size(), 10u);
}

TEST(Conduct, at_the_end_source_and_bystanders_are_as_they_were) {
  const World fresh = world_of(tiny());
  const std::vector<std::pair<std::string, std::function<void(World&)>>> changes = {
      {"the source", [](World& w) { ASSERT_TRUE(w.files.set_mode("/source/a.bin", 0600)); }},
      {"the source", [](World& w) { ASSERT_TRUE(w.files.plant_file("/source/new", {})); }},
      {"nothing to do", [](World& w) { ASSERT_TRUE(w.files.remove("/elsewhere/precious.bin", 0)); }},
      {"nobody chose", [](World& w) {
         DriveState& bystander = w.drive_in("bystander");
         bystander.cache.complete(bystander.cache.submit_write(512, Bytes(512, 0)));
       }}};
  Conduct untouched;
  untouched.at_end(fresh);
  EXPECT_TRUE(untouched.touched().empty());
  for (const auto& [what, change] : changes) {
    World world = fresh;
    change(world);
    Conduct conduct;
    conduct.at_end(world);
    ASSERT_EQ(conduct.touched().size(), 1u) << what;
    EXPECT_NE(conduct.touched()[0].find(what), std::string::npos) << conduct.touched()[0];
  }
}

TEST(Conduct, a_source_that_a_fault_changed_is_not_the_engines_doing) {
  World world = world_of(tiny());
  ASSERT_TRUE(world.remember_source("/source/a.bin"));
  ASSERT_TRUE(world.files.set_mode("/source/a.bin", 0600));
  Conduct conduct;
  conduct.at_end(world);
  EXPECT_TRUE(conduct.touched().empty());
}

}  // namespace
}  // namespace seedbed
