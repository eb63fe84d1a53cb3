// Damage to BitLocker and NTFS structures: whatever the bytes say, reading ends, stays in bounds, and answers
// with an error or a finding.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <filesystem>

#include "engine/base/checksum.h"
#include "fakes/reference/fve.h"
#include "fakes/reference/ntfs_check.h"
#include "tests/reference/drive_maker.h"
#include "tests/reference/ntfs_mount.h"
#include "tests/reference/patched_source.h"
#include "tests/support/temp_directory.h"

namespace seedbed::reference_test {
namespace {

using namespace reference;

constexpr uint64_t kDamagedBytes = 6 * MiB;

void fill(const std::string& root) {
  std::filesystem::create_directory(root + "many");
  for (int i = 0; i < 60; i++)
    write_whole(root + "many/a file with a name of some length " + std::to_string(i), pattern(i * 97, i));
  write_whole(root + "large", pattern(600'000, 1));
}

const Bytes& bitlocker_volume() {
  static const Bytes volume = [] {
    const testing_support::TempDirectory directory;
    return make_bitlocker_volume(directory.path(), kDamagedBytes, fill);
  }();
  return volume;
}

const Bytes& ntfs_volume() {
  static const Bytes volume = [] {
    const testing_support::TempDirectory directory;
    make_ntfs(directory.file("image"), {.volume_bytes = kDamagedBytes});
    {
      NtfsMount mount(directory.file("image"), directory.file("mount"));
      fill(mount.file(""));
    }
    const std::string content = read_whole(directory.file("image"));
    return Bytes(content.begin(), content.end());
  }();
  return volume;
}

FveHeader header_of(const Bytes& volume) {
  return *parse_fve_header(ByteSpan(volume).first(512), volume.size());
}

TEST(BitlockerReader, OpensWithEitherSecretAndWithNoOther) {
  MemorySource partition(bitlocker_volume());
  for (const auto& secret : {recovery_secret(), password_secret()}) {
    const auto volume = FveVolume::open(partition, secret);
    ASSERT_TRUE(volume) << volume.error().message();
    for (const auto& finding : (*volume)->findings()) ADD_FAILURE() << finding.line();
    EXPECT_EQ((*volume)->description(), "SEED");
    const auto ntfs = NtfsVolume::open(**volume);
    ASSERT_TRUE(ntfs) << ntfs.error().message();
    EXPECT_EQ((*ntfs)->walk()->size(),
              67u);  // 60 in \many, itself, \large, and 5 of System Volume Information
  }
  for (const char* wrong : {"wrong", "235818-357951-253979-013365-241120-245575-342914-591911",
                            "235818-357951-253979-013365-241120-245575-342914-591921"}) {
    const auto volume =
        FveVolume::open(partition, {DriveSecret::Kind::recovery_password, SecretBytes::of_text(wrong)});
    ASSERT_FALSE(volume);
    EXPECT_EQ(volume.error().code, ErrorCode::permission_denied);
    EXPECT_EQ(volume.error().message().find(wrong), std::string::npos);
  }
}

TEST(BitlockerReader, TellsEachDamagedCopyAndGoesOnWithAnother) {
  MemorySource partition(bitlocker_volume());
  const auto header = header_of(bitlocker_volume());
  for (size_t copy = 0; copy < 3; copy++) {
    PatchedSource damaged(partition);
    damaged.flip(header.metadata_offset_bytes[copy] + 0x78);
    const auto volume = FveVolume::open(damaged, recovery_secret());
    ASSERT_TRUE(volume) << volume.error().message();
    ASSERT_EQ((*volume)->findings().size(), 1u);
    EXPECT_NE((*volume)->findings()[0].place.find("metadata " + std::to_string(copy + 1)), std::string::npos);
    EXPECT_NE((*volume)->findings()[0].what.find("CRC-32"), std::string::npos);
  }
}

// A right CRC-32 over changed bytes: only the SHA-256 under the volume master key tells.
TEST(BitlockerReader, TellsAForgedCopyByItsSealedDigest) {
  Bytes forged = bitlocker_volume();
  const auto header = header_of(forged);
  for (const uint64_t at : header.metadata_offset_bytes) {
    const MutableByteSpan area = MutableByteSpan(forged).subspan(at, kFveMetadataBytes);
    area[0x78] ^= 1;  // a letter of the description
    const size_t block_bytes = size_t{load_le<uint16_t>(area, 8)} * 16;
    store_le(area, block_bytes + 4, crc32_of(area.first(block_bytes)));
  }
  MemorySource partition(forged);
  const auto volume = FveVolume::open(partition, recovery_secret());
  ASSERT_TRUE(volume) << volume.error().message();
  ASSERT_EQ((*volume)->findings().size(), 3u);
  EXPECT_NE((*volume)->findings()[0].what.find("SHA-256"), std::string::npos);
}

// Fields changed behind a right CRC-32: parsing ends and what it accepts lies inside the volume. Opening (a
// quarter of a second of stretching) is tried with the cheap refusals only: the walk over the entries is the
// same.
RC_GTEST_PROP(BitlockerReaderProperty, WildMetadataStaysInBounds, (uint32_t wild)) {
  const auto header = header_of(bitlocker_volume());
  const auto begin =
      bitlocker_volume().begin() + static_cast<std::ptrdiff_t>(header.metadata_offset_bytes[0]);
  Bytes area(begin, begin + kFveMetadataBytes);
  const size_t block_bytes = size_t{load_le<uint16_t>(area, 8)} * 16;
  for (int changes = *rc::gen::inRange(1, 4); changes > 0; changes--) {
    const size_t at = *rc::gen::inRange<size_t>(8, block_bytes + 16);
    if (*rc::gen::arbitrary<bool>()) {
      area[at] = *rc::gen::arbitrary<uint8_t>();
    } else {
      store_le(area, at, wild);
    }
  }
  const size_t claimed_bytes = size_t{load_le<uint16_t>(area, 8)} * 16;
  if (claimed_bytes + 8 <= area.size())
    store_le(area, claimed_bytes + 4, crc32_of(ByteSpan(area).first(claimed_bytes)));
  const auto metadata = parse_fve_metadata(area, header, kDamagedBytes);
  if (!metadata) return;
  RC_ASSERT(metadata->volume_bytes <= kDamagedBytes);
  RC_ASSERT(metadata->relocated_header.end_bytes() <= metadata->volume_bytes);
  for (const auto& datum : metadata->data)
    RC_ASSERT(datum.payload.data() + datum.payload.size() <= area.data() + area.size());
  RC_ASSERT(!unlock_fve(*metadata, {DriveSecret::Kind::recovery_password, SecretBytes::of_text("none")}));
  RC_ASSERT(!sealed_digest_matches(*metadata, SecretBytes(32)));
}

RC_GTEST_PROP(BitlockerReaderProperty, RandomBytesAreNoVolume, (const Bytes& bytes)) {
  Bytes sector = bytes;
  sector.resize(512);
  std::copy_n("\xeb\x58\x90-FVE-FS-", 11, sector.begin());
  RC_ASSERT(!parse_fve_header(sector, kDamagedBytes));
}

// Reads everything there is to read, within bounds that do not depend on what the volume claims.
void read_everything(ByteSource& source) {
  const auto volume = NtfsVolume::open(source);
  if (!volume) return;
  const auto paths = (*volume)->walk();
  if (paths) {
    Bytes chunk(64 * KiB);
    for (const auto& [path, entry] : *paths) {
      if (entry.directory) continue;
      const auto file = (*volume)->open_file(entry);
      if (!file) continue;
      for (uint64_t at = 0; at < std::min<uint64_t>((*file)->size_bytes(), 1 * MiB); at += chunk.size())
        if (!(*file)->read(at, MutableByteSpan(chunk).first(
                                   std::min<uint64_t>(chunk.size(), (*file)->size_bytes() - at))))
          break;
    }
  }
  (void)check_ntfs(**volume, {});
}

// Where a damaged byte meets a parser: the boot sector, the records of $MFT, the index blocks.
std::vector<Extent> structures() {
  MemorySource source(ntfs_volume());
  const auto volume = std::move(*NtfsVolume::open(source));
  const auto& geometry = volume->geometry();
  std::vector<Extent> places = {{0, 90}};
  for (const uint64_t number : {0, 5, 6, 64, 65, 66, 70})
    places.push_back(
        {geometry.mft_lcn * geometry.cluster_bytes + number * geometry.record_bytes, geometry.record_bytes});
  const auto many = volume->find("many");
  const auto index =
      volume->gather(*volume->read_record(record_number(many->reference)), kNtfsIndexAllocation, u"$I30");
  for (const auto& run : index->runs)
    places.push_back({run.lcn * geometry.cluster_bytes, run.clusters * geometry.cluster_bytes});
  return places;
}

RC_GTEST_PROP(NtfsReaderProperty, DamageNeverHangsOrEscapes, (uint64_t wild)) {
  static const std::vector<Extent> places = structures();
  MemorySource source(ntfs_volume());
  PatchedSource damaged(source);
  for (int changes = *rc::gen::inRange(1, 5); changes > 0; changes--) {
    const Extent place = *rc::gen::elementOf(places);
    const uint64_t at =
        place.offset_bytes + *rc::gen::inRange<uint64_t>(0, std::min<uint64_t>(place.length_bytes, 512));
    switch (*rc::gen::inRange(0, 3)) {
      case 0:
        damaged.flip(at, *rc::gen::inRange(0, 8));
        break;
      case 1:
        damaged.patch(at, *rc::gen::arbitrary<uint8_t>());
        break;
      default:
        damaged.patch(round_down(at, 8), ByteSpan(reinterpret_cast<const uint8_t*>(&wild), sizeof wild));
    }
  }
  read_everything(damaged);
}

RC_GTEST_PROP(NtfsReaderProperty, RandomRecordsAreBounded, (const Bytes& content)) {
  Bytes record(1024);
  std::copy_n(
      ntfs_volume().begin() + static_cast<std::ptrdiff_t>(load_le<uint64_t>(ntfs_volume(), 48) * 4096), 1024,
      record.begin());
  const size_t at = *rc::gen::inRange<size_t>(16, 500);
  std::copy_n(content.begin(), std::min(content.size(), 500 - at),
              record.begin() + static_cast<std::ptrdiff_t>(at));
  const auto parsed = parse_record(std::move(record), 0);
  if (!parsed) return;
  for (const auto& attribute : parsed->attributes) {
    if (attribute.resident) {
      RC_ASSERT(attribute.value.size() <= 1024u);
      continue;
    }
    const auto runs = parse_runs(attribute, 1000);
    if (!runs) continue;
    for (const auto& run : *runs) RC_ASSERT(run.lcn == kHole || run.lcn + run.clusters <= 1000u);
  }
}

// An index whose blocks refer to each other in a circle ends as an error.
TEST(NtfsDamage, ACircleOfIndexBlocksEnds) {
  MemorySource source(ntfs_volume());
  const auto volume = std::move(*NtfsVolume::open(source));
  const auto many = *volume->find("many");
  const auto content =
      *volume->gather(*volume->read_record(record_number(many.reference)), kNtfsIndexAllocation, u"$I30");
  const uint64_t block_at = content.runs[0].lcn * volume->geometry().cluster_bytes;
  PatchedSource damaged(source);
  // the first entry becomes the last and has a child: the block itself
  Bytes entry(24);
  store_le<uint16_t>(entry, 8, 24);
  store_le<uint16_t>(entry, 12, 3);
  damaged.patch(block_at + 24 + load_le<uint32_t>(ntfs_volume(), block_at + 24), entry);
  const auto listed = (*NtfsVolume::open(damaged))->list(many.reference);
  ASSERT_FALSE(listed);
  EXPECT_NE(listed.error().what.find("referred to twice"), std::string::npos) << listed.error().message();
}

}  // namespace
}  // namespace seedbed::reference_test
