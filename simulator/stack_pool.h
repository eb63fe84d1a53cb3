// Stacks for fibres: 256 KiB each with a guard page below, so that an overflow is a fault and not a
// corruption. Returned stacks are kept for the next fibre. Owned and used on one thread; every stack must be
// back before the pool goes.
//
// A guarded stack costs two mappings of vm.max_map_count (65530 by default); past it every mmap of the
// process fails, malloc's too. Hence the scheduler's cap on fibres.
#pragma once

#include <cstddef>
#include <vector>

namespace seedbed {

class StackPool {
 public:
  static constexpr size_t stack_bytes = 256 * 1024;

  StackPool() = default;
  StackPool(const StackPool&) = delete;
  StackPool& operator=(const StackPool&) = delete;
  ~StackPool();

  // The lowest usable address; stack_bytes above it is the top.
  void* acquire();
  void release(void* bottom) noexcept;

  size_t mapped() const noexcept { return mapped_; }     // stacks that exist
  size_t idle() const noexcept { return idle_.size(); }  // of these, the ones waiting for a fibre

 private:
  std::vector<void*> idle_;
  size_t mapped_ = 0;
};

}  // namespace seedbed
