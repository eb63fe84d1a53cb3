// The scheduler of a simulated world: the virtual clock, the fibres that can run, the timers. One 64-bit seed
// decides which fibre runs next; when none can, the clock jumps to the next timer. The machines of a world
// (VirtualRuntime) share one Scheduler.
//
// Everything happens on one OS thread. run() is called outside every fibre; "only in a fibre" functions die
// elsewhere. A Scheduler outlives its machines and everything parked on it.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/random.h"
#include "engine/base/result.h"
#include "simulator/fibre.h"
#include "simulator/trace_hash.h"

namespace seedbed {

struct SchedulerOptions {
  uint64_t seed = 0;
  uint64_t start_ns = 1'000'000'000;  // the clock's first reading: not 0, which passes for "unset"
  uint32_t fibres_max = 20'000;       // alive at once; see StackPool for why
  // Switches and clock readings at one instant: more is a livelock.
  uint64_t steps_without_advance_max = 5'000'000;
  // Stacks shared with the schedulers that come before and after on this thread; by default each has its own.
  std::shared_ptr<StackPool> stacks = {};
  // For finding where two runs part: called with the time, the fibre and "runs", or with "" and "clock".
  std::function<void(uint64_t now_ns, std::string_view fibre, std::string_view event)> trace = {};
};

// Whether a dead machine's fibre is thrown out of a park at once (Killed), or stays until woken: only a
// task's destructor stays.
enum class ParkKind : uint8_t { until_killed, through_death };

// A fibre with its place in the schedule. Made and kept by the Scheduler, recycled after its end.
struct ScheduledFibre {
  std::optional<Fibre> fibre;
  std::string name;
  const void* machine = nullptr;    // whose fibre it is
  uint64_t id = 0;                  // never used twice
  uint64_t park_id = 0;             // which park a timer was set for
  const char* parked_on = nullptr;  // nullptr: running or able to
  ParkKind park_kind = ParkKind::until_killed;
  bool killed = false;
  uint32_t killed_thrown = 0;
};

class Scheduler {
 public:
  explicit Scheduler(SchedulerOptions options = {});
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  uint64_t now_ns() const noexcept { return now_ns_; }
  uint64_t start_ns() const noexcept { return options_.start_ns; }
  uint64_t trace_hash() const noexcept { return trace_hash_.value(); }
  uint64_t switches() const noexcept { return switches_; }
  size_t alive() const noexcept { return alive_; }  // fibres that have not ended
  const StackPool& stacks() const noexcept { return *stacks_; }
  uint64_t seed() const noexcept { return options_.seed; }

  // Runs until every fibre has ended. Errors (internal, naming the fibres): deadlock, when nobody can run and
  // no timer is set; livelock, when the clock stands still for steps_without_advance_max. The fibres then
  // stay as they are; kill the machines and run again to unwind. Events still pending when the last fibre has
  // ended stay pending.
  Status run();

  // Calls `event` at a virtual time, on the scheduler's own stack: it may kill, wake and spawn, but not park.
  // cancel() of what has happened has no effect.
  uint64_t at(uint64_t time_ns, std::function<void()> event);
  void cancel(uint64_t event_id) noexcept;

  // --- for runtimes and simulated ports ---

  // `body` lets no exception out. The name and id go into the trace.
  ScheduledFibre& start(std::string name, const void* machine, std::function<void()> body);
  ScheduledFibre* current() const noexcept { return current_; }
  // Only in a fibre. Lets the seed decide who goes on; throws Killed.
  void yield();
  // Only in a fibre: until wake(). `what` is a literal that says in a deadlock report what is waited for.
  // until_killed throws Killed.
  void park(const char* what, ParkKind kind = ParkKind::until_killed);
  // Only in a fibre: until that time or wake(). Times from `never_ns` on never come. Throws Killed.
  void park_until(uint64_t time_ns, const char* what);
  static constexpr uint64_t never_ns = uint64_t{1} << 62;
  // No effect on a fibre that is not parked.
  void wake(ScheduledFibre& fibre) noexcept;
  // From now on every park of this fibre throws Killed, the one it is in too.
  void kill(ScheduledFibre& fibre) noexcept;
  // Throws Killed if the current fibre was killed; dies when the fibre swallows Killed again and again.
  void check_killed();
  // Counts a reading of the clock, so that spinning on it is found.
  void note_clock_read();
  // A seeded draw: part of the schedule, so part of the trace.
  uint64_t draw(uint64_t bound) noexcept;

 private:
  struct Timer {
    uint64_t time_ns;
    uint64_t order;         // equal times fire in the order they were set
    ScheduledFibre* fibre;  // nullptr: an event, found by `order`
    uint64_t park_id;
  };
  static bool later(const Timer& a, const Timer& b) noexcept;

  ScheduledFibre& need_current() const;
  bool stale(const Timer& timer) const noexcept;
  void add_timer(uint64_t time_ns, ScheduledFibre* fibre, uint64_t park_id, uint64_t order);
  bool advance_clock();  // false: no timer is set
  void fire(const Timer& timer);
  void retire(ScheduledFibre& fibre);
  void suspend();
  std::string where_parked() const;
  std::unexpected<Error> deadlock() const;
  std::unexpected<Error> livelock() const;

  SchedulerOptions options_;
  Random random_;
  TraceHash trace_hash_;
  std::shared_ptr<StackPool> stacks_;
  std::deque<ScheduledFibre> fibres_;  // stable addresses
  std::vector<ScheduledFibre*> free_;
  std::vector<ScheduledFibre*> runnable_;
  std::vector<Timer> timers_;  // a heap; timers of parks that are over stay until they come up
  std::map<uint64_t, std::function<void()>> events_;
  ScheduledFibre* current_ = nullptr;
  uint64_t now_ns_;
  uint64_t next_id_ = 1;  // fibres, parks and timers
  uint64_t switches_ = 0;
  uint64_t steps_ = 0;  // since the clock moved
  size_t alive_ = 0;
  bool running_ = false;
};

}  // namespace seedbed
