#include "engine/linux/mkntfs.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <filesystem>

#include "engine/linux/ntfs_bitmap.h"
#include "simulator/memo_formatter.h"
#include "tests/support/command.h"
#include "tests/volume/ntfs_image.h"

namespace seedbed {
namespace {

using testing_support::run_command;
using testing_support::TempDirectory;

Bytes content(const NtfsImage& image) {
  Bytes all;
  for (const Extent& extent : image.extents()) {
    Bytes bytes(extent.length_bytes);
    EXPECT_TRUE(image.read(extent.offset_bytes, bytes));
    append(all, bytes);
  }
  return all;
}

struct Shape {
  uint64_t volume_bytes;
  uint32_t sector_bytes, cluster_bytes;
};
class MkntfsShapes : public testing::TestWithParam<Shape> {};

TEST_P(MkntfsShapes, ExtentsHoldAllThatEveryCheckerNeeds) {
  ASSERT_EQ(testing_support::missing_program("mkntfs", "ntfs-3g"), "");
  const NtfsGeometry geometry{GetParam().volume_bytes, GetParam().sector_bytes, GetParam().cluster_bytes,
                              2048};
  TempDirectory directory;
  MkntfsFormatter formatter(directory.path());
  const auto image = formatter.format(geometry);
  ASSERT_TRUE(image) << image.error().message();
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));  // nothing is left behind

  const std::vector<Extent>& extents = (*image)->extents();
  ASSERT_FALSE(extents.empty());
  uint64_t end = 0, total = 0;
  for (const Extent& extent : extents) {
    EXPECT_TRUE(extent.offset_bytes > end || end == 0) << "extents touch or overlap";
    EXPECT_EQ(extent.offset_bytes % geometry.sector_bytes, 0u);
    EXPECT_EQ(extent.length_bytes % geometry.sector_bytes, 0u);
    end = extent.end_bytes();
    total += extent.length_bytes;
  }
  EXPECT_EQ(extents.front().offset_bytes, 0u);
  EXPECT_EQ(end, geometry.volume_bytes);  // the backup boot sector
  EXPECT_LT(total, geometry.volume_bytes / 2);
  Bytes boot(geometry.sector_bytes), backup(geometry.sector_bytes);
  ASSERT_TRUE((*image)->read(0, boot));
  ASSERT_TRUE((*image)->read(geometry.volume_bytes - geometry.sector_bytes, backup));
  EXPECT_EQ(boot, backup);
  EXPECT_EQ(load_le<uint32_t>(boot, 0x1c), 2048u);  // hidden sectors: the partition's start

  // A file that holds nothing but the extents is a sound volume.
  const NtfsImageFile file(formatter, geometry);
  file.expect_sound();
  EXPECT_TRUE(run_command({"ntfsls", "-f", file.path()}).ok());
}

INSTANTIATE_TEST_SUITE_P(Shapes, MkntfsShapes,
                         testing::Values(Shape{64 * MiB, 512, 4096}, Shape{64 * MiB, 4096, 4096},
                                         Shape{1 * GiB, 512, 65536}, Shape{8 * GiB, 512, 4096},
                                         Shape{8 * GiB, 4096, 65536}, Shape{64 * MiB + 7 * 512, 512, 4096}));

TEST(Mkntfs, IsAPureFunctionOfTheGeometry) {
  TempDirectory directory;
  MkntfsFormatter formatter(directory.path());
  const NtfsGeometry geometry{64 * MiB, 512, 4096, 2048};
  const auto first = formatter.format(geometry), second = formatter.format(geometry);
  ASSERT_TRUE(first && second);
  EXPECT_EQ((*first)->extents(), (*second)->extents());
  EXPECT_EQ(content(**first), content(**second));
  Bytes boot(512);
  ASSERT_TRUE((*first)->read(0, boot));
  EXPECT_EQ(load_le<uint64_t>(boot, 0x48), load_le<uint64_t>(content(**second), 0x48));
}

