#include "scenarios/size_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "engine/base/bytes.h"
#include "engine/base/text.h"

namespace seedbed {

struct SizeUnit {
  std::string_view name;
  uint64_t bytes;
};
static constexpr std::array<SizeUnit, 5> kBinary = {
    {{"TiB", TiB}, {"GiB", GiB}, {"MiB", MiB}, {"KiB", KiB}, {"B", 1}}};
static constexpr std::array<SizeUnit, 4> kDecimal = {
    {{"TB", 1'000'000'000'000}, {"GB", 1'000'000'000}, {"MB", 1'000'000}, {"KB", 1'000}}};
static constexpr uint64_t kSizeEnd = uint64_t{1} << 63;

std::optional<uint64_t> parse_size(std::string_view text) {
  const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = parse_u64(text.substr(0, digits));
  const std::string_view unit = text.substr(digits);
  if (!number) return std::nullopt;
  const auto in = [&](const auto& units) -> std::optional<uint64_t> {
    const auto found = std::ranges::find(units, unit, &SizeUnit::name);
    if (found == units.end() || *number > (kSizeEnd - 1) / found->bytes) return std::nullopt;
    return *number * found->bytes;
  };
  const auto binary = in(kBinary);
  return binary ? binary : in(kDecimal);
}

std::string size_text(uint64_t bytes) {
  for (const SizeUnit& unit : kBinary)
    if (bytes >= unit.bytes && bytes % unit.bytes == 0)
      return fmt::format("{}{}", bytes / unit.bytes, unit.name);
  return "0B";
}

}  // namespace seedbed
