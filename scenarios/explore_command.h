// `seedbed explore`: every crash state of scenarios within the bound, judged by several processes. Called
// by main.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "scenarios/console.h"
#include "scenarios/shard.h"

namespace seedbed {

struct ExploreCommandOptions {
  std::vector<std::string> paths;  // a worker's: one file
  std::optional<uint64_t> seed;
  unsigned depth = 1;
  uint64_t budget = 0;       // worlds judged of each scenario; 0: every one
  uint64_t minutes = 0;      // then it stops; 0: when it is done
  uint64_t samples = 0;      // seeded survivors at each crash
  uint64_t pairs_most = 64;  // pending effects of which pairs are lost
  std::string state;         // file of what was judged; "": none
  unsigned jobs = 1;
  unsigned timeout_s = 300;
  Shard part;  // a worker's
};

// 0 clean; 1 something failed; 4 stopped by budget, time or a signal, or nothing was promised in any state;
// 5 a worker died.
int explore_command(const RigContext& rig, const ExploreCommandOptions& options);
// Worker: judges its part; prints progress, what it judged and failures as JSON lines.
int explore_worker(const RigContext& rig, const ExploreCommandOptions& options);

}  // namespace seedbed
