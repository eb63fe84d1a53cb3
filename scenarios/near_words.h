// The word that was probably meant. Pure; any thread.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace seedbed {

// Of `known` the one with the fewest letters inserted, left out, changed or swapped with their neighbour;
// nothing when even that one shares less than half of its letters.
std::optional<std::string_view> nearest_word(std::string_view word, std::span<const std::string_view> known);

}  // namespace seedbed
