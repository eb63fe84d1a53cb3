#include "scenarios/event_address.h"

#include <fmt/format.h>

namespace seedbed {

std::string EventAddress::text() const {
  return fmt::format("{} {}{}{} of boot {}", event_name(kind), nth, machine.empty() ? "" : " on " + machine,
                     phase.empty() ? "" : " in " + phase, boot);
}

void EventBook::see(const World& world, const Event& event, EventSide side) {
  if (side != EventSide::before || event.kind == EventKind::fault) return;
  EventAddress address{event.kind, event.machine, world.phase, world.boots, 0};
  address.nth = ++counted_[address];
  numbers_.emplace(address, event.number);
  addresses_.emplace(event.number, std::move(address));
}

std::optional<EventAddress> EventBook::address_of(uint64_t number) const {
  const auto found = addresses_.find(number);
  if (found == addresses_.end()) return std::nullopt;
  return found->second;
}

std::optional<uint64_t> EventBook::number_of(const EventAddress& address) const {
  const auto found = numbers_.find(address);
  if (found == numbers_.end()) return std::nullopt;
  return found->second;
}

}  // namespace seedbed
