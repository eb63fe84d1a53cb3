// The simulated drive keeps its promises to the letter, and not one byte more.
#include "simulator/simulated_drive.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <memory>

#include "simulator/virtual_runtime.h"
#include "tests/drives/subject.h"
#include "tests/runtime/runtime_host.h"

namespace seedbed {
namespace {

constexpr uint64_t kPage = 4096;

DeviceContract small_drive() {
  DeviceContract contract;
  contract.capacity_bytes = 1 * MiB;
  contract.discards = true;
  return contract;
}

uint8_t durable_byte(const DriveState& state, uint64_t page) {
  uint8_t byte = 0;
  state.cache.durable().read(page * kPage, {&byte, 1});
  return byte;
}

Status write_page(BlockDevice& device, uint64_t page, uint8_t value) {
  return write_device(device, page * kPage, Bytes(kPage, value));
}

uint8_t read_page(BlockDevice& device, uint64_t page) {
  Bytes bytes(kPage);
  EXPECT_TRUE(read_device(device, page * kPage, bytes));
  return bytes[0];
}

TEST(SimulatedDrive, a_flush_covers_what_was_reaped_before_it_and_no_more) {
  VirtualHost host;
  DriveState state("S1", small_drive());
  host.run([&] {
    SimulatedDrive drive(host.runtime(), state);
    AlignedBuffer buffer(kPage);
    std::ranges::fill(buffer.span(), uint8_t{2});
    ASSERT_TRUE(write_page(drive, 0, 1));
    ASSERT_TRUE(drive.submit({.kind = IoKind::write,
                              .offset_bytes = kPage,
                              .length_bytes = kPage,
                              .data = buffer.data(),
                              .tag = 1}));
    ASSERT_TRUE(drive.submit({.kind = IoKind::flush, .tag = 2}));
    std::vector<IoCompletion> done;
    ASSERT_TRUE(drive.reap(done, 2));
    ASSERT_EQ(done.size(), 2u);
    EXPECT_EQ(durable_byte(state, 0), 1);
    EXPECT_EQ(durable_byte(state, 1), 0);  // was in flight when the flush was submitted
    EXPECT_EQ(read_page(drive, 1), 2);
    ASSERT_TRUE(flush_device(drive, drive.reset_epoch()));
    EXPECT_EQ(durable_byte(state, 1), 2);
  });
}

TEST(SimulatedDrive, a_power_cut_takes_the_unflushed_and_fails_the_next_flush_once) {
  VirtualHost host;
  DriveState state("S1", small_drive());
  host.run([&] {
    SimulatedDrive drive(host.runtime(), state);
    const uint64_t epoch = drive.reset_epoch();
    ASSERT_TRUE(write_page(drive, 0, 1));
    ASSERT_TRUE(flush_device(drive, epoch));
    ASSERT_TRUE(write_page(drive, 0, 2));
    state.power_cut();
    EXPECT_GT(drive.reset_epoch(), epoch);
    EXPECT_EQ(read_page(drive, 0), 1);
    const Status flushed = flush_device(drive, epoch);
    ASSERT_FALSE(flushed);
    EXPECT_EQ(flushed.error().code, ErrorCode::device_gone);
    ASSERT_TRUE(write_page(drive, 0, 3));  // written again, as the port asks
    EXPECT_TRUE(flush_device(drive, drive.reset_epoch()));
    EXPECT_EQ(durable_byte(state, 0), 3);
  });
}

TEST(SimulatedDrive, a_power_cut_fails_what_is_in_flight) {
  VirtualHost host;
  DriveState state("S1", small_drive());
  host.run([&] {
    SimulatedDrive drive(host.runtime(), state);
    AlignedBuffer buffer(kPage);
    std::ranges::fill(buffer.span(), uint8_t{1});
    ASSERT_TRUE(drive.submit({.kind = IoKind::write, .length_bytes = kPage, .data = buffer.data()}));
    ASSERT_TRUE(drive.submit({.kind = IoKind::flush}));
    state.power_cut();
    std::vector<IoCompletion> done;
    ASSERT_TRUE(drive.reap(done, 2));
    for (const IoCompletion& completion : done) EXPECT_FALSE(completion.outcome);
    EXPECT_EQ(read_page(drive, 0), 0);
  });
}

TEST(SimulatedDrive, capacitors_and_caches_that_are_off_keep_everything) {
  for (const bool protected_cache : {true, false}) {
    VirtualHost host;
    DeviceContract contract = small_drive();
    contract.power_loss_protected = protected_cache;
    contract.volatile_cache = protected_cache;
    DriveState state("S1", contract);
    host.run([&] {
      SimulatedDrive drive(host.runtime(), state);
      ASSERT_TRUE(write_page(drive, 5, 7));
    });
    state.power_cut();
    EXPECT_EQ(durable_byte(state, 5), 7);
  }
}

TEST(SimulatedDrive, takes_virtual_time) {
  VirtualHost host;
  DriveState state("S1", small_drive());
  state.speed = {.request_ns = 1000, .flush_ns = 50'000, .bytes_per_second = 4'096'000'000};
  host.run([&] {
    SimulatedDrive drive(host.runtime(), state);
    const uint64_t start_ns = host.runtime().now_ns();
    ASSERT_TRUE(write_page(drive, 0, 1));
    EXPECT_EQ(host.runtime().now_ns() - start_ns, 2000u);
    ASSERT_TRUE(flush_device(drive, drive.reset_epoch()));
    EXPECT_EQ(host.runtime().now_ns() - start_ns, 52'000u);
  });
}

TEST(SimulatedDrive, a_killed_machine_loses_what_was_in_flight_and_nothing_completed) {
  DriveState state("S1", small_drive());
  Scheduler scheduler;
  {
    VirtualRuntime machine(scheduler);
    Task main = machine.spawn("main", [&] {
      SimulatedDrive drive(machine, state);
      AlignedBuffer buffer(kPage);
      std::ranges::fill(buffer.span(), uint8_t{9});
      ASSERT_TRUE(write_page(drive, 0, 8));
      ASSERT_TRUE(drive.submit(
          {.kind = IoKind::write, .offset_bytes = kPage, .length_bytes = kPage, .data = buffer.data()}));
      machine.kill();
      std::vector<IoCompletion> done;
      static_cast<void>(drive.reap(done, 1));
      ADD_FAILURE() << "a dead machine's reap returned";
    });
    ASSERT_TRUE(scheduler.run());
  }
  VirtualRuntime rebooted(scheduler);
  Task main = rebooted.spawn("main", [&] {
    SimulatedDrive drive(rebooted, state);
    EXPECT_EQ(read_page(drive, 0), 8);
    EXPECT_EQ(read_page(drive, 1), 0);
    EXPECT_EQ(drive.reset_epoch(), 1u);  // the drive itself had power all along
    EXPECT_EQ(durable_byte(state, 0), 0);
    EXPECT_TRUE(flush_device(drive, 1));
    EXPECT_EQ(durable_byte(state, 0), 8);
  });
  ASSERT_TRUE(scheduler.run());
}

TEST(SimulatedDrive, a_copied_state_is_another_drive) {
  VirtualHost host;
  DriveState state("S1", small_drive());
  host.run([&] {
    SimulatedDrive drive(host.runtime(), state);
    ASSERT_TRUE(write_page(drive, 0, 1));
    DriveState copy = state;
    ASSERT_TRUE(write_page(drive, 0, 2));
    SimulatedDrive other(host.runtime(), copy);
    EXPECT_EQ(read_page(other, 0), 1);
    ASSERT_TRUE(flush_device(other, other.reset_epoch()));
    EXPECT_EQ(durable_byte(copy, 0), 1);
    EXPECT_EQ(durable_byte(state, 0), 0);
  });
}

// Writes, discards and flushes in flight together in any order; after a power cut the medium is exactly what
// flushes covered.
RC_GTEST_PROP(SimulatedDriveProperty, what_survives_a_power_cut_is_what_flushes_covered, ()) {
  constexpr uint64_t kPages = 8;
  using Pages = std::array<uint8_t, kPages>;
  VirtualHost host;
  DriveState state("S1", small_drive(), *rc::gen::inRange<uint64_t>(0, 4));  // 0: nothing overtakes
  Pages visible{}, durable{};
  const auto steps = *rc::gen::container<std::vector<int>>(rc::gen::inRange<int>(0, 100));
  host.run([&] {
    SimulatedDrive drive(host.runtime(), state);
    AlignedBuffer buffer(256 * kPage);
    for (size_t i = 0; i < 256; ++i)
      std::ranges::fill(buffer.span().subspan(i * kPage, kPage), static_cast<uint8_t>(i));
    struct Op {
      IoKind kind;
      uint64_t page;
      uint8_t value;
      Pages covered;  // what was visible when a flush was submitted
    };
    std::vector<Op> ops;
    const auto reap = [&](uint32_t least) {
      std::vector<IoCompletion> done;
      EXPECT_TRUE(drive.reap(done, least));
      for (const IoCompletion& completion : done) {
        const Op& op = ops[completion.tag];
        EXPECT_TRUE(completion.outcome);
        if (op.kind == IoKind::flush)
          durable = op.covered;
        else
          visible[op.page] = op.kind == IoKind::write ? op.value : 0;
      }
    };
    uint32_t in_flight = 0;
    for (const int step : steps) {
      if (step >= 70 || in_flight == drive.contract().queue_depth) {
        reap(static_cast<uint32_t>(step % 4));
        reap(64);  // all of it: the model need not know how many were due
        in_flight = 0;
        continue;
      }
      const Op op{.kind = step < 50   ? IoKind::write
                          : step < 60 ? IoKind::discard
                                      : IoKind::flush,
                  .page = static_cast<uint64_t>(step) % kPages,
                  .value = static_cast<uint8_t>(step + 1),
                  .covered = visible};
      IoRequest request{.kind = op.kind, .tag = ops.size()};
      if (op.kind != IoKind::flush) request.offset_bytes = op.page * kPage, request.length_bytes = kPage;
      if (op.kind == IoKind::write) request.data = buffer.data() + op.value * kPage;
      EXPECT_TRUE(drive.submit(request));
      ops.push_back(op);
      ++in_flight;
    }
  });
  state.power_cut();
  for (uint64_t page = 0; page < kPages; ++page) RC_ASSERT(durable_byte(state, page) == durable[page]);
  RC_ASSERT(state.cache.visible().hash() == state.cache.durable().hash());
}

}  // namespace
}  // namespace seedbed
