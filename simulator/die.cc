#include "simulator/die.h"

#include <cstdio>
#include <cstdlib>

namespace seedbed {

void die(std::string_view what) noexcept {
  std::fprintf(stderr, "seedbed simulator: %.*s\n", static_cast<int>(what.size()), what.data());
  std::fflush(stderr);
  std::abort();
}

}  // namespace seedbed
