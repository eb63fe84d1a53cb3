#include "scenarios/toml_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "scenarios/near_words.h"
#include "scenarios/size_text.h"
#include "simulator/die.h"

namespace seedbed {

using Kind = TomlValue::Kind;

static size_t length_of(std::string_view text) {
  return static_cast<size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
}

static bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

// A text in quotes, fit for one line.
static std::string in_quotes(std::string_view text) {
  constexpr size_t kShown = 60;
  size_t end = std::min(text.size(), kShown);
  while (end < text.size() && end > 0 && (text[end] & 0xc0) == 0x80) end--;
  std::string shown(text.substr(0, end));
  for (char& c : shown)
    if (has_control({&c, 1})) c = '?';
  return fmt::format("\"{}{}\"", shown, end < text.size() ? "…" : "");
}

static std::string shown(const TomlValue& value) {
  switch (value.kind) {
    case Kind::text:
      return in_quotes(value.text);
    case Kind::integer:
      return fmt::format("{}", value.integer);
    case Kind::real:
      return fmt::format("{}", value.real);
    case Kind::flag:
      return value.flag ? "true" : "false";
    case Kind::date:
      return "a date";
    case Kind::list:
      return "a list";
    case Kind::table:
      return "a table";
  }
  return "";
}

std::string any_of_words(TomlFields::Words words) {
  std::string text;
  for (size_t i = 0; i < words.size(); i++)
    text += fmt::format("{}\"{}\"", i == 0 ? "" : i + 1 == words.size() ? " or " : ", ", words[i]);
  return text;
}

static std::string did_you_mean(std::string_view word, TomlFields::Words known) {
  const auto near = nearest_word(word, known);
  return near ? fmt::format("Did you mean \"{}\"?", *near) : "";
}

Result<TomlFields> TomlFields::of(const TomlValue& value, std::string_view name, std::string_view path,
                                  const TableShape& shape) {
  TomlFields fields(value, name, path, shape);
  const std::vector<std::string_view> known = shape.key_names();
  if (value.kind != Kind::table)
    return fail(ErrorCode::invalid_argument, fmt::format("{} is {}: it must be a table", name, shown(value)),
                toml_where(path, value.place), fmt::format("Write it as [{}] or {{ key = value }}", name));
  for (const TomlValue& item : value.items) {
    if (std::ranges::find(known, item.key) != known.end()) continue;
    const std::string remedy = did_you_mean(item.key, known);
    return fail(ErrorCode::invalid_argument,
                fmt::format("{} knows no key {}: it may be {}", name.empty() ? "a scenario" : name,
                            in_quotes(item.key), any_of_words(known)),
                toml_where(path, item.key_place), remedy.empty() ? "Remove it" : remedy);
  }
  return fields;
}

const TomlValue* TomlFields::find(std::string_view key) const noexcept {
  const auto found = std::ranges::find(table_->items, key, &TomlValue::key);
  return found == table_->items.end() ? nullptr : &*found;
}

std::string TomlFields::full(std::string_view key) const {
  return name_.empty() ? std::string(key) : fmt::format("{}.{}", name_, key);
}

std::unexpected<Error> TomlFields::wrong(std::string_view key, std::string_view problem,
                                         std::string_view remedy) const {
  const TomlValue* value = find(key);
  if (value == nullptr)
    return fail(ErrorCode::invalid_argument, fmt::format("{} is absent: {}", full(key), problem),
                toml_where(path_, table_->place), std::string(remedy.empty() ? "Give it" : remedy));
  return fail(ErrorCode::invalid_argument, fmt::format("{} is {}: {}", full(key), shown(*value), problem),
              toml_where(path_, value->place), std::string(remedy.empty() ? "Correct the value" : remedy));
}

const KeyShape& TomlFields::shape_of(std::string_view key) const {
  const KeyShape* shape = shape_->find(key);
  if (shape == nullptr)
    die(fmt::format("the reader of scenarios knows a key that its shape does not: {}", full(key)));
  return *shape;
}

Status TomlFields::require() const {
  for (const KeyShape& shape : shape_->keys)
    if (shape.required && !has(shape.key)) return wrong(shape.key, "it is required");
  return {};
}

Status TomlFields::text(std::string_view key, std::string& out) const {
  const KeyShape& shape = shape_of(key);
  const TomlValue* value = find(key);
  if (value == nullptr) return {};
  if (value->kind != Kind::text) return wrong(key, "it must be a text", "Put it in quotes");
  const auto length = static_cast<int64_t>(length_of(value->text));
  if (length < shape.least || length > shape.most)
    return wrong(key,
                 fmt::format("it must have {} to {} characters, not {}", shape.least, shape.most, length));
  if (has_control(value->text)) return wrong(key, "it must be one line without control characters");
  out = value->text;
  return {};
}

Status TomlFields::flag(std::string_view key, bool& out) const {
  const TomlValue* value = find(key);
  if (value == nullptr) return {};
  if (value->kind != Kind::flag) return wrong(key, "it must be true or false, without quotes");
  out = value->flag;
  return {};
}

Result<int64_t> TomlFields::number_of(std::string_view key, const TomlValue& value, uint64_t most) const {
  const KeyShape& shape = shape_of(key);
  const auto bound = static_cast<int64_t>(std::min<uint64_t>(most, static_cast<uint64_t>(shape.most)));
  if (value.kind != Kind::integer || value.integer < shape.least || value.integer > bound)
    return wrong(key, fmt::format("it must be a whole number from {} to {}", shape.least, bound));
  return value.integer;
}

Result<uint64_t> TomlFields::size_of(std::string_view key, const TomlValue& value, uint64_t most) const {
  const KeyShape& shape = shape_of(key);
  const auto least = static_cast<uint64_t>(shape.least);
  most = std::min(most, static_cast<uint64_t>(shape.most));
  std::optional<uint64_t> bytes;
  if (value.kind == Kind::integer && value.integer >= 0) bytes = static_cast<uint64_t>(value.integer);
  if (value.kind == Kind::text) bytes = parse_size(value.text);
  if (!bytes || *bytes < least || *bytes > most)
    return wrong(key, fmt::format("it must be a size from {} to {}", size_text(least), size_text(most)),
                 "Give bytes as a number, or digits and B, KiB, MiB, GiB, TiB, KB, MB, GB or TB in quotes");
  return *bytes;
}

Status TomlFields::seconds(std::string_view key, std::optional<uint64_t>& out_ns, uint64_t most_s) const {
  const TomlValue* value = find(key);
  if (value == nullptr) return {};
  const double seconds = value->kind == Kind::integer ? static_cast<double>(value->integer)
                         : value->kind == Kind::real  ? value->real
                                                      : -1;
  if (!(seconds >= 0 && seconds <= static_cast<double>(most_s)))
    return wrong(key, fmt::format("it must be seconds from 0 to {}", most_s));
  out_ns = static_cast<uint64_t>(std::llround(seconds * 1e9));
  return {};
}

Result<std::optional<size_t>> TomlFields::word(std::string_view key) const {
  return word_of(key, shape_of(key).words);
}

Result<std::optional<size_t>> TomlFields::word_of(std::string_view key, Words words) const {
  const TomlValue* value = find(key);
  if (value == nullptr) return std::nullopt;
  const auto found = std::ranges::find(words, value->kind == Kind::text ? value->text : std::string());
  if (found == words.end() || value->kind != Kind::text)
    return wrong(key, "it must be " + any_of_words(words), did_you_mean(value->text, words));
  return static_cast<size_t>(found - words.begin());
}

Result<std::vector<std::string>> TomlFields::texts(std::string_view key) const {
  const auto count_max = static_cast<size_t>(shape_of(key).most);
  std::vector<std::string> out;
  const TomlValue* value = find(key);
  if (value == nullptr) return out;
  if (value->kind != Kind::list || value->items.size() > count_max)
    return wrong(key, fmt::format("it must be a list of at most {} texts", count_max));
  for (const TomlValue& item : value->items) {
    if (item.kind != Kind::text)
      return fail(ErrorCode::invalid_argument,
                  fmt::format("{} holds {}: it must hold texts", full(key), shown(item)),
                  toml_where(path_, item.place), "Put it in quotes");
    out.push_back(item.text);
  }
  return out;
}

Result<std::optional<TomlFields>> TomlFields::table(std::string_view key) const {
  const KeyShape& shape = shape_of(key);
  const TomlValue* value = find(key);
  if (value == nullptr) return std::nullopt;
  return TRY(of(*value, full(key), path_, *shape.inner));
}

Result<std::vector<TomlFields>> TomlFields::tables(std::string_view key) const {
  const KeyShape& shape = shape_of(key);
  const auto count_max = static_cast<size_t>(shape.most);
  std::vector<TomlFields> out;
  const TomlValue* value = find(key);
  if (value == nullptr) return out;
  if (value->kind != Kind::list)
    return wrong(key, "it must be a list of tables", fmt::format("Write it as [[{}]]", full(key)));
  if (value->items.size() > count_max)
    return wrong(key, fmt::format("it must have at most {} tables, not {}", count_max, value->items.size()),
                 "Leave some out");
  for (const TomlValue& item : value->items) out.push_back(TRY(of(item, full(key), path_, *shape.inner)));
  return out;
}

}  // namespace seedbed