TEST(Mkntfs, ListsEveryAllocatedCluster) {
  TempDirectory directory;
  MkntfsFormatter formatter(directory.path());
  for (const NtfsGeometry& geometry :
       {NtfsGeometry{64 * MiB, 512, 4096, 2048}, NtfsGeometry{1 * GiB, 4096, 65536, 256}}) {
    const auto image = formatter.format(geometry);
    ASSERT_TRUE(image);
    const auto allocated =
        allocated_extents(geometry.volume_bytes,
                          [&](uint64_t offset, MutableByteSpan out) { return (*image)->read(offset, out); });
    ASSERT_TRUE(allocated) << allocated.error().message();
    uint64_t clusters = 0;
    for (const Extent& run : *allocated) {
      clusters += run.length_bytes / geometry.cluster_bytes;
      bool covered = false;
      for (const Extent& extent : (*image)->extents())
        covered |= extent.offset_bytes <= run.offset_bytes && extent.end_bytes() >= run.end_bytes();
      EXPECT_TRUE(covered) << run.offset_bytes;
    }
    // As many as ntfsinfo counts
    const NtfsImageFile file(formatter, geometry);
    const std::string info = run_command({"ntfsinfo", "-m", "-f", file.path()}).output;
    const auto number = [&](const std::string& label) -> uint64_t {
      const size_t at = info.find(label);
      return at == std::string::npos ? 0 : std::stoull(info.substr(at + label.size()));
    };
    EXPECT_EQ(clusters, number("Volume Size in Clusters: ") - number("Free Clusters: ")) << info;
  }
}

TEST(Mkntfs, RefusesImpossibleGeometriesAndSaysWhatFailed) {
  TempDirectory directory;
  MkntfsFormatter formatter(directory.path());
  for (const NtfsGeometry& geometry :
       {NtfsGeometry{64 * MiB, 1000, 4096, 0}, NtfsGeometry{64 * MiB, 4096, 512, 0},
        NtfsGeometry{64 * MiB, 512, 5000, 0}, NtfsGeometry{64 * MiB + 1, 512, 4096, 0},
        NtfsGeometry{64 * KiB, 512, 4096, 0}, NtfsGeometry{64 * MiB, 512, 128 * KiB, 0},
        NtfsGeometry{64 * MiB, 512, 4096, uint64_t{1} << 32}, NtfsGeometry{32 * TiB, 512, 4096, 0}}) {
    const auto image = formatter.format(geometry);
    ASSERT_FALSE(image);
    EXPECT_EQ(image.error().code, ErrorCode::invalid_argument);
  }
  const auto nowhere = MkntfsFormatter(directory.file("absent")).format({64 * MiB, 512, 4096, 0});
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().code, ErrorCode::not_found);
  const auto tiny = formatter.format({1 * MiB, 512, 4096, 0});  // too small for mkntfs itself
  ASSERT_FALSE(tiny);
  EXPECT_NE(tiny.error().message().find("mkntfs"), std::string::npos);
  EXPECT_FALSE(tiny.error().where.empty());  // its own words
}

class CountingFormatter : public Formatter {
 public:
  explicit CountingFormatter(Formatter& inner) : inner_(inner) {}
  Result<std::shared_ptr<const NtfsImage>> format(const NtfsGeometry& geometry) override {
    ++calls;
    return inner_.format(geometry);
  }
  int calls = 0;

 private:
  Formatter& inner_;
};

