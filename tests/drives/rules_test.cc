// What every drive refuses and what every drive does, whether or not it keeps what is written.
#include <gtest/gtest.h>

#include "tests/drives/conformance.h"

namespace seedbed {
namespace {

INSTANTIATE_TEST_SUITE_P(All, DriveRules, testing::ValuesIn(backends()), backend_name);

TEST_P(DriveRules, identity_and_contract_are_filled) {
  run([&](BlockDevice& device) {
    const DeviceContract& contract = device.contract();
    EXPECT_EQ(contract.capacity_bytes, kSubjectBytes);
    EXPECT_EQ(contract.physical_sector_bytes % GetParam().sector_bytes, 0u);
    EXPECT_GE(contract.physical_sector_bytes, contract.logical_sector_bytes);
    EXPECT_LE(contract.atomic_write_bytes, contract.physical_sector_bytes);
    EXPECT_EQ(contract.capacity_bytes % contract.physical_sector_bytes, 0u);
    EXPECT_GE(contract.queue_depth, 1u);
    EXPECT_TRUE(contract.volatile_cache);
    EXPECT_FALSE(device.identity().path.empty());
    EXPECT_FALSE(device.identity().serial.empty());
    EXPECT_EQ(device.identity().serial.find(' '), std::string::npos);
    EXPECT_FALSE(device.identity().transport.empty());
    EXPECT_TRUE(device.identity().in_use.empty());
  });
}

TEST_P(DriveRules, misaligned_requests_are_refused) {
  run([](BlockDevice& device) {
    AlignedBuffer buffer(4 * kUnit);
    const uint32_t sector_bytes = device.contract().physical_sector_bytes;
    for (const IoKind kind : {IoKind::read, IoKind::write}) {
      for (const uint64_t off : {1u, sector_bytes / 8, sector_bytes - 1}) {
        expect_refused(device,
                       {.kind = kind, .offset_bytes = off, .length_bytes = kUnit, .data = buffer.data()});
        expect_refused(device,
                       {.kind = kind, .offset_bytes = 0, .length_bytes = kUnit + off, .data = buffer.data()});
        expect_refused(device,
                       {.kind = kind, .offset_bytes = 0, .length_bytes = kUnit, .data = buffer.data() + off});
      }
      expect_refused(device, {.kind = kind, .offset_bytes = 0, .length_bytes = kUnit, .data = nullptr});
    }
    if (device.contract().discards)
      expect_refused(device,
                     {.kind = IoKind::discard, .offset_bytes = sector_bytes / 8, .length_bytes = kUnit});
  });
}

TEST_P(DriveRules, requests_beyond_the_end_are_refused) {
  run([](BlockDevice& device) {
    AlignedBuffer buffer(2 * kUnit);
    const uint64_t end = device.contract().capacity_bytes;
    for (const IoKind kind : {IoKind::read, IoKind::write}) {
      for (const uint64_t offset : {end, end + kUnit, uint64_t{0} - kUnit, uint64_t{1} << 62})
        expect_refused(device,
                       {.kind = kind, .offset_bytes = offset, .length_bytes = kUnit, .data = buffer.data()});
      expect_refused(
          device,
          {.kind = kind, .offset_bytes = end - kUnit, .length_bytes = 2 * kUnit, .data = buffer.data()});
    }
  });
}

TEST_P(DriveRules, a_transfer_is_as_long_as_the_contract_says_and_no_longer) {
  run([](BlockDevice& device) {
    const uint64_t most = device.contract().transfer_bytes_max;
    AlignedBuffer buffer(most + kUnit);
    expect_refused(device, {.kind = IoKind::write, .length_bytes = most + kUnit, .data = buffer.data()});
    ASSERT_TRUE(
        device.submit({.kind = IoKind::write, .length_bytes = most, .data = buffer.data(), .tag = 9}));
    std::vector<IoCompletion> done;
    ASSERT_TRUE(device.reap(done, 1));
    ASSERT_EQ(done.size(), 1u);
    EXPECT_TRUE(done[0].outcome) << why(done[0].outcome);
    EXPECT_EQ(done[0].tag, 9u);
    EXPECT_EQ(done[0].kind, IoKind::write);
  });
}

TEST_P(DriveRules, a_request_of_nothing_completes) {
  run([](BlockDevice& device) {
    ASSERT_TRUE(
        device.submit({.kind = IoKind::read, .offset_bytes = device.contract().capacity_bytes, .tag = 1}));
    std::vector<IoCompletion> done;
    ASSERT_TRUE(device.reap(done, 1));
    ASSERT_EQ(done.size(), 1u);
    EXPECT_TRUE(done[0].outcome) << why(done[0].outcome);
  });
}

TEST_P(DriveRules, a_flush_takes_no_range) {
  run([](BlockDevice& device) {
    expect_refused(device, {.kind = IoKind::flush, .offset_bytes = kUnit});
    expect_refused(device, {.kind = IoKind::flush, .length_bytes = kUnit});
  });
}

TEST_P(DriveRules, the_queue_takes_its_depth_and_no_more) {
  run([](BlockDevice& device) {
    const uint32_t depth = device.contract().queue_depth;
    AlignedBuffer buffer((depth + 1) * kUnit);
    for (uint32_t i = 0; i < depth; ++i)
      ASSERT_TRUE(device.submit({.kind = IoKind::read,
                                 .offset_bytes = i * kUnit,
                                 .length_bytes = kUnit,
                                 .data = buffer.data() + i * kUnit,
                                 .tag = i}));
    const IoRequest more{.kind = IoKind::read, .length_bytes = kUnit, .data = buffer.data() + depth * kUnit};
    const Status refused = device.submit(more);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
    EXPECT_FALSE(device.submit({.kind = IoKind::flush}));
    std::vector<IoCompletion> done;
    ASSERT_TRUE(device.reap(done, depth + 10));  // more than there are: all of them
    EXPECT_EQ(done.size(), depth);
    EXPECT_TRUE(device.submit(more));
    ASSERT_TRUE(device.reap(done, 1));
    EXPECT_EQ(done.size(), depth + 1);
  });
}

TEST_P(DriveRules, reaping_an_empty_queue_returns_at_once) {
  run([](BlockDevice& device) {
    std::vector<IoCompletion> done;
    EXPECT_TRUE(device.reap(done, 5));
    EXPECT_TRUE(device.reap(done, 0));
    EXPECT_TRUE(done.empty());
  });
}

TEST_P(DriveRules, pool_buffers_are_aligned_zeroed_apart_and_exchanged_only_when_idle) {
  run([](BlockDevice& device) {
    for (int round = 0; round < 3; ++round) {
      const auto buffers = device.pool(5, 2 * kUnit);
      ASSERT_TRUE(buffers) << why(buffers);
      ASSERT_EQ(buffers->size(), 5u);
      for (const MutableByteSpan buffer : *buffers) {
        EXPECT_EQ(reinterpret_cast<uintptr_t>(buffer.data()) % 4096, 0u);
        EXPECT_EQ(buffer.size(), 2 * kUnit);
        EXPECT_TRUE(all_zero(buffer));  // a buffer that overlapped the one before would not be
        fill_with(buffer, 7);
      }
      ASSERT_TRUE(
          device.submit({.kind = IoKind::write, .length_bytes = 2 * kUnit, .data = (*buffers)[4].data()}));
      EXPECT_FALSE(device.pool(1, kUnit));
      std::vector<IoCompletion> done;
      ASSERT_TRUE(device.reap(done, 1));
      EXPECT_TRUE(done.at(0).outcome) << why(done.at(0).outcome);
    }
    for (const uint64_t each_bytes :
         {uint64_t{0}, uint64_t{1}, uint64_t{512}, uint64_t{4097}, ~uint64_t{4095}}) {
      const auto refused = device.pool(2, each_bytes);
      ASSERT_FALSE(refused) << each_bytes;
      EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
    }
  });
}

TEST_P(DriveRules, flushes_succeed_and_the_epoch_stays) {
  run([](BlockDevice& device) {
    const uint64_t epoch = device.reset_epoch();
    for (int i = 0; i < 3; ++i) {
      ASSERT_TRUE(write_device(device, 0, filled(kUnit, 1)));
      const Status flushed = flush_device(device, epoch);
      EXPECT_TRUE(flushed) << why(flushed);
    }
    EXPECT_EQ(device.reset_epoch(), epoch);
  });
}

TEST_P(DriveRules, a_device_may_go_with_requests_in_flight) {
  AlignedBuffer buffer(8 * 64 * KiB);
  run([&](BlockDevice& device) {
    for (uint64_t i = 0; i < 8; ++i)
      ASSERT_TRUE(device.submit({.kind = IoKind::write,
                                 .offset_bytes = i * 64 * KiB,
                                 .length_bytes = 64 * KiB,
                                 .data = buffer.data() + i * 64 * KiB}));
  });
}

}  // namespace
}  // namespace seedbed
