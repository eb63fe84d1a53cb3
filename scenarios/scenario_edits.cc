#include "scenarios/scenario_edits.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "engine/base/text.h"

namespace seedbed {

namespace {

using Kind = TomlValue::Kind;

std::unexpected<Error> wrong(std::string what, std::string_view where) {
  return fail(ErrorCode::invalid_argument, std::move(what), std::string(where),
              "An edit is KEY.KEY=VALUE, or KEY.KEY for what goes");
}

TomlValue value_of(std::string_view text) {
  TomlValue value;
  if (text == "true" || text == "false") {
    value.kind = Kind::flag;
    value.flag = text == "true";
    return value;
  }
  if (text.starts_with('[') && text.ends_with(']')) {
    value.kind = Kind::list;
    text = text.substr(1, text.size() - 2);
    while (!text.empty()) {
      const std::string_view item = text.substr(0, text.find(','));
      value.items.push_back(value_of(item));
      text.remove_prefix(std::min(text.size(), item.size() + 1));
    }
    return value;
  }
  const char* const end = text.data() + text.size();
  value.kind = Kind::integer;
  if (std::from_chars(text.data(), end, value.integer).ptr == end && !text.empty()) return value;
  value.integer = 0;
  value.kind = Kind::real;  // of digits and a point: "inf" and "nan" are words here
  if (text.find_first_not_of("0123456789.-") == std::string_view::npos &&
      std::from_chars(text.data(), end, value.real).ptr == end)
    return value;
  value.real = 0;
  value.kind = Kind::text;
  value.text = text;
  return value;
}

// The item of that name or number; null when there is none.
TomlValue* item_of(TomlValue& within, std::string_view part) {
  if (within.kind == Kind::list) {
    const auto index = parse_u64(part);
    return index && *index < within.items.size() ? &within.items[*index] : nullptr;
  }
  const auto found = std::ranges::find(within.items, part, &TomlValue::key);
  return within.kind == Kind::table && found != within.items.end() ? &*found : nullptr;
}

Result<TomlValue*> made_in(TomlValue& within, std::string_view part, bool list, const std::string& path) {
  if (within.kind == Kind::list && parse_u64(part) != within.items.size())
    return wrong(fmt::format("there is no element {}, nor is it the next", part), path);
  if (within.kind != Kind::list && within.kind != Kind::table)
    return wrong("what stands there is neither a table nor a list", path);
  TomlValue& made = within.items.emplace_back();
  made.kind = list ? Kind::list : Kind::table;
  if (within.kind == Kind::table) made.key = part;
  return &made;
}

std::vector<std::string_view> parts_of(std::string_view path) {
  std::vector<std::string_view> parts;
  for (;;) {
    const size_t dot = path.find('.');
    parts.push_back(path.substr(0, dot));
    if (dot == std::string_view::npos) return parts;
    path.remove_prefix(dot + 1);
  }
}

Status set(TomlValue& document, const ScenarioEdit& edit) {
  TomlValue* at = &document;
  const auto parts = parts_of(edit.path);
  for (size_t i = 0; i < parts.size(); i++) {
    TomlValue* next = item_of(*at, parts[i]);
    const bool list = i + 1 < parts.size() && parse_u64(parts[i + 1]).has_value();
    if (next == nullptr) next = TRY(made_in(*at, parts[i], list, edit.path));
    at = next;
  }
  TomlValue value = value_of(*edit.value);
  value.key = std::move(at->key);
  *at = std::move(value);
  return {};
}

// Where something is to go: from the back, so that what stands before keeps its number.
using Way = std::vector<size_t>;

Result<Way> way_to(TomlValue& document, const std::string& path) {
  Way way;
  TomlValue* at = &document;
  for (const std::string_view part : parts_of(path)) {
    TomlValue* next = item_of(*at, part);
    if (next == nullptr) return wrong("there is nothing to take away", path);
    way.push_back(static_cast<size_t>(next - at->items.data()));
    at = next;
  }
  return way;
}

}  // namespace

std::string edit_text(const ScenarioEdit& edit) {
  return edit.value ? edit.path + "=" + *edit.value : edit.path;
}

Result<ScenarioEdit> parse_edit(std::string_view text) {
  const size_t equals = text.find('=');
  ScenarioEdit edit{.path = std::string(text.substr(0, equals)), .value = {}};
  if (equals != std::string_view::npos) edit.value = text.substr(equals + 1);
  for (const std::string_view part : parts_of(edit.path))
    if (part.empty()) return wrong(fmt::format("\"{}\" names no key", text), text);
  if (text.find_first_of("~+%@\n") != std::string_view::npos)
    return wrong("a token cannot carry \"~\", \"+\", \"%\" and \"@\"", text);
  return edit;
}

Result<TomlValue> edited(TomlValue document, const std::vector<ScenarioEdit>& edits) {
  for (const ScenarioEdit& edit : edits)
    if (edit.value) TRY(set(document, edit));
  std::vector<Way> ways;
  for (const ScenarioEdit& edit : edits)
    if (!edit.value) ways.push_back(TRY(way_to(document, edit.path)));
  std::ranges::sort(ways, std::greater());
  for (const Way& way : ways) {
    TomlValue* at = &document;
    for (size_t i = 0; i + 1 < way.size(); i++) at = &at->items[way[i]];
    at->items.erase(at->items.begin() + static_cast<ptrdiff_t>(way.back()));
  }
  return document;
}

}  // namespace seedbed
