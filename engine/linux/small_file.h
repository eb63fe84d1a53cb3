// Whole small files and directory listings of the running system: sysfs, procfs and sidecars, before any
// FileStore is chosen.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/result.h"

namespace seedbed {

// corrupt when there is more than the bound.
Result<std::string> read_small_file(const std::string& path, uint64_t bound_bytes);
// The first line of a sysfs attribute; "" when there is none.
std::string read_attribute(const std::string& path);
// Names, sorted, without . and ..; nothing when the directory is not there.
std::vector<std::string> list_names(const std::string& directory);
// Absolute, symlinks resolved; the path itself when it cannot be resolved.
std::string resolved_path(const std::string& path);

}  // namespace seedbed
