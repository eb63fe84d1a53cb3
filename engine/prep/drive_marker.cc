#include "engine/prep/drive_marker.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/checksum.h"

namespace seedbed {

namespace {

constexpr std::string_view kMagic = "SEEDBED DRIVE 1\n";
constexpr size_t kState = 16, kJournal = 24, kDisk = 40, kVolume = 56, kGeneration = 72;
constexpr size_t kChecksum = 80;  // CRC-32 of everything before
static_assert(kMagic.size() == kState);

}  // namespace

Bytes encode_marker(const DriveMarker& marker) {
  Bytes block(kMarkerBytes);
  std::ranges::copy(kMagic, block.begin());
  store_le(block, kState, static_cast<uint32_t>(marker.state));
  std::ranges::copy(marker.journal.bytes, block.begin() + kJournal);
  std::ranges::copy(marker.disk.bytes, block.begin() + kDisk);
  std::ranges::copy(marker.volume.bytes, block.begin() + kVolume);
  store_le(block, kGeneration, marker.generation);
  store_le(block, kChecksum, crc32_of(ByteSpan(block).first(kChecksum)));
  return block;
}

Result<std::optional<DriveMarker>> parse_marker(ByteSpan block, const std::string& where) {
  if (block.size() < kMarkerBytes || as_text(block.first(kMagic.size())) != kMagic) return std::nullopt;
  if (load_le<uint32_t>(block, kChecksum) != crc32_of(block.first(kChecksum)))
    return fail(ErrorCode::corrupt, "the drive marker's checksum is wrong",
                fmt::format("{} @ {}", where, kMarkerOffset_bytes));
  DriveMarker marker;
  const auto state = load_le<uint32_t>(block, kState);
  if (state < 1 || state > 3)
    return fail(ErrorCode::corrupt, fmt::format("the drive marker has the unknown state {}", state), where);
  marker.state = static_cast<MarkerState>(state);
  std::copy_n(block.begin() + kJournal, 16, marker.journal.bytes.begin());
  std::copy_n(block.begin() + kDisk, 16, marker.disk.bytes.begin());
  std::copy_n(block.begin() + kVolume, 16, marker.volume.bytes.begin());
  marker.generation = load_le<uint64_t>(block, kGeneration);
  return marker;
}

}  // namespace seedbed
