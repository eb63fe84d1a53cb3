// An unlocked BitLocker volume on a drive: which physical bytes carry a logical byte, and plain reads through
// the cipher. Owned by one task; the device must outlive it and must have nothing in flight during a call. It
// never writes: writers take map() and encrypt() and write themselves.
#pragma once

#include <vector>

#include "engine/ports/block_device.h"
#include "engine/sectors/sector_cipher.h"
#include "engine/volume/bitlocker_metadata.h"

namespace seedbed {

// A piece of a logical range: where it lies physically (from the start of the partition), or that it reads as
// zeros and is never written.
struct MappedPiece {
  uint64_t logical_offset_bytes = 0, physical_offset_bytes = 0, length_bytes = 0;
  bool zeros = false;
};

class BitlockerVolume {
 public:
  // For a volume just being built: nothing is read.
  static Result<BitlockerVolume> over(BlockDevice& device, uint64_t partition_offset_bytes,
                                      const BitlockerGeometry& geometry, const SecretBytes& full_volume_key);
  // Finds header and metadata on the drive and unlocks. secret: the 48-digit recovery password, or any other
  // text as password.
  static Result<BitlockerVolume> open(BlockDevice& device, const Extent& partition, std::string_view secret,
                                      KeyStretcher* stretcher = nullptr);

  const BitlockerGeometry& geometry() const noexcept { return geometry_; }
  const Guid& volume_id() const noexcept { return volume_id_; }
  const std::string& description() const noexcept { return description_; }
  uint64_t partition_offset_bytes() const noexcept { return partition_offset_bytes_; }
  SectorCipher cipher() const { return cipher_.clone(); }

  // Logical 0..0x1FFF lives at header_offset, the metadata areas and the relocated header read as zeros, all
  // else is in place. In logical order, without gaps, as few pieces as can be; what lies beyond the end of
  // the volume is left out.
  std::vector<MappedPiece> map(uint64_t logical_offset_bytes, uint64_t length_bytes) const;
  // Plain bytes of any logical range inside the volume (else invalid_argument).
  Status read(uint64_t logical_offset_bytes, MutableByteSpan out);

 private:
  Status read_piece(const MappedPiece& piece, uint8_t* out);

  BitlockerVolume(BlockDevice& device, uint64_t partition_offset_bytes, BitlockerGeometry geometry,
                  SectorCipher cipher)
      : device_(&device),
        partition_offset_bytes_(partition_offset_bytes),
        geometry_(geometry),
        cipher_(std::move(cipher)) {}
  BlockDevice* device_;
  uint64_t partition_offset_bytes_;
  BitlockerGeometry geometry_;
  Guid volume_id_;
  std::string description_;
  SectorCipher cipher_;
  AlignedBuffer bounce_;  // grows to the biggest step read so far
};

}  // namespace seedbed
