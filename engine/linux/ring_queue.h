// The io_uring path of IoQueue: reads and writes at depth, on registered memory where the kernel takes it,
// flushes as FSYNC DATASYNC.
#pragma once

#include <liburing.h>

#include "engine/linux/io_queue.h"

namespace seedbed {

class RingQueue final : public IoQueue {
 public:
  // Fails when the kernel has no io_uring (ENOSYS), forbids it (EPERM) or lacks memory for it.
  static Result<std::unique_ptr<RingQueue>> make(const IoTarget& target, uint32_t depth);
  ~RingQueue() override;
  RingQueue(const RingQueue&) = delete;
  RingQueue& operator=(const RingQueue&) = delete;

  bool kernel_ring() const noexcept override { return true; }
  uint32_t in_flight() const noexcept override {
    return in_kernel_ + static_cast<uint32_t>(finished_.size());
  }
  void register_memory(MutableByteSpan memory) override;
  Status submit(const IoRequest& request) override;
  Status reap(std::vector<IoCompletion>& out, uint32_t least) override;

 private:
  RingQueue(const IoTarget& target, uint32_t depth) : target_(target), slots_(depth) {}
  bool registered(const Transfer& transfer) const noexcept;
  Status start(uint32_t slot);
  Status enter();
  Status take_completions();
  Status wait_for(uint32_t least);

  IoTarget target_;
  io_uring ring_{};
  MutableByteSpan memory_;       // registered as buffer 0
  std::vector<Transfer> slots_;  // by user_data; one per request in the kernel
  std::vector<uint32_t> free_slots_;
  uint32_t in_kernel_ = 0;
  std::vector<IoCompletion> finished_;
  Status health_;  // an error once entering the ring has failed: its state is not known any more
};

}  // namespace seedbed
