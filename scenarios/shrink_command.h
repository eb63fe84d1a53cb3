// `seedbed shrink`: the smallest run that still fails in the same way, as one line for `seedbed replay`, and
// as a scenario file when asked for. Called by main.
#pragma once

#include <string>

#include "scenarios/console.h"

namespace seedbed {

struct ShrinkCommandOptions {
  std::string what;          // a token, or a run.json: its first run that failed
  std::string out;           // a scenario file; "": none
  uint64_t runs_max = 3000;  // then it ends with what it has
};

// 0 it is smaller, or as small as it gets; 2 what was named does not fail; 5 the small run is not the same
// twice.
int shrink_command(const RigContext& rig, const ShrinkCommandOptions& options);

}  // namespace seedbed
