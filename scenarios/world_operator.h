// The operator of a world: answers as the scenario says or cannot be asked, everything said is kept and is an
// event, and what counts as a promise goes into the world. One boot's, used by its main task.
#pragma once

#include <string>
#include <vector>

#include "engine/ports/operator.h"
#include "scenarios/world.h"

namespace seedbed {

class WorldOperator final : public Operator {
 public:
  WorldOperator(World& world, EventLog& log, std::vector<std::string>& said)
      : world_(world), log_(log), said_(said) {}

  bool interactive() const noexcept override {
    return world_.scenario->operator_.formatting != Formatting::silent;
  }
  Result<bool> confirm(std::string_view question, std::string_view remedy_when_unattended) override;
  Result<std::string> ask(std::string_view question, std::string_view remedy_when_unattended) override;
  void notice(NoticeLevel level, std::string_view text) override;
  void progress(const Progress& progress) override;
  void event(std::string_view name, const std::vector<std::pair<std::string, std::string>>& fields) override;

 private:
  void say(std::string text);
  bool may_format(std::string_view question) const;
  World& world_;
  EventLog& log_;
  std::vector<std::string>& said_;
  size_t named_ = 0;  // of the drives that were not offered
};

}  // namespace seedbed
