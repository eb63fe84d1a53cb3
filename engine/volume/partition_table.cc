#include "engine/volume/partition_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <stdexcept>

#include "engine/base/checksum.h"

namespace seedbed {

namespace {

// [UEFI 2.10, 5.2.3 protective MBR, 5.3 GPT]
constexpr std::string_view kSignature = "EFI PART";
constexpr uint32_t kRevision = 0x00010000, kHeaderBytes = 92;
constexpr uint32_t kEntries = 128, kEntryBytes = 128;
constexpr uint64_t kEntriesBytes = uint64_t{kEntries} * kEntryBytes;
constexpr size_t kNameUnits = 36, kNameAt = 56;
constexpr uint8_t kProtectiveType = 0xee;
constexpr size_t kMbrTableAt = 446, kMbrEntryBytes = 16;
// ebd0a0a2-b9e5-4433-87c0-68b6b72699c7, "Microsoft basic data"
constexpr Guid kBasicDataType = {
    {0xa2, 0xa0, 0xd0, 0xeb, 0xe5, 0xb9, 0x33, 0x44, 0x87, 0xc0, 0x68, 0xb6, 0xb7, 0x26, 0x99, 0xc7}};

// Everything in sectors, from the sector size and the capacity alone.
struct Layout {
  uint64_t sector_bytes, sectors, entry_sectors;
  uint64_t last() const { return sectors - 1; }  // the backup header
  uint64_t backup_entries() const { return last() - entry_sectors; }
  uint64_t first_usable() const { return 2 + entry_sectors; }
  uint64_t last_usable() const { return backup_entries() - 1; }
  uint64_t head_bytes() const { return first_usable() * sector_bytes; }
  uint64_t tail_bytes() const { return (entry_sectors + 1) * sector_bytes; }
};

Result<Layout> layout_of(uint32_t sector_bytes, uint64_t capacity_bytes) {
  if (sector_bytes != 512 && sector_bytes != 4096)
    return fail(ErrorCode::unsupported, fmt::format("a drive with sectors of {} bytes", sector_bytes), {},
                "Use a drive with sectors of 512 or 4096 bytes");
  if (capacity_bytes % sector_bytes != 0)
    return fail(ErrorCode::invalid_argument,
                fmt::format("{} bytes are no whole sectors of {}", capacity_bytes, sector_bytes));
  const Layout layout{.sector_bytes = sector_bytes,
                      .sectors = capacity_bytes / sector_bytes,
                      .entry_sectors = kEntriesBytes / sector_bytes};
  if (layout.sectors < layout.first_usable() + layout.entry_sectors + 2)
    return fail(ErrorCode::out_of_space,
                fmt::format("a drive of {} cannot hold a partition table", human_bytes(capacity_bytes)), {},
                "Use a bigger drive");
  return layout;
}

void write_protective_mbr(MutableByteSpan sector, uint64_t sectors) {
  uint8_t* const entry = sector.data() + kMbrTableAt;
  constexpr std::array<uint8_t, 8> kStartAndType = {0x00, 0x00, 0x02, 0x00, kProtectiveType,
                                                    0xff, 0xff, 0xff};
  std::ranges::copy(kStartAndType, entry);
  store_le<uint32_t>(sector, kMbrTableAt + 8, 1);
  store_le(sector, kMbrTableAt + 12, static_cast<uint32_t>(std::min<uint64_t>(sectors - 1, UINT32_MAX)));
  sector[510] = 0x55;
  sector[511] = 0xaa;
}

void write_header(MutableByteSpan sector, const Layout& layout, const Guid& disk, bool primary,
                  uint32_t entries_crc) {
  std::ranges::copy(kSignature, sector.begin());
  store_le(sector, 8, kRevision);
  store_le(sector, 12, kHeaderBytes);
  store_le<uint64_t>(sector, 24, primary ? 1 : layout.last());
  store_le<uint64_t>(sector, 32, primary ? layout.last() : 1);
  store_le(sector, 40, layout.first_usable());
  store_le(sector, 48, layout.last_usable());
  std::ranges::copy(disk.bytes, sector.begin() + 56);
  store_le<uint64_t>(sector, 72, primary ? 2 : layout.backup_entries());
  store_le(sector, 80, kEntries);
  store_le(sector, 84, kEntryBytes);
  store_le(sector, 88, entries_crc);
  store_le(sector, 16, crc32_of(sector.first(kHeaderBytes)));
}

std::unexpected<Error> damaged(std::string what) {
  return fail(ErrorCode::corrupt, "GUID partition table: " + std::move(what));
}

struct Header {
  uint64_t first_usable, last_usable;
  Extent entries;  // sectors on the drive
  uint32_t entry_count, entry_bytes, entries_crc;
  Guid disk;
};

// `sector`: the sector that should hold the header, `at` its number and `other` that of the other header.
Result<Header> parse_header(ByteSpan sector, const Layout& layout, uint64_t at, uint64_t other) {
  if (!std::ranges::equal(sector.first(kSignature.size()), as_bytes(kSignature)))
    return damaged(fmt::format("no signature in sector {}", at));
  const auto header_bytes = load_le<uint32_t>(sector, 12);
  if (header_bytes < kHeaderBytes || header_bytes > layout.sector_bytes)
    return damaged(fmt::format("a header of {} bytes", header_bytes));
  Bytes blanked(sector.begin(), sector.begin() + header_bytes);
  store_le<uint32_t>(blanked, 16, 0);
  if (load_le<uint32_t>(sector, 16) != crc32_of(blanked))
    return damaged(fmt::format("the CRC-32 of the header in sector {} does not match", at));
  const uint32_t revision = load_le<uint32_t>(sector, 8);
  if (revision >> 16 != kRevision >> 16) return damaged(fmt::format("revision 0x{:08x}", revision));
  if (load_le<uint64_t>(sector, 24) != at)
    return damaged(
        fmt::format("the header in sector {} says it is in {}", at, load_le<uint64_t>(sector, 24)));
  if (load_le<uint64_t>(sector, 32) != other)
    return damaged(fmt::format("the other header should be in sector {} and is said to be in {}", other,
                               load_le<uint64_t>(sector, 32)));

  Header header{.first_usable = load_le<uint64_t>(sector, 40),
                .last_usable = load_le<uint64_t>(sector, 48),
                .entries = {.offset_bytes = load_le<uint64_t>(sector, 72)},
                .entry_count = load_le<uint32_t>(sector, 80),
                .entry_bytes = load_le<uint32_t>(sector, 84),
                .entries_crc = load_le<uint32_t>(sector, 88),
                .disk = {}};
  std::ranges::copy(sector.subspan(56, 16), header.disk.bytes.begin());
  if (header.entry_bytes < kEntryBytes || !std::has_single_bit(header.entry_bytes) ||
      header.entry_bytes > layout.sector_bytes || header.entry_count == 0 ||
      uint64_t{header.entry_count} * header.entry_bytes > kEntriesBytes)
    return damaged(fmt::format("{} entries of {} bytes", header.entry_count, header.entry_bytes));
  header.entries.length_bytes =
      round_up(uint64_t{header.entry_count} * header.entry_bytes, layout.sector_bytes) / layout.sector_bytes;
  if (header.first_usable > header.last_usable || header.first_usable < 2 ||
      header.last_usable >= layout.last())
    return damaged(fmt::format("usable sectors {} to {} of {}", header.first_usable, header.last_usable,
                               layout.sectors));
  return header;
}

Result<std::optional<Partition>> parse_entry(ByteSpan entry, const Layout& layout, const Header& header,
                                             uint32_t number) {
  Partition partition;
  std::ranges::copy(entry.first(16), partition.type.bytes.begin());
  if (partition.type == Guid{}) return std::nullopt;
  std::ranges::copy(entry.subspan(16, 16), partition.unique.bytes.begin());
  const auto first = load_le<uint64_t>(entry, 32), last = load_le<uint64_t>(entry, 40);
  if (first > last || first < header.first_usable || last > header.last_usable)
    return damaged(fmt::format("partition {} covers sectors {} to {}, outside of {} to {}", number, first,
                               last, header.first_usable, header.last_usable));
  partition.place = {first * layout.sector_bytes, (last - first + 1) * layout.sector_bytes};
  std::u16string units;
  for (size_t i = 0; i < kNameUnits; i++) {
    const auto unit = load_le<char16_t>(entry, kNameAt + 2 * i);
    if (unit == 0) break;
    units += unit;
  }
  auto name = utf8_of(units);
  if (!name) return damaged(fmt::format("the name of partition {} is no UTF-16", number));
  partition.name = *std::move(name);
  return partition;
}

// bytes: where the header's entries should lie, beginning at sector `bytes_at` of the drive.
Result<PartitionTable> parse_entries(ByteSpan bytes, uint64_t bytes_at, const Layout& layout,
                                     const Header& header, uint64_t capacity_bytes) {
  const uint64_t have_sectors = bytes.size() / layout.sector_bytes;
  if (header.entries.offset_bytes < bytes_at || header.entries.length_bytes > have_sectors ||
      header.entries.offset_bytes - bytes_at > have_sectors - header.entries.length_bytes)
    return damaged(fmt::format("its entries are said to be in sector {}", header.entries.offset_bytes));
  const uint64_t size_bytes = uint64_t{header.entry_count} * header.entry_bytes;
  const ByteSpan entries =
      bytes.subspan((header.entries.offset_bytes - bytes_at) * layout.sector_bytes, size_bytes);
  if (crc32_of(entries) != header.entries_crc) return damaged("the CRC-32 of its entries does not match");

  PartitionTable table{.disk = header.disk,
                       .sector_bytes = static_cast<uint32_t>(layout.sector_bytes),
                       .capacity_bytes = capacity_bytes,
                       .partitions = {}};
  for (uint32_t i = 0; i < header.entry_count; i++)
    if (auto partition = TRY(parse_entry(
            entries.subspan(uint64_t{i} * header.entry_bytes, header.entry_bytes), layout, header, i + 1)))
      table.partitions.push_back(*std::move(partition));
  std::vector<Extent> places;
  for (const Partition& partition : table.partitions) places.push_back(partition.place);
  std::ranges::sort(places, {}, &Extent::offset_bytes);
  for (size_t i = 1; i < places.size(); i++)
    if (places[i].offset_bytes < places[i - 1].end_bytes())
      return damaged(fmt::format("two partitions overlap at byte {}", places[i].offset_bytes));
  return table;
}

bool has_protective_mbr(ByteSpan head) {
  if (head[510] != 0x55 || head[511] != 0xaa) return false;
  for (size_t i = 0; i < 4; i++)
    if (head[kMbrTableAt + kMbrEntryBytes * i + 4] == kProtectiveType) return true;
  return false;
}

}  // namespace

Result<PartitionTable> plan_partition_table(uint64_t capacity_bytes, uint32_t sector_bytes, const Guid& disk,
                                            const Guid& partition, std::string name) {
  const Layout layout = TRY(layout_of(sector_bytes, capacity_bytes));
  const auto utf16 = utf16_of(name);
  if (!utf16 || utf16->size() > kNameUnits || utf16->find(u'\0') != std::u16string::npos)
    return fail(ErrorCode::invalid_argument,
                fmt::format("a partition name is UTF-8 text of at most {} UTF-16 units", kNameUnits));
  const uint64_t end_bytes = round_down(layout.backup_entries() * sector_bytes, MiB);
  if (end_bytes <= kPartitionStart_bytes)
    return fail(ErrorCode::out_of_space,
                fmt::format("a drive of {} has no room for a partition", human_bytes(capacity_bytes)), {},
                "Use a bigger drive");
  return PartitionTable{.disk = disk,
                        .sector_bytes = sector_bytes,
                        .capacity_bytes = capacity_bytes,
                        .partitions = {{.type = kBasicDataType,
                                        .unique = partition,
                                        .place = {kPartitionStart_bytes, end_bytes - kPartitionStart_bytes},
                                        .name = std::move(name)}}};
}

EncodedPartitionTable encode_partition_table(const PartitionTable& table) {
  const auto layout = layout_of(table.sector_bytes, table.capacity_bytes);
  if (!layout || table.partitions.size() > kEntries)
    throw std::logic_error("a partition table neither planned nor parsed is to be encoded");
  Bytes entries(kEntriesBytes);
  for (size_t i = 0; i < table.partitions.size(); i++) {
    const Partition& partition = table.partitions[i];
    const MutableByteSpan entry = MutableByteSpan(entries).subspan(i * kEntryBytes, kEntryBytes);
    std::ranges::copy(partition.type.bytes, entry.begin());
    std::ranges::copy(partition.unique.bytes, entry.begin() + 16);
    store_le(entry, 32, partition.place.offset_bytes / table.sector_bytes);
    store_le(entry, 40, partition.place.end_bytes() / table.sector_bytes - 1);
    const std::u16string name = utf16_of(partition.name).value_or(u"");
    for (size_t unit = 0; unit < std::min(name.size(), kNameUnits); unit++)
      store_le(entry, kNameAt + 2 * unit, name[unit]);
  }
  const uint32_t entries_crc = crc32_of(entries);

  EncodedPartitionTable out{.head = Bytes(layout->head_bytes()),
                            .tail = Bytes(layout->tail_bytes()),
                            .tail_offset_bytes = layout->backup_entries() * table.sector_bytes};
  const MutableByteSpan head = out.head, tail = out.tail;
  write_protective_mbr(head, layout->sectors);
  write_header(head.subspan(table.sector_bytes, table.sector_bytes), *layout, table.disk, true, entries_crc);
  std::ranges::copy(entries, head.begin() + 2 * static_cast<ptrdiff_t>(table.sector_bytes));
  std::ranges::copy(entries, tail.begin());
  write_header(tail.subspan(kEntriesBytes, table.sector_bytes), *layout, table.disk, false, entries_crc);
  return out;
}

Result<PartitionTable> parse_partition_table(ByteSpan head, uint32_t sector_bytes, uint64_t capacity_bytes) {
  const Layout layout = TRY(layout_of(sector_bytes, capacity_bytes));
  if (head.size() < layout.head_bytes())
    return fail(ErrorCode::invalid_argument,
                fmt::format("a partition table takes {} bytes", layout.head_bytes()));
  const ByteSpan sector = head.subspan(sector_bytes, sector_bytes);
  if (!std::ranges::equal(sector.first(kSignature.size()), as_bytes(kSignature)) && !has_protective_mbr(head))
    return fail(ErrorCode::not_found, "the drive has no GUID partition table");
  const Header header = TRY(parse_header(sector, layout, 1, layout.last()));
  if (header.entries.offset_bytes + header.entries.length_bytes > header.first_usable)
    return damaged(
        fmt::format("its entries in sector {} reach into the usable sectors", header.entries.offset_bytes));
  return parse_entries(head.subspan(2 * uint64_t{sector_bytes}), 2, layout, header, capacity_bytes);
}

Result<PartitionTable> parse_backup_partition_table(ByteSpan tail, uint32_t sector_bytes,
                                                    uint64_t capacity_bytes) {
  const Layout layout = TRY(layout_of(sector_bytes, capacity_bytes));
  if (tail.size() < layout.tail_bytes())
    return fail(ErrorCode::invalid_argument,
                fmt::format("a backup partition table takes {} bytes", layout.tail_bytes()));
  tail = tail.last(layout.tail_bytes());
  const ByteSpan sector = tail.last(sector_bytes);
  if (!std::ranges::equal(sector.first(kSignature.size()), as_bytes(kSignature)))
    return fail(ErrorCode::not_found, "the drive has no backup GUID partition table");
  const Header header = TRY(parse_header(sector, layout, layout.last(), 1));
  if (header.entries.offset_bytes <= header.last_usable)
    return damaged(
        fmt::format("its entries in sector {} lie in the usable sectors", header.entries.offset_bytes));
  return parse_entries(tail.first(tail.size() - sector_bytes), layout.backup_entries(), layout, header,
                       capacity_bytes);
}

}  // namespace seedbed
