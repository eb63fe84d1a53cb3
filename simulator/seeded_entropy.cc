#include "simulator/seeded_entropy.h"

#include <string>

namespace seedbed {

SeededEntropy::SeededEntropy(uint64_t seed, uint64_t incarnation)
    : random_(sub_seed(seed, "entropy of incarnation " + std::to_string(incarnation))) {}

void SeededEntropy::fill(MutableByteSpan out) {
  const std::scoped_lock lock(mutex_);
  random_.fill(out);
}

}  // namespace seedbed
