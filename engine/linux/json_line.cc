#include "engine/linux/json_line.h"

#include <nlohmann/json.hpp>

#include "engine/linux/progress_line.h"

namespace seedbed {

using Json = nlohmann::ordered_json;

static std::string dumped(const Json& object) {
  return object.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string json_line(const Progress& progress) {
  Json object;
  object["event"] = "progress";
  object["stage"] = progress.stage;
  object["done_bytes"] = progress.done_bytes;
  object["total_bytes"] = progress.total_bytes;
  object["resumed_bytes"] = progress.resumed_bytes;
  object["elapsed_ns"] = progress.elapsed_ns;
  if (const auto rate = progress_rate(progress)) object["rate_bytes_per_s"] = *rate;
  return dumped(object);
}

std::string json_line(NoticeLevel level, std::string_view text) {
  Json object;
  object["event"] = "notice";
  object["level"] = notice_level_name(level);
  object["text"] = text;
  return dumped(object);
}

std::string json_line(std::string_view name, const std::vector<std::pair<std::string, std::string>>& fields) {
  Json object;
  object["event"] = name;
  for (const auto& [key, value] : fields) object.emplace(key, value);
  return dumped(object);
}

const char* notice_level_name(NoticeLevel level) noexcept {
  switch (level) {
    case NoticeLevel::info:
      return "info";
    case NoticeLevel::warning:
      return "warning";
    case NoticeLevel::error:
      return "error";
  }
  return "error";
}

}  // namespace seedbed
