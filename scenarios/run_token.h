// What `seedbed replay` takes: which scenario, which seed, and the faults that an exploration added, in one
// word.
//
//   scenarios/suites/core/undisturbed.toml@1
//   scenarios/suites/core/undisturbed.toml@1+host-power-cut:431:prefix:417
//
// An added fault happens before the event of that number. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "simulator/fault_plan.h"

namespace seedbed {

struct RunToken {
  std::string file;
  uint64_t seed = 0;
  std::vector<PlannedFault> faults;
  std::string text() const;
  // invalid_argument names the part that is wrong.
  static Result<RunToken> parse(std::string_view text);
};

// The fault of a token: `action` before event `number`.
PlannedFault fault_before(uint64_t number, FaultAction action, const Survivors& survivors);

}  // namespace seedbed
