// Proof: what was written is read back from the drive, decrypted, hashed and compared with the session's hash
// log. Owned by the session; the drive is idle otherwise. Writes nothing.
#pragma once

#include <functional>
#include <vector>

#include "engine/journal/page_hash_log.h"
#include "engine/prep/chunk_stream.h"
#include "engine/sectors/sector_writer.h"
#include "engine/volume/bitlocker_volume.h"

namespace seedbed {

// A fixed list of chunks as a source (for reading back; it fills nothing).
class ChunkList final : public ChunkSource {
 public:
  explicit ChunkList(std::vector<WriteChunk> chunks) : chunks_(std::move(chunks)) {}
  Result<std::optional<WriteChunk>> next() override;
  Status fill(const WriteChunk& chunk, MutableByteSpan out) override;
  size_t size() const noexcept { return chunks_.size(); }

 private:
  std::vector<WriteChunk> chunks_;
  size_t at_ = 0;
};

// The chunks before index `end` that make up the last `bytes` of the stream.
Result<ChunkList> last_chunks(ChunkStream& stream, uint64_t end, uint64_t bytes);

struct ProofPlace {
  const WriteChunk& chunk;
  const ChunkRange& range;
};

// Reads all chunks of `source` and compares every range with the log. `mismatch` makes the error for the
// first range that differs. on_bytes(done) after each chunk.
Result<WriteTotals> prove_chunks(Runtime& runtime, BlockDevice& device, const BitlockerVolume& volume,
                                 ChunkSource& source, PageHashLog& hashes, const SectorWriterOptions& options,
                                 const std::function<Status(const ProofPlace&)>& mismatch,
                                 const std::function<void(uint64_t)>& on_bytes);

// How many bytes of the chunks that `stream` will give next (up to `bound_bytes`) are on the drive already,
// and so will be written again.
Result<uint64_t> count_redo(BlockDevice& device, BitlockerVolume& volume, ChunkStream& stream,
                            uint64_t bound_bytes);

}  // namespace seedbed
