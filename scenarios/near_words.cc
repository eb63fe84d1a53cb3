#include "scenarios/near_words.h"

#include <algorithm>
#include <vector>

namespace seedbed {

static constexpr size_t kLongest = 64;  // a longer word is a typo of nothing

// Damerau's distance, neighbours swapped at most once.
static size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<size_t>> cost(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); i++) {
    for (size_t k = 0; k <= b.size(); k++) {
      if (i == 0 || k == 0) {
        cost[i][k] = i + k;
        continue;
      }
      cost[i][k] =
          std::min({cost[i - 1][k] + 1, cost[i][k - 1] + 1, cost[i - 1][k - 1] + (a[i - 1] != b[k - 1])});
      if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
        cost[i][k] = std::min(cost[i][k], cost[i - 2][k - 2] + 1);
    }
  }
  return cost[a.size()][b.size()];
}

std::optional<std::string_view> nearest_word(std::string_view word, std::span<const std::string_view> known) {
  std::optional<std::string_view> nearest;
  size_t least = 0;
  if (word.empty() || word.size() > kLongest) return nearest;
  for (const std::string_view candidate : known) {
    const size_t cost = distance(word, candidate);
    if (cost * 2 > std::max(word.size(), candidate.size()) || (nearest && cost >= least)) continue;
    nearest = candidate;
    least = cost;
  }
  return nearest;
}

}  // namespace seedbed
