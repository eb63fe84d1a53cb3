// JSON in and out of the services: bounded parsing, answers, and errors in the shape that ARM and the vault
// share: {"error":{"code","message","target"?}}. Pure functions; any task.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/ports/http.h"

namespace seedbed {

inline constexpr size_t kJsonDepthMax = 16;

// UTF-8 JSON of at most `bytes_max` and kJsonDepthMax levels; corrupt says at which byte it is not.
Result<nlohmann::json> parse_json(ByteSpan text, size_t bytes_max);
// A member that is a string, a number in a range, …; null or absent counts as absent.
std::string text_member(const nlohmann::json& object, std::string_view name, std::string_view otherwise = {});

HttpResponse json_answer(int status, const nlohmann::json& body);
HttpResponse json_error(int status, std::string_view code, std::string_view message,
                        std::string_view target = {});
// What went wrong inside of the service: 500, or 507 when its disk is full. Says what and what to do.
HttpResponse json_failure(const Error& error);

}  // namespace seedbed
