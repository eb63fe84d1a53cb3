#include "fakes/store/json_answer.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace seedbed {

using nlohmann::json;

Result<json> parse_json(ByteSpan text, size_t bytes_max) {
  if (text.size() > bytes_max)
    return fail(ErrorCode::corrupt,
                fmt::format("the body has {} bytes; at most {} are taken", text.size(), bytes_max));
  // Depth first, in a walk of its own: the library would build as deep as it is told.
  size_t depth = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); i++) {
    const char c = static_cast<char>(text[i]);
    if (quoted) {
      if (c == '\\') i++;
      if (c == '"') quoted = false;
      continue;
    }
    if (c == '"') quoted = true;
    if (c == '{' || c == '[') depth++;
    if ((c == '}' || c == ']') && depth > 0) depth--;
    if (depth > kJsonDepthMax)
      return fail(ErrorCode::corrupt, fmt::format("the body nests deeper than {} levels", kJsonDepthMax),
                  fmt::format("byte {}", i));
  }
  try {
    return json::parse(text.begin(), text.end());
  } catch (const json::parse_error& error) {
    return fail(ErrorCode::corrupt, "the body is no JSON", fmt::format("byte {}", error.byte));
  } catch (const json::exception&) {  // numbers that no double can hold
    return fail(ErrorCode::corrupt, "the body holds a value out of range");
  }
}

std::string text_member(const json& object, std::string_view name, std::string_view otherwise) {
  const auto found = object.is_object() ? object.find(name) : object.end();
  if (!object.is_object() || found == object.end() || !found->is_string()) return std::string(otherwise);
  return found->get<std::string>();
}

HttpResponse json_answer(int status, const json& body) {
  HttpResponse response;
  response.status = status;
  response.headers = {{"Content-Type", "application/json; charset=utf-8"}, {"Cache-Control", "no-cache"}};
  const std::string text = body.dump(-1, ' ', false, json::error_handler_t::replace);
  response.body.assign(text.begin(), text.end());
  return response;
}

HttpResponse json_error(int status, std::string_view code, std::string_view message,
                        std::string_view target) {
  json error = {{"code", code}, {"message", message}};
  if (!target.empty()) error["target"] = target;
  return json_answer(status, {{"error", std::move(error)}});
}

HttpResponse json_failure(const Error& error) {
  if (error.code == ErrorCode::out_of_space)
    return json_error(507, "InsufficientStorage",
                      "The service's disk is full; free space and repeat: " + error.what);
  return json_error(500, "InternalServerError", error.message());
}

}  // namespace seedbed
