#include "simulator/wait_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "simulator/die.h"

namespace seedbed {

static ScheduledFibre& waiting_fibre(Scheduler& scheduler, const char* what) {
  if (scheduler.current() == nullptr) die(fmt::format("outside every fibre somebody {}", what));
  return *scheduler.current();
}

WaitList::Waiter::Waiter(WaitList& on) : fibre(waiting_fibre(on.scheduler_, on.what_)), list(&on) {
  list->waiters_.push_back(this);
}

WaitList::Waiter::~Waiter() {
  if (list != nullptr) std::erase(list->waiters_, this);
}

WaitList::~WaitList() {
  for (Waiter* waiter : waiters_) {
    if (!waiter->fibre.killed)
      die(fmt::format("'{}' {}, and what it waits on is destroyed", waiter->fibre.name, what_));
    waiter->list = nullptr;
  }
}

void WaitList::park() {
  Waiter waiter(*this);
  scheduler_.park(what_);
}

bool WaitList::park_until(uint64_t time_ns) {
  Waiter waiter(*this);
  scheduler_.park_until(time_ns, what_);
  return waiter.list == nullptr;
}

void WaitList::park_through_death() noexcept {
  Waiter waiter(*this);
  scheduler_.park(what_, ParkKind::through_death);
}

void WaitList::wake_one() noexcept {
  if (waiters_.empty()) return;
  const size_t pick = scheduler_.draw(waiters_.size());
  Waiter* waiter = waiters_[pick];
  waiters_.erase(waiters_.begin() + static_cast<ptrdiff_t>(pick));
  waiter->list = nullptr;
  scheduler_.wake(waiter->fibre);
}

void WaitList::wake_all() noexcept {
  for (Waiter* waiter : waiters_) {
    waiter->list = nullptr;
    scheduler_.wake(waiter->fibre);
  }
  waiters_.clear();
}

}  // namespace seedbed
