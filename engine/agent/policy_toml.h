// The text of a policy file as TOML: guarded, parsed, and turned into plain values that know where they
// stand. Untrusted text. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"

namespace seedbed {

inline constexpr size_t kPolicyBytesMax = 256 * 1024;

struct PolicyPlace {
  uint32_t line = 1, column = 1;
  friend auto operator<=>(const PolicyPlace&, const PolicyPlace&) = default;
};

struct PolicyValue {
  enum class Kind : uint8_t { text, integer, real, flag, list, table, other };
  Kind kind = Kind::other;
  PolicyPlace place;
  std::string key;  // of an item of a table
  PolicyPlace key_place;
  std::string text;
  int64_t integer = 0;
  double real = 0;
  bool flag = false;
  std::vector<PolicyValue> items;  // of a list, or of a table in the order of the text

  const PolicyValue* find(std::string_view name) const noexcept;
};

// The top table. invalid_argument with file:line:column. Stricter than TOML where toml++ 3.3 has undefined
// behaviour: no texts over several lines, no quote inside a word, only ASCII outside of texts and comments.
Result<PolicyValue> parse_policy_toml(std::string_view text, const std::string& path);

std::string policy_where(const std::string& path, PolicyPlace place);

// The known word that a mistyped one most likely meant; nothing when none is near.
std::optional<std::string_view> nearest_key(std::string_view word, std::span<const std::string_view> known);

}  // namespace seedbed
