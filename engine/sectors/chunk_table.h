// The chunks that a run has in hand, one per buffer, and what is to be done with each:
//
//   free ── claimed ── begun ── filled ── hashed ── front ── released (free again)
//
// Writing, workers claim and fill (the content) and hash (and encrypt), and the calling task takes the front
// to the drive and releases what was written. Reading, the calling task claims and fills (from the drive),
// workers (decrypt and) hash, and the calling task takes the front to the verifier. The front goes through
// all chunks in the order in which they were begun.
//
// No cycle of waiting: a chunk is begun only with a buffer in hand and in order, so the lowest chunk
// outstanding always has one; filled chunks wait for company only while the drive's side has work, and the
// front is part of that side only as far as it is in order.
//
// One Monitor guards it all; a slot's content belongs to the task that holds the slot between two calls.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <vector>

#include "engine/ports/runtime.h"
#include "engine/sectors/sector_writer.h"

namespace seedbed {

struct ChunkSlot {
  uint32_t number = 0;  // of the slot
  MutableByteSpan buffer;
  WriteChunk chunk;
  uint64_t position = 0;    // of the chunk, counted from the run's first
  std::vector<Md5> hashes;  // of the chunk's ranges
  uint32_t requests = 0;    // in flight or waiting for the drive, kept by TransferQueue

  MutableByteSpan data() const noexcept { return buffer.first(chunk.length_bytes); }
};

enum class ChunkFlow : uint8_t { writing, reading };

class ChunkTable {
 public:
  ChunkTable(Runtime& runtime, const std::vector<MutableByteSpan>& buffers, ChunkFlow flow,
             uint32_t low_water, uint32_t batch_ranges);
  std::span<ChunkSlot> slots() noexcept { return slots_; }

  // --- workers ---

  // One of the two.
  struct Work {
    ChunkSlot* fill = nullptr;     // claimed: begin() and filled(), or end()
    std::vector<ChunkSlot*> hash;  // together, then hashed() one by one
  };
  // Waits for work; nothing when there will be none.
  std::optional<Work> next_work();
  void hashed(ChunkSlot& slot);

  // --- whoever fills; begin() and end() in the order of the source ---

  ChunkSlot* try_claim();
  void begin(ChunkSlot& slot, WriteChunk chunk);
  void filled(ChunkSlot& slot);
  // The source has no more; `unused` was claimed in vain.
  void end(ChunkSlot* unused);

  // --- the calling task ---

  // The first chunk not yet popped, when it is hashed; else nothing. wait_front() waits until it is, or until
  // drained() or failed().
  ChunkSlot* front();
  ChunkSlot* wait_front();
  void pop_front();
  void release(ChunkSlot& slot);
  bool drained();  // the source has ended and every chunk was popped

  // --- the end ---

  void fail(Error error);  // the first one stays; stops the run
  std::optional<Error> failure();
  void stop() noexcept;  // workers get no more work

 private:
  std::optional<Work> choose_work();
  Work take_batch();
  bool hash_now() const noexcept;
  bool drive_runs_dry() const noexcept;
  ChunkSlot* ready_front() noexcept;
  bool is_drained() const noexcept { return ended_ && popped_ == begun_; }

  struct Place {
    ChunkSlot* slot = nullptr;
    bool ready = false;
  };
  Place& place(uint64_t position) noexcept { return places_[position % places_.size()]; }

  const ChunkFlow flow_;
  const uint32_t low_water_;
  const uint32_t batch_ranges_;
  std::unique_ptr<Monitor> monitor_;
  std::vector<ChunkSlot> slots_;
  std::vector<ChunkSlot*> free_;           // the last released is the first used again
  std::map<uint64_t, ChunkSlot*> filled_;  // by position
  size_t filled_ranges_ = 0;
  std::vector<Place> places_;  // by position modulo their number: of the chunks not yet popped
  uint32_t filling_ = 0;       // claimed, not yet filled
  uint64_t begun_ = 0, ready_until_ = 0, popped_ = 0,
           released_ = 0;  // chunks; ready_until_: the first that is not ready
  bool ended_ = false, stopped_ = false;
  std::optional<Error> failure_;
};

}  // namespace seedbed
