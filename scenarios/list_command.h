// `seedbed list`: the scenarios with one line each. Called by main.
#pragma once

#include <string>
#include <vector>

#include "scenarios/console.h"

namespace seedbed {

int list_command(const RigContext& rig, const std::vector<std::string>& paths, const std::string& tag);

}  // namespace seedbed
