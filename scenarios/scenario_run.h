// One run of one scenario: the world is made, played to its end, judged, and written down as a
// ScenarioRecord. Pure but for the clock that is handed in for the record's real time: the same scenario,
// seed and extra faults make the same events.
#pragma once

#include <functional>
#include <memory>

#include "scenarios/journey.h"
#include "scenarios/run_token.h"

namespace seedbed {

struct ScenarioRunOptions {
  std::vector<PlannedFault> extra_faults;  // besides the scenario's own: what a token or an exploration adds
  bool keep_events = false;
  bool every_fault_must_fire = true;  // sweeps judge that over all their runs
  std::function<uint64_t()> real_us = [] { return uint64_t{0}; };
  Watch watch;
  // Looks at the world when all is over and judged (not where a known future ends it). Words: what the rig
  // must be wrong about; the run is then harness-broken.
  std::function<std::string(const World&)> second_look = {};
  Journey::AtStart at_start;    // of each boot
  BootMemo* boots = nullptr;    // what boots are known; events of those are not kept
  Journey::Known known_future;  // ends the run where it says yes; the caller knows the rest
  std::shared_ptr<const PlantedDefect> defect = nullptr;  // of run_scenario: what is wrong with the ports
};

struct ScenarioRun {
  ScenarioRecord record;
  std::vector<Event> events;  // kept when asked for
  bool ended_early = false;   // at a future that was known: the record judges what was before
};

// Errors (internal): the world could not be made.
Result<ScenarioRun> run_scenario(const std::shared_ptr<const Scenario>& scenario, uint64_t seed,
                                 const ScenarioRunOptions& options);
// As run_scenario, from a world that has just died, or that stands before a command: what exploration does
// with each crash. The extra faults are in its plan already. `memory` is that of the boot which died or is
// next; null: of a first boot.
ScenarioRun play_out(World world, const ScenarioRunOptions& options, bool just_died,
                     const Journey::Memory* memory = nullptr);

}  // namespace seedbed
