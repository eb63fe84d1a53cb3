// A prepared drive: building one (GPT, BitLocker, NTFS, marker) and opening one that stands. Owned by the
// session; the device must be idle and outlive it.
//
// Durability: build_drive returns after the flush that makes the whole empty volume durable; the journal then
// says VolumeBuilt. Until it does, a build starts over from nothing, with fresh keys. open_drive writes
// nothing.
#pragma once

#include <memory>
#include <optional>

#include "engine/ports/entropy.h"
#include "engine/ports/formatter.h"
#include "engine/ports/runtime.h"
#include "engine/prep/drive_marker.h"
#include "engine/prep/volume_hashes.h"
#include "engine/volume/bitlocker_volume.h"
#include "engine/volume/ntfs_volume.h"
#include "engine/volume/partition_table.h"

namespace seedbed {

// 4 KiB clusters, 64 KiB from 2 TB, so that the bitmap of a 10 TB volume stays small.
uint32_t cluster_bytes_for(uint64_t capacity_bytes) noexcept;
NtfsGeometry ntfs_geometry_for(const PartitionTable& table, uint32_t cluster_bytes);

struct BuildPlan {
  Guid journal;             // into the marker
  Guid disk, partition;     // into the GPT
  std::string description;  // "HOST LABEL DATE", readable without a key
  BitlockerSecrets secrets;
  int64_t now_ns = 0;
  uint64_t ntfs_serial = 0;
  KeyStretcher* stretcher = nullptr;
};

// The empty file system of a drive as an overlay over its formatted image: BitLocker's areas reserved,
// everything readable by logical offset.
class EmptyVolume {
 public:
  static Result<EmptyVolume> make(std::shared_ptr<const NtfsImage> image, const NtfsGeometry& geometry,
                                  uint64_t serial, int64_t now_ns);
  const BitlockerGeometry& places() const noexcept { return places_; }
  std::vector<Extent> extents() const;  // what must be written, aligned to 4096, sorted
  Status read(uint64_t offset_bytes, MutableByteSpan out) const;

 private:
  std::shared_ptr<const NtfsImage> image_;
  BitlockerGeometry places_;
  SectorSet changed_;
};

struct BuiltDrive {
  uint64_t content_bytes = 0;  // of the file system
  VolumeHashes hashes;         // of all that was written
};
Result<BuiltDrive> build_drive(BlockDevice& device, Formatter& formatter, const BuildPlan& plan);

struct OpenDrive {
  std::string path;  // of the device, for messages
  PartitionTable table;
  Extent partition;
  std::optional<DriveMarker> marker;
  std::unique_ptr<BitlockerVolume> volume;
  // The file system, read through the cipher. The volume must stay where it is (it is on the heap) and
  // outlive it.
  Result<NtfsVolume> file_system(int64_t now_ns, bool read_only) const;
};
Result<OpenDrive> open_drive_volume(BlockDevice& device, std::string_view secret,
                                    KeyStretcher* stretcher = nullptr);

// What stands on a drive before anything is touched.
struct DriveContent {
  std::optional<std::string> recognised;  // "a GUID partition table", …; nothing: all zeros
  std::optional<DriveMarker> marker;
};
Result<DriveContent> look_at_drive(BlockDevice& device);

// `offset:length:SHA-512` over volume header and metadata areas, joined by ';', offsets from the start of the
// partition.
Result<std::string> drive_header_hash(BlockDevice& device, const BitlockerVolume& volume);

}  // namespace seedbed
