#include "scenarios/toml_reader.h"

#include <fmt/format.h>

#include <toml++/toml.h>
#include <algorithm>

#include "engine/base/text.h"

namespace seedbed {

static TomlPlace place_of(const toml::source_region& region) {
  return {.line = std::max(region.begin.line, 1u), .column = std::max(region.begin.column, 1u)};
}

static TomlValue value_of(const toml::node& node) {
  using Kind = TomlValue::Kind;
  TomlValue value;
  value.place = place_of(node.source());
  if (const auto* text = node.as_string()) {
    value.kind = Kind::text;
    value.text = text->get();
  } else if (const auto* integer = node.as_integer()) {
    value.kind = Kind::integer;
    value.integer = integer->get();
  } else if (const auto* real = node.as_floating_point()) {
    value.kind = Kind::real;
    value.real = real->get();
  } else if (const auto* flag = node.as_boolean()) {
    value.kind = Kind::flag;
    value.flag = flag->get();
  } else if (const auto* list = node.as_array()) {
    value.kind = Kind::list;
    for (const toml::node& item : *list) value.items.push_back(value_of(item));
  } else if (const auto* table = node.as_table()) {
    value.kind = Kind::table;
    for (const auto& [key, item] : *table) {
      value.items.push_back(value_of(item));
      value.items.back().key = std::string(key.str());
      value.items.back().key_place = place_of(key.source());
    }
    // toml++ sorts by name; a reader's first error is the first of the text
    std::ranges::stable_sort(value.items, {}, &TomlValue::key_place);
  } else {
    value.kind = Kind::date;
  }
  return value;
}

static uint32_t code_points(std::string_view text) {
  return static_cast<uint32_t>(std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
}

// toml++ stops at ill-formed UTF-8 in most places; here it is all of them, comments too.
static Status check_text(std::string_view text, std::string_view path) {
  if (text.size() > kTomlBytesMax)
    return fail(ErrorCode::invalid_argument,
                fmt::format("the file has {} bytes, allowed are {}", text.size(), kTomlBytesMax),
                toml_where(path, {}), "Split it, or let the seed draw the files");
  uint32_t number = 0;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = text.substr(begin, end - begin);
    begin = end + 1;
    number++;
    if (line.size() > kTomlLineBytesMax)
      return fail(ErrorCode::invalid_argument,
                  fmt::format("the line has {} bytes, allowed are {}", line.size(), kTomlLineBytesMax),
                  toml_where(path, {number, 1}), "Break the line");
    if (utf16_of(line)) continue;
    size_t good = 0;  // bytes that are UTF-8
    for (size_t length = 1; length <= line.size(); length++)
      if (utf16_of(line.substr(0, length))) good = length;
    return fail(ErrorCode::invalid_argument, "the text is not UTF-8",
                toml_where(path, {number, code_points(line.substr(0, good)) + 1}), "Save the file as UTF-8");
  }
  return {};
}

Result<TomlValue> parse_toml(std::string_view text, std::string_view path) {
  TRY(check_text(text, path));
  try {
    return value_of(toml::parse(text, path));
  } catch (const toml::parse_error& error) {
    return fail(ErrorCode::invalid_argument, fmt::format("this is no TOML: {}", error.description()),
                toml_where(path, place_of(error.source())), "Correct the line");
  }
}

std::string toml_where(std::string_view path, TomlPlace place) {
  return fmt::format("{}:{}:{}", path, place.line, place.column);
}

}  // namespace seedbed
