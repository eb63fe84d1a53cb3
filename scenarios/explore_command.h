// `seedbed explore`: every crash state of one scenario within the bound, judged by several processes. Called by main.
#pragma once

#include <optional>
#include <string>

#include "scenarios/console.h"

namespace seedbed {

struct ExploreCommandOptions {
  std::string path;
  std::optional<uint64_t> seed;
  unsigned depth = 1;
  uint64_t budget = 0;
  unsigned jobs = 1;
  uint64_t shard = 0, shards = 1;  // a worker's
};

int explore_command(const RigContext& rig, const ExploreCommandOptions& options);
// Worker: judges its shard; prints progress and failures as JSON lines.
int explore_worker(const RigContext& rig, const ExploreCommandOptions& options);

}  // namespace seedbed
