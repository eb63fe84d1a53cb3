// `seedbed write`: the world that a seed of a swarm draws, as a scenario file, so that it can be read,
// edited, explored and shrunk. Called by main.
#pragma once

#include <string>

#include "scenarios/console.h"

namespace seedbed {

// `what`: a token of a swarm. Faults that stay silent under it are left out. 0; 2 usage; 5 the file's run is
// not the swarm's.
int write_command(const RigContext& rig, const std::string& what, const std::string& out);

}  // namespace seedbed
