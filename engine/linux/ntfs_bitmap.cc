#include "engine/linux/ntfs_bitmap.h"

#include <algorithm>
#include <bit>

namespace seedbed {
namespace {

struct Layout {
  uint32_t sector_bytes = 0, cluster_bytes = 0, record_bytes = 0;
  uint64_t clusters = 0, mft_cluster = 0;
};

std::unexpected<Error> corrupt(const char* what) {
  return fail(ErrorCode::corrupt, what, "the new NTFS volume");
}

Result<Layout> parse_boot_sector(ByteSpan boot, uint64_t volume_bytes) {
  if (as_text(boot.subspan(3, 8)) != "NTFS    ") return corrupt("no NTFS boot sector");
  Layout layout;
  layout.sector_bytes = load_le<uint16_t>(boot, 0x0b);
  if (layout.sector_bytes != 512 && layout.sector_bytes != 4096) return corrupt("an impossible sector size");
  const uint32_t code = boot[0x0d];  // 244 and up: a power of two below zero
  const uint64_t sectors = code <= 128 ? code : uint64_t{1} << std::min(256 - code, 31u);
  if (!std::has_single_bit(sectors) || sectors * layout.sector_bytes > 64 * KiB)
    return corrupt("an impossible cluster size");
  layout.cluster_bytes = static_cast<uint32_t>(sectors * layout.sector_bytes);
  const auto total = load_le<uint64_t>(boot, 0x28);
  if (total == 0 || total > volume_bytes / layout.sector_bytes)
    return corrupt("more sectors than the volume has");
  layout.clusters = total / sectors;
  layout.mft_cluster = load_le<uint64_t>(boot, 0x30);
  if (layout.mft_cluster >= layout.clusters) return corrupt("a master file table outside the volume");
  const auto per = static_cast<int8_t>(boot[0x40]);
  const uint64_t record =
      per > 0 ? uint64_t(per) * layout.cluster_bytes : uint64_t{1} << std::min(-int{per}, 31);
  if (record < 1024 || record > 64 * KiB || record % 512 != 0)
    return corrupt("an impossible MFT record size");
  layout.record_bytes = static_cast<uint32_t>(record);
  return layout;
}

// Multi-sector transfer protection: the last two bytes of every 512 are kept in the update sequence array.
Status undo_fixups(MutableByteSpan record) {
  if (as_text(ByteSpan(record).first(4)) != "FILE") return corrupt("MFT record 6 has no signature");
  const size_t at = load_le<uint16_t>(record, 4), count = load_le<uint16_t>(record, 6);
  if (count != record.size() / 512 + 1 || at % 2 != 0 || at + 2 * count > 510)
    return corrupt("MFT record 6 has no fixups");
  for (size_t i = 1; i < count; ++i) {
    const size_t tail = i * 512 - 2;
    if (load_le<uint16_t>(record, tail) != load_le<uint16_t>(record, at))
      return corrupt("MFT record 6 is torn");
    store_le(record, tail, load_le<uint16_t>(record, at + 2 * i));
  }
  return {};
}

// The unnamed non-resident $DATA (type 0x80) of a record.
Result<ByteSpan> find_data(ByteSpan record) {
  for (size_t at = load_le<uint16_t>(record, 0x14); at + 0x18 <= record.size();) {
    const auto type = load_le<uint32_t>(record, at), length = load_le<uint32_t>(record, at + 4);
    if (type == 0xffffffff) break;
    if (length < 0x18 || length % 8 != 0 || length > record.size() - at) return corrupt("a broken attribute");
    if (type == 0x80 && record[at + 9] == 0) {
      if (record[at + 8] != 1 || length < 0x40) return corrupt("a resident $Bitmap");
      return record.subspan(at, length);
    }
    at += length;
  }
  return corrupt("no $Bitmap data");
}

}  // namespace

Result<std::vector<Extent>> parse_mapping_pairs(ByteSpan pairs, uint64_t clusters) {
  std::vector<Extent> runs;
  int64_t at_cluster = 0;
  for (size_t at = 0; at < pairs.size() && pairs[at] != 0;) {
    const size_t length_size = pairs[at] & 0x0f, offset_size = pairs[at] >> 4;
    if (length_size == 0 || length_size > 8 || offset_size == 0 || offset_size > 8 ||
        pairs.size() - at < 1 + length_size + offset_size)
      return corrupt("a broken run");
    uint64_t count = 0, delta = 0;
    for (size_t i = 0; i < length_size; ++i) count |= uint64_t{pairs[at + 1 + i]} << (8 * i);
    for (size_t i = 0; i < offset_size; ++i) delta |= uint64_t{pairs[at + 1 + length_size + i]} << (8 * i);
    if (offset_size < 8 && (delta >> (8 * offset_size - 1) & 1)) delta |= ~uint64_t{0} << (8 * offset_size);
    at_cluster = static_cast<int64_t>(static_cast<uint64_t>(at_cluster) + delta);
    if (count == 0 || count > clusters || at_cluster < 0 ||
        static_cast<uint64_t>(at_cluster) > clusters - count)
      return corrupt("a run outside the volume");
    runs.push_back({static_cast<uint64_t>(at_cluster), count});
    at += 1 + length_size + offset_size;
  }
  return runs;
}

Result<std::vector<Extent>> allocated_extents(uint64_t volume_bytes, const ReadVolume& read) {
  Bytes boot(512);
  TRY(read(0, boot));
  const Layout layout = TRY(parse_boot_sector(boot, volume_bytes));
  Bytes record(layout.record_bytes);
  const uint64_t record_at = layout.mft_cluster * layout.cluster_bytes + 6 * uint64_t{layout.record_bytes};
  if (record_at > volume_bytes - layout.record_bytes) return corrupt("an MFT outside the volume");
  TRY(read(record_at, record));
  TRY(undo_fixups(record));
  const ByteSpan data = TRY(find_data(record));
  const size_t pairs_at = load_le<uint16_t>(data, 0x20);
  const uint64_t bitmap_bytes = (layout.clusters + 7) / 8;
  if (pairs_at < 0x40 || pairs_at >= data.size() || load_le<uint64_t>(data, 0x30) < bitmap_bytes)
    return corrupt("$Bitmap is too short");
  const auto runs = TRY(parse_mapping_pairs(data.subspan(pairs_at), layout.clusters));

  std::vector<Extent> extents;
  const auto used = [&](uint64_t cluster, uint64_t count) {
    const Extent extent{cluster * layout.cluster_bytes, count * layout.cluster_bytes};
    if (!extents.empty() && extents.back().end_bytes() == extent.offset_bytes)
      extents.back().length_bytes += extent.length_bytes;
    else
      extents.push_back(extent);
  };
  uint64_t done = 0;
  Bytes bits;
  for (const Extent& run : runs) {
    const uint64_t run_bytes = std::min(run.length_bytes * layout.cluster_bytes, bitmap_bytes - done);
    for (uint64_t at = 0; at < run_bytes; at += bits.size()) {
      bits.resize(std::min<uint64_t>(1 * MiB, run_bytes - at));
      TRY(read(run.offset_bytes * layout.cluster_bytes + at, bits));
      for (size_t i = 0; i < bits.size(); ++i) {
        if (bits[i] == 0) continue;
        const uint64_t cluster = (done + at + i) * 8;
        for (unsigned bit = 0; bit < 8 && cluster + bit < layout.clusters; ++bit)
          if (bits[i] >> bit & 1) used(cluster + bit, 1);
      }
    }
    done += run_bytes;
  }
  if (done < bitmap_bytes) return corrupt("$Bitmap is too short");
  return extents;
}

}  // namespace seedbed
