#include "engine/volume/sector_overlay.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "engine/base/random.h"

namespace seedbed {
namespace {

RC_GTEST_PROP(SectorOverlay, ReadsWhatWasWrittenOverWhatLiesBelowAndGivesExactlyTheSectorsTouched, ()) {
  const uint32_t sector = *rc::gen::element(512u, 1024u, 4096u);
  const uint64_t volume = *rc::gen::inRange<uint64_t>(1, 900) * sector;
  Bytes below(volume);
  Random(1).fill(below);
  const Bytes untouched = below;
  Bytes expected = below;
  std::vector<bool> dirty(volume / sector);
  SectorOverlay overlay(volume, sector, [&](uint64_t offset, MutableByteSpan out) -> Status {
    if (offset % sector != 0 || out.size() % sector != 0 || offset + out.size() > volume)
      return fail(ErrorCode::internal, "a read below that is no whole sectors of the volume");
    std::copy_n(below.begin() + static_cast<ptrdiff_t>(offset), out.size(), out.begin());
    return {};
  });
  for (int step = 0; step < 40; ++step) {
    const auto offset = *rc::gen::inRange<uint64_t>(0, volume);
    const auto length = std::min(
        volume - offset,
        *rc::gen::weightedOneOf<uint64_t>(
            {{5, rc::gen::inRange<uint64_t>(0, 9000)},
             {1, rc::gen::inRange<uint64_t>(0, 700'000)},
             {2, rc::gen::map(rc::gen::inRange<uint64_t>(0, 40), [=](uint64_t n) { return n * sector; })}}));
    if (*rc::gen::arbitrary<bool>()) {
      Bytes data(length);
      Random(static_cast<uint64_t>(step) + 2).fill(data);
      RC_ASSERT(overlay.write(offset, data).has_value());
      std::ranges::copy(data, expected.begin() + static_cast<ptrdiff_t>(offset));
      for (uint64_t at = offset; at < offset + length; ++at) dirty[at / sector] = true;
    } else {
      Bytes out(length);
      RC_ASSERT(overlay.read(offset, out).has_value());
      RC_ASSERT(std::equal(out.begin(), out.end(), expected.begin() + static_cast<ptrdiff_t>(offset)));
    }
  }
  RC_ASSERT(below == untouched);
  std::vector<bool> written(volume / sector);
  uint64_t end = 0, last_length = 0;
  for (const auto& [offset, bytes] : overlay.written()) {
    RC_ASSERT(offset % sector == 0 && bytes.size() % sector == 0 && !bytes.empty() &&
              bytes.size() <= 1 * MiB);
    RC_ASSERT(offset >= end &&
              (offset > end || end == 0 || last_length == 1 * MiB));  // joined where they touch
    RC_ASSERT(std::equal(bytes.begin(), bytes.end(), expected.begin() + static_cast<ptrdiff_t>(offset)));
    for (uint64_t at = offset; at < offset + bytes.size(); at += sector) written[at / sector] = true;
    end = offset + bytes.size();
    last_length = bytes.size();
  }
  RC_ASSERT(written == dirty);
}

TEST(SectorOverlay, CallsNothingBelowOnceItIsCutOffAndStillAnswersWhatItHolds) {
  int calls = 0;
  SectorOverlay overlay(1 * MiB, 512, [&](uint64_t, MutableByteSpan) -> Status {
    ++calls;
    return {};
  });
  Bytes data(512, 7), out(512);
  ASSERT_TRUE(overlay.write(4096, data));
  overlay.cut_off();
  EXPECT_TRUE(overlay.read(4096, out));
  EXPECT_EQ(out, data);
  const Status missing = overlay.read(512 * KiB, out);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::device_gone);
  EXPECT_EQ(calls, 0);
}

TEST(SectorOverlay, RefusesWhatLiesOutsideTheVolume) {
  SectorOverlay overlay(1 * MiB, 512, [](uint64_t, MutableByteSpan) -> Status { return {}; });
  Bytes bytes(1024);
  EXPECT_FALSE(overlay.read(1 * MiB - 512, bytes));
  EXPECT_FALSE(overlay.write(1 * MiB - 512, bytes));
  EXPECT_FALSE(overlay.read(~uint64_t{0} - 100, bytes));
  EXPECT_FALSE(overlay.write(~uint64_t{0} - 100, bytes));
}

TEST(SectorOverlay, ReadsNeighboursAlongAndForgetsCleanPagesWhenThereAreMany) {
  uint64_t calls = 0;
  SectorOverlay overlay(1 * GiB, 512, [&](uint64_t offset, MutableByteSpan out) -> Status {
    ++calls;
    std::ranges::fill(out, static_cast<uint8_t>(offset / (64 * KiB)));
    return {};
  });
  Bytes out(512);
  for (uint64_t at = 0; at < 64 * KiB; at += 512) ASSERT_TRUE(overlay.read(at, out));
  EXPECT_EQ(calls, 1u);
  ASSERT_TRUE(overlay.write(512, Bytes(512, 99)));
  for (uint64_t at = 0; at < 1 * GiB; at += 64 * KiB)
    ASSERT_TRUE(overlay.read(at, out));  // far more than is kept
  ASSERT_TRUE(overlay.read(32 * KiB, out));
  EXPECT_EQ(calls, 16u * KiB + 1);
  ASSERT_TRUE(overlay.read(512, out));
  EXPECT_EQ(out, Bytes(512, 99));  // what was written is never forgotten
}

}  // namespace
}  // namespace seedbed
