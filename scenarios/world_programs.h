// The commands of the whole chain as programs for a world's computers: the engine's agent and its preparation
// of drives, the carrier, the data centre, and what people do to the world in between. The world outlives the
// program.
#pragma once

#include "scenarios/world_boot.h"

namespace seedbed {

Program chain_program(World& world, const CommandSpec& command);

// The source as a person leaves it after some work: a file grown, one changed in the middle, one new, one
// gone.
Status edit_source(World& world);

}  // namespace seedbed
