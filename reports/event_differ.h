// Two event logs, line by line: where they first part, and that place as text for a terminal. One seed must
// make one log; this shows where it did not. Pure functions; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace seedbed {

struct Divergence {
  size_t index =
      0;  // of the first line that differs, from 0; the shorter log's length if it only ends earlier
  size_t a_count = 0, b_count = 0;
  friend bool operator==(const Divergence&, const Divergence&) = default;
};

// A log's text as lines, without the line breaks.
std::vector<std::string> lines_of(std::string_view text);
std::optional<Divergence> first_divergence(std::span<const std::string> a, std::span<const std::string> b);
// `context` lines before, which both have, and as many of each log behind. Ends with a line break.
std::string divergence_text(std::span<const std::string> a, std::span<const std::string> b,
                            const Divergence& divergence, size_t context = 5);

}  // namespace seedbed
