#include "engine/volume/ntfs_volume.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>
#include <sys/mount.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

#include "tests/volume/ntfs_checks.h"

namespace seedbed {
namespace {

using namespace testing_support;

// ---- what is written is what others read ----

class NtfsShapes : public testing::TestWithParam<NtfsGeometry> {};

TEST_P(NtfsShapes, IndependentToolsReadTheTreeThatWasWritten) {
  NtfsImageFile image(formatter(), GetParam());
  std::string long_name;
  for (int i = 0; i < 85; ++i) long_name += "日本語";  // 255 UTF-16 units
  const std::vector<std::pair<std::string, uint64_t>> files{
      {"/empty", 0},
      {"/one byte", 1},
      {"/cluster", GetParam().cluster_bytes},
      {"/cluster and one", GetParam().cluster_bytes + 1},
      {"/container/blob.bin", 3 * MiB + 17},
      {"/container/größe – 😀.txt", 70'000},
      {"/container/" + long_name, 5'000},
      {"/container/a/b/c/d/deep", 9'999},
  };
  std::map<std::string, Bytes> contents;
  {
    NtfsVolume volume = image.open();
    EXPECT_EQ(volume.cluster_bytes(), GetParam().cluster_bytes);
    for (const char* directory :
         {"/container", "/container/a", "/container/a/b", "/container/a/b/c", "/container/a/b/c/d"})
      ASSERT_TRUE(ok(volume.make_directory(directory)));
    uint64_t seed = 1;
    for (const auto& [path, size] : files) {
      const auto extents = volume.create_file(path, size, kModified_ns);
      ASSERT_TRUE(ok(extents)) << path;
      EXPECT_EQ(total(*extents), round_up(size, GetParam().cluster_bytes)) << path;
      contents[path] = pattern(seed++, size);
      fill_extents(image, *extents, contents[path]);
    }
    const auto set = volume.close();
    ASSERT_TRUE(ok(set));
    image.apply(*set);
  }
  image.expect_sound();
  for (const auto& [path, size] : files) {
    const auto cat = run_command({"ntfscat", "-f", image.path(), path});
    ASSERT_TRUE(cat.ok()) << path << cat.text();
    EXPECT_TRUE(std::ranges::equal(as_bytes(cat.output), contents[path])) << path;
  }
  const auto listing = run_command({"ntfsls", "-f", "-l", "-p", "/container", image.path()});
  ASSERT_TRUE(listing.ok()) << listing.text();
  EXPECT_NE(listing.output.find("3145745"), std::string::npos)
      << listing.output;  // size from the directory index
  EXPECT_NE(listing.output.find(long_name), std::string::npos) << listing.output;

  NtfsVolume again = image.open(0, true);
  for (const auto& [path, size] : files) {
    const auto entry = again.stat(path);
    ASSERT_TRUE(ok(entry)) << path;
    EXPECT_EQ(entry->size_bytes, size);
    EXPECT_FALSE(entry->directory);
    Bytes read(size + 10);
    const auto got = again.read(path, 0, read);
    ASSERT_TRUE(ok(got)) << path;
    read.resize(*got);
    EXPECT_EQ(read, contents[path]) << path;
  }
  const auto entries = again.list("/container");
  ASSERT_TRUE(ok(entries));
  ASSERT_EQ(entries->size(), 4u);
  EXPECT_EQ((*entries)[0].name, "a");
  EXPECT_TRUE((*entries)[0].directory);
  EXPECT_EQ((*entries)[1].name, "blob.bin");
  EXPECT_EQ((*entries)[1].size_bytes, 3 * MiB + 17);
  const auto root = again.list("/");
  ASSERT_TRUE(ok(root));
  EXPECT_EQ(root->size(), 5u);  // NTFS' own files are not listed
}

INSTANTIATE_TEST_SUITE_P(Shapes, NtfsShapes,
                         testing::Values(NtfsGeometry{64 * MiB, 512, 4096, 2048},
                                         NtfsGeometry{64 * MiB, 4096, 4096, 256},
                                         NtfsGeometry{1 * GiB, 512, 65536, 2048},
                                         NtfsGeometry{1 * GiB, 4096, 65536, 256},
                                         NtfsGeometry{8 * GiB, 512, 4096, 2048}));

// Index blocks of a directory can come to lie right behind the file table, so that it grows in pieces. When
// their runs no longer fit into $MFT's record it takes a second one, which the library logs as if it were an
// error.
TEST(NtfsVolume, TheFileTableMayHaveMoreRunsThanItsRecordHolds) {
  NtfsImageFile image(formatter(), kSmall);
  {
    NtfsVolume volume = image.open();
    ASSERT_TRUE(ok(volume.make_directory("/d")));
    for (int i = 0; i < 250; i++) {
      const auto table = volume.extents("/$MFT");
      ASSERT_TRUE(ok(table));
      const std::string next = "/d/" + std::to_string(i);
      ASSERT_TRUE(ok(volume.reserve_file(next, 4096, table->back().end_bytes()))) << i;
      for (int k = 0; k < 16; k++)
        ASSERT_TRUE(ok(volume.create_file(next + "-" + std::to_string(k), 0, kModified_ns))) << i;
    }
    const auto set = volume.close();
    ASSERT_TRUE(ok(set));
    image.apply(*set);
  }
  image.expect_sound();
  NtfsVolume again = image.open(0, true);
  const auto table = again.extents("/$MFT");
  ASSERT_TRUE(ok(table));
  EXPECT_GT(table->size(), 200u);
  EXPECT_TRUE(ok(again.stat("/d/249-15")));
}

// Through the ntfs-3g driver where this machine has FUSE for us, through ntfscat everywhere (above).
TEST(NtfsVolume, MountsInTheNtfs3gDriverWithTheSameBytes) {
  NtfsImageFile image(formatter(), kSmall);
  std::map<std::string, Bytes> contents;
  {
    NtfsVolume volume = image.open();
    for (int d = 0; d < 5; ++d) {
      const std::string directory = "/directory " + std::to_string(d);
      ASSERT_TRUE(ok(volume.make_directory(directory)));
      for (int i = 0; i < 20; ++i) {
        const std::string path = directory + "/ä" + std::to_string(i);
        contents[path] = pattern(d * 100 + i, 1000 * i + d);
        const auto extents = volume.create_file(path, contents[path].size(), kModified_ns);
        ASSERT_TRUE(ok(extents));
        fill_extents(image, *extents, contents[path]);
      }
    }
    const auto set = volume.close();
    ASSERT_TRUE(ok(set));
    image.apply(*set);
  }
  image.expect_sound();
  if (::access("/dev/fuse", R_OK | W_OK) != 0 || ::geteuid() != 0) return;
  TempDirectory mount_point;
  const auto mounted = run_command({"ntfs-3g", "-o", "ro", image.path(), mount_point.path()});
  ASSERT_TRUE(mounted.ok()) << mounted.text();
  size_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(mount_point.path())) {
    if (!entry.is_regular_file()) continue;
    const std::string name = entry.path().string().substr(mount_point.path().size());
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(in)), {});
    ASSERT_TRUE(contents.contains(name)) << name;
    EXPECT_TRUE(std::ranges::equal(as_bytes(bytes), contents[name])) << name;
    struct ::stat facts{};
    ASSERT_EQ(::stat(entry.path().c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mtim.tv_sec, kModified_ns / kSecond_ns);
    ++files;
  }
  EXPECT_EQ(files, contents.size());
  EXPECT_TRUE(run_command({"fusermount", "-u", mount_point.path()}).ok());
}

TEST(NtfsVolume, StampsFilesByTheirOwnTimeAndTheRestByTheVolumesClock) {
  NtfsImageFile image(formatter(), kSmall);
  NtfsVolume volume = image.open(1'700'000'000 * kSecond_ns);
  ASSERT_TRUE(ok(volume.make_directory("/made")));
  ASSERT_TRUE(ok(volume.create_file("/made/file", 5000, kModified_ns)));
  const auto set = volume.close();
  ASSERT_TRUE(ok(set));
  image.apply(*set);
  const auto file = run_command({"ntfsinfo", "-f", "-F", "/made/file", image.path()});
  const auto times = [](std::string_view text, std::string_view needle) {
    size_t count = 0;
    for (size_t at = 0; (at = text.find(needle, at)) != std::string_view::npos; ++at) ++count;
    return count;
  };
  // Four times in $STANDARD_INFORMATION, four in $FILE_NAME
  EXPECT_GE(times(file.output, "Mar 13 07:06:40 2011"), 8u) << file.output;
  EXPECT_EQ(times(file.output, "2023"), 0u) << file.output;
  const auto directory = run_command({"ntfsinfo", "-f", "-F", "/made", image.path()});
  EXPECT_GE(times(directory.output, "Nov 14 22:13:20 2023"), 8u) << directory.output;
}

TEST(NtfsVolume, KeepsTwoVolumesApartThatAreEnteredThroughEachOther) {
  NtfsImageFile outer_image(formatter(), kSmall), inner_image(formatter(), kSmall);
  NtfsVolume inner = inner_image.open(1'700'000'000 * kSecond_ns);
  int entered = 0;
  // Every read of the outer volume works on the inner one first: as another task would while this one waits
  // for its drive.
  NtfsVolume::Below below = outer_image.below();
  below.read = [&, plain = below.read](uint64_t offset, MutableByteSpan out) {
    EXPECT_TRUE(ok(inner.create_file("/inner " + std::to_string(entered++), 100, kModified_ns)));
    EXPECT_TRUE(ok(inner.make_directory("/inner directory " + std::to_string(entered))));
    return plain(offset, out);
  };
  auto outer = NtfsVolume::open(below, 1'600'000'000 * kSecond_ns, false);
  ASSERT_TRUE(ok(outer));
  ASSERT_TRUE(ok(outer->make_directory("/outer directory")));
  ASSERT_TRUE(ok(outer->write_small_file("/outer directory/small", pattern(1, 100))));
  const auto outer_set = outer->close();
  ASSERT_TRUE(ok(outer_set));
  outer_image.apply(*outer_set);
  const auto inner_set = inner.close();
  ASSERT_TRUE(ok(inner_set));
  inner_image.apply(*inner_set);
  EXPECT_GT(entered, 5);
  outer_image.expect_sound();
  inner_image.expect_sound();

  // The outer one alone gives the same sectors.
  NtfsImageFile alone_image(formatter(), kSmall);
  NtfsVolume alone = alone_image.open(1'600'000'000 * kSecond_ns);
  ASSERT_TRUE(ok(alone.make_directory("/outer directory")));
  ASSERT_TRUE(ok(alone.write_small_file("/outer directory/small", pattern(1, 100))));
  const auto alone_set = alone.close();
  ASSERT_TRUE(ok(alone_set));
  EXPECT_EQ(*alone_set, *outer_set);
}

// ---- many, large, full ----

TEST(NtfsVolume, HoldsTwentyThousandFilesInNestedDirectories) {
  NtfsImageFile image(formatter(), {8 * GiB, 512, 4096, 2048});
  NtfsVolume volume = image.open();
  std::vector<Extent> all;
  for (int a = 0; a < 4; ++a) {
    const std::string outer = "/batch " + std::to_string(a);
    ASSERT_TRUE(ok(volume.make_directory(outer)));
    for (int b = 0; b < 5; ++b) {
      const std::string inner = outer + "/part " + std::to_string(b);
      ASSERT_TRUE(ok(volume.make_directory(inner)));
      for (int i = 0; i < 1000; ++i) {
        const auto extents =
            volume.create_file(inner + "/a file with a name " + std::to_string(i), 1 + i * 20, kModified_ns);
        ASSERT_TRUE(ok(extents));
        ASSERT_EQ(extents->size(), 1u);
        if (!all.empty()) {
          ASSERT_EQ(extents->front().offset_bytes, all.back().end_bytes());  // side by side
        }
        all.push_back(extents->front());
      }
    }
  }
  const auto set = volume.close();
  ASSERT_TRUE(ok(set));
  uint64_t end = 0;
  for (const auto& [offset, bytes] : *set) {
    ASSERT_GE(offset, end);
    end = offset + bytes.size();
  }
  image.apply(*set);
  image.expect_sound();
  const auto listing = run_command({"ntfsls", "-f", "-p", "/batch 3/part 4", image.path()});
  EXPECT_EQ(std::ranges::count(listing.output, '\n'), 1002) << listing.errors;  // with . and ..
  NtfsVolume again = image.open(0, true);
  const auto entries = again.list("/batch 2/part 1");
  ASSERT_TRUE(ok(entries));
  EXPECT_EQ(entries->size(), 1000u);
}

TEST(NtfsVolume, PlacesTerabytesAtOnceOnATenTerabyteVolume) {
  const NtfsGeometry geometry{10'000'000'000'000 / 65536 * 65536, 512, 65536, 2048};
  TempDirectory directory;
  MkntfsFormatter mkntfs(directory.path());
  NtfsImageFile image(mkntfs, geometry);
  NtfsVolume volume = image.open();
  EXPECT_GT(volume.free_bytes(), 9'900'000'000'000u);
  const auto extents = volume.create_file("/huge", 9'000'000'000'000, kModified_ns);
  ASSERT_TRUE(ok(extents));
  EXPECT_EQ(total(*extents), round_up(uint64_t{9'000'000'000'000}, 65536));
  EXPECT_LE(extents->size(), 3u);  // round the middle of the volume, where $MFTMirr lies
  EXPECT_TRUE(fails(volume.create_file("/more", 2'000'000'000'000, kModified_ns), ErrorCode::out_of_space));
  EXPECT_TRUE(ok(volume.create_file("/rest", 500'000'000'000, kModified_ns)));
  const auto set = volume.close();
  ASSERT_TRUE(ok(set));
  uint64_t bytes = 0;
  for (const auto& [offset, part] : *set) bytes += part.size();
  EXPECT_LT(bytes, 64 * MiB);  // $Bitmap's bits and a few records
  image.apply(*set);
  image.expect_sound();
}

TEST(NtfsVolume, FillsTheVolumeToTheLastClusterInPiecesAndSaysFullOnlyThen) {
  NtfsImageFile image(formatter(), kSmall);
  NtfsVolume volume = image.open();
  // Holes of one cluster everywhere: every other file goes again.
  constexpr int kFiles = 3000;
  for (int i = 0; i < kFiles; ++i)
    ASSERT_TRUE(ok(volume.create_file("/small " + std::to_string(i), 4096, kModified_ns)));
  const uint64_t before = volume.free_bytes();
  for (int i = 0; i < kFiles; i += 2) ASSERT_TRUE(ok(volume.remove("/small " + std::to_string(i))));
  EXPECT_GE(volume.free_bytes(), before + kFiles / 2 * 4096);
  const uint64_t free = volume.free_bytes();
  EXPECT_TRUE(fails(volume.create_file("/too much", free + 4096, kModified_ns), ErrorCode::out_of_space));
  // All but a little for the file's own description: with 1500 runs it needs an attribute list and records of
  // its own.
  const uint64_t size = free - 512 * KiB;
  const auto extents = volume.create_file("/rest", size, kModified_ns);
  ASSERT_TRUE(ok(extents));
  EXPECT_GT(extents->size(), 1000u);
  EXPECT_EQ(total(*extents), round_up(size, 4096));
  const Bytes content = pattern(9, size);
  fill_extents(image, *extents, content);
  EXPECT_TRUE(fails(volume.create_file("/no room", 1 * MiB, kModified_ns), ErrorCode::out_of_space));
  EXPECT_TRUE(ok(volume.create_file("/still fits", 4096, kModified_ns)));
  const auto told = volume.extents("/rest");
  ASSERT_TRUE(ok(told));
  EXPECT_EQ(*told, *extents);
  const auto set = volume.close();
  ASSERT_TRUE(ok(set));
  image.apply(*set);
  image.expect_sound();
  const auto cat = run_command({"ntfscat", "-f", image.path(), "/rest"});
  EXPECT_TRUE(std::ranges::equal(as_bytes(cat.output), content));
}

// ---- names ----

TEST(NtfsVolume, RenamesAndReplaces) {
  NtfsImageFile image(formatter(), kSmall);
  NtfsVolume volume = image.open();
  ASSERT_TRUE(ok(volume.make_directory("/d")));
  ASSERT_TRUE(ok(volume.make_directory("/d/sub")));
  const auto kept = volume.create_file("/d/new manifest", 10'000, kModified_ns);
  ASSERT_TRUE(ok(kept));
  fill_extents(image, *kept, pattern(1, 10'000));
  ASSERT_TRUE(ok(volume.create_file("/manifest", 500'000, kModified_ns)));
  const uint64_t free = volume.free_bytes();
  ASSERT_TRUE(ok(volume.rename("/d/new manifest", "/manifest")));
  EXPECT_GE(volume.free_bytes(), free + 500'000);  // the replaced file's clusters
  EXPECT_FALSE(*volume.exists("/d/new manifest"));
  EXPECT_EQ(volume.stat("/manifest")->size_bytes, 10'000u);
  EXPECT_EQ(*volume.extents("/manifest"), *kept);
  ASSERT_TRUE(ok(volume.rename("/manifest", "/MANIFEST")));  // in place, another case
  EXPECT_FALSE(*volume.exists("/manifest"));
  ASSERT_TRUE(ok(volume.rename("/MANIFEST", "/MANIFEST")));
  ASSERT_TRUE(ok(volume.rename("/d/sub", "/moved directory")));
  EXPECT_TRUE(fails(volume.rename("/d", "/d/inside"), ErrorCode::invalid_argument));
  EXPECT_TRUE(fails(volume.rename("/d", "/moved directory"), ErrorCode::already_exists));
  EXPECT_TRUE(fails(volume.rename("/absent", "/x"), ErrorCode::not_found));
  EXPECT_TRUE(fails(volume.rename("/MANIFEST", "/absent/x"), ErrorCode::not_found));
  const auto set = volume.close();
  ASSERT_TRUE(ok(set));
  image.apply(*set);
  image.expect_sound();
  const auto cat = run_command({"ntfscat", "-f", image.path(), "/MANIFEST"});
  EXPECT_TRUE(std::ranges::equal(as_bytes(cat.output), pattern(1, 10'000)));
  const auto listing = run_command({"ntfsls", "-f", image.path()});
  EXPECT_EQ(listing.output, "d\nMANIFEST\nmoved directory\n");
}

TEST(NtfsVolume, RemovesFilesAndEmptyDirectoriesOnly) {
  NtfsImageFile image(formatter(), kSmall);
  NtfsVolume volume = image.open();
  ASSERT_TRUE(ok(volume.make_directory("/d")));
  const uint64_t free = volume.free_bytes();
  ASSERT_TRUE(ok(volume.create_file("/d/f", 1 * MiB, kModified_ns)));
  EXPECT_EQ(volume.free_bytes(), free - 1 * MiB);
  EXPECT_TRUE(fails(volume.remove("/d"), ErrorCode::already_exists));
  EXPECT_TRUE(fails(volume.remove("/"), ErrorCode::invalid_argument));
  EXPECT_TRUE(fails(volume.remove("/$MFT"), ErrorCode::invalid_argument));
  EXPECT_TRUE(fails(volume.remove("/d/g"), ErrorCode::not_found));
  ASSERT_TRUE(ok(volume.remove("/d/f")));
  EXPECT_EQ(volume.free_bytes(), free);
  EXPECT_TRUE(fails(volume.remove("/d/f"), ErrorCode::not_found));
  ASSERT_TRUE(ok(volume.remove("/d")));
  EXPECT_FALSE(*volume.exists("/d"));
  const auto set = volume.close();
  ASSERT_TRUE(ok(set));
  image.apply(*set);
  image.expect_sound();
  EXPECT_EQ(run_command({"ntfsls", "-f", image.path()}).output, "");
}

TEST(NtfsVolume, SaysWhatStandsInTheWay) {
  NtfsImageFile image(formatter(), kSmall);
  NtfsVolume volume = image.open();
  ASSERT_TRUE(ok(volume.make_directory("/d")));
  ASSERT_TRUE(ok(volume.make_directory("/d")));  // there already
  ASSERT_TRUE(ok(volume.make_directory("/")));
  ASSERT_TRUE(ok(volume.create_file("/d/f", 10, kModified_ns)));
  EXPECT_TRUE(fails(volume.create_file("/d/f", 10, kModified_ns), ErrorCode::already_exists));
  EXPECT_TRUE(fails(volume.create_file("/d", 10, kModified_ns), ErrorCode::already_exists));
  EXPECT_TRUE(fails(volume.make_directory("/d/f"), ErrorCode::already_exists));
  EXPECT_TRUE(fails(volume.make_directory("/x/y"), ErrorCode::not_found));
  EXPECT_TRUE(fails(volume.create_file("/d/f/g", 10, kModified_ns), ErrorCode::not_found));
  EXPECT_TRUE(fails(volume.create_file("/a:b", 10, kModified_ns), ErrorCode::invalid_argument));
  EXPECT_TRUE(fails(volume.create_file("relative", 10, kModified_ns), ErrorCode::invalid_argument));
  EXPECT_TRUE(fails(volume.create_file("/eternal", ~uint64_t{0}, kModified_ns), ErrorCode::out_of_space));
  EXPECT_TRUE(fails(volume.write_small_file("/d", pattern(1, 10)), ErrorCode::invalid_argument));
  EXPECT_TRUE(fails(volume.list("/d/f"), ErrorCode::not_found));
  EXPECT_TRUE(fails(volume.stat("/nothing"), ErrorCode::not_found));
  EXPECT_TRUE(fails(volume.extents("/d"), ErrorCode::invalid_argument));
  EXPECT_FALSE(*volume.exists("/x/y/z"));
  EXPECT_TRUE(*volume.exists("/"));
  EXPECT_TRUE(volume.stat("/d")->directory);
  EXPECT_TRUE(volume.stat("/")->directory);
  const auto set = volume.close();  // none of this has harmed the volume
  ASSERT_TRUE(ok(set));
  EXPECT_TRUE(fails(volume.exists("/d"), ErrorCode::internal));
  EXPECT_TRUE(fails(volume.close(), ErrorCode::internal));
  image.apply(*set);
  image.expect_sound();
}

// ---- BitLocker's areas, the generation file ----

TEST(NtfsVolume, ReservesWhereItIsWanted) {
  for (const NtfsGeometry& geometry : {kSmall, NtfsGeometry{1 * GiB, 512, 65536, 2048}}) {
    NtfsImageFile image(formatter(), geometry);
    NtfsVolume volume = image.open();
    ASSERT_TRUE(ok(volume.make_directory("/System Volume Information", true)));
    const std::string base = "/System Volume Information/FVE2.{e40ad34d-dae9-4bc7-95bd-b16218c10f72}.";
    std::vector<Extent> areas;
    for (int i = 1; i <= 3; ++i) {
      const uint64_t wanted = geometry.volume_bytes / 8 * (2 * i + 1);
      const auto area = volume.reserve_file(base + std::to_string(i), 64 * KiB, wanted);
      ASSERT_TRUE(ok(area));
      EXPECT_EQ(area->length_bytes, 64 * KiB);
      EXPECT_EQ(area->offset_bytes, round_up(wanted, 64 * KiB));
      areas.push_back(*area);
    }
    // The same place again: the next free one behind it.
    const auto second = volume.reserve_file("/System Volume Information/vbb", 8 * KiB, areas[0].offset_bytes);
    ASSERT_TRUE(ok(second));
    EXPECT_EQ(second->offset_bytes, areas[0].end_bytes());
    EXPECT_EQ(second->length_bytes, std::max<uint64_t>(8 * KiB, geometry.cluster_bytes));
    EXPECT_TRUE(
        fails(volume.reserve_file("/beyond", 64 * KiB, geometry.volume_bytes), ErrorCode::out_of_space));
    EXPECT_TRUE(fails(volume.reserve_file("/nothing", 0, 0), ErrorCode::invalid_argument));
    // Files keep clear of them.
    const auto file = volume.create_file("/file", geometry.volume_bytes / 2, kModified_ns);
    ASSERT_TRUE(ok(file));
    for (const Extent& extent : *file)
      for (const Extent& area : areas)
        EXPECT_TRUE(extent.end_bytes() <= area.offset_bytes || extent.offset_bytes >= area.end_bytes());
    const auto set = volume.close();
    ASSERT_TRUE(ok(set));
    image.apply(*set);
    image.expect_sound();
    const auto info = run_command({"ntfsinfo", "-f", "-F", "/System Volume Information", image.path()});
    EXPECT_NE(info.output.find("HIDDEN"), std::string::npos) << info.output;
    EXPECT_NE(info.output.find("SYSTEM"), std::string::npos) << info.output;
  }
}

TEST(NtfsVolume, OverwritesSmallFilesOfAnySize) {
  NtfsImageFile image(formatter(), kSmall);
  ASSERT_TRUE(ok([&]() -> Status {
    NtfsVolume volume = image.open();
    for (const uint64_t size : {12, 0, 700, 5000, 300'000, 90, 1'000'000, 13}) {
      TRY(volume.write_small_file("/generation", pattern(size, size)));
      Bytes read(size + 1);
      read.resize(TRY(volume.read("/generation", 0, read)));
      EXPECT_EQ(read, pattern(size, size));
    }
    image.apply(TRY(volume.close()));
    return {};
  }()));
  image.expect_sound();
  const auto cat = run_command({"ntfscat", "-f", image.path(), "/generation"});
  EXPECT_TRUE(std::ranges::equal(as_bytes(cat.output), pattern(13, 13)));
  NtfsVolume volume = image.open();
  ASSERT_TRUE(ok(volume.write_small_file("/generation", pattern(2, 13))));
  const auto set = volume.close();
  ASSERT_TRUE(ok(set));
  EXPECT_LE(set->size(), 8u);  // an overwrite in place is a handful of sectors
  EXPECT_TRUE(fails(image.open().write_small_file("/g", Bytes(2 * MiB)), ErrorCode::invalid_argument));
}

}  // namespace
}  // namespace seedbed
