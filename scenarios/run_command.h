// `seedbed run`: a suite to a RunRecord and its reports. Every scenario is run twice, the second time by
// other processes in other surroundings (directory, language, time zone, number of workers, address layout),
// and both event logs must have one hash. Called by main; runs worker processes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "scenarios/console.h"
#include "scenarios/scenario.h"
#include "scenarios/shard.h"

namespace seedbed {

struct RunCommandOptions {
  std::vector<std::string> paths;
  std::string rung = "sim";
  std::optional<uint64_t> seed;
  std::string out = "reports/out";
  unsigned jobs = 1;
  std::string tag;
  unsigned timeout_s = 300;  // without a word from a worker
  bool keep_failed = false;
  std::string defect;  // the name of what is planted in every world; "": nothing
  Shard part;  // a worker's
};

// The exit code.
int run_command(const RigContext& rig, const RunCommandOptions& options);
// Worker: runs every scenario of its part and prints the records as JSON lines.
int run_worker(const RigContext& rig, const RunCommandOptions& options);

}  // namespace seedbed
