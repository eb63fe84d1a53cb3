// recognise_content of partition_table.h: what a drive seems to hold before it is overwritten. Magic numbers
// as libblkid and the file systems' own documentation give them; the order matters where one format keeps the
// remains of another.
#include <fmt/format.h>

#include "engine/volume/partition_table.h"

namespace seedbed {

static bool has(ByteSpan head, uint64_t at, std::string_view magic) {
  return head.size() >= magic.size() && at <= head.size() - magic.size() &&
         as_text(head.subspan(at, magic.size())) == magic;
}

template <typename T>
static std::optional<T> load_at(ByteSpan head, uint64_t at) {
  if (head.size() < sizeof(T) || at > head.size() - sizeof(T)) return std::nullopt;
  return load_le<T>(head, at);
}

// ext2, ext3 and ext4 share magic and layout; features tell them apart. [Linux,
// Documentation/filesystems/ext4/super.rst]
static std::optional<std::string> ext_name(ByteSpan head) {
  constexpr uint64_t kSuperblockAt = 1024;
  constexpr uint32_t kHasJournal = 0x4, kExtentsOrLater = 0x40 | 0x80 | 0x200;
  if (load_at<uint16_t>(head, kSuperblockAt + 0x38) != 0xef53) return std::nullopt;
  const uint32_t compatible = load_at<uint32_t>(head, kSuperblockAt + 0x5c).value_or(0);
  const uint32_t incompatible = load_at<uint32_t>(head, kSuperblockAt + 0x60).value_or(0);
  if (incompatible & kExtentsOrLater) return "an ext4 file system";
  return compatible & kHasJournal ? "an ext3 file system" : "an ext2 file system";
}

static bool has_mbr_partition(ByteSpan head) {
  if (!has(head, 510, "\x55\xaa")) return false;
  for (uint64_t entry = 446; entry < 510; entry += 16)
    if ((head[entry] & 0x7f) == 0 && head[entry + 4] != 0 && load_le<uint32_t>(head, entry + 12) != 0)
      return true;
  return false;
}

std::optional<std::string> recognise_content(ByteSpan head, uint32_t sector_bytes) {
  if (all_zero(head)) return std::nullopt;
  if (has(head, 3, "-FVE-FS-")) return "a BitLocker volume";
  if (has(head, 3, "NTFS    ")) return "an NTFS volume";
  if (has(head, 3, "EXFAT   ")) return "an exFAT volume";
  if (has(head, 0, "LUKS\xba\xbe")) return "a LUKS encrypted volume";
  if (has(head, 0, "XFSB")) return "an XFS file system";
  // A drive that was formatted through a bridge with other sectors has its table at another place.
  for (const uint64_t at : {uint64_t{sector_bytes}, uint64_t{512}, uint64_t{4096}})
    if (has(head, at, "EFI PART")) return "a GUID partition table";
  for (uint64_t at = 0; at < 4 * 512; at += 512)
    if (has(head, at, "LABELONE") && has(head, at + 24, "LVM2 001")) return "an LVM member";
  if (load_at<uint32_t>(head, 4096) == 0xa92b4efc || load_at<uint32_t>(head, 0) == 0xa92b4efc)
    return "a Linux RAID member";
  if (has(head, 65536 + 64, "_BHRfS_M")) return "a Btrfs file system";
  if (auto name = ext_name(head)) return name;
  if (has(head, 4086, "SWAPSPACE2")) return "Linux swap space";
  if (has(head, 82, "FAT32   ") || has(head, 54, "FAT16   ") || has(head, 54, "FAT12   "))
    return "a FAT volume";
  if (has(head, 32769, "CD001")) return "an ISO 9660 image";
  if (has_mbr_partition(head)) return "an MBR partition table";
  return "data";
}

}  // namespace seedbed
