// The Formatter port: geometry in, the bytes of an empty NTFS volume out. A pure function: the same geometry gives the same image, serial
// number and time stamps zero (the engine sets them). Linux runs mkntfs -T on a sparse temporary file; the testbed remembers its answers.
// The image is immutable and may be read by any task.
#pragma once

#include <memory>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/result.h"

namespace seedbed {

struct NtfsGeometry {
  uint64_t volume_bytes = 0;            // the whole partition
  uint32_t sector_bytes = 512;          // 512 or 4096
  uint32_t cluster_bytes = 4096;
  uint64_t partition_start_sector = 0;  // in sector_bytes units, goes into the boot sector
  friend auto operator<=>(const NtfsGeometry&, const NtfsGeometry&) = default;
};

class NtfsImage {
 public:
  virtual ~NtfsImage() = default;
  // Every allocated run and the boot sectors, sorted, not touching; sector multiples. Bytes elsewhere need not be written; holes inside an
  // allocated run are listed too (they must be written as encrypted zeros).
  virtual const std::vector<Extent>& extents() const noexcept = 0;
  // Any range of the volume; what lies outside the extents reads as zeros.
  virtual Status read(uint64_t offset_bytes, MutableByteSpan out) const = 0;
};

class Formatter {
 public:
  virtual ~Formatter() = default;
  virtual Result<std::shared_ptr<const NtfsImage>> format(const NtfsGeometry& geometry) = 0;
};

}  // namespace seedbed
