// A drive map: which device a drive letter means, as TOML lines: x = "/dev/sdb". Untrusted text; errors name
// line and column.
#pragma once

#include <string>

#include "engine/base/result.h"

namespace seedbed {

// The device of a letter; `target` itself when it is no single letter. not_found when the map lacks the
// letter.
Result<std::string> resolve_target(const std::string& target, const std::string& drive_map_path);

}  // namespace seedbed
