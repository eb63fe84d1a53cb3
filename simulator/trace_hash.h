// A running 64-bit hash of what a simulation decided: two runs that made the same decisions have the same
// hash. Integers only; not cryptographic.
#pragma once

#include <bit>
#include <cstdint>
#include <string_view>

namespace seedbed {

class TraceHash {
 public:
  void mix(uint64_t value) noexcept {
    state_ = (std::rotl(state_, 23) ^ value) * 0x9e3779b97f4a7c15u;
    state_ ^= state_ >> 32;
  }
  void mix(std::string_view text) noexcept {
    for (const char c : text) mix(static_cast<uint8_t>(c));
    mix(text.size());
  }
  uint64_t value() const noexcept { return state_; }

 private:
  uint64_t state_ = 0x243f6a8885a308d3u;  // fractional bits of pi
};

}  // namespace seedbed
