// A whole prepared drive opened for judging: partition table → BitLocker → NTFS. Used by one task; the source
// must outlive it.
#pragma once

#include "fakes/reference/fve.h"
#include "fakes/reference/gpt.h"
#include "fakes/reference/ntfs.h"

namespace seedbed::reference {

class Drive {
 public:
  // The one BitLocker partition is unlocked. sector_bytes 0: 512 is tried, then 4096.
  static Result<std::unique_ptr<Drive>> open(ByteSource& whole, const DriveSecret& secret,
                                             uint32_t sector_bytes = 0);

  const Gpt& partition_table() const noexcept { return gpt_; }
  const GptPartition& partition() const noexcept { return gpt_.partitions[partition_index_]; }
  FveVolume& bitlocker() noexcept { return *bitlocker_; }
  NtfsVolume& ntfs() noexcept { return *ntfs_; }
  // What is wrong with the structures of all three layers, seen on the way in.
  Findings findings() const;

 private:
  Gpt gpt_;
  size_t partition_index_ = 0;
  std::unique_ptr<WindowSource> window_;
  std::unique_ptr<FveVolume> bitlocker_;
  std::unique_ptr<NtfsVolume> ntfs_;
  Findings own_findings_;
};

}  // namespace seedbed::reference
