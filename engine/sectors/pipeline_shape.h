// What a write or a proof run checks before its first byte: the options, and with them how many buffers it
// has and what a chunk may be. Pure values; any thread.
#pragma once

#include "engine/sectors/chunk_feed.h"
#include "engine/sectors/sector_writer.h"

namespace seedbed {

struct PipelineShape {
  uint32_t buffers = 0;
  uint32_t low_water =
      0;  // fewer chunks than this on the drive's side: the drive will soon wait for the workers
  ChunkLimits limits;
};

Result<PipelineShape> pipeline_shape(const BlockDevice& device, uint64_t partition_offset_bytes,
                                     const SectorCipher& cipher, const SectorWriterOptions& options);

}  // namespace seedbed
