// Where an event is in a run, told so that it is still found when the run has become shorter: the third write
// in the data phase of the second boot, not number 431. Values; any thread.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "scenarios/world_boot.h"

namespace seedbed {

struct EventAddress {
  EventKind kind = EventKind::boot;
  std::string machine, phase;
  uint64_t boot = 0;
  uint64_t nth = 0;  // of those that are alike in everything above
  friend auto operator<=>(const EventAddress&, const EventAddress&) = default;
  std::string text() const;  // "drive.write 3 in data of boot 2"
};

// Both ways between numbers and addresses, for one run that it watches.
class EventBook {
 public:
  void see(const World& world, const Event& event, EventSide side);
  std::optional<EventAddress> address_of(uint64_t number) const;
  std::optional<uint64_t> number_of(const EventAddress& address) const;

 private:
  std::map<EventAddress, uint64_t> counted_;  // nth 0: how many so far
  std::map<EventAddress, uint64_t> numbers_;
  std::map<uint64_t, EventAddress> addresses_;
};

}  // namespace seedbed
