// `seedbed sweep`: a suite under many seeds, each a world of its own. Every 16th run is done twice. Whether planned
// faults fire is judged over all runs of a scenario. Called by main; runs worker processes.
#pragma once

#include <string>
#include <vector>

#include "scenarios/console.h"

namespace seedbed {

struct SweepCommandOptions {
  std::vector<std::string> paths;
  uint64_t first_seed = 1, last_seed = 1;
  uint64_t shard = 0, shards = 1;
  unsigned jobs = 1;
  std::string tag;
  std::string out = "reports/out";
  unsigned timeout_s = 300;
};

int sweep_command(const RigContext& rig, const SweepCommandOptions& options);
// Worker: does the runs of its shard; prints one JSON line for each that failed, and its counts at the end.
int sweep_worker(const RigContext& rig, const SweepCommandOptions& options);

}  // namespace seedbed
