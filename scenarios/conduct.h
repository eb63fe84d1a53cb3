// What a session may do to a world, checked at every event: oracle 4 (nothing touched that was not chosen)
// and the part of oracle 5 that shows on the drive (no second format). Findings, at most a few of each. One
// run's.
#pragma once

#include <string>
#include <vector>

#include "scenarios/world.h"

namespace seedbed {

class Conduct {
 public:
  void see(const World& world, const Event& event, EventSide side);
  // What must hold at any end: source, bystanders.
  void at_end(const World& world);
  const std::vector<std::string>& touched() const noexcept { return touched_; }    // oracle 4
  const std::vector<std::string>& repeated() const noexcept { return repeated_; }  // oracle 5

 private:
  std::vector<std::string> touched_, repeated_;
};

}  // namespace seedbed
