// A Runtime of fibres on virtual time: one simulated machine. Several share a Scheduler, each can be killed
// by itself.
//
// kill() makes every port call of this machine's fibres throw Killed (noexcept ones go inert) and so unwinds
// them all as soon as the scheduler runs; a reboot is a new VirtualRuntime over the same devices. A machine's
// ports are for its own fibres. Another machine's fibre (a director that boots and kills) may spawn, make
// monitors, and join or drop the tasks it spawned; any other call from it is a bug of the world, and dies.
//
// Outside every fibre (in a test's main function, in an event) spawn, kill, make_monitor and the clocks work,
// and so does a monitor that nobody holds. Outside every fibre and every event, join() and the destructors of
// tasks and of the runtime drive the scheduler.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/ports/runtime.h"
#include "simulator/cost_table.h"
#include "simulator/scheduler.h"
#include "simulator/wait_list.h"

namespace seedbed {

struct VirtualRuntimeOptions {
  std::string name = "machine";
  unsigned workers = 4;
  int64_t utc_ns = 1'478'044'800'000'000'000;  // the wall clock when the scheduler started, so a reboot keeps
                                               // it: 2016-11-02
  CostTable costs = {};
};

class VirtualRuntime final : public Runtime {
 public:
  explicit VirtualRuntime(Scheduler& scheduler, VirtualRuntimeOptions options = {});
  VirtualRuntime(const VirtualRuntime&) = delete;
  VirtualRuntime& operator=(const VirtualRuntime&) = delete;
  // Kills what still runs and waits until it has unwound.
  ~VirtualRuntime() override;

  uint64_t now_ns() override;
  int64_t utc_ns() override;
  void sleep_ns(uint64_t duration_ns) override;
  unsigned workers() const noexcept override { return options_.workers; }
  void spend(Work work, uint64_t bytes) override;
  std::unique_ptr<Monitor> make_monitor() override;
  Task spawn(std::string_view name, std::function<void()> body) override;

  // --- the machine ---

  // The wall clock jumps; the steady one does not.
  void shift_utc(int64_t by_ns) noexcept { options_.utc_ns += by_ns; }
  void kill() noexcept;
  bool dead() const noexcept { return dead_; }
  // Until every fibre of this machine has ended; callable by another machine's fibre or outside.
  void await_end() noexcept;
  uint64_t port_calls() const noexcept { return port_calls_; }
  // The machine dies at its port call number `ordinal` (the first is 1), which throws. 0: never.
  void kill_at_port_call(uint64_t ordinal) noexcept { kill_at_port_call_ = ordinal; }
  // A task that nobody joins; only its machine's end waits for it, so it owns all that it uses or uses what
  // outlives the machine. From anywhere, events too; no port call. False: the machine is dead.
  bool start(std::string_view name, std::function<void()> body);
  const std::string& name() const noexcept { return options_.name; }

  // --- for simulated ports on this machine ---

  // Every port call begins with this. Throws Killed; counts as one port call.
  void check_alive();
  void yield();                       // a point where the schedule may turn; throws Killed
  void park_until(uint64_t time_ns);  // virtual time; throws Killed
  Scheduler& scheduler() noexcept { return scheduler_; }

 private:
  friend class VirtualTask;
  friend class VirtualMonitor;
  struct Child;
  void check_usable();  // as check_alive, for what other machines' fibres may call too
  void run_body(Child& child, std::function<void()> body);
  void launch(std::string_view name, std::shared_ptr<Child> child, std::function<void()> body);

  Scheduler& scheduler_;
  VirtualRuntimeOptions options_;
  std::vector<ScheduledFibre*> fibres_;  // not ended
  WaitList end_;
  uint64_t port_calls_ = 0;
  uint64_t kill_at_port_call_ = 0;
  bool dead_ = false;
};

}  // namespace seedbed
