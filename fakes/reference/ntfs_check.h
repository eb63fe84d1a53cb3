// The whole volume's bookkeeping: every cluster of every file record against $Bitmap, no cluster owned twice,
// and the areas that BitLocker keeps for itself owned by files. What a torn metadata update leaves behind
// shows here even when all files still read well.
#pragma once

#include "fakes/reference/ntfs.h"

namespace seedbed::reference {

struct NtfsAccounting {
  uint64_t records_in_use = 0, clusters_owned = 0, clusters_marked = 0;
  Findings findings;
};
// reserved: byte extents of the volume that must be owned (metadata areas, relocated header).
Result<NtfsAccounting> check_ntfs(NtfsVolume& volume, const std::vector<Extent>& reserved);

}  // namespace seedbed::reference
