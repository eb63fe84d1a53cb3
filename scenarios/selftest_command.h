// `seedbed selftest`: the rig proves that it can fail. Each planted defect, and each flush and sync of engine
// and services in turn, must turn a suite red within its number of states. Called by main.
#pragma once

#include <optional>
#include <string>

#include "scenarios/console.h"
#include "scenarios/shard.h"

namespace seedbed {

struct SelftestOptions {
  std::string only;  // names that begin so; "": all
  bool quick = false;
  bool list = false;  // names only, nothing is run
  unsigned jobs = 1;
  unsigned timeout_s = 600;
  std::string out;                      // a directory for selftest.json and selftest.md; "": none
  std::string scenarios = "scenarios";  // where suites/ and planted/ are
  Shard part;                           // a worker's
};

// 0 all caught, or redundant as said; 5 a defect survived, a worker died; 2 usage.
int selftest_command(const RigContext& rig, const SelftestOptions& options);
// Worker: judges its part, a JSON line each.
int selftest_worker(const RigContext& rig, const SelftestOptions& options);

}  // namespace seedbed
