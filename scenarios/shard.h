// One part of a divided work: "2/8" is the second of eight. Pure.
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/base/result.h"

namespace seedbed {

struct Shard {
  uint64_t index = 0;  // from 0
  uint64_t count = 1;
  // invalid_argument unless I/N with 1 <= I <= N.
  static Result<Shard> parse(std::string_view text);
};

// "1..200", or one number: both ends, included.
struct SeedRange {
  uint64_t first = 1, last = 1;
  static Result<SeedRange> parse(std::string_view text);
};

}  // namespace seedbed
