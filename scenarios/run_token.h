// What `seedbed replay` takes: which scenario, which seed, what was changed in it, and the faults that an
// exploration added, in one word.
//
//   scenarios/suites/core/undisturbed.toml@1
//   scenarios/suites/core/undisturbed.toml@1+host-power-cut:431:prefix:417
//   scenarios/suites/core/cut-in-the-data.toml@7~source.usual=false~fault.1+kill:80:none%skipped-flush
//
// An added fault happens before the event of that number. "~" are edits (scenario_edits.h), "%" names a
// defect that is planted into the ports of the run. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "scenarios/scenario_edits.h"
#include "simulator/fault_plan.h"

namespace seedbed {

struct RunToken {
  std::string file;
  uint64_t seed = 0;
  std::vector<PlannedFault> faults;
  std::vector<ScenarioEdit> edits = {};
  std::string defect = {};  // "": none
  std::string text() const;
  // invalid_argument names the part that is wrong.
  static Result<RunToken> parse(std::string_view text);
};

// The fault of a token: `action` before event `number`.
PlannedFault fault_before(uint64_t number, FaultAction action, const Survivors& survivors);

}  // namespace seedbed
