// The chunks that are on their way to or from the drive: cut into requests that the drive takes, never more
// in flight than it allows. Belongs to the task that owns the drive. A flush goes before requests that still
// wait here.
#pragma once

#include <deque>
#include <span>
#include <vector>

#include "engine/ports/block_device.h"
#include "engine/sectors/chunk_table.h"

namespace seedbed {

class TransferQueue {
 public:
  TransferQueue(BlockDevice& device, uint64_t partition_offset_bytes, uint64_t queue_bytes,
                std::span<ChunkSlot> slots);

  // Whether one more chunk of this length stays within queue_bytes. A single chunk always does.
  bool has_room(uint64_t length_bytes) const noexcept;
  Status submit(IoKind kind, ChunkSlot& slot);
  Status submit_flush();
  bool idle() const noexcept { return in_flight_ == 0 && waiting_.empty(); }

  struct Finished {
    std::vector<ChunkSlot*> chunks;  // whole
    bool flushed = false;
  };
  // Waits for at least one completion. A failed one is the returned error; the others of the same call are
  // then lost to the caller, who can only drain().
  Result<Finished> reap();
  // Drops what was not submitted and reaps everything in flight.
  void drain();

 private:
  Status submit_waiting();
  void settle(const IoCompletion& completion, Finished& finished);

  BlockDevice& device_;
  const uint64_t partition_offset_bytes_;
  const uint64_t queue_bytes_;
  const uint64_t request_bytes_;
  std::span<ChunkSlot> slots_;
  std::deque<IoRequest> waiting_;
  uint32_t in_flight_ = 0;    // requests
  uint64_t chunk_bytes_ = 0;  // of the chunks not finished
  std::vector<IoCompletion> completions_;
};

}  // namespace seedbed
