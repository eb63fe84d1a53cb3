// Entropy of the kernel: getrandom. Any thread may call. Waits once, early in boot, until the kernel's pool
// is ready; there is no weaker fallback: without random bytes no key can be made, so a kernel that has none
// ends the process.
#pragma once

#include "engine/ports/entropy.h"

namespace seedbed {

class OsEntropy final : public Entropy {
 public:
  void fill(MutableByteSpan out) override;
};

}  // namespace seedbed
