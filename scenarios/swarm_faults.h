// The faults of a random scenario: how many, of which kinds, at which moments. Pure; any thread.
#pragma once

#include <vector>

#include "engine/base/random.h"
#include "scenarios/scenario.h"

namespace seedbed {

// For the drives, the source and the kind of the scenario; each with a name of its own.
std::vector<PlannedFault> some_faults(Random& random, const Scenario& scenario);

}  // namespace seedbed
