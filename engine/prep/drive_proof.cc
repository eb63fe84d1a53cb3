#include "engine/prep/drive_proof.h"

#include <deque>

namespace seedbed {

Result<std::optional<WriteChunk>> ChunkList::next() {
  if (at_ == chunks_.size()) return std::nullopt;
  return chunks_[at_++];
}

Status ChunkList::fill(const WriteChunk&, MutableByteSpan) {
  return fail(ErrorCode::internal, "a list of chunks to be read cannot be written");
}

Result<ChunkList> last_chunks(ChunkStream& stream, uint64_t end, uint64_t bytes) {
  std::deque<WriteChunk> tail;
  uint64_t held_bytes = 0;
  stream.rewind();
  while (auto chunk = TRY(stream.next())) {
    if (chunk->index >= end) break;
    held_bytes += chunk->length_bytes;
    tail.push_back(std::move(*chunk));
    while (held_bytes - tail.front().length_bytes >= bytes) {
      held_bytes -= tail.front().length_bytes;
      tail.pop_front();
    }
  }
  stream.rewind();
  return ChunkList({tail.begin(), tail.end()});
}

Result<WriteTotals> prove_chunks(Runtime& runtime, BlockDevice& device, const BitlockerVolume& volume,
                                 ChunkSource& source, PageHashLog& hashes, const SectorWriterOptions& options,
                                 const std::function<Status(const ProofPlace&)>& mismatch,
                                 const std::function<void(uint64_t)>& on_bytes) {
  uint64_t done_bytes = 0;
  const auto verify = [&](const WriteChunk& chunk, std::span<const Md5> found) -> Status {
    if (chunk.ranges.empty()) return {};
    const auto expected = TRY(hashes.read(chunk.ranges.front().range_index, chunk.ranges.size()));
    for (size_t i = 0; i < chunk.ranges.size(); i++)
      if (found[i] != expected[i]) return mismatch({chunk, chunk.ranges[i]});
    done_bytes += chunk.length_bytes;
    on_bytes(done_bytes);
    return {};
  };
  const SectorCipher cipher = volume.cipher();
  return read_sectors(runtime, device, volume.partition_offset_bytes(), cipher, source, verify, options);
}

Result<uint64_t> count_redo(BlockDevice& device, BitlockerVolume& volume, ChunkStream& stream,
                            uint64_t bound_bytes) {
  uint64_t seen_bytes = 0, same_bytes = 0;
  SectorCipher cipher = volume.cipher();
  Bytes wanted, found;
  while (seen_bytes < bound_bytes) {
    const auto chunk = TRY(stream.next());
    if (!chunk) break;
    wanted.assign(chunk->length_bytes, 0);
    found.resize(chunk->length_bytes);
    TRY(stream.fill(*chunk, wanted));
    TRY(read_device(device, volume.partition_offset_bytes() + chunk->volume_offset_bytes, found));
    cipher.decrypt(chunk->volume_offset_bytes, found);
    if (wanted == found) same_bytes += chunk->length_bytes;
    seen_bytes += chunk->length_bytes;
  }
  return same_bytes;
}

}  // namespace seedbed