TEST(MemoFormatter, AnswersFromMemoryWhatTheOtherHadAnswered) {
  TempDirectory directory;
  MkntfsFormatter mkntfs(directory.path());
  CountingFormatter counted(mkntfs);
  MemoFormatter memo(counted);
  const NtfsGeometry small{64 * MiB, 512, 4096, 2048}, other{64 * MiB, 4096, 4096, 256};
  ASSERT_TRUE(memo.warm(small));
  ASSERT_TRUE(memo.warm(other));
  ASSERT_TRUE(memo.warm(small));
  EXPECT_EQ(counted.calls, 2);
  const auto remembered = memo.format(small), original = mkntfs.format(small);
  ASSERT_TRUE(remembered && original);
  EXPECT_EQ(counted.calls, 2);
  EXPECT_EQ((*remembered)->extents(), (*original)->extents());
  EXPECT_EQ(content(**remembered), content(**original));
  // Any range, across blocks, extents and holes
  Random random(5);
  for (int i = 0; i < 300; ++i) {
    const uint64_t offset = random.below(small.volume_bytes),
                   length = random.below(std::min<uint64_t>(200'000, small.volume_bytes - offset) + 1);
    Bytes a(length, 1), b(length, 2);
    ASSERT_TRUE((*remembered)->read(offset, a));
    ASSERT_TRUE((*original)->read(offset, b));
    ASSERT_EQ(a, b) << offset << " " << length;
  }
  Bytes beyond(1024);
  EXPECT_FALSE((*remembered)->read(small.volume_bytes - 512, beyond));
  EXPECT_FALSE((*original)->read(small.volume_bytes - 512, beyond));
}

TEST(MemoFormatter, DoesNotRememberFailures) {
  class Failing : public Formatter {
   public:
    Result<std::shared_ptr<const NtfsImage>> format(const NtfsGeometry&) override {
      ++calls;
      return fail(ErrorCode::out_of_space, "no room");
    }
    int calls = 0;
  } failing;
  MemoFormatter memo(failing);
  EXPECT_FALSE(memo.warm({64 * MiB, 512, 4096, 0}));
  EXPECT_FALSE(memo.format({64 * MiB, 512, 4096, 0}));
  EXPECT_EQ(failing.calls, 2);
}

RC_GTEST_PROP(MappingPairs, AnyBytesGiveRunsInsideTheVolumeOrAnError, (const Bytes& pairs)) {
  const auto clusters = *rc::gen::inRange<uint64_t>(1, 100'000);
  const auto runs = parse_mapping_pairs(pairs, clusters);
  if (!runs) return;
  for (const Extent& run : *runs) RC_ASSERT(run.length_bytes > 0 && run.end_bytes() <= clusters);
}

RC_GTEST_PROP(MappingPairs, WhatIsWrittenDownIsReadBack, ()) {
  std::vector<Extent> runs;
  Bytes pairs;
  int64_t at = 0;
  const auto append_bytes = [&](int64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) pairs.push_back(static_cast<uint8_t>(value >> (8 * i)));
  };
  for (int i = *rc::gen::inRange(0, 20); i > 0; --i) {
    const auto count = *rc::gen::inRange<int64_t>(1, 1 << 15);  // one and two bytes below the sign bit
    const auto to = *rc::gen::inRange<int64_t>(0, int64_t{1} << 38);
    const int wide = count < 128 ? 1 : 2, delta_wide = *rc::gen::inRange(5, 9);
    pairs.push_back(static_cast<uint8_t>(delta_wide << 4 | wide));
    append_bytes(count, wide);
    append_bytes(to - at, delta_wide);
    at = to;
    runs.push_back({static_cast<uint64_t>(to), static_cast<uint64_t>(count)});
  }
  pairs.push_back(0);
  const auto read = parse_mapping_pairs(pairs, uint64_t{1} << 39);
  RC_ASSERT(read.has_value());
  RC_ASSERT(*read == runs);
}

TEST(MappingPairs, AreReadAsMicrosoftWritesThem) {
  // 0x18 clusters at 0x342573; 0x63 at +0x211e5; 5 at -0x100; end
  const Bytes pairs{0x31, 0x18, 0x73, 0x25, 0x34, 0x32, 0x63, 0x00, 0xe5,
                    0x11, 0x02, 0x21, 0x05, 0x00, 0xff, 0x00, 0x99};
  const auto runs = parse_mapping_pairs(pairs, 0x1000000);
  ASSERT_TRUE(runs);
  EXPECT_EQ(*runs, (std::vector<Extent>{{0x342573, 0x18}, {0x363758, 0x63}, {0x363658, 5}}));
}

RC_GTEST_PROP(NtfsBitmap, DamagedMetadataGivesRunsInsideTheVolumeOrAnError, ()) {
  static const Bytes original = [] {
    TempDirectory directory;
    MkntfsFormatter formatter(directory.path());
    NtfsImageFile image(formatter, {8 * MiB, 512, 4096, 2048});
    return image.read(0, 8 * MiB);
  }();
  Bytes damaged(original.begin(), original.begin() + 64 * KiB);  // boot sector and the first MFT records
  for (int i = *rc::gen::inRange(1, 6); i > 0; --i) {
    const auto place =
        *rc::gen::weightedOneOf<size_t>({{1, rc::gen::inRange<size_t>(0, 0x50)},
                                         {3, rc::gen::inRange<size_t>(16384 + 6 * 1024, 16384 + 7 * 1024)}});
    damaged[place] = *rc::gen::arbitrary<uint8_t>();
  }
  const auto extents = allocated_extents(8 * MiB, [&](uint64_t offset, MutableByteSpan out) -> Status {
    if (offset + out.size() > 8 * MiB) return fail(ErrorCode::internal, "a read outside the volume");
    for (size_t i = 0; i < out.size(); ++i)
      out[i] = offset + i < damaged.size() ? damaged[offset + i] : original[offset + i];
    return {};
  });
  if (!extents) {
    RC_ASSERT(extents.error().code == ErrorCode::corrupt);
    return;
  }
  for (const Extent& extent : *extents) RC_ASSERT(extent.end_bytes() <= 8 * MiB);
}

}  // namespace
}  // namespace seedbed
