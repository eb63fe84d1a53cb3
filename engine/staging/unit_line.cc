#include "engine/staging/unit_line.h"

namespace seedbed {

bool UnitLine::push(std::unique_ptr<StreamUnit> unit) {
  Locked locked(*monitor_);
  unit->done = unit->plain.empty();
  locked.wait_until([&] { return stopped_ || bytes_ == 0 || bytes_ + unit->cost_bytes <= bytes_max_; });
  if (stopped_) return false;
  bytes_ += unit->cost_bytes;
  if (!unit->done) waiting_.push_back(unit.get());
  units_.push_back(std::move(unit));
  monitor_->notify_all();
  return true;
}

void UnitLine::end() {
  Locked locked(*monitor_);
  ended_ = true;
  monitor_->notify_all();
}

StreamUnit* UnitLine::take() {
  Locked locked(*monitor_);
  locked.wait_until([&] { return stopped_ || !waiting_.empty() || ended_; });
  if (stopped_ || waiting_.empty()) return nullptr;
  StreamUnit* const unit = waiting_.front();
  waiting_.pop_front();
  return unit;
}

void UnitLine::done(StreamUnit& unit) {
  Locked locked(*monitor_);
  unit.done = true;
  monitor_->notify_all();
}

std::unique_ptr<StreamUnit> UnitLine::pop() {
  Locked locked(*monitor_);
  locked.wait_until([&] { return stopped_ || (units_.empty() ? ended_ : units_.front()->done); });
  if (stopped_ || units_.empty()) return nullptr;
  std::unique_ptr<StreamUnit> unit = std::move(units_.front());
  units_.pop_front();
  bytes_ -= unit->cost_bytes;
  monitor_->notify_all();
  return unit;
}

void UnitLine::stop() noexcept {
  try {
    Locked locked(*monitor_);
    stopped_ = true;
  } catch (const Killed&) {  // NOLINT: nobody waits on a dead machine
    stopped_ = true;
  }
  monitor_->notify_all();
}

bool UnitLine::seen(const ChunkId& id) {
  Locked locked(*monitor_);
  return seen_.contains(id);
}

void UnitLine::add_seen(const ChunkId& id) {
  Locked locked(*monitor_);
  seen_.insert(id);
}

}  // namespace seedbed
