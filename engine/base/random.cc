#include "engine/base/random.h"

namespace seedbed {

// SplitMix64 (Steele, Lea, Flood 2014): spreads one word of seed over a state.
static uint64_t split_mix(uint64_t& state) noexcept {
  uint64_t z = (state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

uint64_t sub_seed(uint64_t seed, std::string_view name) noexcept {
  uint64_t hash = 0xcbf29ce484222325u;  // FNV-1a over the name, then mixed with the seed
  for (const char c : name) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3u;
  uint64_t state = seed ^ hash;
  split_mix(state);
  return split_mix(state);
}

Random::Random(uint64_t seed) noexcept {
  for (auto& word : state_) word = split_mix(seed);
}

static uint64_t rotate_left(uint64_t value, int count) noexcept {
  return (value << count) | (value >> (64 - count));
}

uint64_t Random::next() noexcept {  // xoshiro256** (Blackman, Vigna 2018)
  const uint64_t result = rotate_left(state_[1] * 5, 7) * 9;
  const uint64_t t = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= t;
  state_[3] = rotate_left(state_[3], 45);
  return result;
}

uint64_t Random::below(uint64_t bound) noexcept {
  const uint64_t unfair = (0 - bound) % bound;  // values under it would make small results likelier
  uint64_t value = next();
  while (value < unfair) value = next();
  return value % bound;
}

void Random::fill(MutableByteSpan out) noexcept {
  size_t at = 0;
  for (; at + 8 <= out.size(); at += 8) store_le(out, at, next());
  if (at < out.size()) {
    const uint64_t last = next();
    std::memcpy(out.data() + at, &last, out.size() - at);
  }
}

}  // namespace seedbed
