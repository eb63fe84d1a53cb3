// The faults of a scenario file: [[fault]] and its trigger. Pure; any thread. [docs/formats/scenario.md]
#pragma once

#include <vector>

#include "scenarios/scenario.h"
#include "scenarios/toml_fields.h"

namespace seedbed {

// `world` has its drives, operator and virtual_s_max already: a fault must be able to happen there.
Result<std::vector<PlannedFault>> read_faults(const TomlFields& top, const Scenario& world);

}  // namespace seedbed
