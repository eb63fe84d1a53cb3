// A random plan for the sector writer with known content: what lies where, what it hashes to, and what the
// drive must hold in the end.
#pragma once

#include <atomic>

#include "engine/base/random.h"
#include "engine/sectors/sector_writer.h"

namespace seedbed {

inline constexpr uint32_t kPlanChunkBytes = 16 * KiB;
inline constexpr uint64_t kPlanPartitionBytes = 1 * MiB;  // where the partition begins

class SectorPlan {
 public:
  SectorPlan(uint64_t seed, size_t chunk_count);

  const std::vector<WriteChunk>& chunks() const noexcept { return chunks_; }
  uint64_t capacity_bytes() const noexcept { return capacity_bytes_; }
  const SectorCipher& cipher() const noexcept { return cipher_; }
  uint64_t first_range() const noexcept {
    return chunks_.empty() ? 0 : chunks_.front().ranges.front().range_index;
  }

  Bytes content(const ChunkRange& range) const;
  Md5 hash(const ChunkRange& range) const { return md5_of(content(range)); }
  // The chunk as the drive holds it, and where.
  Bytes encrypted(const WriteChunk& chunk) const;
  uint64_t drive_offset_bytes(const WriteChunk& chunk) const {
    return kPlanPartitionBytes + chunk.volume_offset_bytes;
  }

  bool held_by(const Bytes& image, const WriteChunk& chunk) const;
  // The whole drive: the plan's chunks and nothing else.
  Bytes image() const;

 private:
  uint64_t seed_;
  uint64_t capacity_bytes_ = 0;
  SectorCipher cipher_;
  std::vector<WriteChunk> chunks_;
};

struct PlanSourceOptions {
  uint64_t first_chunk = 0;                     // position in the plan
  uint64_t failing_next = 0, failing_fill = 0;  // the n-th call, from 1; 0: none
  Runtime* runtime = nullptr;                   // filling takes time on it
};

class PlanSource final : public ChunkSource {
 public:
  PlanSource(const SectorPlan& plan, PlanSourceOptions options)
      : plan_(plan), options_(options), at_(options.first_chunk) {}
  Result<std::optional<WriteChunk>> next() override;
  Status fill(const WriteChunk& chunk, MutableByteSpan out) override;

  uint64_t fills() const noexcept { return fills_; }
  bool padding_was_dirty() const noexcept { return padding_was_dirty_; }

 private:
  const SectorPlan& plan_;
  PlanSourceOptions options_;
  uint64_t at_;
  uint64_t nexts_ = 0;
  std::atomic<uint64_t> fills_ = 0;
  std::atomic<bool> padding_was_dirty_ = false;
};

}  // namespace seedbed
