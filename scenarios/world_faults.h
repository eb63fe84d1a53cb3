// Makes the faults of a world's plan happen, at the events where they are due. One boot's: made before it,
// gone after it. Runs inside the event log's hook, in the fibre that calls a port.
#pragma once

#include <functional>
#include <map>
#include <optional>

#include "scenarios/world_boot.h"

namespace seedbed {

class WorldFaults {
 public:
  WorldFaults(World& world, EventLog& log) : world_(world), log_(log) {}

  // What is due at this side of this event happens. The caller ends the machine when death() is set.
  Interference at(const Event& event, EventSide side);
  // What befalls machines other than the computer (service-kill, service-power-cut, datacentre-kill) is the
  // caller's to make happen, at once; a fibre of the machine that dies must see Killed from the hook.
  using Elsewhere = std::function<void(FaultAction, const Survivors&, const Event&)>;
  void set_elsewhere(Elsewhere elsewhere) { elsewhere_ = std::move(elsewhere); }
  const std::optional<Death>& death() const noexcept { return death_; }

 private:
  void befall(const PlannedFault& fault, const Event& event, Interference& interference);
  void befall_drive(const PlannedFault& fault, const Event& event, Interference& interference);
  bool befall_chain(const PlannedFault& fault, const Event& event);
  Status befall_source(const PlannedFault& fault, const Event& event);
  Status rot_file(const PlannedFault& fault, const Event& event);
  void befall_written(const Event& event);
  void put_another(DriveState& drive, DriveState other, const PlannedFault& fault, const Event& event);
  DriveState* drive_of(const PlannedFault& fault, const Event& event);
  Survivors survivors_of(const PlannedFault& fault, const Event& event) const;

  World& world_;
  EventLog& log_;
  Elsewhere elsewhere_;
  std::optional<Death> death_;
  // Writes whose sectors are damaged once they are on the drive: how, and what was there before.
  struct Befallen {
    FaultAction action = FaultAction::bit_rot;
    Bytes before;
  };
  std::map<uint64_t, Befallen> on_completion_;
};

}  // namespace seedbed
