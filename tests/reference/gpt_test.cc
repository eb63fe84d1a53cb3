// The partition table reader against tables that fdisk wrote, and against damage.
#include "fakes/reference/gpt.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <filesystem>

#include "engine/base/checksum.h"
#include "tests/reference/ntfs_mount.h"
#include "tests/reference/patched_source.h"
#include "tests/support/command.h"
#include "tests/support/temp_directory.h"

namespace seedbed::reference_test {
namespace {

using namespace reference;

constexpr uint64_t kImageBytes = 16 * MiB;

Bytes drive_by_sfdisk(const std::string& script) {
  const testing_support::TempDirectory directory;
  const std::string image = directory.file("drive.img");
  write_whole(image, "");
  std::filesystem::resize_file(image, kImageBytes);
  const auto made = testing_support::run_command({"sfdisk", "-q", image}, script);
  EXPECT_TRUE(made.ok()) << "sfdisk (package fdisk): " << made.text();
  const std::string content = read_whole(image);
  return Bytes(content.begin(), content.end());
}

const Bytes& one_partition() {
  static const Bytes drive = drive_by_sfdisk(
      "label: gpt\nlabel-id: 11112222-3333-4444-5555-666677778888\n"
      "start=2048, size=20480, type=EBD0A0A2-B9E5-4433-87C0-68B6B72699C7, "
      "uuid=AAAABBBB-CCCC-DDDD-EEEE-FFFF00001111, name=\"Seed ü\"\n");
  return drive;
}

TEST(GptReader, ReadsWhatSfdiskWrote) {
  MemorySource drive(one_partition());
  const auto gpt = read_gpt(drive);
  ASSERT_TRUE(gpt) << gpt.error().message();
  EXPECT_EQ(gpt->sector_bytes, 512u);
  EXPECT_EQ(gpt->disk_id.text(), "11112222-3333-4444-5555-666677778888");
  ASSERT_EQ(gpt->partitions.size(), 1u);
  EXPECT_EQ(gpt->partitions[0].place, (Extent{1 * MiB, 10 * MiB}));
  EXPECT_EQ(gpt->partitions[0].type.text(), "ebd0a0a2-b9e5-4433-87c0-68b6b72699c7");
  EXPECT_EQ(gpt->partitions[0].id.text(), "aaaabbbb-cccc-dddd-eeee-ffff00001111");
  EXPECT_EQ(gpt->partitions[0].name, "Seed ü");
  EXPECT_TRUE(gpt->findings.empty()) << gpt->findings[0].line();
}

TEST(GptReader, ReadsSeveralPartitionsInTableOrder) {
  MemorySource drive(drive_by_sfdisk("label: gpt\nstart=8192, size=2048\nstart=2048, size=2048\n"));
  const auto gpt = read_gpt(drive);
  ASSERT_TRUE(gpt) << gpt.error().message();
  ASSERT_EQ(gpt->partitions.size(), 2u);
  EXPECT_EQ(gpt->partitions[0].place.offset_bytes, 4 * MiB);
  EXPECT_EQ(gpt->partitions[1].place.offset_bytes, 1 * MiB);
}

TEST(GptReader, FindsSectorsOf4096Bytes) {
  const testing_support::TempDirectory directory;
  const std::string image = directory.file("drive.img");
  write_whole(image, "");
  std::filesystem::resize_file(image, kImageBytes);
  const auto made =
      testing_support::run_command({"fdisk", "-b", "4096", image}, "g\nn\n1\n512\n2559\nt\n11\nw\n");
  ASSERT_TRUE(made.ok()) << "fdisk: " << made.text();
  const std::string content = read_whole(image);
  MemorySource drive(Bytes(content.begin(), content.end()));
  const auto gpt = read_gpt(drive);
  ASSERT_TRUE(gpt) << gpt.error().message();
  EXPECT_EQ(gpt->sector_bytes, 4096u);
  ASSERT_EQ(gpt->partitions.size(), 1u);
  EXPECT_EQ(gpt->partitions[0].place, (Extent{2 * MiB, 8 * MiB}));
  EXPECT_EQ(gpt->partitions[0].type.text(), "ebd0a0a2-b9e5-4433-87c0-68b6b72699c7") << made.output;
  EXPECT_TRUE(gpt->findings.empty()) << gpt->findings[0].line();
}

TEST(GptReader, GoesOnWithTheBackupAndSaysSo) {
  MemorySource drive(one_partition());
  PatchedSource damaged(drive);
  damaged.flip(512 + 60);
  const auto gpt = read_gpt(damaged, 512);
  ASSERT_TRUE(gpt) << gpt.error().message();
  EXPECT_EQ(gpt->partitions.size(), 1u);
  ASSERT_EQ(gpt->findings.size(), 1u);
  EXPECT_EQ(gpt->findings[0].place, "GPT primary");
}

TEST(GptReader, ACopyWhoseEntriesAreDamagedIsNotBelieved) {
  MemorySource drive(one_partition());
  PatchedSource damaged(drive);
  damaged.flip(512 + 60);                        // the primary header
  damaged.flip(kImageBytes - 33 * 512 + 32, 4);  // where the partition starts, in the backup
  const auto gpt = read_gpt(damaged, 512);
  ASSERT_FALSE(gpt);
  EXPECT_EQ(gpt.error().code, ErrorCode::corrupt);
  damaged.patch(512 + 60, one_partition()[512 + 60]);
  const auto primary = read_gpt(damaged, 512);
  ASSERT_TRUE(primary) << primary.error().message();
  ASSERT_EQ(primary->findings.size(), 1u);
  EXPECT_NE(primary->findings[0].what.find("entries CRC-32"), std::string::npos)
      << primary->findings[0].line();
}

TEST(GptReader, AnEmptyDriveHasNone) {
  MemorySource drive(Bytes(1 * MiB));
  const auto gpt = read_gpt(drive);
  ASSERT_FALSE(gpt);
  EXPECT_EQ(gpt.error().code, ErrorCode::not_found);
}

// Offsets of everything that a checksum or a comparison covers: the protective record, both headers, both
// entry arrays.
std::vector<Extent> covered() {
  return {{446 + 4, 1},
          {446 + 8, 8},
          {510, 2},
          {512, 92},
          {1024, 128 * 128},
          {kImageBytes - 33 * 512, 128 * 128},
          {kImageBytes - 512, 92}};
}

RC_GTEST_PROP(GptReaderProperty, AnyChangedBitIsNoticed, ()) {
  MemorySource drive(one_partition());
  PatchedSource damaged(drive);
  const Extent place = *rc::gen::elementOf(covered());
  damaged.flip(place.offset_bytes + *rc::gen::inRange<uint64_t>(0, place.length_bytes),
               *rc::gen::inRange(0, 8));
  const auto gpt = read_gpt(damaged, 512);
  RC_ASSERT((!gpt || !gpt->findings.empty()));
}

// Damage behind right checksums: whatever the fields say, reading ends and every partition lies inside the
// drive.
RC_GTEST_PROP(GptReaderProperty, WildFieldsStayInBounds, (uint64_t wild)) {
  Bytes bytes = one_partition();
  const bool backup = *rc::gen::arbitrary<bool>();
  const size_t header = backup ? kImageBytes - 512 : 512, entries = backup ? kImageBytes - 33 * 512 : 1024;
  const size_t in_header = *rc::gen::inRange<size_t>(8, 84), in_entries = *rc::gen::inRange<size_t>(0, 248);
  if (*rc::gen::arbitrary<bool>()) {
    store_le(bytes, header + in_header, wild);
  } else {
    store_le(bytes, entries + in_entries, wild);
  }
  const uint64_t array_bytes =
      uint64_t{load_le<uint32_t>(bytes, header + 80)} * load_le<uint32_t>(bytes, header + 84);
  const uint64_t array_at = load_le<uint64_t>(bytes, header + 72);
  if (array_at < bytes.size() / 512 && array_bytes <= bytes.size() - array_at * 512)
    store_le(bytes, header + 88, crc32_of(ByteSpan(bytes).subspan(array_at * 512, array_bytes)));
  store_le<uint32_t>(bytes, header + 16, 0);
  store_le(bytes, header + 16,
           crc32_of(ByteSpan(bytes).subspan(header,
                                            std::min<uint32_t>(load_le<uint32_t>(bytes, header + 12), 512))));
  // the other copy is gone, so that this one is believed
  std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(backup ? 512 : kImageBytes - 512), 8, uint8_t{0});
  MemorySource drive(std::move(bytes));
  const auto gpt = read_gpt(drive, 512);
  if (!gpt) return;
  RC_ASSERT(!gpt->findings.empty());
  for (const auto& partition : gpt->partitions) {
    RC_ASSERT(partition.place.length_bytes > 0u);
    RC_ASSERT(partition.place.end_bytes() <= kImageBytes &&
              partition.place.offset_bytes < partition.place.end_bytes());
  }
}

}  // namespace
}  // namespace seedbed::reference_test
