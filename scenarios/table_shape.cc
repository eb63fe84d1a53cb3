#include "scenarios/table_shape.h"

#include <algorithm>

namespace seedbed {

const KeyShape* TableShape::find(std::string_view key) const noexcept {
  const auto found = std::ranges::find(keys, key, &KeyShape::key);
  return found == keys.end() ? nullptr : &*found;
}

std::vector<std::string_view> TableShape::key_names() const {
  std::vector<std::string_view> names;
  for (const KeyShape& shape : keys) names.push_back(shape.key);
  return names;
}

}  // namespace seedbed
