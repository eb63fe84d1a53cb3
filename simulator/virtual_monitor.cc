#include "simulator/virtual_monitor.h"

#include <fmt/format.h>

#include "simulator/die.h"
#include "simulator/virtual_runtime.h"

namespace seedbed {

static constexpr uint64_t waits_per_spurious_wake = 64;

VirtualMonitor::VirtualMonitor(VirtualRuntime& runtime)
    : runtime_(runtime),
      entering_(runtime.scheduler(), "waits to enter a monitor"),
      waiting_(runtime.scheduler(), "waits in a monitor") {}

const void* VirtualMonitor::caller() const noexcept {
  const ScheduledFibre* fibre = runtime_.scheduler().current();
  return fibre != nullptr ? static_cast<const void*>(fibre) : this;
}

void VirtualMonitor::need_owner(const char* call) const noexcept {
  if (owner_ != caller())
    die(fmt::format("Monitor::{} by a task of machine '{}' that has not locked it", call, runtime_.name()));
}

void VirtualMonitor::acquire() {
  if (owner_ == caller())
    die(fmt::format("Monitor::lock on machine '{}' by the task that holds it already", runtime_.name()));
  while (owner_ != nullptr) entering_.park();
  owner_ = caller();
}

void VirtualMonitor::release() noexcept {
  owner_ = nullptr;
  entering_.wake_one();
}

void VirtualMonitor::lock() {
  runtime_.check_alive();
  if (runtime_.scheduler().current() != nullptr) runtime_.yield();
  acquire();
}

void VirtualMonitor::unlock() noexcept {
  if (runtime_.dead()) return;
  need_owner("unlock");
  release();
}

void VirtualMonitor::wait() {
  runtime_.check_alive();
  need_owner("wait");
  release();
  if (runtime_.scheduler().draw(waits_per_spurious_wake) == 0)
    runtime_.yield();
  else
    waiting_.park();
  acquire();
}

void VirtualMonitor::notify_all() noexcept {
  if (runtime_.dead()) return;
  waiting_.wake_all();
}

}  // namespace seedbed
