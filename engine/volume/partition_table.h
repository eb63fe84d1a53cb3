// The GUID partition table of a prepared drive: protective MBR, primary and backup GPT, one partition of type
// "Microsoft basic data". [UEFI 2.10 chapter 5]. Pure functions over bytes; any thread. Parsing bounds
// everything before it believes it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/base/text.h"

namespace seedbed {

inline constexpr uint64_t kPartitionStart_bytes = 1 * MiB;

struct Partition {
  Guid type, unique;
  Extent place;      // bytes on the drive
  std::string name;  // UTF-8, at most 36 UTF-16 units
};

struct PartitionTable {
  Guid disk;
  uint32_t sector_bytes = 512;
  uint64_t capacity_bytes = 0;
  std::vector<Partition> partitions;
};

// The one partition a prepared drive has: from 1 MiB to the last whole MiB before the backup table.
Result<PartitionTable> plan_partition_table(uint64_t capacity_bytes, uint32_t sector_bytes, const Guid& disk,
                                            const Guid& partition, std::string name);

struct EncodedPartitionTable {
  Bytes head;  // MBR, header, entries: written at offset 0
  Bytes tail;  // entries, header: written at tail_offset_bytes
  uint64_t tail_offset_bytes = 0;
};
EncodedPartitionTable encode_partition_table(const PartitionTable& table);

// From the head (at least the first 34 sectors' worth: 17 KiB or 24 KiB) and the drive's capacity. corrupt
// with the reason (signature, CRC, bounds, overlap) otherwise; not_found when there is no GPT at all.
Result<PartitionTable> parse_partition_table(ByteSpan head, uint32_t sector_bytes, uint64_t capacity_bytes);
// The backup table, from the last 33 sectors' worth.
Result<PartitionTable> parse_backup_partition_table(ByteSpan tail, uint32_t sector_bytes,
                                                    uint64_t capacity_bytes);

// What the first 68 KiB of a drive seem to hold ("a BitLocker volume", "an NTFS volume", "a GUID partition
// table", "an ext4 file system", "an LVM member", "data") or nothing when they are all zero.
std::optional<std::string> recognise_content(ByteSpan head, uint32_t sector_bytes);

}  // namespace seedbed
