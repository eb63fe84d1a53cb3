#include "simulator/stack_pool.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstring>

#include "simulator/die.h"
#include "simulator/sanitizers.h"

#if defined(SEEDBED_ASAN)
#include <sanitizer/asan_interface.h>
#endif

namespace seedbed {

static constexpr size_t guard_bytes = 4096;

StackPool::~StackPool() {
  if (idle_.size() != mapped_) die("a stack pool ends while fibres still run on its stacks");
  for (void* bottom : idle_) ::munmap(static_cast<char*>(bottom) - guard_bytes, guard_bytes + stack_bytes);
}

void* StackPool::acquire() {
  if (!idle_.empty()) {
    void* bottom = idle_.back();
    idle_.pop_back();
    return bottom;
  }
  void* mapping = ::mmap(nullptr, guard_bytes + stack_bytes, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
  if (mapping == MAP_FAILED || ::mprotect(mapping, guard_bytes, PROT_NONE) != 0)
    die(fmt::format("no memory for fibre stack {}: {}. Lower fibres_max or raise vm.max_map_count",
                    mapped_ + 1, std::strerror(errno)));
  ++mapped_;
  idle_.reserve(mapped_);  // so that release() never allocates
  return static_cast<char*>(mapping) + guard_bytes;
}

void StackPool::release(void* bottom) noexcept {
#if defined(SEEDBED_ASAN)
  __asan_unpoison_memory_region(
      bottom, stack_bytes);  // the last frames of a fibre never return, their red zones stay
#endif
  idle_.push_back(bottom);
}

}  // namespace seedbed
