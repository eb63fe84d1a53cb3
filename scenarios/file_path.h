// Paths as scenarios write them: parts with "/" between. Pure; any thread.
#pragma once

#include <string_view>

namespace seedbed {

// "a/b": relative, no part empty, "." or "..", or over 255 bytes.
inline bool is_plain_path(std::string_view path) {
  for (;;) {
    const size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    if (part.empty() || part == "." || part == ".." || part.size() > 255) return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

// Whether `path` lies somewhere in the directory `directory`.
inline bool is_under(std::string_view path, std::string_view directory) {
  return path.size() > directory.size() && path.starts_with(directory) && path[directory.size()] == '/';
}

}  // namespace seedbed
