#include "engine/prep/metadata_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "engine/base/checksum.h"

namespace seedbed {

namespace {

constexpr uint64_t kBlockBytesMax = 1 * MiB;
constexpr std::string_view kMagic = "SEEDBED METASET1";
constexpr uint64_t kHeaderBytes = 16 + 8;      // magic, number of blocks
constexpr uint64_t kBlockHeaderBytes = 8 + 8;  // offset, length; then new bytes, then old bytes
static_assert(kMagic.size() == 16);

// The unit-aligned runs that the sectors touch, joined up to 1 MiB.
std::vector<Extent> touched_runs(const SectorSet& sectors) {
  std::vector<Extent> runs;
  for (const auto& [offset_bytes, bytes] : sectors) {
    const uint64_t first = round_down(offset_bytes, kVolumeUnitBytes),
                   end = round_up(offset_bytes + bytes.size(), kVolumeUnitBytes);
    for (uint64_t at = first; at < end; at += kVolumeUnitBytes) {
      if (!runs.empty() && at < runs.back().end_bytes()) continue;
      if (!runs.empty() && at == runs.back().end_bytes() && runs.back().length_bytes < kBlockBytesMax)
        runs.back().length_bytes += kVolumeUnitBytes;
      else
        runs.push_back({at, kVolumeUnitBytes});
    }
  }
  return runs;
}

// Lays the sectors over `plain`, which starts at run.offset_bytes. True when they cover it whole.
bool lay_over(const SectorSet& sectors, const Extent& run, MutableByteSpan plain) {
  uint64_t covered_bytes = 0;
  auto it = sectors.upper_bound(run.offset_bytes);
  if (it != sectors.begin()) --it;
  for (; it != sectors.end() && it->first < run.end_bytes(); ++it) {
    const uint64_t first = std::max(it->first, run.offset_bytes),
                   end = std::min(it->first + it->second.size(), run.end_bytes());
    if (first >= end) continue;
    std::copy_n(it->second.begin() + static_cast<ptrdiff_t>(first - it->first), end - first,
                plain.begin() + static_cast<ptrdiff_t>(first - run.offset_bytes));
    covered_bytes += end - first;
  }
  return covered_bytes == run.length_bytes;
}

Status write_all(File& file, uint64_t& at, Digest& digest, ByteSpan bytes) {
  TRY(file.write_at(at, bytes));
  digest.update(bytes);
  at += bytes.size();
  return {};
}

Status damaged(const SavedFile& set, std::string what) {
  return fail(ErrorCode::corrupt, "the metadata set beside the journal " + std::move(what), set.path,
              "It is needed to finish or undo the session: restore the file, or prepare the drive anew with "
              "a new journal");
}

}  // namespace

Result<std::vector<DriveBlock>> drive_blocks(BitlockerVolume& volume, const SectorSet& sectors) {
  std::vector<DriveBlock> blocks;
  SectorCipher cipher = volume.cipher();
  for (const Extent& run : touched_runs(sectors)) {
    Bytes plain(run.length_bytes);
    if (!lay_over(sectors, run, plain)) {
      TRY(volume.read(run.offset_bytes, plain));
      lay_over(sectors, run, plain);
    }
    for (const MappedPiece& piece : volume.map(run.offset_bytes, run.length_bytes)) {
      const MutableByteSpan part =
          MutableByteSpan(plain).subspan(piece.logical_offset_bytes - run.offset_bytes, piece.length_bytes);
      if (piece.zeros) {
        if (!all_zero(part))
          return fail(ErrorCode::internal, "the file system would write into BitLocker's own areas",
                      fmt::format("volume @ {}", piece.logical_offset_bytes));
        continue;
      }
      cipher.encrypt(piece.physical_offset_bytes, part);
      blocks.push_back(
          {volume.partition_offset_bytes() + piece.physical_offset_bytes, Bytes(part.begin(), part.end())});
    }
  }
  return blocks;
}

Result<SavedFile> save_metadata_set(FileStore& files, BlockDevice& device, const std::string& path,
                                    const std::vector<DriveBlock>& blocks, const VolumeHashes& before) {
  // Written beside and renamed: a name that stands there from an earlier try, whose directory sync failed,
  // may never become durable however often it is synced again.
  const std::string fresh_path = path + ".new";
  auto file = TRY(files.open(fresh_path, OpenMode::create, 0600));
  TRY(file->truncate(0));
  Digest digest(DigestKind::sha256);
  uint64_t at = 0;
  Bytes header;
  append(header, as_bytes(kMagic));
  append_le(header, static_cast<uint64_t>(blocks.size()));
  TRY(write_all(*file, at, digest, header));
  for (const DriveBlock& block : blocks) {
    Bytes old(block.bytes.size());
    TRY(read_device(device, block.offset_bytes, old));
    if (const auto other_bytes = before.find_other(block.offset_bytes, old))
      return std::unexpected(
          other_volume(device, "the drive no longer holds the volume that was built", *other_bytes).error());
    Bytes head;
    append_le(head, block.offset_bytes);
    append_le(head, static_cast<uint64_t>(block.bytes.size()));
    TRY(write_all(*file, at, digest, head));
    TRY(write_all(*file, at, digest, block.bytes));
    TRY(write_all(*file, at, digest, old));
  }
  TRY(file->sync());
  TRY(files.rename(fresh_path, path));
  TRY(files.sync_directory(parent_of(path)));
  return SavedFile{path, at, hex_upper(digest.snapshot())};
}

// Checks the whole file against the journal's word first, then hands out its blocks in order.
static Status for_each_block(FileStore& files, uint64_t capacity_bytes, const SavedFile& set, SetSide side,
                             const std::function<Status(uint64_t offset_bytes, ByteSpan bytes)>& visit) {
  auto opened = files.open(set.path, OpenMode::read);
  if (!opened && opened.error().code == ErrorCode::not_found) return damaged(set, "is missing");
  const auto file = TRY(std::move(opened));
  if (TRY(file->size()) != set.length_bytes) return damaged(set, "has another length than the journal says");
  Digest digest(DigestKind::sha256);
  Bytes step(kBlockBytesMax);
  for (uint64_t at = 0; at < set.length_bytes;) {
    const size_t got_bytes = TRY(file->read_at(at, step));
    if (got_bytes == 0) return damaged(set, "ends early");
    digest.update(ByteSpan(step).first(got_bytes));
    at += got_bytes;
  }
  if (hex_upper(digest.snapshot()) != set.sha256) return damaged(set, "is not the one the journal speaks of");

  const auto read_exactly = [&](uint64_t at, MutableByteSpan out) -> Status {
    if (TRY(file->read_at(at, out)) != out.size()) return damaged(set, "ends early");
    return {};
  };
  Bytes header(kHeaderBytes);
  TRY(read_exactly(0, header));
  if (as_text(ByteSpan(header).first(kMagic.size())) != kMagic) return damaged(set, "is no metadata set");
  const auto count = load_le<uint64_t>(header, kMagic.size());
  uint64_t at = kHeaderBytes;
  for (uint64_t i = 0; i < count; i++) {
    Bytes head(kBlockHeaderBytes);
    TRY(read_exactly(at, head));
    const auto offset_bytes = load_le<uint64_t>(head, 0), length_bytes = load_le<uint64_t>(head, 8);
    if (length_bytes == 0 || length_bytes > kBlockBytesMax || length_bytes % kVolumeUnitBytes != 0 ||
        offset_bytes % kVolumeUnitBytes != 0 || offset_bytes > capacity_bytes ||
        length_bytes > capacity_bytes - offset_bytes)
      return damaged(set, fmt::format("has block {} out of bounds", i));
    Bytes bytes(length_bytes);
    TRY(read_exactly(at + kBlockHeaderBytes + (side == SetSide::undo ? length_bytes : 0), bytes));
    TRY(visit(offset_bytes, bytes));
    at += kBlockHeaderBytes + 2 * length_bytes;
  }
  return {};
}

Status apply_metadata_set(FileStore& files, BlockDevice& device, const SavedFile& set, SetSide side) {
  const uint64_t epoch = device.reset_epoch();
  TRY(for_each_block(
      files, device.contract().capacity_bytes, set, side,
      [&](uint64_t offset_bytes, ByteSpan bytes) { return write_device(device, offset_bytes, bytes); }));
  return flush_device(device, epoch);
}

Status hash_metadata_set(FileStore& files, uint64_t capacity_bytes, const SavedFile& set,
                         VolumeHashes& volume) {
  return for_each_block(files, capacity_bytes, set, SetSide::redo,
                        [&](uint64_t offset_bytes, ByteSpan bytes) -> Status {
                          volume.put(offset_bytes, bytes);
                          return {};
                        });
}

}  // namespace seedbed
