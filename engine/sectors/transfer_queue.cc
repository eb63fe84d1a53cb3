#include "engine/sectors/transfer_queue.h"

#include <algorithm>

namespace seedbed {

static constexpr uint64_t kFlushTag = ~uint64_t{0};

TransferQueue::TransferQueue(BlockDevice& device, uint64_t partition_offset_bytes, uint64_t queue_bytes,
                             std::span<ChunkSlot> slots)
    : device_(device),
      partition_offset_bytes_(partition_offset_bytes),
      queue_bytes_(queue_bytes),
      request_bytes_(std::max<uint64_t>(
          round_down(device.contract().transfer_bytes_max, device.contract().physical_sector_bytes),
          device.contract().physical_sector_bytes)),
      slots_(slots) {}

bool TransferQueue::has_room(uint64_t length_bytes) const noexcept {
  return waiting_.empty() && (chunk_bytes_ == 0 || chunk_bytes_ + length_bytes <= queue_bytes_);
}

Status TransferQueue::submit(IoKind kind, ChunkSlot& slot) {
  const MutableByteSpan data = slot.data();
  slot.requests = 0;
  for (uint64_t at = 0; at < data.size(); at += request_bytes_) {
    waiting_.push_back({.kind = kind,
                        .offset_bytes = partition_offset_bytes_ + slot.chunk.volume_offset_bytes + at,
                        .length_bytes = std::min<uint64_t>(request_bytes_, data.size() - at),
                        .data = data.data() + at,
                        .tag = slot.number});
    ++slot.requests;
  }
  chunk_bytes_ += data.size();
  return submit_waiting();
}

Status TransferQueue::submit_flush() {
  waiting_.push_front({.kind = IoKind::flush, .tag = kFlushTag});
  return submit_waiting();
}

Status TransferQueue::submit_waiting() {
  const uint32_t depth = std::max(device_.contract().queue_depth, 1U);
  while (!waiting_.empty() && in_flight_ < depth) {
    TRY(device_.submit(waiting_.front()));
    waiting_.pop_front();
    ++in_flight_;
  }
  return {};
}

Result<TransferQueue::Finished> TransferQueue::reap() {
  completions_.clear();
  TRY(device_.reap(completions_, 1));
  Finished finished;
  const Error* failed = nullptr;
  for (const IoCompletion& completion : completions_) {
    --in_flight_;
    if (completion.outcome) {
      settle(completion, finished);
    } else if (failed == nullptr) {
      failed = &completion.outcome.error();
    }
  }
  if (failed != nullptr) return std::unexpected(*failed);
  TRY(submit_waiting());
  return finished;
}

void TransferQueue::settle(const IoCompletion& completion, Finished& finished) {
  if (completion.tag == kFlushTag) {
    finished.flushed = true;
    return;
  }
  ChunkSlot& slot = slots_[completion.tag];
  if (--slot.requests != 0) return;
  chunk_bytes_ -= slot.chunk.length_bytes;
  finished.chunks.push_back(&slot);
}

void TransferQueue::drain() {
  waiting_.clear();
  while (in_flight_ > 0) {
    completions_.clear();
    // A drive that cannot even tell is left to its destructor, which owns the buffers.
    if (!device_.reap(completions_, in_flight_) || completions_.empty()) return;
    in_flight_ -= static_cast<uint32_t>(completions_.size());
  }
}

}  // namespace seedbed
