// Small words for tests of the network.
#pragma once

#include <string>
#include <string_view>

#include "engine/ports/http.h"

namespace seedbed {

inline constexpr const char* kOrigin = "http://127.0.0.1:10000";

inline HttpRequest put(const std::string& path, std::string_view body = "") {
  HttpRequest request{.method = "PUT", .target = kOrigin + path, .headers = {}, .body = {}};
  request.body.assign(body.begin(), body.end());
  return request;
}

// "201", "not sent: …", "maybe applied: …".
inline std::string outcome(const HttpResult& result) {
  if (result) return std::to_string(result->status);
  return (result.error().kind == HttpFailure::Kind::not_sent ? "not sent: " : "maybe applied: ") +
         result.error().what;
}

}  // namespace seedbed
