#include "fakes/reference/gpt.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/checksum.h"

namespace seedbed::reference {

namespace {

constexpr std::string_view kGptSignature = "EFI PART";
constexpr uint32_t kEntriesMax = 1024;     // 128 is usual; the bound keeps a wild count from costing memory
constexpr uint32_t kEntryBytesMax = 4096;  // UEFI: 128 × 2^n

struct GptCopy {
  uint64_t own_lba = 0, other_lba = 0, first_usable = 0, last_usable = 0, entries_lba = 0;
  uint32_t entry_count = 0, entry_bytes = 0;
  Guid disk_id;
  Bytes entries;
};

std::unexpected<Error> bad_gpt(ByteSource& drive, std::string what) {
  return fail(ErrorCode::corrupt, std::move(what), drive.name());
}

Result<GptCopy> read_copy(ByteSource& drive, uint32_t sector_bytes, uint64_t lba) {
  Bytes header(sector_bytes);
  TRY(drive.read(lba * sector_bytes, header));
  if (as_text(header).substr(0, 8) != kGptSignature)
    return fail(ErrorCode::not_found, "no GPT signature", drive.name());
  const auto header_bytes = load_le<uint32_t>(header, 12);
  if (load_le<uint32_t>(header, 8) != 0x00010000) return bad_gpt(drive, "GPT header revision is not 1.0");
  if (header_bytes < 92 || header_bytes > sector_bytes)
    return bad_gpt(drive, fmt::format("GPT header length {} is out of bounds", header_bytes));
  const auto stated_crc = load_le<uint32_t>(header, 16);
  store_le<uint32_t>(header, 16, 0);
  if (crc32_of(ByteSpan(header).first(header_bytes)) != stated_crc)
    return bad_gpt(drive, "GPT header CRC-32 does not match");

  GptCopy copy;
  copy.own_lba = load_le<uint64_t>(header, 24);
  copy.other_lba = load_le<uint64_t>(header, 32);
  copy.first_usable = load_le<uint64_t>(header, 40);
  copy.last_usable = load_le<uint64_t>(header, 48);
  std::copy_n(header.begin() + 56, 16, copy.disk_id.bytes.begin());
  copy.entries_lba = load_le<uint64_t>(header, 72);
  copy.entry_count = load_le<uint32_t>(header, 80);
  copy.entry_bytes = load_le<uint32_t>(header, 84);
  const uint64_t sectors = drive.size_bytes() / sector_bytes;
  if (copy.own_lba != lba)
    return bad_gpt(drive, fmt::format("GPT header says it lies at LBA {}, it lies at {}", copy.own_lba, lba));
  if (copy.entry_bytes < 128 || copy.entry_bytes > kEntryBytesMax ||
      (copy.entry_bytes & (copy.entry_bytes - 1)) != 0)
    return bad_gpt(drive, fmt::format("GPT entry length {} is out of bounds", copy.entry_bytes));
  if (copy.entry_count == 0 || copy.entry_count > kEntriesMax)
    return bad_gpt(drive, fmt::format("GPT entry count {} is out of bounds", copy.entry_count));
  if (copy.entries_lba >= sectors)
    return bad_gpt(drive, fmt::format("GPT entries at LBA {} lie beyond the drive", copy.entries_lba));
  if (copy.first_usable > copy.last_usable || copy.last_usable >= sectors)
    return bad_gpt(drive, fmt::format("GPT usable sectors {}..{} are out of bounds", copy.first_usable,
                                      copy.last_usable));
  copy.entries.resize(uint64_t{copy.entry_count} * copy.entry_bytes);
  TRY(drive.read(copy.entries_lba * sector_bytes, copy.entries));
  if (crc32_of(copy.entries) != load_le<uint32_t>(header, 88))
    return bad_gpt(drive, "GPT entries CRC-32 does not match");
  const uint64_t entries_sectors = round_up(copy.entries.size(), sector_bytes) / sector_bytes;
  if (copy.entries_lba <= copy.last_usable && copy.entries_lba + entries_sectors > copy.first_usable)
    return bad_gpt(drive, "GPT entries lie among the usable sectors");
  return copy;
}

Result<std::vector<GptPartition>> partitions_of(ByteSource& drive, const GptCopy& copy,
                                                uint32_t sector_bytes) {
  std::vector<GptPartition> partitions;
  for (uint32_t i = 0; i < copy.entry_count; i++) {
    const ByteSpan entry = ByteSpan(copy.entries).subspan(size_t{i} * copy.entry_bytes, copy.entry_bytes);
    if (all_zero(entry.first(16))) continue;
    GptPartition partition;
    std::copy_n(entry.begin(), 16, partition.type.bytes.begin());
    std::copy_n(entry.begin() + 16, 16, partition.id.bytes.begin());
    const auto first = load_le<uint64_t>(entry, 32), last = load_le<uint64_t>(entry, 40);
    if (first > last || first < copy.first_usable || last > copy.last_usable)
      return bad_gpt(drive, fmt::format("partition {} at LBA {}..{} is outside the usable sectors {}..{}",
                                        i + 1, first, last, copy.first_usable, copy.last_usable));
    partition.place = {first * sector_bytes, (last - first + 1) * sector_bytes};
    partition.attributes = load_le<uint64_t>(entry, 48);
    std::u16string name;
    for (size_t at = 56; at + 2 <= 128; at += 2) {
      const auto unit = load_le<char16_t>(entry, at);
      if (unit == 0) break;
      name += unit;
    }
    const auto text = utf8_of(name);
    if (!text) return bad_gpt(drive, fmt::format("the name of partition {} is not UTF-16", i + 1));
    partition.name = *text;
    partitions.push_back(std::move(partition));
  }
  std::vector<Extent> places;
  for (const auto& partition : partitions) places.push_back(partition.place);
  std::sort(places.begin(), places.end(),
            [](const Extent& a, const Extent& b) { return a.offset_bytes < b.offset_bytes; });
  for (size_t i = 1; i < places.size(); i++)
    if (places[i].offset_bytes < places[i - 1].end_bytes())
      return bad_gpt(drive, fmt::format("two partitions overlap at byte {}", places[i].offset_bytes));
  return partitions;
}

// UEFI 5.2.3: one record of type EE from LBA 1 over the whole drive, or as much of it as 32 bits hold.
void check_protective_mbr(ByteSource& drive, uint32_t sector_bytes, Findings& findings) {
  Bytes mbr(512);
  if (const auto got = drive.read(0, mbr); !got) {
    findings.push_back(finding_of("protective MBR", got.error()));
    return;
  }
  const uint64_t sectors = drive.size_bytes() / sector_bytes;
  if (mbr[510] != 0x55 || mbr[511] != 0xaa) findings.push_back({"protective MBR", "no 55 AA signature"});
  if (mbr[446 + 4] != 0xee) {
    findings.push_back(
        {"protective MBR", fmt::format("the first record has type {:02X}, not EE", mbr[446 + 4])});
    return;
  }
  const auto first = load_le<uint32_t>(mbr, 446 + 8), count = load_le<uint32_t>(mbr, 446 + 12);
  if (first != 1)
    findings.push_back({"protective MBR", fmt::format("the record starts at LBA {}, not 1", first)});
  if (count != 0xffffffff && count != sectors - 1)
    findings.push_back(
        {"protective MBR", fmt::format("the record has {} sectors, the drive {}", count, sectors)});
}

void compare_copies(const GptCopy& primary, const GptCopy& backup, uint64_t last_lba, Findings& findings) {
  const std::string place = "GPT backup";
  if (primary.other_lba != last_lba)
    findings.push_back(
        {"GPT primary header", fmt::format("the backup is said to be at LBA {}, the drive ends at {}",
                                           primary.other_lba, last_lba)});
  if (backup.other_lba != 1)
    findings.push_back({place, fmt::format("the primary is said to be at LBA {}, not 1", backup.other_lba)});
  if (backup.disk_id != primary.disk_id) findings.push_back({place, "the disk GUIDs differ"});
  if (backup.first_usable != primary.first_usable || backup.last_usable != primary.last_usable)
    findings.push_back({place, "the usable sectors differ"});
  if (backup.entry_count != primary.entry_count || backup.entry_bytes != primary.entry_bytes ||
      backup.entries != primary.entries)
    findings.push_back({place, "the partition entries differ"});
}

}  // namespace

Result<Gpt> read_gpt(ByteSource& drive, uint32_t sector_bytes) {
  if (sector_bytes == 0) {
    auto gpt = read_gpt(drive, 512);
    if (gpt || gpt.error().code != ErrorCode::not_found) return gpt;
    auto gpt_4k = read_gpt(drive, 4096);
    return gpt_4k || gpt_4k.error().code != ErrorCode::not_found ? std::move(gpt_4k) : std::move(gpt);
  }
  const uint64_t sectors = drive.size_bytes() / sector_bytes;
  if (sectors < 6) return bad_gpt(drive, "too small for a GUID partition table");
  const auto primary = read_copy(drive, sector_bytes, 1);
  const auto backup = read_copy(drive, sector_bytes, sectors - 1);
  if (!primary && !backup) return std::unexpected(primary.error());

  Gpt gpt{.sector_bytes = sector_bytes, .disk_id = {}, .partitions = {}, .findings = {}};
  const GptCopy& used = primary ? *primary : *backup;
  gpt.disk_id = used.disk_id;
  gpt.partitions = TRY(partitions_of(drive, used, sector_bytes));
  check_protective_mbr(drive, sector_bytes, gpt.findings);
  if (!primary) gpt.findings.push_back(finding_of("GPT primary", primary.error()));
  if (!backup) gpt.findings.push_back(finding_of("GPT backup", backup.error()));
  if (primary && backup) compare_copies(*primary, *backup, sectors - 1, gpt.findings);
  return gpt;
}

}  // namespace seedbed::reference
