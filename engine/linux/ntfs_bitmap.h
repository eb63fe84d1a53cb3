// Which clusters of a freshly made NTFS volume are allocated, read from its $Bitmap (MFT record 6) by a
// reader of its own, independent of libntfs-3g. [layout: docs/formats/ntfs.md] Nothing read is believed
// before it is bounded: corrupt with the reason otherwise.
#pragma once

#include <functional>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/result.h"

namespace seedbed {

using ReadVolume = std::function<Status(uint64_t offset_bytes, MutableByteSpan out)>;

// The allocated runs in bytes, sorted, not touching, cut at the end of the volume.
Result<std::vector<Extent>> allocated_extents(uint64_t volume_bytes, const ReadVolume& read);

// The mapping pairs of a non-resident attribute: runs in clusters of a volume of `clusters`, in file order.
// Sparse runs are corrupt here.
Result<std::vector<Extent>> parse_mapping_pairs(ByteSpan pairs, uint64_t clusters);

}  // namespace seedbed
