// What CPU work costs in virtual time: nanoseconds per KiB (stretch_key: per 1024 rounds). Integers, so that
// every machine computes the same. The default is one core of a present-day server with AES and SHA
// instructions; none() makes CPU work free, which leaves only the devices' time.
#pragma once

#include <array>
#include <cstdint>

#include "engine/ports/runtime.h"

namespace seedbed {

struct CostTable {
  // hash_md5, hash_sha256, encrypt, compress, decompress, stretch_key, scan
  std::array<uint64_t, 7> ns_per_kib{1'600, 650, 350, 3'000, 900, 390'000, 250};

  static constexpr CostTable none() noexcept { return {{0, 0, 0, 0, 0, 0, 0}}; }

  constexpr uint64_t ns_of(Work work, uint64_t bytes) const noexcept {
    const uint64_t price = ns_per_kib[static_cast<size_t>(work)];
    const auto ns = static_cast<unsigned __int128>(bytes) * price / 1024;
    constexpr uint64_t year_ns = 365ull * 86'400 * 1'000'000'000;  // no single piece of work takes longer
    return ns < year_ns ? static_cast<uint64_t>(ns) : year_ns;
  }
};

}  // namespace seedbed
