#include "engine/volume/partition_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <fstream>

#include "engine/base/checksum.h"
#include "engine/base/random.h"
#include "tests/support/command.h"
#include "tests/support/temp_directory.h"

using namespace seedbed;
using namespace seedbed::testing_support;

namespace {

Guid guid_of(uint64_t seed) {
  Guid guid;
  Random(seed).fill(guid.bytes);
  return guid;
}

PartitionTable plan(uint64_t capacity_bytes, uint32_t sector_bytes, std::string name = "Azure Import") {
  auto table = plan_partition_table(capacity_bytes, sector_bytes, guid_of(1), guid_of(2), std::move(name));
  EXPECT_TRUE(table) << table.error().message();
  return *std::move(table);
}

bool same(const PartitionTable& a, const PartitionTable& b) {
  const auto same_partition = [](const Partition& x, const Partition& y) {
    return x.type == y.type && x.unique == y.unique && x.place == y.place && x.name == y.name;
  };
  return a.disk == b.disk && a.sector_bytes == b.sector_bytes && a.capacity_bytes == b.capacity_bytes &&
         std::ranges::equal(a.partitions, b.partitions, same_partition);
}

// Makes both checksums of the header at `at` (and of the entries) right again, as a careful forger would.
void mend_checksums(Bytes& bytes, size_t header_at, size_t entries_at) {
  store_le(bytes, header_at + 88, crc32_of(ByteSpan(bytes).subspan(entries_at, 128 * 128)));
  store_le<uint32_t>(bytes, header_at + 16, 0);
  store_le(bytes, header_at + 16, crc32_of(ByteSpan(bytes).subspan(header_at, 92)));
}

class PartitionTables : public testing::TestWithParam<uint32_t> {};

TEST_P(PartitionTables, comes_back_from_both_copies) {
  const uint32_t sector_bytes = GetParam();
  for (const uint64_t capacity_bytes : {uint64_t{10'000'831'348'736}, 64 * MiB + sector_bytes}) {
    const PartitionTable table = plan(capacity_bytes, sector_bytes, "Sommer \xe2\x98\x80 \xf0\x9f\x8c\x8a");
    ASSERT_EQ(table.partitions.size(), 1U);
    const Extent& place = table.partitions[0].place;
    EXPECT_EQ(place.offset_bytes, MiB);
    EXPECT_EQ(place.length_bytes % MiB, 0U);
    const EncodedPartitionTable encoded = encode_partition_table(table);
    EXPECT_LE(place.end_bytes(), encoded.tail_offset_bytes);
    EXPECT_LT(encoded.tail_offset_bytes - place.end_bytes(), MiB);
    EXPECT_EQ(encoded.tail_offset_bytes + encoded.tail.size(), capacity_bytes);
    EXPECT_EQ(encoded.head.size(), sector_bytes == 512 ? 17 * KiB : 24 * KiB);

    const auto primary = parse_partition_table(encoded.head, sector_bytes, capacity_bytes);
    ASSERT_TRUE(primary) << primary.error().message();
    EXPECT_TRUE(same(*primary, table));
    const auto backup = parse_backup_partition_table(encoded.tail, sector_bytes, capacity_bytes);
    ASSERT_TRUE(backup) << backup.error().message();
    EXPECT_TRUE(same(*backup, table));
  }
}

// Field by field against the tables of UEFI 2.10, chapter 5.
TEST_P(PartitionTables, has_the_bytes_of_the_standard) {
  const uint32_t sector_bytes = GetParam();
  const uint64_t sectors = 100'000;
  const Bytes head = encode_partition_table(plan(sectors * sector_bytes, sector_bytes, "AB")).head;
  EXPECT_EQ(hex_lower(ByteSpan(head).subspan(446, 16)),
            "00000200eeffffff01000000" + hex_lower(Bytes{0x9f, 0x86, 0x01, 0x00}));
  EXPECT_EQ(hex_lower(ByteSpan(head).subspan(510, 2)), "55aa");
  EXPECT_TRUE(all_zero(ByteSpan(head).first(446)));
  const ByteSpan header = ByteSpan(head).subspan(sector_bytes, sector_bytes);
  EXPECT_EQ(as_text(header.first(8)), "EFI PART");
  EXPECT_EQ(hex_lower(header.subspan(8, 8)), "000001005c000000");
  EXPECT_EQ(load_le<uint64_t>(header, 24), 1U);
  EXPECT_EQ(load_le<uint64_t>(header, 32), sectors - 1);
  EXPECT_EQ(load_le<uint64_t>(header, 40), sector_bytes == 512 ? 34U : 6U);
  EXPECT_EQ(load_le<uint64_t>(header, 48), sectors - (sector_bytes == 512 ? 34U : 6U));
  EXPECT_EQ(load_le<uint64_t>(header, 72), 2U);
  EXPECT_EQ(load_le<uint32_t>(header, 80), 128U);
  EXPECT_EQ(load_le<uint32_t>(header, 84), 128U);
  EXPECT_TRUE(all_zero(header.subspan(92)));
  const ByteSpan entry = ByteSpan(head).subspan(2 * size_t{sector_bytes}, 128);
  EXPECT_EQ(hex_lower(entry.first(16)), "a2a0d0ebe5b9334487c068b6b72699c7");
  EXPECT_EQ(load_le<uint64_t>(entry, 32), MiB / sector_bytes);
  EXPECT_EQ(hex_lower(entry.subspan(48, 14)),
            "0000000000000000"
            "410042000000");
}

TEST_P(PartitionTables, beyond_32_bits_the_protective_mbr_says_its_most) {
  const uint32_t sector_bytes = GetParam();
  const Bytes head =
      encode_partition_table(plan((uint64_t{UINT32_MAX} + 2) * sector_bytes, sector_bytes)).head;
  EXPECT_EQ(load_le<uint32_t>(head, 458), UINT32_MAX);
}

// docs/formats/partition-table.md, "Worked example"
TEST(PartitionTable, is_the_worked_example_of_the_document) {
  Guid disk, partition;
  for (uint8_t i = 0; i < 16; i++) {
    disk.bytes[i] = 0x10 + i;
    partition.bytes[i] = 0x20 + i;
  }
  const auto table = plan_partition_table(64 * MiB, 512, disk, partition, "seed");
  ASSERT_TRUE(table);
  const EncodedPartitionTable encoded = encode_partition_table(*table);
  const auto head = [&](size_t at, size_t size) {
    return hex_lower(ByteSpan(encoded.head).subspan(at, size));
  };
  EXPECT_EQ(head(0x1c0, 16), "0200eeffffff01000000ffff01000000");
  EXPECT_EQ(head(0x210, 16), "fb90a1e5000000000100000000000000");
  EXPECT_EQ(head(0x220, 16), "ffff0100000000002200000000000000");
  EXPECT_EQ(head(0x250, 16), "8000000080000000409f30e300000000");
  EXPECT_EQ(head(0x420, 16), "0008000000000000fff7010000000000");
  EXPECT_EQ(encoded.tail_offset_bytes, 0x3ffbe00U);
  EXPECT_EQ(hex_lower(ByteSpan(encoded.tail).subspan(0x4010, 16)), "3e5cad6b00000000ffff010000000000");
}

// util-linux, as an independent reader, finds the same partition.
TEST_P(PartitionTables, are_read_by_partx) {
  ASSERT_EQ(missing_program("partx", "util-linux"), "");
  const uint32_t sector_bytes = GetParam();
  const PartitionTable table = plan(32 * MiB, sector_bytes);
  const EncodedPartitionTable encoded = encode_partition_table(table);
  const TempDirectory directory;
  for (const bool backup_only : {false, true}) {
    const std::string image = directory.file(backup_only ? "backup.img" : "whole.img");
    std::ofstream file(image, std::ios::binary);
    if (backup_only)
      file.write(reinterpret_cast<const char*>(encoded.head.data()), sector_bytes);  // protective MBR only
    else
      file << as_text(encoded.head);
    file.seekp(static_cast<std::streamoff>(encoded.tail_offset_bytes));
    file << as_text(encoded.tail);
    file.close();
    const auto seen =
        run_command({"partx", "--raw", "--noheadings", "--sector-size", std::to_string(sector_bytes),
                     "--output", "NR,START,SECTORS,UUID,TYPE,SCHEME", image});
    ASSERT_TRUE(seen.ok()) << seen.text();
    // partx counts in units of 512 bytes whatever the sector
    const Partition& partition = table.partitions[0];
    EXPECT_EQ(seen.output, "1 " + std::to_string(partition.place.offset_bytes / 512) + " " +
                               std::to_string(partition.place.length_bytes / 512) + " " +
                               partition.unique.text() + " ebd0a0a2-b9e5-4433-87c0-68b6b72699c7 gpt\n");
  }
}

TEST_P(PartitionTables, damage_is_named) {
  const uint32_t sector_bytes = GetParam();
  const uint64_t capacity_bytes = 64 * MiB;
  const Bytes good = encode_partition_table(plan(capacity_bytes, sector_bytes)).head;
  const size_t header_at = sector_bytes, entries_at = 2 * size_t{sector_bytes};
  const auto error_after = [&](auto change, bool mended) {
    Bytes head = good;
    change(head);
    if (mended) mend_checksums(head, header_at, entries_at);
    const auto parsed = parse_partition_table(head, sector_bytes, capacity_bytes);
    return parsed ? std::string("parsed")
                  : std::string(error_code_name(parsed.error().code)) + ": " + parsed.error().what;
  };
  using testing::HasSubstr;
  EXPECT_EQ(error_after([](Bytes&) {}, true), "parsed");
  EXPECT_THAT(error_after([&](Bytes& head) { head[header_at + 60] ^= 1; }, false),
              HasSubstr("CRC-32 of the header"));
  EXPECT_THAT(error_after([&](Bytes& head) { head[entries_at + 20] ^= 1; }, false),
              HasSubstr("CRC-32 of its entries"));
  EXPECT_THAT(error_after([&](Bytes& head) { head[header_at] = 'X'; }, false),
              HasSubstr("corrupt: GUID partition table: no signature"));
  EXPECT_THAT(error_after([&](Bytes& head) { head.assign(head.size(), 0); }, false), HasSubstr("not_found"));
  EXPECT_THAT(error_after([&](Bytes& head) { store_le<uint64_t>(head, header_at + 24, 7); }, true),
              HasSubstr("says it is in 7"));
  EXPECT_THAT(error_after([&](Bytes& head) { store_le<uint64_t>(head, header_at + 32, 9); }, true),
              HasSubstr("other header"));
  EXPECT_THAT(error_after([&](Bytes& head) { store_le<uint64_t>(head, header_at + 48, UINT64_MAX); }, true),
              HasSubstr("usable sectors"));
  EXPECT_THAT(error_after([&](Bytes& head) { store_le<uint64_t>(head, header_at + 72, UINT64_MAX); }, true),
              HasSubstr("entries"));
  EXPECT_THAT(error_after([&](Bytes& head) { store_le<uint32_t>(head, header_at + 80, UINT32_MAX); }, true),
              HasSubstr("entries of"));
  EXPECT_THAT(
      error_after(
          [&](Bytes& head) { store_le<uint64_t>(head, entries_at + 40, capacity_bytes / sector_bytes); },
          true),
      HasSubstr("outside of"));
  EXPECT_THAT(error_after([&](Bytes& head) { store_le<uint64_t>(head, entries_at + 32, 1); }, true),
              HasSubstr("outside of"));
  EXPECT_THAT(error_after(
                  [&](Bytes& head) {
                    std::copy_n(head.begin() + static_cast<long>(entries_at), 128,
                                head.begin() + static_cast<long>(entries_at) + 128);
                  },
                  true),
              HasSubstr("overlap"));
  EXPECT_THAT(error_after([&](Bytes& head) { store_le<uint16_t>(head, entries_at + 56, 0xdc00); }, true),
              HasSubstr("name"));
  EXPECT_EQ(
      parse_partition_table(ByteSpan(good).first(good.size() - 1), sector_bytes, capacity_bytes).error().code,
      ErrorCode::invalid_argument);
}

TEST_P(PartitionTables, a_drive_too_small_or_odd_is_refused) {
  const uint32_t sector_bytes = GetParam();
  for (const uint64_t capacity_bytes : {uint64_t{0}, uint64_t{sector_bytes}, 1 * MiB, 2 * MiB})
    EXPECT_EQ(plan_partition_table(capacity_bytes, sector_bytes, {}, {}, "x").error().code,
              ErrorCode::out_of_space);
  EXPECT_TRUE(plan_partition_table(3 * MiB, sector_bytes, {}, {}, "x"));
  EXPECT_FALSE(plan_partition_table(64 * MiB + 1, sector_bytes, {}, {}, "x"));
  EXPECT_FALSE(plan_partition_table(64 * MiB, 520, {}, {}, "x"));
  EXPECT_FALSE(plan_partition_table(64 * MiB, sector_bytes, {}, {}, std::string(37, 'x')));
  EXPECT_FALSE(plan_partition_table(64 * MiB, sector_bytes, {}, {}, "\xff"));
}

INSTANTIATE_TEST_SUITE_P(sectors, PartitionTables, testing::Values(512U, 4096U),
                         [](const auto& info) { return std::to_string(info.param); });

// Random bytes, and good tables with some bytes changed, checksums mended or not: errors, or partitions that
// lie inside the drive and apart.
RC_GTEST_PROP(PartitionTable, untrusted_bytes_never_lead_outside, ()) {
  const uint32_t sector_bytes = *rc::gen::element(512U, 4096U);
  const uint64_t capacity_bytes = 8 * MiB;
  const EncodedPartitionTable good = encode_partition_table(plan(capacity_bytes, sector_bytes));
  Bytes head = good.head, tail = good.tail;
  const auto change = [&](Bytes& bytes, size_t header_at, size_t entries_at) {
    Random random(*rc::gen::arbitrary<uint64_t>());
    if (random.chance(1, 10)) random.fill(bytes);
    for (uint64_t i = random.below(6); i > 0; i--) {
      const uint64_t at = random.chance(1, 2) ? header_at + random.below(92) : entries_at + random.below(256);
      bytes[at] = static_cast<uint8_t>(random.next());
    }
    if (random.chance(1, 2)) mend_checksums(bytes, header_at, entries_at);
  };
  change(head, sector_bytes, 2 * size_t{sector_bytes});
  change(tail, tail.size() - sector_bytes, 0);
  for (const auto& parsed : {parse_partition_table(head, sector_bytes, capacity_bytes),
                             parse_backup_partition_table(tail, sector_bytes, capacity_bytes)}) {
    if (!parsed) continue;
    uint64_t total_bytes = 0;
    for (const Partition& partition : parsed->partitions) {
      RC_ASSERT(partition.place.length_bytes > 0);
      RC_ASSERT(partition.place.offset_bytes >= 2 * uint64_t{sector_bytes});
      RC_ASSERT(partition.place.offset_bytes <= capacity_bytes);
      RC_ASSERT(partition.place.length_bytes <= capacity_bytes - partition.place.offset_bytes);
      RC_ASSERT(utf16_of(partition.name).has_value());
      total_bytes += partition.place.length_bytes;
    }
    RC_ASSERT(total_bytes <= capacity_bytes);
    if (parsed->partitions.size() <= 128) (void)encode_partition_table(*parsed);
  }
}

RC_GTEST_PROP(PartitionTable, any_plan_comes_back, ()) {
  const uint32_t sector_bytes = *rc::gen::element(512U, 4096U);
  const uint64_t capacity_bytes = (*rc::gen::inRange<uint64_t>(768, uint64_t{1} << 33)) * 4096;
  const std::string name = *rc::gen::container<std::string>(rc::gen::inRange('a', 'z'));
  const auto table = plan_partition_table(capacity_bytes, sector_bytes, guid_of(3), guid_of(4), name);
  RC_PRE(table.has_value());
  const EncodedPartitionTable encoded = encode_partition_table(*table);
  RC_ASSERT(same(*parse_partition_table(encoded.head, sector_bytes, capacity_bytes), *table));
  RC_ASSERT(same(*parse_backup_partition_table(encoded.tail, sector_bytes, capacity_bytes), *table));
}

TEST(RecogniseContent, names_what_it_knows) {
  const auto with = [](size_t at, std::string_view magic) {
    Bytes head(68 * KiB);
    std::ranges::copy(magic, head.begin() + static_cast<long>(at));
    return recognise_content(head, 512).value_or("nothing");
  };
  EXPECT_EQ(recognise_content(Bytes(68 * KiB), 512), std::nullopt);
  EXPECT_EQ(recognise_content({}, 512), std::nullopt);
  EXPECT_EQ(with(3, "-FVE-FS-"), "a BitLocker volume");
  EXPECT_EQ(with(3, "NTFS    "), "an NTFS volume");
  EXPECT_EQ(with(512, "EFI PART"), "a GUID partition table");
  EXPECT_EQ(with(4096, "EFI PART"), "a GUID partition table");
  EXPECT_EQ(with(65536 + 64, "_BHRfS_M"), "a Btrfs file system");
  EXPECT_EQ(with(40000, "x"), "data");
  EXPECT_EQ(recognise_content(encode_partition_table(plan(64 * MiB, 4096)).head, 4096),
            "a GUID partition table");
}

// The real formatters' output, where one is at hand.
TEST(RecogniseContent, recognises_what_mkfs_and_lvm_leave) {
  ASSERT_EQ(missing_program("mke2fs", "e2fsprogs"), "");
  ASSERT_EQ(missing_program("mkntfs", "ntfs-3g"), "");
  ASSERT_EQ(missing_program("mkswap", "util-linux"), "");
  const TempDirectory directory;
  const auto made_by = [&](std::vector<std::string> command) {
    const std::string image = directory.file("image");
    std::filesystem::remove(image);
    std::ofstream(image).close();
    std::filesystem::resize_file(image, 16 * MiB);
    command.push_back(image);
    const auto made = run_command(command);
    EXPECT_TRUE(made.ok()) << made.text();
    Bytes head(68 * KiB);
    std::ifstream(image, std::ios::binary)
        .read(reinterpret_cast<char*>(head.data()), static_cast<std::streamsize>(head.size()));
    return recognise_content(head, 512).value_or("nothing");
  };
  EXPECT_EQ(made_by({"mke2fs", "-q", "-F", "-t", "ext4"}), "an ext4 file system");
  EXPECT_EQ(made_by({"mke2fs", "-q", "-F", "-t", "ext3"}), "an ext3 file system");
  EXPECT_EQ(made_by({"mke2fs", "-q", "-F", "-t", "ext2"}), "an ext2 file system");
  EXPECT_EQ(made_by({"mkntfs", "-q", "-Q", "-F"}), "an NTFS volume");
  EXPECT_EQ(made_by({"mkswap", "-q"}), "Linux swap space");
  Bytes lvm(68 * KiB);
  std::ranges::copy(std::string_view("LABELONE"), lvm.begin() + 512);
  std::ranges::copy(std::string_view("LVM2 001"), lvm.begin() + 512 + 24);
  EXPECT_EQ(recognise_content(lvm, 512), "an LVM member");
}

RC_GTEST_PROP(RecogniseContent, takes_any_bytes_of_any_length, (const std::vector<uint8_t>& start)) {
  Bytes head = start;
  head.resize(*rc::gen::element<size_t>(0, 1, 10, 511, 512, 513, 1024, 1100, 4096, 5000, 68 * KiB));
  RC_ASSERT(recognise_content(head, 512).has_value() == !all_zero(head));
}

}  // namespace
