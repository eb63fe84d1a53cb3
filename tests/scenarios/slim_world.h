// The slimmest scenario that has every phase but the proof: one file, small chunks, one worker, and a drive
// that holds little back. For explorations, whose cost is the number of states.
#pragma once

#include "tests/scenarios/tiny_world.h"

namespace seedbed::test {

inline Scenario slim() {
  Scenario scenario = tiny();
  scenario.name = "slim";
  scenario.source.files = {{"a.bin", 70'000}};
  scenario.computer.workers = 1;
  scenario.computer.chunk_bytes = 16 * KiB;
  scenario.computer.queue_bytes = 32 * KiB;
  scenario.computer.checkpoint_bytes = 32 * KiB;
  scenario.computer.redo_bytes = 64 * KiB;
  scenario.computer.proof = false;
  scenario.drives[0].volatile_cache = false;
  return scenario;
}

// A fault of every such event, not one of them.
inline PlannedFault always(FaultAction action, EventKind kind, std::string phase, std::string place) {
  FaultTrigger when = nth(1, kind, std::move(phase));
  when.place = std::move(place);
  PlannedFault planned = fault(action, std::move(when));
  planned.times = 0;
  return planned;
}

}  // namespace seedbed::test
