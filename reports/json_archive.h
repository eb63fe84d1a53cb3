// JSON for records: a writer that fills an object in the order of its calls, a reader that takes fields out
// of a parsed object and keeps the first thing that is wrong, with the path of the key. For run_json.cc.
#pragma once

#include <fmt/format.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "reports/run_record.h"

namespace seedbed {

class JsonWriter {
 public:
  using Json = nlohmann::ordered_json;

  template <typename Value>
  void field(const char* key, const Value& value) {
    object_[key] = value;
  }
  void field(const char* key, Verdict verdict) { object_[key] = verdict_name(verdict); }
  template <typename Value>
  void required(const char* key, const Value& value) {
    field(key, value);
  }
  template <typename Item, typename Fields>
  void list(const char* key, const std::vector<Item>& items, Fields fields) {
    Json array = Json::array();
    for (const auto& item : items) {
      JsonWriter writer;
      fields(writer, item);
      array.push_back(std::move(writer.object_));
    }
    object_[key] = std::move(array);
  }
  const Json& object() const noexcept { return object_; }
  // In one line; what is no UTF-8 becomes U+FFFD.
  std::string text() const { return dumped(object_); }
  static std::string dumped(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
  }

 private:
  Json object_ = Json::object();
};

class JsonReader {
 public:
  // nlohmann::json, not the ordered one: its objects are maps, so a hostile file with many keys costs no more
  // than its length.
  using Json = nlohmann::json;

  // `path` is that of the object, "" at the top; `object` must be one and outlive the reader.
  JsonReader(const Json& object, std::string path) : object_(object), path_(std::move(path)) {}

  template <typename Value>
  void field(const char* key, Value& value) {
    const auto found = object_.find(key);
    if (found != object_.end() && !wrong_ && !take(*found, value)) set_wrong(key, wanted(value));
  }
  template <typename Value>
  void required(const char* key, Value& value) {
    if (!object_.contains(key)) set_wrong(key, "is missing");
    field(key, value);
  }
  template <typename Item, typename Fields>
  void list(const char* key, std::vector<Item>& items, Fields fields) {
    const auto found = object_.find(key);
    if (found == object_.end() || wrong_) return;
    if (!found->is_array()) return set_wrong(key, "is no list");
    items.clear();
    for (size_t i = 0; i < found->size() && !wrong_; i++) {
      const std::string name = fmt::format("{}[{}]", key, i);
      if (!(*found)[i].is_object()) return set_wrong(name, "is no object");
      JsonReader reader((*found)[i], full(name));
      fields(reader, items.emplace_back());
      wrong_ = std::move(reader.wrong_);
    }
  }
  // "scenarios[3].faults[0].planned is no whole number from 0 to 18446744073709551615"
  const std::optional<std::string>& wrong() const noexcept { return wrong_; }

 private:
  static bool take(const Json& json, std::string& value) {
    if (json.is_string()) value = json.get_ref<const std::string&>();
    return json.is_string();
  }
  static bool take(const Json& json, bool& value) {
    if (json.is_boolean()) value = json.get<bool>();
    return json.is_boolean();
  }
  static bool take(const Json& json, uint64_t& value) {
    if (json.is_number_unsigned()) value = json.get<uint64_t>();
    return json.is_number_unsigned();
  }
  static bool take(const Json& json, int& value) {
    if (!json.is_number_integer()) return false;
    if (json.is_number_unsigned() && json.get<uint64_t>() > std::numeric_limits<int>::max()) return false;
    if (json.get<int64_t>() < std::numeric_limits<int>::min()) return false;
    value = json.get<int>();
    return true;
  }
  static bool take(const Json& json, Verdict& value) {
    if (!json.is_string()) return false;
    const auto named = verdict_named(json.get_ref<const std::string&>());
    if (named) value = *named;
    return named.has_value();
  }
  static bool take(const Json& json, std::vector<std::string>& value) {
    if (!json.is_array()) return false;
    value.clear();
    for (const auto& item : json)
      if (!take(item, value.emplace_back())) return false;
    return true;
  }
  static const char* wanted(const std::string&) { return "is no text"; }
  static const char* wanted(bool) { return "is neither true nor false"; }
  static const char* wanted(uint64_t) { return "is no whole number from 0 to 18446744073709551615"; }
  static const char* wanted(int) { return "is no whole number of 32 bits"; }
  static const char* wanted(Verdict) { return "is no verdict"; }
  static const char* wanted(const std::vector<std::string>&) { return "is no list of texts"; }

  std::string full(std::string_view key) const {
    return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
  }
  void set_wrong(std::string_view key, const char* what) {
    if (!wrong_) wrong_ = fmt::format("{} {}", full(key), what);
  }

  const Json& object_;
  std::string path_;
  std::optional<std::string> wrong_;
};

// An object of JSON, nothing behind it, at most 32 deep; else `corrupt` with line, column and byte. Never
// throws.
Result<nlohmann::json> parse_json_object(std::string_view text, size_t max_bytes, const std::string& where);

}  // namespace seedbed
