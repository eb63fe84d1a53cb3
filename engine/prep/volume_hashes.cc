#include "engine/prep/volume_hashes.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/checksum.h"
#include "engine/base/text.h"
#include "engine/prep/drive_marker.h"

namespace seedbed {

namespace {

constexpr std::string_view kMagic = "SEEDBED VOLHASH1";
constexpr uint64_t kHeaderBytes = 16 + 8;  // magic, number of units
constexpr uint64_t kEntryBytes = 8 + 16;   // offset, hash
constexpr uint64_t kFileBytesMax = kHeaderBytes + kVolumeUnitsMax * kEntryBytes;
constexpr uint64_t kReadBytesMax = 1 * MiB;
static_assert(kMagic.size() == 16);
static_assert(kMarkerBytes == kVolumeUnitBytes && kMarkerOffset_bytes % kVolumeUnitBytes == 0);

UnitHash hash_of(ByteSpan unit) {
  const Sha256 whole = sha256_of(unit);
  UnitHash hash;
  std::copy_n(whole.begin(), hash.size(), hash.begin());
  return hash;
}

Status damaged(const std::string& where, std::string what) {
  return fail(
      ErrorCode::corrupt, "the volume hash file beside the journal " + std::move(what), where,
      "Without it nobody can say whether the drive still holds the volume that was built: restore the "
      "file, or prepare the drive anew with a new journal");
}

}  // namespace

void VolumeHashes::put(uint64_t offset_bytes, ByteSpan bytes) {
  for (uint64_t at = 0; at < bytes.size(); at += kVolumeUnitBytes)
    units_.insert_or_assign(offset_bytes + at, hash_of(bytes.subspan(at, kVolumeUnitBytes)));
}

std::optional<uint64_t> VolumeHashes::find_other(uint64_t offset_bytes, ByteSpan bytes) const {
  for (auto it = units_.lower_bound(offset_bytes);
       it != units_.end() && it->first < offset_bytes + bytes.size(); ++it)
    if (hash_of(bytes.subspan(it->first - offset_bytes, kVolumeUnitBytes)) != it->second) return it->first;
  return std::nullopt;
}

Bytes encode_volume_hashes(const VolumeHashes& hashes) {
  const uint64_t count = hashes.size() - hashes.units().count(kMarkerOffset_bytes);
  Bytes bytes;
  bytes.reserve(kHeaderBytes + count * kEntryBytes);
  append(bytes, as_bytes(kMagic));
  append_le(bytes, count);
  for (const auto& [offset_bytes, hash] : hashes.units()) {
    if (offset_bytes == kMarkerOffset_bytes) continue;
    append_le(bytes, offset_bytes);
    append(bytes, hash);
  }
  return bytes;
}

Result<VolumeHashes> parse_volume_hashes(ByteSpan bytes, uint64_t capacity_bytes, const std::string& where) {
  const auto wrong = [&](std::string what) {
    return std::unexpected(damaged(where, std::move(what)).error());
  };
  if (bytes.size() < kHeaderBytes || as_text(bytes.first(kMagic.size())) != kMagic)
    return wrong("is no volume hash file");
  const auto count = load_le<uint64_t>(bytes, kMagic.size());
  if (count > kVolumeUnitsMax || bytes.size() != kHeaderBytes + count * kEntryBytes)
    return wrong("has another length than its units need");
  VolumeHashes hashes;
  uint64_t free_bytes = 0;  // where the next unit may begin
  for (uint64_t i = 0; i < count; i++) {
    const ByteSpan entry = bytes.subspan(kHeaderBytes + i * kEntryBytes, kEntryBytes);
    const auto offset_bytes = load_le<uint64_t>(entry, 0);
    if (offset_bytes % kVolumeUnitBytes != 0 || offset_bytes < free_bytes || offset_bytes >= capacity_bytes ||
        capacity_bytes - offset_bytes < kVolumeUnitBytes || offset_bytes == kMarkerOffset_bytes)
      return wrong(fmt::format("has unit {} out of bounds or out of order", i));
    free_bytes = offset_bytes + kVolumeUnitBytes;
    UnitHash hash;
    std::ranges::copy(entry.subspan(8), hash.begin());
    hashes.units_.emplace_hint(hashes.units_.end(), offset_bytes, hash);
  }
  return hashes;
}

Result<SavedFile> save_volume_hashes(FileStore& files, const std::string& path, const VolumeHashes& hashes) {
  if (hashes.size() > kVolumeUnitsMax)
    return fail(ErrorCode::unsupported,
                fmt::format("the file system has {} blocks of metadata, more than {}", hashes.size(),
                            kVolumeUnitsMax),
                path, "Put the files into fewer, larger ones");
  const Bytes bytes = encode_volume_hashes(hashes);
  TRY(replace_file(files, path, bytes));
  return SavedFile{path, bytes.size(), hex_upper(sha256_of(bytes))};
}

Result<VolumeHashes> load_volume_hashes(FileStore& files, const SavedFile& saved, uint64_t capacity_bytes) {
  const auto bytes = read_file(files, saved.path, std::min(saved.length_bytes, kFileBytesMax));
  if (!bytes && bytes.error().code == ErrorCode::not_found)
    return std::unexpected(damaged(saved.path, "is missing").error());
  if (!bytes) return std::unexpected(bytes.error());
  if (bytes->size() != saved.length_bytes || hex_upper(sha256_of(*bytes)) != saved.sha256)
    return std::unexpected(damaged(saved.path, "is not the one the journal speaks of").error());
  return parse_volume_hashes(*bytes, capacity_bytes, saved.path);
}

Status other_volume(const BlockDevice& device, std::string what, uint64_t offset_bytes) {
  return fail(ErrorCode::corrupt, std::move(what),
              fmt::format("{} @ {}", device.identity().path, offset_bytes),
              "Abort the session with /AbortSession and use another drive");
}

Status prove_volume(BlockDevice& device, const VolumeHashes& hashes) {
  Bytes found;
  for (auto it = hashes.units().begin(); it != hashes.units().end();) {
    const uint64_t first_bytes = it->first;
    uint64_t end_bytes = first_bytes;
    for (; it != hashes.units().end() && it->first == end_bytes && end_bytes - first_bytes < kReadBytesMax;
         ++it)
      end_bytes += kVolumeUnitBytes;
    found.resize(end_bytes - first_bytes);
    TRY(read_device(device, first_bytes, found));
    if (const auto other_bytes = hashes.find_other(first_bytes, found))
      return other_volume(device, "the proof read back another volume than was built", *other_bytes);
  }
  return {};
}

}  // namespace seedbed
