#include "simulator/virtual_runtime.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "simulator/die.h"
#include "simulator/virtual_monitor.h"

namespace seedbed {

struct VirtualRuntime::Child {
  explicit Child(Scheduler& scheduler) : ended_list(scheduler, "waits for a task's end") {}
  WaitList ended_list;
  bool ended = false;
  bool killed = false;
};

// Outside every fibre there is nobody to park: run the world instead, until `done`.
template <typename Done>
static void drive(Scheduler& scheduler, const std::string& what, Done done) {
  if (done()) return;
  const Status outcome = scheduler.run();
  if (!outcome) die(what + ": " + outcome.error().message());
  if (!done()) die(what + " cannot end");
}

class VirtualTask final : public TaskHandle {
 public:
  VirtualTask(VirtualRuntime& runtime, std::shared_ptr<VirtualRuntime::Child> child)
      : runtime_(runtime), child_(std::move(child)) {}

  // Never Killed: the child refers to frames below this one, so they must stand until it has ended.
  ~VirtualTask() override {
    if (runtime_.scheduler_.current() == nullptr)
      drive(runtime_.scheduler_, "joining a task", [this] { return child_->ended; });
    while (!child_->ended) child_->ended_list.park_through_death();
  }

  void join() override {
    runtime_.check_usable();
    if (runtime_.scheduler_.current() == nullptr)
      drive(runtime_.scheduler_, "joining a task", [this] { return child_->ended; });
    while (!child_->ended) child_->ended_list.park();
    if (child_->killed) throw Killed{};
  }

 private:
  VirtualRuntime& runtime_;
  std::shared_ptr<VirtualRuntime::Child> child_;
};

VirtualRuntime::VirtualRuntime(Scheduler& scheduler, VirtualRuntimeOptions options)
    : scheduler_(scheduler), options_(std::move(options)), end_(scheduler, "waits for a machine's end") {
  options_.workers = std::max(options_.workers, 1u);
}

VirtualRuntime::~VirtualRuntime() {
  if (fibres_.empty()) return;
  kill();
  await_end();
}

void VirtualRuntime::kill() noexcept {
  if (std::exchange(dead_, true)) return;
  for (ScheduledFibre* fibre : fibres_) scheduler_.kill(*fibre);
}

void VirtualRuntime::await_end() noexcept {
  const ScheduledFibre* waiting = scheduler_.current();
  if (waiting == nullptr)
    return drive(scheduler_, fmt::format("the end of machine '{}'", options_.name),
                 [this] { return fibres_.empty(); });
  if (waiting->machine == this) die(fmt::format("machine '{}' waits for its own end", options_.name));
  while (!fibres_.empty()) end_.park_through_death();
}

void VirtualRuntime::check_alive() {
  const ScheduledFibre* caller = scheduler_.current();
  if (caller != nullptr && caller->machine != this)
    die(fmt::format("'{}' calls a port of machine '{}', which is not its own", caller->name, options_.name));
  if (++port_calls_ == kill_at_port_call_) kill();
  scheduler_.check_killed();
  if (dead_) throw Killed{};
}

void VirtualRuntime::check_usable() {
  const ScheduledFibre* caller = scheduler_.current();
  if (caller == nullptr || caller->machine == this) return check_alive();
  scheduler_.check_killed();
}

void VirtualRuntime::yield() {
  scheduler_.yield();
}

void VirtualRuntime::park_until(uint64_t time_ns) {
  scheduler_.park_until(time_ns, "sleeps");
}

uint64_t VirtualRuntime::now_ns() {
  check_alive();
  scheduler_.note_clock_read();
  return scheduler_.now_ns();
}

int64_t VirtualRuntime::utc_ns() {
  check_alive();
  scheduler_.note_clock_read();
  return options_.utc_ns + static_cast<int64_t>(scheduler_.now_ns() - scheduler_.start_ns());
}

void VirtualRuntime::sleep_ns(uint64_t duration_ns) {
  check_alive();
  const uint64_t now_ns = scheduler_.now_ns();
  park_until(now_ns + std::min(duration_ns, Scheduler::never_ns - now_ns));
}

void VirtualRuntime::spend(Work work, uint64_t bytes) {
  sleep_ns(options_.costs.ns_of(work, bytes));
}

std::unique_ptr<Monitor> VirtualRuntime::make_monitor() {
  check_usable();
  return std::make_unique<VirtualMonitor>(*this);
}

Task VirtualRuntime::spawn(std::string_view name, std::function<void()> body) {
  check_usable();
  auto child = std::make_shared<Child>(scheduler_);
  auto task = std::make_unique<VirtualTask>(*this, child);
  launch(name, std::move(child), std::move(body));
  return task;
}

bool VirtualRuntime::start(std::string_view name, std::function<void()> body) {
  if (dead_) return false;
  launch(name, std::make_shared<Child>(scheduler_), std::move(body));
  return true;
}

void VirtualRuntime::launch(std::string_view name, std::shared_ptr<Child> child, std::function<void()> body) {
  ScheduledFibre& fibre =
      scheduler_.start(fmt::format("{}/{}", options_.name, name), this,
                       [this, child = std::move(child), body = std::move(body)]() mutable {
                         run_body(*child, std::move(body));
                       });
  fibres_.push_back(&fibre);
}

void VirtualRuntime::run_body(Child& child, std::function<void()> body) {
  ScheduledFibre* self = scheduler_.current();
  try {
    if (dead_) throw Killed{};  // killed before its first step
    body();
  } catch (const Killed&) {
    child.killed = true;
  } catch (const std::exception& error) {
    die(fmt::format("an exception leaves task '{}': {}", self->name, error.what()));
  } catch (...) {
    die(fmt::format("an exception of unknown type leaves task '{}'", self->name));
  }
  body = nullptr;  // what it owns ends before the task counts as ended
  child.ended = true;
  child.ended_list.wake_all();
  std::erase(fibres_, self);
  if (fibres_.empty()) end_.wake_all();
}

}  // namespace seedbed
