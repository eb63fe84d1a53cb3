#include "scenarios/toml_text.h"

#include <fmt/format.h>

#include <algorithm>

namespace seedbed {

namespace {

using Kind = TomlValue::Kind;

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      out += fmt::format("\\{}", c);
    else if (byte < 0x20 || byte == 0x7f)
      out += fmt::format("\\u{:04X}", byte);
    else
      out += c;
  }
  return out + '"';
}

std::string key_text(const std::string& key) {
  const bool bare = !key.empty() && std::ranges::all_of(key, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
  return bare ? key : quoted(key);
}

std::string real_text(double value) {
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".en") == std::string::npos) text += ".0";
  return text;
}

// On one line; a list of tables right behind its key gets a line for each.
std::string inline_text(const TomlValue& value, bool lines) {
  switch (value.kind) {
    case Kind::text:
      return quoted(value.text);
    case Kind::integer:
      return std::to_string(value.integer);
    case Kind::real:
      return real_text(value.real);
    case Kind::flag:
      return value.flag ? "true" : "false";
    case Kind::date:
      return quoted(value.text);
    case Kind::list: {
      lines = lines && std::ranges::any_of(value.items,
                                           [](const TomlValue& item) { return item.kind == Kind::table; });
      std::string text = "[";
      for (size_t i = 0; i < value.items.size(); i++)
        text += fmt::format("{}{}{}", i == 0 ? "" : ",",
                            lines    ? "\n  "
                            : i == 0 ? ""
                                     : " ",
                            inline_text(value.items[i], false));
      return text + (lines ? "\n]" : "]");
    }
    case Kind::table: {
      std::string text = "{";
      for (size_t i = 0; i < value.items.size(); i++)
        text += fmt::format("{} {} = {}", i == 0 ? "" : ",", key_text(value.items[i].key),
                            inline_text(value.items[i], false));
      return text + " }";
    }
  }
  return "";
}

bool is_section(const TomlValue& value) {
  return value.kind == Kind::table ||
         (value.kind == Kind::list && !value.items.empty() &&
          std::ranges::all_of(value.items, [](const TomlValue& item) { return item.kind == Kind::table; }));
}

void add_keys(const TomlValue& table, bool sections_too, std::string& text) {
  for (const TomlValue& item : table.items)
    if (sections_too || !is_section(item))
      text += fmt::format("{} = {}\n", key_text(item.key), inline_text(item, true));
}

}  // namespace

std::string toml_text(const TomlValue& table) {
  std::string text;
  add_keys(table, false, text);
  for (const TomlValue& item : table.items) {
    if (!is_section(item)) continue;
    const bool list = item.kind == Kind::list;
    const std::vector<TomlValue> one = list ? std::vector<TomlValue>{} : std::vector<TomlValue>{item};
    for (const TomlValue& section : list ? item.items : one) {
      const std::string key = key_text(item.key);
      text += list ? "\n[[" + key + "]]\n" : "\n[" + key + "]\n";
      add_keys(section, true, text);
    }
  }
  return text;
}

}  // namespace seedbed
