// A ChunkSource that is not taken at its word: chunks come out in order, one after the other without gaps,
// and each is proved to lie inside the drive and to hold its ranges before a byte of it moves. One task at a
// time.
#pragma once

#include <optional>
#include <string>

#include "engine/sectors/sector_writer.h"

namespace seedbed {

struct ChunkLimits {
  uint32_t chunk_bytes = 0;
  uint32_t unit_bytes = 0;  // the larger of the physical and the cipher's sector, both powers of two
  uint64_t partition_offset_bytes = 0;
  uint64_t capacity_bytes = 0;
  std::string where;  // the drive, for messages
};

class ChunkFeed {
 public:
  ChunkFeed(ChunkSource& source, ChunkLimits limits) : source_(source), limits_(std::move(limits)) {}
  // Nothing at the end, and ever after.
  Result<std::optional<WriteChunk>> next();

 private:
  Status check(const WriteChunk& chunk) const;
  Status check_ranges(const WriteChunk& chunk) const;

  ChunkSource& source_;
  ChunkLimits limits_;
  std::optional<uint64_t> next_index_;  // once the first chunk was seen
  uint64_t next_range_ = 0;
  bool ended_ = false;
};

}  // namespace seedbed
