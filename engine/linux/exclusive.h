// Taking a drive for this process alone. A process that was killed keeps its lock until its last request has
// ended in the kernel, which may be a moment after it is gone: so busy is believed only after a while.
#pragma once

#include <unistd.h>

#include <cerrno>
#include <cstdint>

namespace seedbed {

// Tries `attempt` (0, or -1 with errno) until it does not say EBUSY or EWOULDBLOCK; 0 or the last errno.
template <typename Attempt>
int try_while_busy(uint32_t busy_wait_ms, Attempt attempt) {
  constexpr uint32_t kStepMs = 20;
  for (uint32_t waited_ms = 0;; waited_ms += kStepMs) {
    if (attempt() >= 0) return 0;
    const int error_number = errno;
    if ((error_number != EBUSY && error_number != EWOULDBLOCK) || waited_ms >= busy_wait_ms)
      return error_number;
    ::usleep(kStepMs * 1000);
  }
}

}  // namespace seedbed
