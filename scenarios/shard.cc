#include "scenarios/shard.h"

#include <fmt/format.h>

#include "engine/base/text.h"

namespace seedbed {

Result<Shard> Shard::parse(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash != std::string_view::npos) {
    const auto index = parse_u64(text.substr(0, slash)), count = parse_u64(text.substr(slash + 1));
    if (index && count && *index > 0 && *index <= *count) return Shard{*index - 1, *count};
  }
  return fail(ErrorCode::invalid_argument, fmt::format("\"{}\" is no part of a whole", text), "--shard",
              "Give I/N, from 1/N to N/N");
}

Result<SeedRange> SeedRange::parse(std::string_view text) {
  const size_t dots = text.find("..");
  const auto first = parse_u64(text.substr(0, dots));
  const auto last = dots == std::string_view::npos ? first : parse_u64(text.substr(dots + 2));
  if (!first || !last || *last < *first || *last - *first >= 100'000'000)
    return fail(ErrorCode::invalid_argument, fmt::format("\"{}\" is no range of seeds", text), "--seeds",
                "Give A..B with A <= B");
  return SeedRange{*first, *last};
}

}  // namespace seedbed
