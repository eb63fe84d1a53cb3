// The drive marker: one plain 4 KiB block at 64 KiB on the drive, in the gap between partition table and
// partition, that says which journal works on the drive and at which session generation. It lets any computer
// refuse a drive that another journal has not finished, before a key is known.
// [docs/formats/drive-marker.md]. Pure functions over bytes.
#pragma once

#include <optional>

#include "engine/base/result.h"
#include "engine/base/text.h"

namespace seedbed {

inline constexpr uint64_t kMarkerOffset_bytes = 64 * KiB;
inline constexpr uint64_t kMarkerBytes = 4096;

enum class MarkerState : uint32_t {
  building = 1,  // the volume is being made
  open = 2,      // a copy session is under way
  closed = 3,    // all sessions are complete
};

struct DriveMarker {
  MarkerState state = MarkerState::building;
  Guid journal, disk, volume;  // who, on which disk GUID, in which BitLocker volume
  uint64_t generation = 0;     // counts sessions; goes up by the metadata set that begins one
  friend bool operator==(const DriveMarker&, const DriveMarker&) = default;
};

Bytes encode_marker(const DriveMarker& marker);
// Nothing: no marker. corrupt: a marker whose checksum or fields are wrong.
Result<std::optional<DriveMarker>> parse_marker(ByteSpan block, const std::string& where);

}  // namespace seedbed
