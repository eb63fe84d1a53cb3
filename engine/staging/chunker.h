// Where content is cut into chunks: a rolling hash (gear) over the last 64 bytes decides, so that an
// insertion moves only the cuts near it. Each chunk is cut by itself: after a cut nothing is remembered,
// which is what lets a resume go on at any cut. Pure; the table comes from a constant seed
// (docs/formats/catalog.md), the same on every machine and for ever, or increments would find no chunk again.
#pragma once

#include "engine/base/bytes.h"
#include "engine/base/result.h"

namespace seedbed {

struct ChunkSizes {
  uint32_t min_bytes = 256 * KiB;
  uint32_t average_bytes = 1 * MiB;  // a power of two
  uint32_t max_bytes = 4 * MiB;
};

// invalid_argument unless 64 <= min < average < max <= 4 MiB and average is a power of two.
Status check_sizes(const ChunkSizes& sizes);

// Length of the first chunk of `bytes`, which holds max_bytes or all that is left of the content.
size_t next_cut(ByteSpan bytes, const ChunkSizes& sizes) noexcept;

}  // namespace seedbed
