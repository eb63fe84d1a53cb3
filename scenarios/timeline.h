// The story of a run as a few marks per lane, for reports: boots, phases, flushes, checkpoints, faults, ends.
// Bounded. One run's; fed with every event.
#pragma once

#include <string>
#include <vector>

#include "reports/run_record.h"
#include "scenarios/world.h"

namespace seedbed {

class Timeline {
 public:
  void see(const World& world, const Event& event, EventSide side);
  std::vector<TimelineEntry> take() { return std::move(entries_); }

 private:
  void mark(const Event& event, std::string lane, std::string what, std::string kind);
  std::vector<TimelineEntry> entries_;
  std::string phase_;
};

}  // namespace seedbed
