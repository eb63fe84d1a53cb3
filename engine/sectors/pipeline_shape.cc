#include "engine/sectors/pipeline_shape.h"

#include <fmt/format.h>

#include <algorithm>

namespace seedbed {

static constexpr uint64_t kBufferUnitBytes = 4096;  // BlockDevice::pool
static constexpr uint64_t kBuffersMax = 65536;

Result<PipelineShape> pipeline_shape(const BlockDevice& device, uint64_t partition_offset_bytes,
                                     const SectorCipher& cipher, const SectorWriterOptions& options) {
  const std::string& path = device.identity().path;
  const DeviceContract& contract = device.contract();
  const auto refuse = [&](std::string what) {
    return fail(ErrorCode::invalid_argument, std::move(what), path, "Correct the writer's options");
  };
  if (options.chunk_bytes == 0 || options.chunk_bytes % kBufferUnitBytes != 0) {
    return refuse(fmt::format("a chunk of {} bytes is no multiple of 4096", options.chunk_bytes));
  }
  if (options.buffer_bytes < options.chunk_bytes) {
    return refuse(fmt::format("{} bytes of buffers hold no chunk of {} bytes", options.buffer_bytes,
                              options.chunk_bytes));
  }
  if (options.batch_ranges == 0) return refuse("batches of 0 ranges are asked for");
  if (options.checkpoint_bytes == 0) return refuse("a checkpoint every 0 bytes is asked for");
  // Else the writer could stand at its redo limit with the next checkpoint out of reach.
  if (options.redo_bytes < options.chunk_bytes ||
      options.redo_bytes - options.chunk_bytes < options.checkpoint_bytes) {
    return refuse(
        fmt::format("a redo limit of {} bytes is less than a checkpoint interval of {} and a chunk of {}",
                    options.redo_bytes, options.checkpoint_bytes, options.chunk_bytes));
  }
  if (partition_offset_bytes % contract.physical_sector_bytes != 0) {
    return refuse(fmt::format("the partition begins at byte {}, inside a physical sector of {} bytes",
                              partition_offset_bytes, contract.physical_sector_bytes));
  }
  const uint64_t buffers = std::min(options.buffer_bytes / options.chunk_bytes, kBuffersMax);
  const uint64_t queued = std::max<uint64_t>(options.queue_bytes / options.chunk_bytes, 1);
  return PipelineShape{
      .buffers = static_cast<uint32_t>(buffers),
      .low_water = static_cast<uint32_t>(std::clamp<uint64_t>(buffers / 2, 1, 2 * queued)),
      .limits = {.chunk_bytes = options.chunk_bytes,
                 .unit_bytes = std::max(contract.physical_sector_bytes, cipher.sector_bytes()),
                 .partition_offset_bytes = partition_offset_bytes,
                 .capacity_bytes = contract.capacity_bytes,
                 .where = path}};
}

}  // namespace seedbed
