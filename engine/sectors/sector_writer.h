// The data phase: chunks of file content go hashed, encrypted and in order onto the drive, with a checkpoint every so often.
//
//   chunk source ── fill (workers) ── hash page ranges ── encrypt ── write queue ── flush ── checkpoint callback
//
// Runs in the calling task and in worker tasks of the same Runtime, all joined before the return. The drive belongs to it meanwhile.
//
// Durability: the checkpoint callback is called after a flush that covers every chunk up to the checkpoint has returned, in order, from the
// calling task; what it reports is durable on the drive, nothing else is. Never more than options.redo_bytes lie beyond the last checkpoint
// whose callback has returned, so that is the most a resume writes again. A failed write or flush ends the run with its error: resume from the
// last checkpoint, which rewrites everything since (never just flushes again).
//
// A checkpoint is cut at the first chunk boundary at or past each multiple of options.checkpoint_bytes, counted from the run's start, and at
// the end. So checkpoints depend on the source and the options only, never on timing.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "engine/base/checksum.h"
#include "engine/ports/block_device.h"
#include "engine/ports/runtime.h"
#include "engine/sectors/page_hash.h"
#include "engine/sectors/sector_cipher.h"

namespace seedbed {

// A hashed piece of one file inside a chunk: a page range or block of the manifest, at most 4 MiB.
struct ChunkRange {
  uint64_t range_index = 0;         // counts through the whole session
  uint64_t file_index = 0;
  uint64_t file_offset_bytes = 0;
  uint32_t chunk_offset_bytes = 0;  // where it lies in the chunk
  uint32_t length_bytes = 0;        // of the file; the rest up to the next range or the chunk's end is zero padding
};

// A run of bytes that is contiguous on the drive.
struct WriteChunk {
  uint64_t index = 0;                  // counts through the whole session
  uint64_t volume_offset_bytes = 0;    // from the start of the partition
  uint32_t length_bytes = 0;           // multiple of the physical sector, at most chunk_bytes
  std::vector<ChunkRange> ranges;      // in order, at least one
};

class ChunkSource {
 public:
  virtual ~ChunkSource() = default;
  // The next chunk in writing order; nothing at the end. Called from one task at a time.
  virtual Result<std::optional<WriteChunk>> next() = 0;
  // Writes every byte of the chunk's ranges into out (length_bytes). What lies outside the ranges is already zero there; inside them lies
  // what an earlier chunk left, so content that cannot be had in full is an error. Called from several worker tasks at once.
  virtual Status fill(const WriteChunk& chunk, MutableByteSpan out) = 0;
};

struct Checkpoint {
  uint64_t chunks = 0;        // all chunks with index < chunks are durable
  uint64_t ranges = 0;        // all ranges with range_index < ranges are durable
  uint64_t bytes = 0;         // bytes of chunks written by this run so far and durable
  std::span<const Md5> hashes;  // of the ranges since the previous checkpoint, in order
};
using CheckpointCallback = std::function<Status(const Checkpoint&)>;

struct SectorWriterOptions {
  uint32_t chunk_bytes = 4 * MiB;
  uint64_t queue_bytes = 32 * MiB;        // in flight on the drive
  uint64_t checkpoint_bytes = 32 * MiB;   // between checkpoints
  uint64_t redo_bytes = 64 * MiB;         // beyond the last recorded checkpoint, at most; >= checkpoint_bytes + chunk_bytes
  uint64_t buffer_bytes = 128 * MiB;      // buffers in all
  bool write = true;                      // false: hash only (a dry run): checkpoints then hand out hashes and promise nothing
  HashLanes hash_lanes = HashLanes::automatic;
  uint32_t batch_ranges = 16;             // hashed side by side, when at hand; not by the CPU's lanes: simulated schedules must not differ by CPU
};

// Busy and waiting time of each stage, so that a performance engineer sees the bottleneck.
struct StageTimes {
  uint64_t fill_ns = 0, hash_ns = 0, encrypt_ns = 0;   // summed over workers
  uint64_t write_wait_ns = 0, flush_ns = 0, checkpoint_ns = 0, elapsed_ns = 0;
};

struct WriteTotals {
  uint64_t chunks = 0, ranges = 0, bytes = 0, flushes = 0;
  StageTimes times;
};

// Writes all chunks of `source` at partition_offset_bytes + volume offset. The first chunk may have any index (a resume).
Result<WriteTotals> write_sectors(Runtime& runtime, BlockDevice& device, uint64_t partition_offset_bytes, const SectorCipher& cipher,
                                  ChunkSource& source, const CheckpointCallback& checkpoint, const SectorWriterOptions& options = {});

// The proof: reads every chunk of `source` back from the drive (fill() is not called), decrypts, hashes, and hands the hashes to `verify` in
// order with the chunk they belong to. Same pipeline, same limits; `verify` runs in the calling task.
using ProofCallback = std::function<Status(const WriteChunk&, std::span<const Md5>)>;
Result<WriteTotals> read_sectors(Runtime& runtime, BlockDevice& device, uint64_t partition_offset_bytes, const SectorCipher& cipher,
                                 ChunkSource& source, const ProofCallback& verify, const SectorWriterOptions& options = {});

}  // namespace seedbed
