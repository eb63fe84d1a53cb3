// The BlockDevice port's contract, held against every backend.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <thread>

#include "tests/drives/subject.h"

namespace seedbed {
namespace {

constexpr uint64_t kUnit = 4096;

void fill_with(MutableByteSpan out, uint64_t seed) {
  Random(seed).fill(out);
}

Bytes filled(uint64_t length_bytes, uint64_t seed) {
  Bytes bytes(length_bytes);
  fill_with(bytes, seed);
  return bytes;
}

// Every backend, whether or not it keeps what is written.
class Rules : public testing::TestWithParam<Backend> {
 protected:
  void run(const std::function<void(BlockDevice&)>& body) { GetParam().make()->with(body); }
  // Submits what must be refused and checks that nothing came of it.
  static void expect_refused(BlockDevice& device, const IoRequest& request) {
    const Status refused = device.submit(request);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument) << refused.error().message();
    std::vector<IoCompletion> done;
    EXPECT_TRUE(device.reap(done, 1));
    EXPECT_TRUE(done.empty());
  }
};

// Those that do.
class Data : public Rules {};

std::string name_of(const testing::TestParamInfo<Backend>& info) {
  return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(Drives, Rules, testing::ValuesIn(backends()), name_of);
INSTANTIATE_TEST_SUITE_P(Drives, Data, testing::ValuesIn(data_backends()), name_of);

TEST_P(Rules, identity_and_contract_are_filled) {
  run([](BlockDevice& device) {
    const DeviceContract& contract = device.contract();
    EXPECT_EQ(contract.capacity_bytes, kSubjectBytes);
    EXPECT_EQ(contract.physical_sector_bytes % 4096, 0u);
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

TEST_P(Rules, misaligned_requests_are_refused) {
  run([](BlockDevice& device) {
    AlignedBuffer buffer(4 * kUnit);
    for (const IoKind kind : {IoKind::read, IoKind::write}) {
      for (const uint64_t off : {1u, 512u, 4095u}) {
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
      expect_refused(device, {.kind = IoKind::discard, .offset_bytes = 512, .length_bytes = kUnit});
  });
}

TEST_P(Rules, requests_beyond_the_end_are_refused) {
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

TEST_P(Rules, a_transfer_is_as_long_as_the_contract_says_and_no_longer) {
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

TEST_P(Rules, a_request_of_nothing_completes) {
  run([](BlockDevice& device) {
    ASSERT_TRUE(
        device.submit({.kind = IoKind::read, .offset_bytes = device.contract().capacity_bytes, .tag = 1}));
    std::vector<IoCompletion> done;
    ASSERT_TRUE(device.reap(done, 1));
    ASSERT_EQ(done.size(), 1u);
    EXPECT_TRUE(done[0].outcome) << why(done[0].outcome);
  });
}

TEST_P(Rules, a_flush_takes_no_range) {
  run([](BlockDevice& device) {
    expect_refused(device, {.kind = IoKind::flush, .offset_bytes = kUnit});
    expect_refused(device, {.kind = IoKind::flush, .length_bytes = kUnit});
  });
}

TEST_P(Rules, the_queue_takes_its_depth_and_no_more) {
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

TEST_P(Rules, reaping_an_empty_queue_returns_at_once) {
  run([](BlockDevice& device) {
    std::vector<IoCompletion> done;
    EXPECT_TRUE(device.reap(done, 5));
    EXPECT_TRUE(device.reap(done, 0));
    EXPECT_TRUE(done.empty());
  });
}

TEST_P(Rules, pool_buffers_are_aligned_zeroed_apart_and_exchanged_only_when_idle) {
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

TEST_P(Rules, flushes_succeed_and_the_epoch_stays) {
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

TEST_P(Rules, a_device_may_go_with_requests_in_flight) {
  AlignedBuffer buffer(8 * 64 * KiB);
  run([&](BlockDevice& device) {
    for (uint64_t i = 0; i < 8; ++i)
      ASSERT_TRUE(device.submit({.kind = IoKind::write,
                                 .offset_bytes = i * 64 * KiB,
                                 .length_bytes = 64 * KiB,
                                 .data = buffer.data() + i * 64 * KiB}));
  });
}

TEST_P(Data, what_is_written_reads_back_at_the_edges) {
  run([](BlockDevice& device) {
    const uint64_t end = device.contract().capacity_bytes;
    const std::vector<Extent> edges{{0, kUnit},
                                    {kUnit, 3 * kUnit},
                                    {4 * MiB - kUnit, 2 * kUnit},
                                    {end - kUnit, kUnit},
                                    {end - 5 * kUnit, 4 * kUnit}};
    for (const Extent& edge : edges)
      ASSERT_TRUE(write_device(device, edge.offset_bytes, filled(edge.length_bytes, edge.offset_bytes + 1)));
    for (const Extent& edge : edges) {
      Bytes back(edge.length_bytes);
      ASSERT_TRUE(read_device(device, edge.offset_bytes, back));
      EXPECT_EQ(back, filled(edge.length_bytes, edge.offset_bytes + 1)) << edge.offset_bytes;
    }
    Bytes between(kUnit);
    ASSERT_TRUE(read_device(device, 4 * kUnit, between));
    EXPECT_TRUE(all_zero(between));
  });
}

TEST_P(Data, refused_writes_have_no_effect) {
  run([](BlockDevice& device) {
    const Bytes before = filled(4 * kUnit, 1);
    ASSERT_TRUE(write_device(device, 0, before));
    AlignedBuffer other(4 * kUnit);
    fill_with(other.span(), 2);
    expect_refused(device,
                   {.kind = IoKind::write, .offset_bytes = 512, .length_bytes = kUnit, .data = other.data()});
    expect_refused(
        device,
        {.kind = IoKind::write, .offset_bytes = 0, .length_bytes = kUnit + 512, .data = other.data()});
    expect_refused(
        device,
        {.kind = IoKind::write, .offset_bytes = 0, .length_bytes = kUnit, .data = other.data() + 512});
    Bytes after(4 * kUnit);
    ASSERT_TRUE(read_device(device, 0, after));
    EXPECT_EQ(after, before);
  });
}

TEST_P(Data, a_deep_queue_gives_every_tag_once_and_every_byte_its_place) {
  run([](BlockDevice& device) {
    constexpr uint64_t kEach = 32 * KiB;
    constexpr uint64_t kRequests = 250;
    const uint32_t depth = device.contract().queue_depth;
    auto buffers = device.pool(depth, kEach);
    ASSERT_TRUE(buffers) << why(buffers);
    std::vector<uint32_t> free_buffers;
    for (uint32_t i = 0; i < depth; ++i) free_buffers.push_back(i);
    std::set<uint64_t> open_tags;
    for (const IoKind kind : {IoKind::write, IoKind::read}) {
      uint64_t next = 0;
      while (next < kRequests || !open_tags.empty()) {
        while (next < kRequests && !free_buffers.empty()) {
          const uint32_t buffer = free_buffers.back();
          free_buffers.pop_back();
          const uint64_t place = next * 7 % kRequests;  // not in order
          if (kind == IoKind::write) fill_with((*buffers)[buffer], place);
          const uint64_t tag = place << 8 | buffer;
          const Status submitted = device.submit({.kind = kind,
                                                  .offset_bytes = place * kEach,
                                                  .length_bytes = kEach,
                                                  .data = (*buffers)[buffer].data(),
                                                  .tag = tag});
          ASSERT_TRUE(submitted) << why(submitted);
          open_tags.insert(tag);
          ++next;
        }
        std::vector<IoCompletion> done;
        ASSERT_TRUE(device.reap(done, 1));
        ASSERT_FALSE(done.empty());
        for (const IoCompletion& completion : done) {
          ASSERT_EQ(open_tags.erase(completion.tag), 1u);
          ASSERT_EQ(completion.kind, kind);
          ASSERT_TRUE(completion.outcome) << why(completion.outcome);
          const auto buffer = static_cast<uint32_t>(completion.tag & 0xff);
          if (kind == IoKind::read) {
            ASSERT_TRUE(std::ranges::equal((*buffers)[buffer], filled(kEach, completion.tag >> 8)));
          }
          free_buffers.push_back(buffer);
        }
      }
    }
  });
}

TEST_P(Data, memory_outside_the_pool_works_beside_it) {
  run([](BlockDevice& device) {
    auto buffers = device.pool(2, kUnit);
    ASSERT_TRUE(buffers);
    AlignedBuffer own(kUnit);
    fill_with((*buffers)[1], 11);
    fill_with(own.span(), 12);
    ASSERT_TRUE(device.submit({.kind = IoKind::write,
                               .offset_bytes = 0,
                               .length_bytes = kUnit,
                               .data = (*buffers)[1].data(),
                               .tag = 1}));
    ASSERT_TRUE(device.submit(
        {.kind = IoKind::write, .offset_bytes = kUnit, .length_bytes = kUnit, .data = own.data(), .tag = 2}));
    std::vector<IoCompletion> done;
    ASSERT_TRUE(device.reap(done, 2));
    ASSERT_EQ(done.size(), 2u);
    Bytes back(2 * kUnit);
    ASSERT_TRUE(read_device(device, 0, back));
    Bytes expected = filled(kUnit, 11);
    append(expected, filled(kUnit, 12));
    EXPECT_EQ(back, expected);
  });
}

TEST_P(Data, unaligned_reads_give_the_range_asked_for) {
  run([](BlockDevice& device) {
    const Bytes content = filled(3 * MiB, 5);
    ASSERT_TRUE(write_device(device, 0, content));
    for (const Extent& range :
         {Extent{0, 1}, {1, 1}, {511, 2}, {4095, 2}, {4096, 4096}, {100, 2 * MiB}, {3 * MiB - 1, 1}}) {
      Bytes out(range.length_bytes);
      ASSERT_TRUE(read_device_unaligned(device, range.offset_bytes, out));
      EXPECT_TRUE(std::equal(out.begin(), out.end(),
                             content.begin() + static_cast<std::ptrdiff_t>(range.offset_bytes)));
    }
  });
}

TEST_P(Data, a_discard_spares_its_neighbours) {
  run([](BlockDevice& device) {
    ASSERT_TRUE(device.contract().discards);
    const Bytes content = filled(4 * kUnit, 6);
    ASSERT_TRUE(write_device(device, 0, content));
    ASSERT_TRUE(
        device.submit({.kind = IoKind::discard, .offset_bytes = kUnit, .length_bytes = 2 * kUnit, .tag = 3}));
    std::vector<IoCompletion> done;
    ASSERT_TRUE(device.reap(done, 1));
    ASSERT_EQ(done.size(), 1u);
    EXPECT_TRUE(done[0].outcome) << why(done[0].outcome);
    EXPECT_EQ(done[0].kind, IoKind::discard);
    Bytes back(4 * kUnit);
    ASSERT_TRUE(read_device(device, 0, back));
    EXPECT_TRUE(std::equal(back.begin(), back.begin() + kUnit, content.begin()));
    EXPECT_TRUE(std::equal(back.begin() + 3 * kUnit, back.end(), content.begin() + 3 * kUnit));
  });
}

// Requests outlive the thread that submitted them: the kernel may cancel what an ending thread has queued,
// the drive must not.
TEST_P(Data, a_device_is_handed_over_by_joining) {
  if (!GetParam().on_threads) return;  // fibres never change their thread
  run([](BlockDevice& device) {
    AlignedBuffer buffer(16 * 64 * KiB);
    fill_with(buffer.span(), 8);
    std::thread([&] {
      for (uint64_t i = 0; i < 16; ++i)
        EXPECT_TRUE(device.submit({.kind = IoKind::write,
                                   .offset_bytes = i * 64 * KiB,
                                   .length_bytes = 64 * KiB,
                                   .data = buffer.data() + i * 64 * KiB,
                                   .tag = i}));
    }).join();
    std::vector<IoCompletion> done;
    ASSERT_TRUE(device.reap(done, 16));
    ASSERT_EQ(done.size(), 16u);
    for (const IoCompletion& completion : done) EXPECT_TRUE(completion.outcome) << why(completion.outcome);
    Bytes back(buffer.size());
    ASSERT_TRUE(read_device(device, 0, back));
    EXPECT_TRUE(std::ranges::equal(back, buffer.span()));
  });
}

}  // namespace
}  // namespace seedbed
