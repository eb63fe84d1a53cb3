// The Monitor of a simulated machine: parks fibres. Every lock() is a point where the schedule may turn, and
// one wait in 64 returns for no reason, as the port allows: code that takes a wake-up for its condition fails
// here.
#pragma once

#include "engine/ports/runtime.h"
#include "simulator/wait_list.h"

namespace seedbed {

class VirtualRuntime;

class VirtualMonitor final : public Monitor {
 public:
  explicit VirtualMonitor(VirtualRuntime& runtime);
  void lock() override;
  void unlock() noexcept override;
  void wait() override;
  void notify_all() noexcept override;

 private:
  const void* caller() const noexcept;
  void acquire();
  void release() noexcept;
  void need_owner(const char* call) const noexcept;

  VirtualRuntime& runtime_;
  const void* owner_ = nullptr;  // a fibre, or this monitor when locked outside every fibre
  WaitList entering_;
  WaitList waiting_;
};

}  // namespace seedbed
