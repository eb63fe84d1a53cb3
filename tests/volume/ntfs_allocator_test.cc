#include "engine/volume/ntfs_allocator.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace seedbed {
namespace {

// What the allocator must agree with: a bit per cluster.
struct Model {
  std::vector<bool> used;
  Bytes bits(size_t first, size_t count) const {
    Bytes bytes((count + 7) / 8);
    for (size_t i = 0; i < count && first + i < used.size(); ++i)
      if (used[first + i]) bytes[i / 8] |= static_cast<uint8_t>(1u << i % 8);
    return bytes;
  }
  uint64_t free() const { return static_cast<uint64_t>(std::ranges::count(used, false)); }
  bool all_free(const ClusterRun& run) const {
    if (run.count == 0 || run.first + run.count > used.size()) return false;
    return std::all_of(used.begin() + run.first, used.begin() + run.first + run.count,
                       [](bool bit) { return !bit; });
  }
  uint64_t longest_hole() const {
    uint64_t longest = 0, length = 0;
    for (const bool bit : used) longest = std::max(longest, length = bit ? 0 : length + 1);
    return longest;
  }
};

RC_GTEST_PROP(NtfsAllocator, PlacesFilesInFreeClustersOnlyAndFailsOnlyWhenFull, ()) {
  const auto clusters = *rc::gen::inRange<uint64_t>(1, 900);
  NtfsAllocator allocator(clusters, *rc::gen::inRange<uint64_t>(0, clusters));
  Model model{std::vector<bool>(clusters, true)};
  for (int step = 0; step < 30; ++step) {
    // A stretch of the bitmap changes, as when the library writes it.
    const auto first = *rc::gen::inRange<uint64_t>(0, clusters) / 8 * 8;
    const auto length = *rc::gen::inRange<uint64_t>(1, 300);
    const auto density = *rc::gen::inRange(0, 5);
    for (uint64_t i = first; i < std::min(first + length, clusters); ++i)
      model.used[i] = density == 0 ? false : density == 4 ? true : *rc::gen::inRange(0, 4) < density;
    RC_ASSERT(allocator.load(first, model.bits(first, length)) || length == 0);
    // load() takes whole bytes: what lies behind `length` in the last byte is given too.
    for (uint64_t i = first + length; i < std::min(round_up(first + length, 8), clusters); ++i)
      model.used[i] = false;
    RC_ASSERT(allocator.free_clusters() == model.free());

    const auto count = *rc::gen::inRange<uint64_t>(0, clusters + 2);
    const std::vector<ClusterRun> runs = allocator.place(count);
    if (count == 0 || count > model.free()) {
      RC_ASSERT(runs.empty());
      continue;
    }
    uint64_t total = 0, end = 0;
    for (const ClusterRun& run : runs) {
      RC_ASSERT(model.all_free(run));
      RC_ASSERT(run.first >= end);  // sorted, disjoint
      end = run.first + run.count;
      total += run.count;
    }
    RC_ASSERT(total == count);
    allocator.move_cursor(end);

    const auto wanted = *rc::gen::inRange<uint64_t>(0, clusters);
    const auto each = *rc::gen::inRange<uint64_t>(1, 40);
    const auto place = allocator.place_at(wanted, each, each);
    std::optional<ClusterRun> expected;
    for (uint64_t at = round_up(wanted, each); at + each <= clusters && !expected; at += each)
      if (model.all_free({at, each})) expected = ClusterRun{at, each};
    RC_ASSERT(place == expected);
  }
}

TEST(NtfsAllocator, PutsConsecutiveFilesSideBySideBehindTheMftZone) {
  NtfsAllocator allocator(10'000, 1'000);
  ASSERT_TRUE(allocator.load(0, Bytes(1250)));
  uint64_t expected = 1'000;
  for (const uint64_t count : {5, 700, 1, 1}) {
    const auto runs = allocator.place(count);
    ASSERT_EQ(runs, (std::vector<ClusterRun>{{expected, count}}));
    // Taken, as $Bitmap would say
    Bytes bits(1250);
    for (uint64_t i = 1'000; i < expected + count; ++i) bits[i / 8] |= static_cast<uint8_t>(1u << i % 8);
    ASSERT_TRUE(allocator.load(0, bits));
    expected += count;
    allocator.move_cursor(expected);
  }
}

TEST(NtfsAllocator, UsesTheLargestHolesWhenNoneIsLargeEnoughAndTheMftZoneLast) {
  NtfsAllocator allocator(64, 16);
  Bytes bits(8, 0xff);
  bits[0] = 0x00;            // 0..7, in the MFT zone
  bits[3] = 0xf0;            // 24..27
  bits[5] = bits[6] = 0x00;  // 40..55
  ASSERT_TRUE(allocator.load(0, bits));
  EXPECT_EQ(allocator.place(18), (std::vector<ClusterRun>{{24, 2}, {40, 16}}));
  EXPECT_EQ(allocator.place(28), (std::vector<ClusterRun>{{0, 8}, {24, 4}, {40, 16}}));
  EXPECT_TRUE(allocator.place(29).empty());
}

TEST(NtfsAllocator, SaysSoWhenABitmapHasMoreHolesThanItKeeps) {
  NtfsAllocator allocator(8'000'000, 0);
  EXPECT_FALSE(allocator.load(0, Bytes(1'000'000, 0x55)));
}

}  // namespace
}  // namespace seedbed
