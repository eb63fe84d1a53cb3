// A scenario as a TOML document again, for those that were made by the rig (swarm.h): what parse_scenario()
// reads from it lives the same life, event by event, under the same seed. Words are the shape's
// (scenario_shape.h), sizes bytes. Pure; any thread.
#pragma once

#include "scenarios/scenario.h"
#include "scenarios/toml_reader.h"

namespace seedbed {

// Without its edits. A seed that no file can hold (above 2^63 - 1) is left out.
TomlValue scenario_document(const Scenario& scenario);
TomlValue fault_document(const PlannedFault& fault);

}  // namespace seedbed
