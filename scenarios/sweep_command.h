// `seedbed sweep`: a suite under many seeds, each a world of its own. Every 16th run is done twice. Whether
// planned faults fire is judged over all runs. Called by main; runs worker processes.
#pragma once

#include <string>
#include <vector>

#include "scenarios/console.h"
#include "scenarios/shard.h"

namespace seedbed {

struct SweepCommandOptions {
  std::vector<std::string> paths;
  SeedRange seeds;
  Shard part;  // of the runs: this machine's, or a worker's
  unsigned jobs = 1;
  std::string tag;
  std::string out = "reports/out";
  unsigned timeout_s = 300;
};

// The exit code, as exit_code_of(sweep) gives it; sweep.json has the counts and the runs that failed.
int sweep_command(const RigContext& rig, const SweepCommandOptions& options);
// `seedbed merge`: the parts of one sweep, each with its sweep.json, as one; exit code as of the whole.
int merge_command(const RigContext& rig, const std::vector<std::string>& directories, const std::string& out);
// Worker: does the runs of its part; prints one JSON line for each that failed, and counts.
int sweep_worker(const RigContext& rig, const SweepCommandOptions& options);

}  // namespace seedbed
