#include "fakes/import_service/json_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace seedbed {

using nlohmann::json;

Result<JsonFields> JsonFields::of(const json& value, std::string path) {
  if (!value.is_object())
    return fail(ErrorCode::invalid_argument, "An object is expected.", path.empty() ? "body" : path);
  return JsonFields(value, std::move(path));
}

std::string JsonFields::path_of(std::string_view name) const {
  return path_.empty() ? std::string(name) : fmt::format("{}.{}", path_, name);
}

std::unexpected<Error> JsonFields::refuse(std::string what, const char* name) const {
  return fail(ErrorCode::invalid_argument, std::move(what), path_of(name));
}

const json* JsonFields::any(const char* name) {
  asked_.insert(name);
  const auto found = object_.find(name);
  return found == object_.end() || found->is_null() ? nullptr : &*found;
}

void JsonFields::ignore(std::initializer_list<const char*> names) {
  asked_.insert(names.begin(), names.end());
}

Result<std::optional<std::string>> JsonFields::text(const char* name, size_t bytes_max) {
  const json* value = any(name);
  if (!value) return std::optional<std::string>();
  if (!value->is_string()) return refuse(fmt::format("{} must be a string.", name), name);
  std::string text = value->get<std::string>();
  if (text.size() > bytes_max)
    return refuse(fmt::format("{} has more than {} bytes.", name, bytes_max), name);
  if (std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }))
    return refuse(fmt::format("{} holds control characters.", name), name);
  return std::optional<std::string>(std::move(text));
}

Result<std::string> JsonFields::needed_text(const char* name, size_t bytes_max) {
  std::optional<std::string> value = TRY(text(name, bytes_max));
  if (!value || value->empty()) return refuse(fmt::format("{} is required.", name), name);
  return std::move(*value);
}

Result<std::optional<bool>> JsonFields::flag(const char* name) {
  const json* value = any(name);
  if (!value) return std::optional<bool>();
  if (!value->is_boolean()) return refuse(fmt::format("{} must be true or false.", name), name);
  return std::optional<bool>(value->get<bool>());
}

Result<std::optional<int64_t>> JsonFields::integer(const char* name, int64_t least, int64_t most) {
  const json* value = any(name);
  if (!value) return std::optional<int64_t>();
  const bool fits =
      value->is_number_integer() &&
      (!value->is_number_unsigned() || value->get<uint64_t>() <= static_cast<uint64_t>(INT64_MAX));
  if (!fits || value->get<int64_t>() < least || value->get<int64_t>() > most)
    return refuse(fmt::format("{} must be a whole number from {} to {}.", name, least, most), name);
  return std::optional<int64_t>(value->get<int64_t>());
}

Status JsonFields::finish() const {
  for (const auto& [name, value] : object_.items())
    if (!asked_.contains(name))
      return fail(ErrorCode::invalid_argument, "The field is not known, or cannot be set here.",
                  path_of(std::string_view(name).substr(0, 100)));
  return {};
}

}  // namespace seedbed
