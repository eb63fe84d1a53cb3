// Which fault may stand on which event, and what else it needs: combinations that could never do anything are
// mistakes of the author, and are refused before they cost a run. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "simulator/fault_plan.h"

namespace seedbed {

// What `place` of an action means.
enum class ActionPlace : uint8_t {
  none,         // it acts where the event is
  drive,        // a drive's name
  source_file,  // a path under /source
  path,         // an absolute path
  other_file,   // an absolute path that is not under /source
};

struct FaultRule {
  std::vector<EventKind> events = {};         // it may stand on; empty: any
  std::optional<EventKind> usual_event = {};  // when the file names none
  ActionPlace place = ActionPlace::none;
  bool only_before = false;      // it makes the call itself go wrong: after the call it is too late
  bool only_computer = false;    // of the computer's events only
  bool takes_survivors = false;  // something loses what it had not made durable
  bool only_chain = false;       // in worlds of the whole chain only
};
FaultRule rule_of(FaultAction action);

// Whether such an event can be that machine's ("": the computer).
bool may_happen_on(EventKind kind, std::string_view machine) noexcept;
// Whether such an event has a range of bytes on a drive.
bool has_drive_range(EventKind kind) noexcept;

// "host-power-cut after drive.flush.done 3 in data": what a report calls a fault that was given no name.
std::string fault_name(const PlannedFault& fault);

}  // namespace seedbed
