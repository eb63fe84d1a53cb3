// What every 4096-byte unit of the drive that building or a metadata set has written must hold, as a hash of
// its bytes as they lie there (encrypted: no key is needed, nothing betrayed). Files' data is not among them:
// it has the page hash log and the manifest. Building makes the hashes, metadata sets replace and add some, a
// proof compares them all with the drive, so that rot of what nobody writes again is found.
//
// Values, owned by whoever made them. Memory: about 64 bytes a unit, 2 MB for the empty volume of a 10 TB
// drive.
//
// Durability: save_volume_hashes returns once the whole file is durable under its name; a cut before that
// leaves the one of before. [docs/formats/volume-hashes.md]
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>

#include "engine/base/bytes.h"
#include "engine/base/result.h"
#include "engine/ports/block_device.h"
#include "engine/ports/file_store.h"
#include "engine/prep/saved_file.h"

namespace seedbed {

inline constexpr uint64_t kVolumeUnitBytes = 4096;
inline constexpr uint64_t kVolumeUnitsMax = 8ULL << 20;  // 32 GiB of metadata: some thirty million files

using UnitHash = std::array<uint8_t, 16>;  // the front of a SHA-256

class VolumeHashes {
 public:
  // Offset and length: multiples of the unit. Replaces what was known of these units.
  void put(uint64_t offset_bytes, ByteSpan bytes);
  // The first of these units that is known and holds something else; nothing: all as they must be. Unknown
  // units may hold anything.
  std::optional<uint64_t> find_other(uint64_t offset_bytes, ByteSpan bytes) const;

  size_t size() const noexcept { return units_.size(); }
  const std::map<uint64_t, UnitHash>& units() const noexcept { return units_; }
  friend bool operator==(const VolumeHashes&, const VolumeHashes&) = default;

 private:
  friend Result<VolumeHashes> parse_volume_hashes(ByteSpan bytes, uint64_t capacity_bytes,
                                                  const std::string& where);
  std::map<uint64_t, UnitHash> units_;  // by offset on the drive
};

// Without the drive marker's block: it changes in place when a session closes, and has a checksum of its own.
Bytes encode_volume_hashes(const VolumeHashes& hashes);
// corrupt: not that format, or units that no drive of this capacity has.
Result<VolumeHashes> parse_volume_hashes(ByteSpan bytes, uint64_t capacity_bytes, const std::string& where);

// Replaces the file; unsupported when there are more than kVolumeUnitsMax units.
Result<SavedFile> save_volume_hashes(FileStore& files, const std::string& path, const VolumeHashes& hashes);
// corrupt when the file is missing or is not the one the journal speaks of.
Result<VolumeHashes> load_volume_hashes(FileStore& files, const SavedFile& saved, uint64_t capacity_bytes);

// The error for a unit that does not hold what it must.
Status other_volume(const BlockDevice& device, std::string what, uint64_t offset_bytes);
// Reads every unit back; corrupt names the first that differs. Writes nothing; the device must be idle.
Status prove_volume(BlockDevice& device, const VolumeHashes& hashes);

}  // namespace seedbed
