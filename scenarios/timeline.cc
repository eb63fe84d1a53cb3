#include "scenarios/timeline.h"

#include <algorithm>

namespace seedbed {

static constexpr size_t kEntriesMax = 400;

static bool kills(const World& world, const std::string& fault) {
  return std::ranges::any_of(world.faults.standings(), [&](const FaultPlan::Standing& standing) {
    const FaultAction action = standing.fault.action;
    return standing.fault.name == fault &&
           (action == FaultAction::kill || action == FaultAction::host_power_cut);
  });
}

void Timeline::mark(const Event& event, std::string lane, std::string what, std::string kind) {
  if (entries_.size() < kEntriesMax)
    entries_.push_back({event.time_ns, std::move(lane), std::move(what), std::move(kind)});
}

void Timeline::see(const World& world, const Event& event, EventSide side) {
  if (side == EventSide::after) {
    if (world.phase != phase_) {
      phase_ = world.phase;
      mark(event, "copy computer", phase_, "phase");
    }
    if (event.kind == EventKind::drive_flush_done)
      mark(event, "drive " + event.place, event.failed ? "flush failed" : "flush", "flush");
    return;
  }
  switch (event.kind) {
    case EventKind::boot:
      phase_.clear();
      return mark(event, "copy computer", event.place, "boot");
    case EventKind::halt:
      return mark(event, "copy computer", event.place, "end");
    case EventKind::fault:
      mark(event, "copy computer", event.place, "fault");
      if (kills(world, event.place)) mark(event, "copy computer", "dead", "end");
      return;
    case EventKind::said:
      return mark(event, "operator", event.place,
                  event.place.starts_with("checkpoint ") ? "checkpoint" : "promise");
    default:
      return;
  }
}

}  // namespace seedbed
