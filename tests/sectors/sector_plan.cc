#include "tests/sectors/sector_plan.h"

#include <algorithm>

namespace seedbed {

static SectorCipher cipher_of(uint64_t seed) {
  SecretBytes key(32);
  Random(sub_seed(seed, "key")).fill(key.mutable_span());
  return std::move(SectorCipher::make(key, 512)).value();
}

SectorPlan::SectorPlan(uint64_t seed, size_t chunk_count) : seed_(seed), cipher_(cipher_of(seed)) {
  Random random(sub_seed(seed, "plan"));
  uint64_t index = random.below(1000), range_index = random.below(5000), offset = random.below(16) * 4096;
  for (size_t i = 0; i < chunk_count; ++i) {
    WriteChunk chunk{.index = index++, .volume_offset_bytes = offset, .length_bytes = 0, .ranges = {}};
    const auto length = static_cast<uint32_t>(random.between(1, kPlanChunkBytes / 4096) * 4096);
    uint32_t at = 0;
    do {  // Ranges from nothing to the whole chunk, with padding between them
      at += static_cast<uint32_t>(random.chance(1, 3) ? random.below(std::min<uint32_t>(600, length - at) + 1)
                                                      : 0);
      const auto bytes =
          static_cast<uint32_t>(random.chance(1, 4) ? length - at : random.below(length - at + 1));
      chunk.ranges.push_back({.range_index = range_index++,
                              .file_index = i,
                              .file_offset_bytes = at,
                              .chunk_offset_bytes = at,
                              .length_bytes = bytes});
      at += bytes;
    } while (random.chance(2, 3) && at < length);
    chunk.length_bytes = length;
    chunks_.push_back(std::move(chunk));
    offset += length + random.below(2) * random.below(4) * 4096;
  }
  capacity_bytes_ = kPlanPartitionBytes + offset + kPlanChunkBytes;
}

Bytes SectorPlan::content(const ChunkRange& range) const {
  Bytes bytes(range.length_bytes);
  Random(seed_ * 1'000'003 + range.range_index).fill(bytes);
  return bytes;
}

Bytes SectorPlan::encrypted(const WriteChunk& chunk) const {
  Bytes bytes(chunk.length_bytes);
  for (const ChunkRange& range : chunk.ranges) {
    std::ranges::copy(content(range), bytes.begin() + range.chunk_offset_bytes);
  }
  SectorCipher cipher = cipher_.clone();
  cipher.encrypt(chunk.volume_offset_bytes, bytes);
  return bytes;
}

bool SectorPlan::held_by(const Bytes& image, const WriteChunk& chunk) const {
  const Bytes expected = encrypted(chunk);
  return std::equal(expected.begin(), expected.end(),
                    image.begin() + static_cast<std::ptrdiff_t>(drive_offset_bytes(chunk)));
}

Bytes SectorPlan::image() const {
  Bytes image(capacity_bytes_);
  for (const WriteChunk& chunk : chunks_) {
    std::ranges::copy(encrypted(chunk),
                      image.begin() + static_cast<std::ptrdiff_t>(drive_offset_bytes(chunk)));
  }
  return image;
}

Result<std::optional<WriteChunk>> PlanSource::next() {
  if (++nexts_ == options_.failing_next)
    return fail(ErrorCode::source_changed, "the plan fails as it was told to");
  if (at_ >= plan_.chunks().size()) return std::nullopt;
  return plan_.chunks()[at_++];
}

Status PlanSource::fill(const WriteChunk& chunk, MutableByteSpan out) {
  if (++fills_ == options_.failing_fill)
    return fail(ErrorCode::source_changed, "the source fails as it was told to");
  if (options_.runtime != nullptr) options_.runtime->sleep_ns(1'000 + chunk.index % 7 * 10'000);
  size_t from = 0;
  const auto must_be_zero = [&](size_t until) {
    if (!all_zero(out.subspan(from, until - from))) padding_was_dirty_ = true;
  };
  for (const ChunkRange& range : chunk.ranges) {
    must_be_zero(range.chunk_offset_bytes);
    std::ranges::copy(plan_.content(range), out.begin() + range.chunk_offset_bytes);
    from = size_t{range.chunk_offset_bytes} + range.length_bytes;
  }
  must_be_zero(out.size());
  return {};
}

}  // namespace seedbed
