#include "simulator/survivors.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "engine/base/random.h"

namespace seedbed {

// One well-mixed number of two, so that a unit's fate depends on nothing but its own number.
static uint64_t mixed(uint64_t a, uint64_t b) noexcept {
  uint64_t value = (a ^ (b * 0x9e3779b97f4a7c15u)) + 0x9e3779b97f4a7c15u;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
  return value ^ (value >> 31);
}

bool Kept::unit(uint64_t index) const noexcept {
  switch (rule_) {
    case Rule::first:
      return index < value_;
    case Rule::from:
      return index >= value_;
    case Rule::scattered:
      return (mixed(value_, index) & 1) != 0;
  }
  return false;
}

Kept Survivors::of(uint64_t number, uint64_t units_in_all) const noexcept {
  switch (shape) {
    case Shape::none:
      return Kept::none();
    case Shape::all:
      return Kept::all();
    case Shape::prefix:
      return number <= event ? Kept::all() : Kept::none();
    case Shape::all_but_one:
      return number != event ? Kept::all() : Kept::none();
    case Shape::torn:
      if (number == event) return Kept::first(units);
      return number < event ? Kept::all() : Kept::none();
    case Shape::all_but:
      return std::ranges::binary_search(lost, number) ? Kept::none() : Kept::all();
    case Shape::seeded:
      break;
  }
  Random random(mixed(seed, number));
  const uint64_t fate = random.below(8);
  if (fate < 3) return Kept::none();
  if (fate < 5 || units_in_all < 2) return Kept::all();
  if (fate == 5) return Kept::first(random.between(1, units_in_all - 1));
  if (fate == 6) return Kept::from(random.between(1, units_in_all - 1));
  return Kept::scattered(random.next());
}

Survivors Survivors::all_but(std::vector<uint64_t> lost) {
  std::ranges::sort(lost);
  const auto doubles = std::ranges::unique(lost);
  lost.erase(doubles.begin(), doubles.end());
  if (lost.empty()) return {.shape = Shape::all};
  if (lost.size() == 1) return {.shape = Shape::all_but_one, .event = lost[0]};
  return {.shape = Shape::all_but, .lost = std::move(lost)};
}

std::string Survivors::text() const {
  switch (shape) {
    case Shape::none:
      return "none";
    case Shape::all:
      return "all";
    case Shape::prefix:
      return fmt::format("prefix:{}", event);
    case Shape::all_but_one:
      return fmt::format("but:{}", event);
    case Shape::torn:
      return fmt::format("torn:{}/{}", event, units);
    case Shape::all_but:
      return fmt::format("but:{}", fmt::join(lost, ","));
    case Shape::seeded:
      break;
  }
  return fmt::format("seeded:{}", seed);
}

Result<Survivors> Survivors::parse(std::string_view text) {
  const auto wrong = [&] {
    return fail(ErrorCode::invalid_argument, fmt::format("\"{}\" names no survivors", text), "",
                "Use none, all, prefix:EVENT, but:EVENT,EVENT…, torn:EVENT/UNITS or seeded:SEED");
  };
  const size_t colon = text.find(':');
  const std::string_view word = text.substr(0, colon);
  std::string_view rest = colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  const auto number = [&](uint64_t& out) {
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), out);
    if (error != std::errc() || end == rest.data()) return false;
    rest.remove_prefix(static_cast<size_t>(end - rest.data()));
    return true;
  };
  Survivors survivors;
  bool good = true;
  if (word == "none" || word == "all") {
    survivors.shape = word == "none" ? Shape::none : Shape::all;
    good = colon == std::string_view::npos;
  } else if (word == "prefix") {
    survivors.shape = Shape::prefix;
    good = number(survivors.event);
  } else if (word == "but") {
    std::vector<uint64_t> lost(1);
    good = number(lost[0]);
    while (good && rest.starts_with(',')) {
      rest.remove_prefix(1);
      const uint64_t before = lost.back();
      good = number(lost.emplace_back()) && lost.back() > before;  // one text for one value
    }
    survivors = all_but(std::move(lost));
  } else if (word == "torn") {
    survivors.shape = Shape::torn;
    good = number(survivors.event) && rest.starts_with('/');
    if (good) rest.remove_prefix(1);
    good = good && number(survivors.units);
  } else if (word == "seeded") {
    survivors.shape = Shape::seeded;
    good = number(survivors.seed);
  } else {
    good = false;
  }
  if (!good || !rest.empty()) return wrong();
  return survivors;
}

}  // namespace seedbed
