#include "engine/cli/drive_map.h"

#include <fmt/format.h>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

namespace seedbed {

Result<std::string> resolve_target(const std::string& target, const std::string& drive_map_path) {
  const bool letter = target.size() == 1 && ((target[0] >= 'a' && target[0] <= 'z') || (target[0] >= 'A' && target[0] <= 'Z'));
  if (!letter) return target;
  if (drive_map_path.empty())
    return fail(ErrorCode::invalid_argument, fmt::format("/t:{} is a drive letter, and no drive map says what it means here", target), {},
                "Give the device's or image's path, or a map by --drive-map FILE with a line like " + target + " = \"/dev/sdb\"");
  const toml::parse_result parsed = toml::parse_file(drive_map_path);
  if (!parsed) {
    const auto& begin = parsed.error().source().begin;
    return fail(ErrorCode::invalid_argument, fmt::format("the drive map cannot be read: {}", parsed.error().description()),
                fmt::format("{}:{}:{}", drive_map_path, begin.line, begin.column));
  }
  for (const auto& [name, node] : parsed.table()) {
    if (name.str().size() != 1 || std::tolower(name.str()[0]) != std::tolower(target[0])) continue;
    if (const auto path = node.value<std::string>()) return *path;
    const auto& begin = node.source().begin;
    return fail(ErrorCode::invalid_argument, fmt::format("the drive map's {} is no path in quotes", name.str()), fmt::format("{}:{}:{}", drive_map_path, begin.line, begin.column));
  }
  return fail(ErrorCode::not_found, fmt::format("the drive map knows no drive {}", target), drive_map_path);
}

}  // namespace seedbed
