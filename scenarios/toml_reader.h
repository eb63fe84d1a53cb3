// A TOML text as plain values that know their place in it, so that whoever reads them can say line and
// column. The one door to toml++, whose header is heavy. Values are owned; pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"

namespace seedbed {

struct TomlPlace {
  uint32_t line = 1, column = 1;  // columns count code points
  friend auto operator<=>(const TomlPlace&, const TomlPlace&) = default;
};

struct TomlValue {
  enum class Kind : uint8_t { text, integer, real, flag, date, list, table };
  Kind kind = Kind::table;
  TomlPlace place;
  std::string text;
  int64_t integer = 0;
  double real = 0;
  bool flag = false;
  std::vector<TomlValue> items;  // of a list; of a table, in the order of the text
  std::string key;               // of a table's item
  TomlPlace key_place;
};

inline constexpr uint64_t kTomlBytesMax = 1024 * 1024;
inline constexpr size_t kTomlLineBytesMax =
    4096;  // keeps dotted keys, and with them the tree, from going deep

// The table of the whole text. What is not UTF-8, too long or no TOML: invalid_argument with its place.
Result<TomlValue> parse_toml(std::string_view text, std::string_view path);

std::string toml_where(std::string_view path, TomlPlace place);  // "path:line:column"

}  // namespace seedbed
