// `seedbed coverage`: runs suites once and prints which faults fired in which phases. Called by main.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "scenarios/console.h"

namespace seedbed {

// The exit code: that of the run; 4 when all went as expected and a row was exercised by nothing.
int coverage_command(const RigContext& rig, const std::vector<std::string>& paths,
                     const std::optional<uint64_t>& seed);

}  // namespace seedbed
