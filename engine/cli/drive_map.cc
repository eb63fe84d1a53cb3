#include "engine/cli/drive_map.h"

#include <fmt/format.h>

#include <toml++/toml.h>

#include "engine/linux/small_file.h"

namespace seedbed {

Result<std::string> resolve_target(const std::string& target, const std::string& drive_map_path) {
  const bool letter = target.size() == 1 &&
                      ((target[0] >= 'a' && target[0] <= 'z') || (target[0] >= 'A' && target[0] <= 'Z'));
  if (!letter) return target;
  if (drive_map_path.empty())
    return fail(ErrorCode::invalid_argument,
                fmt::format("/t:{} is a drive letter, and no drive map says what it means here", target), {},
                "Give the device's or image's path, or a map by --drive-map FILE with a line like " + target +
                    " = \"/dev/sdb\"");
  constexpr uint64_t kMapBoundBytes = 64 * 1024;
  const std::string text = TRY(read_small_file(drive_map_path, kMapBoundBytes));
  toml::table table;
  try {
    table = toml::parse(text, drive_map_path);
  } catch (const toml::parse_error& error) {
    const toml::source_position begin = error.source().begin;
    return fail(ErrorCode::invalid_argument,
                fmt::format("the drive map cannot be read: {}", error.description()),
                fmt::format("{}:{}:{}", drive_map_path, begin.line, begin.column));
  }
  for (const auto& [name, node] : table) {
    if (std::string_view(name.str()).size() != 1 ||
        std::tolower(std::string_view(name.str())[0]) != std::tolower(target[0]))
      continue;
    if (const auto path = node.value<std::string>()) return *path;
    const toml::source_position begin = node.source().begin;
    return fail(ErrorCode::invalid_argument,
                fmt::format("the drive map's {} is no path in quotes", std::string_view(name.str())),
                fmt::format("{}:{}:{}", drive_map_path, begin.line, begin.column));
  }
  return fail(ErrorCode::not_found, fmt::format("the drive map knows no drive {}", target), drive_map_path);
}

}  // namespace seedbed
