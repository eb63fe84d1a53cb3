#include "engine/documents/json_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/base/text.h"
#include "engine/documents/xml.h"

namespace seedbed {

namespace {

std::string position_of(std::string_view text, size_t byte, const std::string& where) {
  const std::string_view before = text.substr(0, std::min(byte, text.size()));
  const auto line = 1 + std::ranges::count(before, '\n');
  const size_t start = before.rfind('\n');
  const size_t column = before.size() - (start == std::string_view::npos ? 0 : start + 1) + 1;
  return fmt::format("{}: line {}, column {}", where, line, column);
}

// Where the nesting goes deeper than `depth_max`; brackets in strings do not count.
std::optional<size_t> too_deep_at(std::string_view text, int depth_max) {
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); i++) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') i++;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > depth_max) return i;
    } else if (c == '}' || c == ']') {
      depth--;
    }
  }
  return std::nullopt;
}

std::string pointer_step(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c == '~')
      out += "~0";
    else if (c == '/')
      out += "~1";
    else
      out += c;
  }
  return printable(out);
}

}  // namespace

Result<nlohmann::json> parse_json(std::string_view text, const std::string& where, JsonLimits limits) {
  if (text.size() > limits.bytes_max)
    return fail(ErrorCode::corrupt, fmt::format("the JSON is longer than {} bytes", limits.bytes_max), where);
  if (const auto at = too_deep_at(text, limits.depth_max))
    return fail(ErrorCode::corrupt, fmt::format("the JSON is nested deeper than {}", limits.depth_max),
                position_of(text, *at, where));
  try {
    return nlohmann::json::parse(text);
  } catch (const nlohmann::json::parse_error& error) {  // its text may quote the document
    return fail(ErrorCode::corrupt, "the JSON is damaged",
                position_of(text, error.byte > 0 ? error.byte - 1 : 0, where));
  } catch (const nlohmann::json::exception&) {  // a number out of range
    return fail(ErrorCode::corrupt, "the JSON is damaged", where);
  }
}

JsonPlace JsonPlace::at(const nlohmann::json& value, std::string_view step) const {
  JsonPlace place(value, *where_);
  place.pointer_ = pointer_ + "/" + pointer_step(step);
  return place;
}

std::unexpected<Error> JsonPlace::fail_here(std::string what) const {
  return fail(ErrorCode::corrupt, std::move(what),
              *where_ + ": " + (pointer_.empty() ? std::string("the whole document") : pointer_));
}

Result<std::optional<JsonPlace>> JsonPlace::find(std::string_view name) const {
  if (!value_->is_object()) return fail_here("an object was expected");
  const auto found = value_->find(std::string(name));
  if (found == value_->end() || found->is_null()) return std::optional<JsonPlace>();
  return std::optional(at(*found, name));
}

Result<JsonPlace> JsonPlace::member(std::string_view name) const {
  auto found = TRY(find(name));
  if (!found) return fail_here(fmt::format("{} is missing", name));
  return std::move(*found);
}

Result<std::vector<JsonPlace>> JsonPlace::elements(size_t count_max) const {
  if (!value_->is_array()) return fail_here("an array was expected");
  if (value_->size() > count_max)
    return fail_here(fmt::format("the array has more than {} elements", count_max));
  std::vector<JsonPlace> out;
  for (size_t i = 0; i < value_->size(); i++) out.push_back(at((*value_)[i], std::to_string(i)));
  return out;
}

Result<std::vector<std::pair<std::string, JsonPlace>>> JsonPlace::members() const {
  if (!value_->is_object()) return fail_here("an object was expected");
  std::vector<std::pair<std::string, JsonPlace>> out;
  for (const auto& [name, value] : value_->items()) out.emplace_back(name, at(value, name));
  return out;
}

bool JsonPlace::is_null() const noexcept {
  return value_->is_null();
}

Result<std::string> JsonPlace::text(size_t bytes_max) const {
  if (!value_->is_string()) return fail_here("a text was expected");
  const auto& text = value_->get_ref<const std::string&>();
  if (text.size() > bytes_max) return fail_here(fmt::format("the text is longer than {} bytes", bytes_max));
  return text;
}

Result<uint64_t> JsonPlace::number(uint64_t max) const {
  if (!value_->is_number_unsigned() || value_->get<uint64_t>() > max)
    return fail_here(max == UINT64_MAX ? std::string("a whole number from 0 was expected")
                                       : fmt::format("a whole number from 0 to {} was expected", max));
  return value_->get<uint64_t>();
}

Result<bool> JsonPlace::flag() const {
  if (!value_->is_boolean()) return fail_here("true or false was expected");
  return value_->get<bool>();
}

Result<Bytes> JsonPlace::hex(size_t bytes_max) const {
  const std::string digits = TRY(text(2 * bytes_max));
  auto bytes = parse_hex(digits);
  if (!bytes) return fail_here("hex digits were expected");
  return std::move(*bytes);
}

Result<std::string> JsonPlace::text_of(std::string_view name) const {
  const auto place = TRY(find(name));
  if (!place) return std::string();
  return place->text();
}

Result<uint64_t> JsonPlace::number_of(std::string_view name) const {
  const auto place = TRY(find(name));
  if (!place) return uint64_t{0};
  return place->number();
}

Result<bool> JsonPlace::flag_of(std::string_view name) const {
  const auto place = TRY(find(name));
  if (!place) return false;
  return place->flag();
}

void wipe_json(nlohmann::json& value, std::initializer_list<std::string_view> names) {
  if (!value.is_structured()) return;
  const bool object = value.is_object();
  for (auto it = value.begin(); it != value.end(); ++it) {
    if (object && it->is_string() && std::ranges::find(names, it.key()) != names.end()) {
      auto& text = it->get_ref<std::string&>();
      wipe({reinterpret_cast<uint8_t*>(text.data()), text.size()});
    } else {
      wipe_json(*it, names);
    }
  }
}

}  // namespace seedbed
