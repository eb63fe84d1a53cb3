// Makes the faults of a world's plan happen, at the events where they are due. One boot's: made before it,
// gone after it. Runs inside the event log's hook, in the fibre that calls a port.
#pragma once

#include <map>
#include <optional>
#include <utility>

#include "scenarios/world_boot.h"

namespace seedbed {

class WorldFaults {
 public:
  WorldFaults(World& world, EventLog& log) : world_(world), log_(log) {}

  // What is due at this side of this event happens. The caller ends the machine when death() is set.
  Interference at(const Event& event, EventSide side);
  const std::optional<Death>& death() const noexcept { return death_; }
  // What is to become of the services' machine; taken by who asks.
  std::optional<Death> take_service_death() noexcept { return std::exchange(service_death_, std::nullopt); }

 private:
  void befall(const PlannedFault& fault, const Event& event, Interference& interference);
  void befall_drive(const PlannedFault& fault, const Event& event);
  Status befall_source(const PlannedFault& fault, const Event& event);
  DriveState* drive_of(const PlannedFault& fault, const Event& event);
  Survivors survivors_of(const PlannedFault& fault, const Event& event) const;

  World& world_;
  EventLog& log_;
  std::optional<Death> death_, service_death_;
  std::map<uint64_t, FaultAction>
      on_completion_;  // writes whose sectors are damaged once they are on the drive
};

}  // namespace seedbed
