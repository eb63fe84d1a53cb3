// MD5 of independent messages side by side, one in each 32-bit lane of a vector register. A kernel compresses
// blocks of all lanes; the scheduler gives every lane a message, pads its end, and refills the lane when the
// message is done.
//
// Pure functions, any thread. A kernel may only be called where the CPU has its instruction set (its `usable`
// says so).
#pragma once

#include <span>

#include "engine/base/checksum.h"

namespace seedbed {

inline constexpr unsigned kMd5LanesMax = 16;
inline constexpr size_t kMd5BlockBytes = 64;

// The chaining values a, b, c, d of every lane: word[0] holds all a's.
struct alignas(64) Md5LaneState {
  uint32_t word[4][kMd5LanesMax];
};

struct Md5Kernel {
  unsigned lanes;
  bool (*usable)() noexcept;
  // Compresses `blocks` 64-byte blocks of each lane, from lane_data[lane] on.
  void (*compress)(Md5LaneState& state, const uint8_t* const* lane_data, size_t blocks) noexcept;
};

extern const Md5Kernel kMd5Avx512;
extern const Md5Kernel kMd5Avx2;

// out[i] = MD5(inputs[i])
void md5_in_lanes(const Md5Kernel& kernel, std::span<const ByteSpan> inputs, std::span<Md5> out);

}  // namespace seedbed
