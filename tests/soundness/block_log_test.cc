// The simulated drive's block log: it can be read back, a replay of it is the drive, and up to a flush it is
// what a cut would have left.
#include "simulator/block_log.h"

#include <gtest/gtest.h>

#include "scenarios/journey.h"
#include "tests/scenarios/tiny_world.h"

namespace seedbed::soundness {
namespace {

struct Recorded {
  BlockLog log;
  uint64_t visible = 0;  // hash of what the drive holds at the end
  uint64_t capacity_bytes = 0, flushes = 0;
};

uint64_t replayed(const BlockLog& log, uint64_t capacity_bytes, size_t until) {
  Medium medium(capacity_bytes);
  log.replay(medium, 0, until);
  return medium.hash();
}

Recorded record(const Scenario& scenario, uint64_t seed) {
  Recorded recorded;
  World world = World::make(test::shared(scenario), seed).value();
  recorded.capacity_bytes = world.drives[0].contract.capacity_bytes;
  BlockLogRecorder recorder(world.drives[0]);
  EventLog log(false);
  Journey journey(std::move(world), log);
  journey.play([&](const World& now, const Event& event, EventSide side) {
    const DriveState& drive = now.drives[0];
    recorder.see(drive, event, side);
    if (event.kind != EventKind::drive_flush_done || side == EventSide::before || event.failed) return;
    recorded.flushes++;
    const BlockLog so_far = BlockLogRecorder(recorder).take(drive);
    size_t durable = so_far.entries.size();
    while (durable > 0 && so_far.entries[durable - 1].kind != BlockLogEntry::Kind::flush) durable--;
    EXPECT_EQ(replayed(so_far, recorded.capacity_bytes, durable), drive.cache.durable().hash())
        << "at event " << event.number;
  });
  std::string why;
  EXPECT_EQ(journey.verdict(why), Verdict::survived) << why;
  const DriveState& drive = journey.world().drives[0];
  recorded.log = recorder.take(drive);
  recorded.visible = drive.cache.visible().hash();
  return recorded;
}

void expect_sound(const Recorded& recorded) {
  EXPECT_GT(recorded.flushes, 3u);
  EXPECT_EQ(replayed(recorded.log, recorded.capacity_bytes, recorded.log.entries.size()), recorded.visible);
  const Bytes file = recorded.log.encode();
  const auto back = BlockLog::parse(file, "the log");
  ASSERT_TRUE(back) << back.error().message();
  EXPECT_EQ(back->sector_bytes, recorded.log.sector_bytes);
  EXPECT_TRUE(back->entries == recorded.log.entries);
}

TEST(SimulatedBlockLog, of_an_undisturbed_run) {
  for (const SectorKind sectors : {SectorKind::n512, SectorKind::n4k}) {
    Scenario scenario = test::tiny();
    scenario.drives[0].sectors = sectors;
    const Recorded recorded = record(scenario, 3);
    expect_sound(recorded);
    EXPECT_EQ(recorded.log.sector_bytes, sectors == SectorKind::n4k ? 4096u : 512u);
    EXPECT_EQ(std::ranges::count(recorded.log.entries, BlockLogEntry::Kind::mark, &BlockLogEntry::kind), 0);
  }
}

TEST(SimulatedBlockLog, of_runs_with_cuts_and_errors) {
  for (const FaultAction action : {FaultAction::kill, FaultAction::host_power_cut,
                                   FaultAction::drive_power_cut, FaultAction::write_error}) {
    Scenario scenario = test::tiny();
    const bool fails = action == FaultAction::write_error;
    PlannedFault fault =
        test::fault(action, fails ? test::nth(3, EventKind::drive_write, "data") : test::nth_in("data", 20));
    fault.survivors = {.shape = Survivors::Shape::seeded, .seed = 5};
    scenario.faults = {fault};
    SCOPED_TRACE(fault.name);
    expect_sound(record(scenario, 4));
  }
}

TEST(SimulatedBlockLog, without_a_volatile_cache_every_write_is_followed_by_a_flush) {
  Scenario scenario = test::tiny();
  scenario.drives[0].volatile_cache = false;
  const Recorded recorded = record(scenario, 5);
  expect_sound(recorded);
  for (size_t i = 0; i < recorded.log.entries.size(); i++)
    if (recorded.log.entries[i].kind == BlockLogEntry::Kind::write) {
      EXPECT_EQ(recorded.log.entries.at(i + 1).kind, BlockLogEntry::Kind::flush);
    }
}

TEST(BlockLogFile, what_is_torn_or_strange_is_refused_with_its_place) {
  const BlockLog log{.sector_bytes = 512,
                     .entries = {{BlockLogEntry::Kind::write, {1024, 1024}, Bytes(1024, 7)},
                                 {BlockLogEntry::Kind::flush, {}, {}},
                                 {BlockLogEntry::Kind::discard, {0, 4096}, {}},
                                 {BlockLogEntry::Kind::mark, {}, Bytes{'h', 'i'}}}};
  const Bytes good = log.encode();
  ASSERT_TRUE(BlockLog::parse(good, "x"));
  EXPECT_TRUE(BlockLog::parse(good, "x")->entries == log.entries);
  const auto refused = [&](const std::function<void(Bytes&)>& harm) {
    Bytes bad = good;
    harm(bad);
    const auto parsed = BlockLog::parse(bad, "x");
    return !parsed && parsed.error().code == ErrorCode::corrupt &&
           parsed.error().where.starts_with("x @ byte ");
  };
  EXPECT_TRUE(refused([](Bytes& b) { b[0] ^= 1; }));                       // magic
  EXPECT_TRUE(refused([](Bytes& b) { b[8] = 2; }));                        // version
  EXPECT_TRUE(refused([](Bytes& b) { store_le<uint32_t>(b, 24, 513); }));  // sectors
  EXPECT_TRUE(refused([](Bytes& b) { b.resize(1500); }));                  // in the write
  EXPECT_TRUE(refused([](Bytes& b) { b.resize(b.size() - 100); }));        // in an entry
  EXPECT_TRUE(refused([](Bytes& b) { b[16] = 9; }));                       // fewer entries than counted
  EXPECT_TRUE(refused([](Bytes& b) { b[512 + 17] = 1; }));                 // unknown flags
  EXPECT_TRUE(refused([](Bytes& b) { store_le<uint64_t>(b, 512 + 8, ~uint64_t{0} / 512); }));
  EXPECT_FALSE(refused([](Bytes& b) { b[16] = 0; })) << "QEMU's count is behind";
}

}  // namespace
}  // namespace seedbed::soundness
