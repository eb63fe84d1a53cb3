// What a table of a scenario file may hold: its keys, of what kind, within which bounds. The reader
// (toml_fields.h) takes its bounds and words from here, the schema for editors (scenario_schema.h) is made
// from it: so the two cannot part. Pure values; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace seedbed {

struct TableShape;

struct KeyShape {
  enum class Kind : uint8_t {
    text,     // of least to most characters
    flag,     // true or false
    number,   // whole, least to most
    size,     // bytes, as a number or a text with a unit
    seconds,  // fractions too
    word,     // one of `words`
    texts,    // a list of at most `most` texts
    table,    // `inner`
    tables,   // a list of least to most of `inner`
    nth,      // a number, or a list of two
    times,    // a number, or "always"
  };
  std::string_view key;
  Kind kind = Kind::text;
  int64_t least = 0, most = 0;
  std::span<const std::string_view> words = {};
  const TableShape* inner = nullptr;
  bool required = false;
  std::string_view says = {};  // for a person who writes such a file
};

struct TableShape {
  std::string_view name;  // "drive"; "" of the whole file
  std::vector<KeyShape> keys;
  const KeyShape* find(std::string_view key) const noexcept;
  std::vector<std::string_view> key_names() const;
};

}  // namespace seedbed
