// Entropy from a seed: one machine's, in one incarnation (boot). The same seed and incarnation draw the same
// bytes; another incarnation draws others, so that a restarted machine never repeats a nonce. Any task may
// call; which task draws what follows from the schedule.
#pragma once

#include <mutex>

#include "engine/base/random.h"
#include "engine/ports/entropy.h"

namespace seedbed {

class SeededEntropy final : public Entropy {
 public:
  SeededEntropy(uint64_t seed, uint64_t incarnation);
  void fill(MutableByteSpan out) override;

 private:
  std::mutex mutex_;  // around a memory operation only
  Random random_;
};

}  // namespace seedbed
