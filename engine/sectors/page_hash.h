// MD5 of many page ranges side by side: one stream of MD5 is bound by latency (0.75 GB/s), sixteen independent ones fill the lanes of AVX-512.
// Pure function, any thread; picks AVX-512, AVX2 or OpenSSL by what the CPU has.
#pragma once

#include <span>
#include <string_view>

#include "engine/base/checksum.h"

namespace seedbed {

enum class HashLanes : uint8_t { automatic, avx512, avx2, none };

// out[i] = MD5(inputs[i]); inputs of any lengths, equal ones fill the lanes best. A lane set the CPU lacks falls back to the next.
void md5_of_many(std::span<const ByteSpan> inputs, std::span<Md5> out, HashLanes lanes = HashLanes::automatic);
// What `automatic` means on this CPU: "avx512", "avx2", "none"
std::string_view hash_lanes_name() noexcept;

}  // namespace seedbed
