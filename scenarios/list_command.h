// `seedbed list`: the scenarios with one line each, or the requirements with what shows them. Called by main.
#pragma once

#include <string>
#include <vector>

#include "scenarios/console.h"

namespace seedbed {

// The table of requirements and who shows each. 4 when there is a hole.
int list_requirements_command(const RigContext& rig, const std::vector<std::string>& paths,
                              const std::string& page);

int list_command(const RigContext& rig, const std::vector<std::string>& paths, const std::string& tag);

}  // namespace seedbed
