#include "engine/linux/ring_queue.h"

#include <cerrno>
#include <iterator>

namespace seedbed {

// The kernel registers at most 1 GiB as one buffer.
static constexpr uint64_t kRegisteredBytesMax = 1 * GiB;

Result<std::unique_ptr<RingQueue>> RingQueue::make(const IoTarget& target, uint32_t depth) {
  std::unique_ptr<RingQueue> queue(new RingQueue(target, depth));
  // liburing returns -errno and does not set errno.
  const int result = io_uring_queue_init(depth, &queue->ring_, 0);
  if (result < 0) {
    queue->ring_.ring_fd = -1;
    return fail_errno(-result, "io_uring_setup", target.path);
  }
  for (uint32_t slot = depth; slot-- > 0;) queue->free_slots_.push_back(slot);
  return queue;
}

RingQueue::~RingQueue() {
  if (ring_.ring_fd < 0) return;
  // An error here means that the ring itself is broken; closing it then makes the kernel cancel or finish the
  // rest.
  while (in_kernel_ > 0 && health_)
    if (!wait_for(in_flight())) break;
  io_uring_queue_exit(&ring_);
}

void RingQueue::register_memory(MutableByteSpan memory) {
  if (!memory_.empty()) io_uring_unregister_buffers(&ring_);
  memory_ = {};
  if (memory.empty() || memory.size() > kRegisteredBytesMax) return;
  const iovec whole{.iov_base = memory.data(), .iov_len = memory.size()};
  // Declined when the memory would go over RLIMIT_MEMLOCK: slower, not wrong.
  if (io_uring_register_buffers(&ring_, &whole, 1) == 0) memory_ = memory;
}

bool RingQueue::registered(const Transfer& transfer) const noexcept {
  return !memory_.empty() && transfer.data() >= memory_.data() &&
         transfer.data() + transfer.left_bytes() <= memory_.data() + memory_.size();
}

Status RingQueue::submit(const IoRequest& request) {
  if (!health_) return health_;
  if (request.kind == IoKind::discard) {  // rare, and an ioctl on block devices: done at once
    Transfer transfer(request, target_.unit_bytes);
    while (transfer.step(call_once(target_, transfer)) == Transfer::Next::again) {
    }
    finished_.push_back(transfer.completion(target_.path));
    return {};
  }
  if (free_slots_.empty()) return fail(ErrorCode::internal, "the ring has no free slot", target_.path);
  const uint32_t slot = free_slots_.back();
  free_slots_.pop_back();
  slots_[slot] = Transfer(request, target_.unit_bytes);
  ++in_kernel_;
  return start(slot);
}

Status RingQueue::start(uint32_t slot) {
  const Transfer& transfer = slots_[slot];
  const auto length_bytes =
      static_cast<unsigned>(transfer.left_bytes());  // at most contract().transfer_bytes_max
  io_uring_sqe* entry = io_uring_get_sqe(&ring_);
  if (entry == nullptr)
    return health_ = fail(ErrorCode::internal, "the submission ring is full", target_.path);
  switch (transfer.request().kind) {
    case IoKind::read:
      if (registered(transfer))
        io_uring_prep_read_fixed(entry, target_.descriptor, transfer.data(), length_bytes,
                                 transfer.offset_bytes(), 0);
      else
        io_uring_prep_read(entry, target_.descriptor, transfer.data(), length_bytes, transfer.offset_bytes());
      break;
    case IoKind::write:
      if (registered(transfer))
        io_uring_prep_write_fixed(entry, target_.descriptor, transfer.data(), length_bytes,
                                  transfer.offset_bytes(), 0);
      else
        io_uring_prep_write(entry, target_.descriptor, transfer.data(), length_bytes,
                            transfer.offset_bytes());
      break;
    default:
      io_uring_prep_fsync(entry, target_.descriptor, IORING_FSYNC_DATASYNC);
      break;
  }
  io_uring_sqe_set_data64(entry, slot);
  return enter();
}

Status RingQueue::enter() {
  for (;;) {
    const int result = io_uring_submit(&ring_);
    if (result >= 0) return {};
    if (result == -EINTR || result == -EAGAIN || result == -EBUSY)
      continue;  // the kernel is short of requests for a moment
    return health_ = fail_errno(-result, "io_uring_enter", target_.path);
  }
}

Status RingQueue::take_completions() {
  io_uring_cqe* entry = nullptr;
  while (io_uring_peek_cqe(&ring_, &entry) == 0) {
    const auto slot = static_cast<uint32_t>(io_uring_cqe_get_data64(entry));
    const int result = entry->res;
    io_uring_cqe_seen(&ring_, entry);
    if (slots_[slot].step(result) == Transfer::Next::again) {
      if (auto started = start(slot); !started) return started;
      continue;
    }
    finished_.push_back(slots_[slot].completion(target_.path));
    free_slots_.push_back(slot);
    --in_kernel_;
  }
  return {};
}

Status RingQueue::wait_for(uint32_t least) {
  if (auto taken = take_completions(); !taken) return taken;
  while (finished_.size() < least && in_kernel_ > 0) {
    io_uring_cqe* entry = nullptr;
    const int result = io_uring_wait_cqe(&ring_, &entry);
    if (result < 0 && result != -EINTR) return health_ = fail_errno(-result, "io_uring_enter", target_.path);
    if (auto taken = take_completions(); !taken) return taken;
  }
  return {};
}

Status RingQueue::reap(std::vector<IoCompletion>& out, uint32_t least) {
  if (!health_) return health_;
  if (auto waited = wait_for(least); !waited) return waited;
  out.insert(out.end(), std::make_move_iterator(finished_.begin()), std::make_move_iterator(finished_.end()));
  finished_.clear();
  return {};
}

}  // namespace seedbed
