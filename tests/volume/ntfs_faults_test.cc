// NtfsVolume over a drive that dies, fails or lies: the crash of the machine at any read, a failed read, and
// damaged metadata.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cerrno>

#include "engine/linux/mkntfs.h"
#include "engine/ports/runtime.h"
#include "engine/volume/ntfs_volume.h"
#include "tests/volume/ntfs_image.h"

namespace seedbed {
namespace {

constexpr int64_t kNow_ns = 1'600'000'000'000'000'000;

// A small volume with directories, many files and a small file, in memory.
const Bytes& populated() {
  static const Bytes bytes = [] {
    MkntfsFormatter formatter(testing::TempDir());
    NtfsImageFile image(formatter, {8 * MiB, 512, 4096, 2048});
    NtfsVolume volume = image.open();
    const auto built = [&]() -> Status {
      for (const char* directory : {"/dir", "/dir/sub", "/bare", "/many"})
        TRY(volume.make_directory(directory));
      for (int i = 0; i < 20; ++i)
        TRY(volume.create_file("/dir/file " + std::to_string(i), 5000 * i, kNow_ns));
      for (int i = 0; i < 200; ++i)
        TRY(volume.create_file("/many/a file with a longer name " + std::to_string(i), 1, kNow_ns));
      TRY(volume.write_small_file("/generation", pattern(1, 200)));
      image.apply(TRY(volume.close()));
      return {};
    }();
    if (!built) throw std::runtime_error(built.error().message());
    return image.read(0, 8 * MiB);
  }();
  return bytes;
}

NtfsVolume::Below over(const Bytes& bytes, std::function<Status()> before_each_read = {}) {
  return {bytes.size(), 512,
          [&bytes, before = std::move(before_each_read)](uint64_t offset, MutableByteSpan out) -> Status {
            if (before) TRY(before());
            std::copy_n(bytes.begin() + static_cast<ptrdiff_t>(offset), out.size(), out.begin());
            return {};
          }};
}

// A bit of everything. The first error ends it.
Status work(const NtfsVolume::Below& below) {
  NtfsVolume volume = TRY(NtfsVolume::open(below, kNow_ns, false));
  TRY(volume.list("/many"));
  TRY(volume.make_directory("/dir/new"));
  for (int i = 0; i < 30; ++i)
    TRY(volume.create_file("/dir/new/file " + std::to_string(i), 3000 * i, kNow_ns));
  TRY(volume.create_file("/many/zz", 100'000, kNow_ns));
  TRY(volume.write_small_file("/generation", pattern(2, 3000)));
  TRY(volume.rename("/dir/file 3", "/many/moved"));
  TRY(volume.remove("/dir/file 7"));
  TRY(volume.reserve_file("/reserved", 64 * KiB, 6 * MiB));
  TRY(volume.extents("/dir/file 9"));
  Bytes content(3000);
  TRY(volume.read("/generation", 0, content));
  TRY(volume.close());
  return {};
}

int reads_of_work() {
  int reads = 0;
  const Status done = work(over(populated(), [&]() -> Status {
    ++reads;
    return {};
  }));
  EXPECT_TRUE(done) << done.error().message();
  return reads;
}

// The machine dies at its n-th read: the read throws, nothing below is called again, the exception comes out
// as itself and (under the leak checker) nothing is left behind.
TEST(NtfsFaults, AKillAtAnyReadComesOutAsKilled) {
  const int reads = reads_of_work();
  ASSERT_GT(reads, 10);
  for (int deadly = 1; deadly <= reads; ++deadly) {
    int count = 0;
    bool killed = false;
    try {
      (void)work(over(populated(), [&]() -> Status {
        EXPECT_FALSE(killed) << "a dead machine's drive was read";
        if (++count == deadly) {
          killed = true;
          throw Killed{};
        }
        return {};
      }));
      ADD_FAILURE() << "the work went on after read " << deadly;
    } catch (const Killed&) {
    }
    EXPECT_TRUE(killed);
  }
}

TEST(NtfsFaults, AnyOtherExceptionComesOutAsItself) {
  int count = 0;
  EXPECT_THROW((void)work(over(populated(),
                               [&]() -> Status {
                                 if (++count == 9) throw std::bad_alloc();
                                 return {};
                               })),
               std::bad_alloc);
}

TEST(NtfsFaults, AKilledVolumeStaysUnusableAndIsDestroyedQuietly) {
  bool dead = false;
  auto volume = NtfsVolume::open(over(populated(),
                                      [&]() -> Status {
                                        if (dead) throw Killed{};
                                        return {};
                                      }),
                                 kNow_ns, false);
  ASSERT_TRUE(volume);
  ASSERT_TRUE(volume->create_file("/dir/one more", 100, kNow_ns));
  dead = true;
  EXPECT_THROW((void)volume->create_file("/many/one more", 100, kNow_ns), Killed);
  const auto after = volume->exists("/dir");
  ASSERT_FALSE(after);
  EXPECT_EQ(after.error().code, ErrorCode::device_gone);
  EXPECT_FALSE(volume->close());
}

TEST(NtfsFaults, AFailedReadComesOutAsItsOwnError) {
  const int reads = reads_of_work();
  for (int bad = 1; bad <= reads; ++bad) {
    int count = 0;
    const Status done = work(over(populated(), [&]() -> Status {
      if (++count == bad)
        return fail(ErrorCode::io_error, "sector 4711 cannot be read", "drive", "Replace the drive.");
      return {};
    }));
    ASSERT_FALSE(done) << bad;
    EXPECT_EQ(done.error().code, ErrorCode::io_error) << done.error().message();
    EXPECT_EQ(done.error().what, "sector 4711 cannot be read");
    EXPECT_EQ(done.error().remedy, "Replace the drive.");
  }
}

// Reading may be tried again; a change that failed half way gives nothing any more.
TEST(NtfsFaults, AFailedChangeIsNeverGivenOut) {
  bool bad = false;
  const auto below = over(populated(), [&]() -> Status {
    if (bad) return fail(ErrorCode::io_error, "no");
    return {};
  });
  {
    auto volume = NtfsVolume::open(below, kNow_ns, false);
    ASSERT_TRUE(volume);
    bad = true;
    EXPECT_FALSE(volume->list("/many"));
    bad = false;
    EXPECT_TRUE(volume->list("/many"));
    EXPECT_TRUE(volume->create_file("/many/new", 1, kNow_ns));
    EXPECT_TRUE(volume->close());
  }
  for (int good_reads = 0; good_reads < 3; ++good_reads) {
    auto volume = NtfsVolume::open(below, kNow_ns, false);
    ASSERT_TRUE(volume);
    bad = true;
    const auto created = volume->create_file("/many/new", 1, kNow_ns);
    bad = false;
    const auto set = volume->close();
    if (created) continue;
    // Either nothing had been changed yet, or nothing is given.
    if (set) {
      for (const auto& [offset, bytes] : *set)
        EXPECT_TRUE(
            std::equal(bytes.begin(), bytes.end(), populated().begin() + static_cast<ptrdiff_t>(offset)))
            << offset;
    }
  }
}

// ---- damaged metadata ----

void walk(NtfsVolume& volume, const std::string& directory, int depth, int& budget) {
  const auto entries = volume.list(directory.empty() ? "/" : directory);
  if (!entries || depth > 5) return;
  for (const NtfsEntry& entry : *entries) {
    if (--budget < 0) return;
    const std::string path = directory + "/" + entry.name;
    (void)volume.stat(path);
    if (entry.directory) {
      walk(volume, path, depth + 1, budget);
      continue;
    }
    const auto extents = volume.extents(path);
    for (const Extent& extent : extents.value_or(std::vector<Extent>{}))
      EXPECT_LE(extent.end_bytes(), populated().size());
    Bytes content(5000);
    (void)volume.read(path, 0, content);
  }
}

void work_on_damage(const Bytes& bytes) {
  auto volume = NtfsVolume::open(over(bytes), kNow_ns, false);
  if (!volume) return;
  int budget = 60;
  walk(*volume, "", 0, budget);
  (void)volume->create_file("/dir/new file", 100'000, kNow_ns);
  (void)volume->create_file("/new", 5000, kNow_ns);
  (void)volume->write_small_file("/generation", pattern(1, 300));
  (void)volume->write_small_file("/dir/file 3", pattern(1, 3000));
  (void)volume->remove("/dir/file 5");
  (void)volume->rename("/dir/file 6", "/dir/sub/x");
  (void)volume->make_directory("/dir/sub/deep");
  (void)volume->remove("/bare");
  (void)volume->reserve_file("/reserved", 64 * KiB, 4 * MiB);
  (void)volume->close();
}

// Where records (FILE), index blocks (INDX), the boot sector and the rest of the metadata begin.
const std::vector<size_t>& metadata() {
  static const std::vector<size_t> places = [] {
    std::vector<size_t> found{0};
    for (size_t at = 0; at + 512 <= populated().size(); at += 512) {
      const ByteSpan sector = ByteSpan(populated()).subspan(at, 512);
      const auto signature = as_text(sector.first(4));
      if (signature == "FILE" || signature == "INDX") found.push_back(at);
    }
    return found;
  }();
  return places;
}

RC_GTEST_PROP(NtfsFaults, DamagedMetadataGivesErrorsAndNeverACrash, ()) {
  Bytes bytes = populated();
  Random random(*rc::gen::arbitrary<uint64_t>());
  for (uint64_t i = random.between(1, 4); i > 0; --i) {
    const size_t record = metadata()[random.below(metadata().size())];
    const size_t at = record + random.below(random.chance(1, 2) ? 1024 : 0x180);
    constexpr uint8_t telling[] = {0, 1, 0x7f, 0x80, 0xff, 0xfe, 8, 0x10, 0x40};
    if (random.chance(1, 2))
      bytes[at] ^= static_cast<uint8_t>(1u << random.below(8));
    else
      bytes[at] = random.chance(1, 2) ? telling[random.below(std::size(telling))]
                                      : static_cast<uint8_t>(random.below(256));
  }
  work_on_damage(bytes);
}

TEST(NtfsFaults, NoiseInsteadOfAVolumeGivesAnError) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    Bytes bytes = populated();
    const Bytes noise = pattern(seed, 64 * KiB);
    // The boot sector stays, or nothing would be looked at.
    std::ranges::copy(noise, bytes.begin() + 16384 + static_cast<ptrdiff_t>(seed) * 512);
    work_on_damage(bytes);
  }
}

// Found by a swarm: the library leaves errno as calls long before left it, and rot was told as "Illegal
// seek".
TEST(NtfsFaults, DamageIsToldAsDamageWhateverErrnoHeldBefore) {
  Bytes bytes = populated();
  const std::u16string name = u"many";
  const auto* units = reinterpret_cast<const uint8_t*>(name.data());
  size_t entries = 0;
  // An index entry: the file's reference, its own length, that of the key, and 0x42 bytes into the key the
  // name.
  for (auto at = bytes.begin(); (at = std::search(at, bytes.end(), units, units + 8)) != bytes.end(); ++at) {
    const auto entry = static_cast<size_t>(at - bytes.begin()) - 0x52;
    if (load_le<uint16_t>(bytes, entry + 10) != 0x42 + 8) continue;
    store_le<uint32_t>(bytes, entry, 0x7eb9'0000);  // far beyond the $MFT
    entries++;
  }
  ASSERT_EQ(entries, 1U);
  for (const int left_over : {ESPIPE, ENOTTY}) {
    const auto below = over(bytes, [&]() -> Status {
      errno = left_over;
      return {};
    });
    auto volume = NtfsVolume::open(below, kNow_ns, false);
    ASSERT_TRUE(volume);
    const auto found = volume->stat("/many/1");
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, ErrorCode::corrupt);
    EXPECT_FALSE(found.error().remedy.empty());
    EXPECT_EQ(found.error().what.find("seek"), std::string::npos) << found.error().what;
  }
}

}  // namespace
}  // namespace seedbed
