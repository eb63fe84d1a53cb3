// Scenarios from TOML: the text in, a Scenario or the place and reason of the first error out. Reads no file.
// Pure; any thread. [docs/formats/scenario.md]
#pragma once

#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "scenarios/scenario.h"

namespace seedbed {

// `path` is for messages and Scenario::file. Errors: invalid_argument, where is "path:line:column".
Result<Scenario> parse_scenario(std::string_view text, const std::string& path);

}  // namespace seedbed
