#include "engine/sectors/chunk_feed.h"

#include <fmt/format.h>

#include <algorithm>

namespace seedbed {

// As large as a page range or block of the manifest gets.
static constexpr uint32_t kRangeBytesMax = 4 * MiB;

Result<std::optional<WriteChunk>> ChunkFeed::next() {
  if (ended_) return std::nullopt;
  std::optional<WriteChunk> chunk = TRY(source_.next());
  if (!chunk) {
    ended_ = true;
    return std::nullopt;
  }
  TRY(check(*chunk));
  TRY(check_ranges(*chunk));
  next_index_ = chunk->index + 1;
  next_range_ = chunk->ranges.back().range_index + 1;
  return chunk;
}

Status ChunkFeed::check(const WriteChunk& chunk) const {
  const auto refuse = [&](std::string what) {
    return fail(ErrorCode::internal, fmt::format("chunk {} of the plan {}", chunk.index, what),
                limits_.where);
  };
  if (next_index_ && chunk.index != *next_index_)
    return refuse(fmt::format("comes where chunk {} is due", *next_index_));
  if (chunk.length_bytes == 0 || chunk.length_bytes > limits_.chunk_bytes) {
    return refuse(
        fmt::format("has {} bytes, where 1 to {} are allowed", chunk.length_bytes, limits_.chunk_bytes));
  }
  if (chunk.length_bytes % limits_.unit_bytes != 0 || chunk.volume_offset_bytes % limits_.unit_bytes != 0) {
    return refuse(fmt::format("does not lie on sectors of {} bytes: offset {}, length {}", limits_.unit_bytes,
                              chunk.volume_offset_bytes, chunk.length_bytes));
  }
  const uint64_t volume_bytes =
      limits_.capacity_bytes - std::min(limits_.partition_offset_bytes, limits_.capacity_bytes);
  if (chunk.volume_offset_bytes > volume_bytes ||
      chunk.length_bytes > volume_bytes - chunk.volume_offset_bytes) {
    return refuse(fmt::format("ends past the drive: offset {}, length {}", chunk.volume_offset_bytes,
                              chunk.length_bytes));
  }
  return {};
}

Status ChunkFeed::check_ranges(const WriteChunk& chunk) const {
  const auto refuse = [&](std::string what) {
    return fail(ErrorCode::internal, fmt::format("chunk {} of the plan {}", chunk.index, what),
                limits_.where);
  };
  if (chunk.ranges.empty()) return refuse("holds no range");
  uint64_t due = next_index_ ? next_range_ : chunk.ranges.front().range_index;
  uint64_t free_from = 0;
  for (const ChunkRange& range : chunk.ranges) {
    if (range.range_index != due)
      return refuse(fmt::format("holds range {} where {} is due", range.range_index, due));
    const uint64_t end = uint64_t{range.chunk_offset_bytes} + range.length_bytes;
    if (range.chunk_offset_bytes < free_from || end > chunk.length_bytes ||
        range.length_bytes > kRangeBytesMax) {
      return refuse(fmt::format("holds range {} out of place: offset {}, length {}", range.range_index,
                                range.chunk_offset_bytes, range.length_bytes));
    }
    free_from = end;
    ++due;
  }
  return {};
}

}  // namespace seedbed
