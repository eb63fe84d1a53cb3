// A drive is a value: copies are drives of their own, and equal ones have equal hashes.
#include "simulator/drive_state.h"

#include <algorithm>

#include "tests/drives/drive_world.h"

namespace seedbed {
namespace {

using DriveValue = DriveWorld;

TEST(DriveContracts, sectors_are_as_the_names_say) {
  const auto sizes = [](const DeviceContract& contract) {
    EXPECT_EQ(contract.capacity_bytes, 1 * MiB);
    return std::vector<uint32_t>{contract.logical_sector_bytes, contract.physical_sector_bytes,
                                 contract.atomic_write_bytes};
  };
  EXPECT_EQ(sizes(contract_512n(1 * MiB)), (std::vector<uint32_t>{512, 512, 512}));
  EXPECT_EQ(sizes(contract_512e(1 * MiB)), (std::vector<uint32_t>{512, 4096, 512}));
  EXPECT_EQ(sizes(contract_4kn(1 * MiB)), (std::vector<uint32_t>{4096, 4096, 4096}));
}

TEST_F(DriveValue, copies_in_mid_air_are_decided_apart) {
  run([&] {
    SimulatedDrive drive(host.runtime(), state, &log);
    ASSERT_TRUE(write_page(drive, 0, 1));
    submit_page(drive, 1, 1);
    DriveState kept = state, lost = state;
    kept.power_cut(kAll);
    lost.power_cut(kNone);
    EXPECT_EQ(durable(kept, 0), 1);
    EXPECT_EQ(durable(kept, 1), 1);
    EXPECT_EQ(durable(lost, 0), 0);
    EXPECT_TRUE(reap_all(drive).at(0).outcome);  // the original goes on
    EXPECT_EQ(visible(state, 1), 1);
    EXPECT_EQ(durable(state, 0), 0);
  });
}

TEST_F(DriveValue, opening_a_copy_drops_what_was_in_flight_on_it) {
  run([&] {
    SimulatedDrive drive(host.runtime(), state, &log);
    submit_page(drive, 1, 1);
    DriveState copy = state;
    SimulatedDrive other(host.runtime(), copy);
    EXPECT_TRUE(copy.pending().empty());
    EXPECT_EQ(read_page(other, 1), 0);
    EXPECT_EQ(state.pending().size(), 1u);
  });
}

TEST_F(DriveValue, different_survivors_that_leave_the_same_leave_the_same_hash) {
  run([&] {
    SimulatedDrive drive(host.runtime(), state, &log);
    ASSERT_TRUE(write_page(drive, 0, 1));
    ASSERT_TRUE(write_page(drive, 0, 2));
    const uint64_t last = state.pending().at(1).event;
    DriveState all = state, without_first = state, none = state;
    all.power_cut(kAll);
    without_first.power_cut({.shape = Survivors::Shape::all_but_one, .event = state.pending().at(0).event});
    none.power_cut({.shape = Survivors::Shape::torn, .event = last - 2, .units = 0});
    EXPECT_EQ(all.hash(), without_first.hash());
    EXPECT_NE(all.hash(), none.hash());
    EXPECT_EQ(none.hash(), DriveState("S9", contract()).hash());
  });
}

TEST_F(DriveValue, the_hash_tells_what_a_cut_could_lose) {
  run([&] {
    SimulatedDrive drive(host.runtime(), state, &log);
    const uint64_t empty = state.hash();
    submit_page(drive, 0, 1);
    const uint64_t in_flight = state.hash();
    reap_all(drive);
    const uint64_t completed = state.hash();
    DriveState orphaned = state;
    orphaned.cache.orphan(orphaned.cache.completed());
    ASSERT_TRUE(flush_device(drive, 1));
    std::vector<uint64_t> hashes{empty, in_flight, completed, orphaned.hash(), state.hash()};
    std::ranges::sort(hashes);
    EXPECT_EQ(std::ranges::adjacent_find(hashes), hashes.end());
    DriveState at_once("S5", contract());
    at_once.complete(at_once.cache.submit_write(0, Bytes(kPage, 1), 1000));  // other events
    EXPECT_EQ(at_once.hash(), completed);
    at_once.power_cut(kAll);
    EXPECT_EQ(at_once.hash(), state.hash());
  });
}

// 32 requests: every eighth a flush, the others writes to eleven pages in turn.
constexpr uint64_t kOrderPages = 11;
bool is_flush(uint64_t tag) {
  return tag % 8 == 7;
}

std::vector<uint64_t> completion_order(RuntimeHost& host, DriveState& state) {
  std::vector<uint64_t> tags;
  host.run([&] {
    SimulatedDrive drive(host.runtime(), state);
    AlignedBuffer buffer(32 * 4096);
    for (uint64_t i = 0; i < 32; ++i)
      ASSERT_TRUE(drive.submit({.kind = is_flush(i) ? IoKind::flush : IoKind::write,
                                .offset_bytes = is_flush(i) ? 0 : i % kOrderPages * 4096,
                                .length_bytes = is_flush(i) ? 0 : 4096u,
                                .data = buffer.data() + i * 4096,
                                .tag = i}));
    std::vector<IoCompletion> done;
    ASSERT_TRUE(drive.reap(done, 32));
    for (const IoCompletion& completion : done) tags.push_back(completion.tag);
  });
  return tags;
}

TEST(DriveOrder, requests_overtake_by_the_seed_but_never_what_they_overlap) {
  std::vector<std::vector<uint64_t>> orders;
  for (const uint64_t seed : {0u, 1u, 2u}) {
    DriveState state("S1", contract_512e(1 * MiB), seed);
    DriveState copy = state;
    VirtualHost host, again;
    orders.push_back(completion_order(host, state));
    EXPECT_EQ(completion_order(again, copy), orders.back());  // copies replay
    const auto place = [&](uint64_t tag) { return std::ranges::find(orders.back(), tag); };
    for (uint64_t i = 0; i < 32; ++i)
      if (is_flush(i)) {
        EXPECT_EQ(orders.back()[i], i) << "a flush keeps its place";
      } else if (i + kOrderPages < 32 && !is_flush(i + kOrderPages)) {
        EXPECT_LT(place(i), place(i + kOrderPages)) << "both write the same page, seed " << seed;
      }
  }
  EXPECT_TRUE(std::ranges::is_sorted(orders[0]));
  EXPECT_FALSE(std::ranges::is_sorted(orders[1]));
  EXPECT_NE(orders[1], orders[2]);
}

}  // namespace
}  // namespace seedbed
