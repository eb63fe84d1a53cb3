// What is written reads back, from every drive that keeps it.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <thread>

#include "tests/drives/conformance.h"

namespace seedbed {
namespace {

INSTANTIATE_TEST_SUITE_P(All, DriveData, testing::ValuesIn(data_backends()), backend_name);

TEST_P(DriveData, what_is_written_reads_back_at_the_edges) {
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

TEST_P(DriveData, refused_writes_have_no_effect) {
  run([](BlockDevice& device) {
    const Bytes before = filled(4 * kUnit, 1);
    ASSERT_TRUE(write_device(device, 0, before));
    AlignedBuffer other(4 * kUnit);
    fill_with(other.span(), 2);
    const uint32_t off = device.contract().physical_sector_bytes / 8;
    expect_refused(device,
                   {.kind = IoKind::write, .offset_bytes = off, .length_bytes = kUnit, .data = other.data()});
    expect_refused(
        device,
        {.kind = IoKind::write, .offset_bytes = 0, .length_bytes = kUnit + off, .data = other.data()});
    expect_refused(
        device,
        {.kind = IoKind::write, .offset_bytes = 0, .length_bytes = kUnit, .data = other.data() + off});
    Bytes after(4 * kUnit);
    ASSERT_TRUE(read_device(device, 0, after));
    EXPECT_EQ(after, before);
  });
}

TEST_P(DriveData, a_deep_queue_gives_every_tag_once_and_every_byte_its_place) {
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

TEST_P(DriveData, memory_outside_the_pool_works_beside_it) {
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

TEST_P(DriveData, unaligned_reads_give_the_range_asked_for) {
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

TEST_P(DriveData, a_discard_spares_its_neighbours) {
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
TEST_P(DriveData, a_device_is_handed_over_by_joining) {
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
