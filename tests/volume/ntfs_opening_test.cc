// What NtfsVolume opens and what it refuses.
#include <algorithm>
#include <filesystem>
#include <fstream>

#include "tests/volume/ntfs_checks.h"

namespace seedbed {
namespace {

using namespace testing_support;

// ---- what is opened ----

TEST(NtfsVolume, OpenedForReadingRefusesToWriteAndGivesNothing) {
  NtfsImageFile image(formatter(), kSmall);
  NtfsVolume volume = image.open(0, true);
  EXPECT_TRUE(fails(volume.create_file("/f", 1, 1), ErrorCode::refused));
  EXPECT_TRUE(fails(volume.make_directory("/d"), ErrorCode::refused));
  EXPECT_TRUE(fails(volume.write_small_file("/d", pattern(1, 1)), ErrorCode::refused));
  EXPECT_TRUE(fails(volume.remove("/d"), ErrorCode::refused));
  EXPECT_TRUE(fails(volume.rename("/d", "/e"), ErrorCode::refused));
  EXPECT_TRUE(fails(volume.reserve_file("/d", 1, 1), ErrorCode::refused));
  EXPECT_TRUE(ok(volume.list("/")));
  const auto set = volume.close();
  ASSERT_TRUE(ok(set));
  EXPECT_TRUE(set->empty());
}

TEST(NtfsVolume, LooksWithoutLeavingTraces) {
  NtfsImageFile image(formatter(), kSmall);
  NtfsVolume volume = image.open();
  EXPECT_TRUE(ok(volume.list("/")));
  EXPECT_FALSE(*volume.exists("/absent"));
  EXPECT_TRUE(fails(volume.remove("/absent"), ErrorCode::not_found));
  const auto set = volume.close();
  ASSERT_TRUE(ok(set));
  EXPECT_TRUE(set->empty());
  NtfsVolume dropped = image.open();
  EXPECT_TRUE(ok(dropped.create_file("/f", 100'000, kModified_ns)));  // goes with it
}

TEST(NtfsVolume, RefusesDirtyUncleanAndHibernatedVolumes) {
  const auto refused = [](NtfsImageFile& image, const char* word) {
    for (const bool read_only : {false, true}) {
      const auto volume = NtfsVolume::open(image.below(), 0, read_only);
      EXPECT_TRUE(fails(volume, ErrorCode::refused));
      EXPECT_NE(volume.error().message().find(word), std::string::npos) << volume.error().message();
      EXPECT_FALSE(volume.error().remedy.empty());
    }
  };
  {
    NtfsImageFile image(formatter(), kSmall);
    ASSERT_TRUE(run_command({"ntfsfix", image.path()}).ok());  // marks the volume for a check
    refused(image, "dirty");
  }
  {
    NtfsImageFile image(formatter(), kSmall);
    const auto log = image.open().extents("/$LogFile");
    ASSERT_TRUE(ok(log));
    image.write(log->front().offset_bytes, pattern(1, 4096));  // no restart page, and not empty either
    refused(image, "not cleanly unmounted");
  }
  {
    NtfsImageFile image(formatter(), kSmall);
    NtfsVolume volume = image.open();
    const auto file = volume.create_file("/hiberfil.sys", 8192, 1);
    ASSERT_TRUE(ok(file));
    Bytes header(8192);
    std::ranges::copy(as_bytes("hibr"), header.begin());
    image.write(file->front().offset_bytes, header);
    image.apply(*volume.close());
    refused(image, "hibernated");
  }
}

TEST(NtfsVolume, SaysWhenThereIsNoNtfs) {
  const auto zeros = [](uint64_t, MutableByteSpan out) -> Status {
    std::ranges::fill(out, uint8_t{0});
    return {};
  };
  EXPECT_TRUE(fails(NtfsVolume::open({64 * MiB, 512, zeros}, 0, false), ErrorCode::corrupt));
  EXPECT_TRUE(fails(NtfsVolume::open({64 * MiB, 1000, zeros}, 0, false), ErrorCode::invalid_argument));
  EXPECT_TRUE(fails(NtfsVolume::open({64 * MiB + 1, 512, zeros}, 0, false), ErrorCode::invalid_argument));
  EXPECT_TRUE(fails(NtfsVolume::open({0, 512, zeros}, 0, false), ErrorCode::invalid_argument));
  NtfsImageFile image(formatter(), kSmall);
  NtfsVolume::Below below = image.below();
  below.sector_bytes = 4096;  // the volume says 512
  EXPECT_TRUE(fails(NtfsVolume::open(below, 0, false), ErrorCode::corrupt));
  below = image.below();
  below.volume_bytes /= 2;
  EXPECT_TRUE(fails(NtfsVolume::open(below, 0, false), ErrorCode::corrupt));
}

}  // namespace
}  // namespace seedbed
