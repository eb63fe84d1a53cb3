// The members of one JSON object, taken one by one: what has the wrong type, is too long, or was never asked
// for is an error (invalid_argument) that says where it stands ("properties.driveList[0].driveId"). Owned by
// one task; the object outlives it.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>

#include "engine/base/result.h"

namespace seedbed {

class JsonFields {
 public:
  static Result<JsonFields> of(const nlohmann::json& value, std::string path);
  // null counts as absent in all of these.
  Result<std::optional<std::string>> text(const char* name, size_t bytes_max);
  Result<std::string> needed_text(const char* name, size_t bytes_max);  // not empty
  Result<std::optional<bool>> flag(const char* name);
  Result<std::optional<int64_t>> integer(const char* name, int64_t least, int64_t most);
  const nlohmann::json* any(const char* name);
  void ignore(std::initializer_list<const char*> names);  // of any type
  // Refuses members that nobody asked for.
  Status finish() const;
  std::string path_of(std::string_view name) const;
  std::unexpected<Error> refuse(std::string what, const char* name) const;

 private:
  JsonFields(const nlohmann::json& object, std::string path) : object_(object), path_(std::move(path)) {}
  const nlohmann::json& object_;
  std::string path_;
  std::set<std::string, std::less<>> asked_;
};

}  // namespace seedbed
