// Fibres waiting for something that another fibre or an event brings about. What simulated ports wait on: a
// queue of completions, a network's answer, a lock. Fibres of several machines may wait on one list; a killed
// one leaves it by itself, with Killed.
//
// Waking promises nothing: check the condition again. Belongs to the scheduler's thread. Nobody alive may
// wait when it goes.
#pragma once

#include <cstdint>
#include <vector>

#include "simulator/scheduler.h"

namespace seedbed {

class WaitList {
 public:
  // `what` says in a deadlock report what is waited for: a literal, "waits for a completion".
  WaitList(Scheduler& scheduler, const char* what) : scheduler_(scheduler), what_(what) {}
  WaitList(const WaitList&) = delete;
  WaitList& operator=(const WaitList&) = delete;
  ~WaitList();

  void park();                        // until woken
  bool park_until(uint64_t time_ns);  // false: the time came first
  void
  park_through_death() noexcept;  // as park(), but a dead machine's fibre stays too: for a task's destructor

  void wake_one() noexcept;  // a seeded choice
  void wake_all() noexcept;
  bool empty() const noexcept { return waiters_.empty(); }

 private:
  struct Waiter {  // on the stack of the waiting fibre
    ScheduledFibre& fibre;
    WaitList* list;
    explicit Waiter(WaitList& on);
    ~Waiter();
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
  };

  Scheduler& scheduler_;
  const char* what_;
  std::vector<Waiter*> waiters_;
};

}  // namespace seedbed
