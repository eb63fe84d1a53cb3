// JSON of others: bounded and of bounded depth before it is parsed, then read member by member with typed
// errors that name the place as a JSON pointer. A JsonPlace refers to the parsed value and to `where`, which
// outlive it. Pure; any thread. Errors never quote values.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/base/secret.h"

namespace seedbed {

struct JsonLimits {
  size_t bytes_max = 8 * MiB;
  int depth_max = 32;
};

// corrupt, with `where`, line and column.
Result<nlohmann::json> parse_json(std::string_view text, const std::string& where, JsonLimits limits = {});

inline constexpr size_t kJsonTextBytesMax = 32 * KiB;
inline constexpr size_t kJsonElementsMax = 100'000;

class JsonPlace {
 public:
  JsonPlace(const nlohmann::json& value, const std::string& where) : value_(&value), where_(&where) {}

  // A member of this object; corrupt when it is not there (or null), or this is no object.
  Result<JsonPlace> member(std::string_view name) const;
  // Nothing when it is not there or null.
  Result<std::optional<JsonPlace>> find(std::string_view name) const;
  Result<std::vector<JsonPlace>> elements(size_t count_max = kJsonElementsMax) const;  // of an array
  Result<std::vector<std::pair<std::string, JsonPlace>>> members() const;              // of an object

  bool is_null() const noexcept;
  Result<std::string> text(size_t bytes_max = kJsonTextBytesMax) const;
  Result<uint64_t> number(uint64_t max = UINT64_MAX) const;
  Result<bool> flag() const;
  Result<Bytes> hex(size_t bytes_max) const;

  // Members that may be absent: "" or 0 or false then.
  Result<std::string> text_of(std::string_view name) const;
  Result<uint64_t> number_of(std::string_view name) const;
  Result<bool> flag_of(std::string_view name) const;

  std::unexpected<Error> fail_here(std::string what) const;

 private:
  JsonPlace at(const nlohmann::json& value, std::string_view step) const;

  const nlohmann::json* value_;
  const std::string* where_;
  std::string pointer_;
};

// Overwrites every string in it that stands under one of these names: keys that were parsed.
void wipe_json(nlohmann::json& value, std::initializer_list<std::string_view> names);

}  // namespace seedbed
