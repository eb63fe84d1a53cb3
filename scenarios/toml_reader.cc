#include "scenarios/toml_reader.h"

#include <fmt/format.h>

#include <toml++/toml.h>
#include <algorithm>

#include "scenarios/toml_guard.h"

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

Result<TomlValue> parse_toml(std::string_view text, std::string_view path) {
  if (auto flaw = find_toml_flaw(text))
    return fail(ErrorCode::invalid_argument, std::move(flaw->what), toml_where(path, flaw->place),
                std::move(flaw->remedy));
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
