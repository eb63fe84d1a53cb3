// Seeded pseudo-random numbers for simulations and tests (never for keys): xoshiro256**, integers only, so
// that every build on every machine draws the same. One seed decides everything: a part's seed is hash(seed,
// name), so adding one draw shifts no other part.
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/base/bytes.h"

namespace seedbed {

uint64_t sub_seed(uint64_t seed, std::string_view name) noexcept;

class Random {
 public:
  explicit Random(uint64_t seed) noexcept;
  uint64_t next() noexcept;
  // Uniform in [0, bound); bound > 0.
  uint64_t below(uint64_t bound) noexcept;
  // Uniform in [low, high].
  uint64_t between(uint64_t low, uint64_t high) noexcept {
    const uint64_t count = high - low + 1;
    return count == 0 ? next() : low + below(count);  // 0: the whole range
  }
  // True with probability part / whole.
  bool chance(uint64_t part, uint64_t whole) noexcept { return below(whole) < part; }
  void fill(MutableByteSpan out) noexcept;

 private:
  uint64_t state_[4];
};

}  // namespace seedbed
