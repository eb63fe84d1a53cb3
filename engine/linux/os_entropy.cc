#include "engine/linux/os_entropy.h"

#include <sys/random.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace seedbed {

void OsEntropy::fill(MutableByteSpan out) {
  while (!out.empty()) {
    const ssize_t got_bytes = ::getrandom(out.data(), out.size(), 0);
    if (got_bytes < 0 && errno == EINTR) continue;
    if (got_bytes <= 0) {
      std::perror("getrandom");
      std::abort();
    }
    out = out.subspan(static_cast<size_t>(got_bytes));
  }
}

}  // namespace seedbed
