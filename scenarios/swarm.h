// Random scenarios: a seed decides the source tree, the drives, the computer, the commands and what befalls
// them, from what can happen within the contracts and some of what cannot. Every fault may stay silent, and
// the verdict must be that the work survived, or that it was refused with a cause.
//
// "swarm:drive" stands for a scenario file wherever one may be named; each of its seeds is another scenario.
// Pure; any thread.
#pragma once

#include <memory>
#include <string_view>

#include "scenarios/scenario.h"

namespace seedbed {

// "swarm:drive", "swarm:chain", "swarm:services"; nothing for any other path.
std::optional<SwarmKind> swarm_named(std::string_view path) noexcept;
std::string_view swarm_name(SwarmKind kind) noexcept;

// What stands for all of its seeds: a name, and no world yet.
Scenario swarm_of(SwarmKind kind);
// The scenario of one seed. Faults that `of` was given besides are added.
std::shared_ptr<const Scenario> swarm_scenario(const Scenario& of, uint64_t seed);

}  // namespace seedbed
