// `seedbed explore`: every crash state of one scenario within the bound, judged by several processes. Called
// by main.
#pragma once

#include <optional>
#include <string>

#include "scenarios/console.h"
#include "scenarios/shard.h"

namespace seedbed {

struct ExploreCommandOptions {
  std::string path;
  std::optional<uint64_t> seed;
  unsigned depth = 1;
  uint64_t budget = 0;  // worlds judged in all; 0: every one
  unsigned jobs = 1;
  unsigned timeout_s = 300;
  uint64_t export_every = 0;  // of the judged worlds, one goes to dislocker and ntfs-3g; 0: none
  Shard part;                 // a worker's
};

// 0 clean; 1 something failed; 4 stopped by the budget, or nothing was promised in any state; 5 a worker
// died.
int explore_command(const RigContext& rig, const ExploreCommandOptions& options);
// Worker: judges its part; prints progress and failures as JSON lines.
int explore_worker(const RigContext& rig, const ExploreCommandOptions& options);

}  // namespace seedbed
