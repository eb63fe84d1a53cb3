#include "simulator/scheduler.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/ports/runtime.h"
#include "simulator/die.h"

namespace seedbed {

// An unwinding stack calls a handful of ports, a swallowed Killed any number.
static constexpr uint32_t killed_thrown_max = 10'000;
static constexpr size_t named_in_report_max = 20;

Scheduler::Scheduler(SchedulerOptions options)
    : options_(std::move(options)),
      random_(sub_seed(options_.seed, "scheduler")),
      stacks_(options_.stacks ? options_.stacks : std::make_shared<StackPool>()),
      now_ns_(options_.start_ns) {}

Status Scheduler::run() {
  if (Fibre::current() != nullptr) die("Scheduler::run is called inside a fibre");
  if (running_) die("Scheduler::run is called by an event of the same scheduler");
  running_ = true;
  steps_ = 0;
  Status outcome;
  while (alive_ > 0 && outcome) {
    if (steps_ > options_.steps_without_advance_max) {
      outcome = livelock();
      break;
    }
    if (runnable_.empty()) {
      if (!advance_clock()) outcome = deadlock();
      continue;
    }
    ++steps_;
    ++switches_;
    const size_t pick = draw(runnable_.size());
    ScheduledFibre& fibre = *runnable_[pick];
    runnable_[pick] = runnable_.back();
    runnable_.pop_back();
    trace_hash_.mix(fibre.id);
    if (options_.trace) options_.trace(now_ns_, fibre.name, "runs");
    current_ = &fibre;
    fibre.fibre->resume();
    current_ = nullptr;
    if (fibre.fibre->ended()) retire(fibre);
  }
  running_ = false;
  return outcome;
}

ScheduledFibre& Scheduler::start(std::string name, const void* machine, std::function<void()> body) {
  if (alive_ >= options_.fibres_max)
    die(
        fmt::format("{} fibres are alive, the cap: '{}' cannot start. Raise fibres_max (see "
                    "vm.max_map_count) or spawn less",
                    alive_, name));
  if (free_.empty()) free_.push_back(&fibres_.emplace_back());
  ScheduledFibre& fibre = *free_.back();
  free_.pop_back();
  fibre.fibre.emplace(*stacks_, std::move(body));
  fibre.name = std::move(name);
  fibre.machine = machine;
  fibre.id = next_id_++;
  trace_hash_.mix(fibre.id);
  trace_hash_.mix(fibre.name);
  ++alive_;
  runnable_.push_back(&fibre);
  return fibre;
}

void Scheduler::retire(ScheduledFibre& fibre) {
  fibre.fibre.reset();
  fibre.park_id = 0;
  fibre.killed = false;
  fibre.killed_thrown = 0;
  free_.push_back(&fibre);
  --alive_;
}

ScheduledFibre& Scheduler::need_current() const {
  if (current_ == nullptr) die("a port call that parks is made outside this scheduler's fibres");
  return *current_;
}

void Scheduler::check_killed() {
  if (current_ == nullptr || !current_->killed) return;
  if (++current_->killed_thrown > killed_thrown_max)
    die(fmt::format("'{}' goes on calling ports after Killed: a catch swallows it", current_->name));
  throw Killed{};
}

void Scheduler::suspend() {
  ScheduledFibre& fibre = *current_;
  const uint64_t id = fibre.id;
  Fibre::suspend();
  if (current_ != &fibre || fibre.id != id) die("a fibre was resumed out of turn");
}

void Scheduler::yield() {
  runnable_.push_back(&need_current());
  suspend();
  check_killed();
}

void Scheduler::park(const char* what, ParkKind kind) {
  ScheduledFibre& fibre = need_current();
  if (kind == ParkKind::until_killed) check_killed();
  fibre.parked_on = what;
  fibre.park_kind = kind;
  suspend();
  if (kind == ParkKind::until_killed) check_killed();
}

void Scheduler::park_until(uint64_t time_ns, const char* what) {
  ScheduledFibre& fibre = need_current();
  if (time_ns <= now_ns_) return yield();
  check_killed();
  const uint64_t order = next_id_++;
  fibre.park_id = order;
  if (time_ns < never_ns) add_timer(time_ns, &fibre, order, order);
  park(what);
}

void Scheduler::wake(ScheduledFibre& fibre) noexcept {
  if (fibre.parked_on == nullptr) return;
  fibre.parked_on = nullptr;
  fibre.park_id = 0;
  runnable_.push_back(&fibre);
}

void Scheduler::kill(ScheduledFibre& fibre) noexcept {
  fibre.killed = true;
  trace_hash_.mix(fibre.id);
  if (fibre.park_kind == ParkKind::until_killed) wake(fibre);
}

void Scheduler::note_clock_read() {
  if (++steps_ > options_.steps_without_advance_max && current_ != nullptr)
    yield();  // run() then says livelock
}

uint64_t Scheduler::draw(uint64_t bound) noexcept {
  const uint64_t value = bound == 1 ? 0 : random_.below(bound);
  trace_hash_.mix(value);
  return value;
}

uint64_t Scheduler::at(uint64_t time_ns, std::function<void()> event) {
  const uint64_t id = next_id_++;
  if (time_ns >= never_ns) return id;
  events_.emplace(id, std::move(event));
  add_timer(std::max(time_ns, now_ns_), nullptr, 0, id);
  return id;
}

void Scheduler::cancel(uint64_t event_id) noexcept {
  events_.erase(event_id);
}

bool Scheduler::later(const Timer& a, const Timer& b) noexcept {
  return a.time_ns != b.time_ns ? a.time_ns > b.time_ns : a.order > b.order;
}

void Scheduler::add_timer(uint64_t time_ns, ScheduledFibre* fibre, uint64_t park_id, uint64_t order) {
  timers_.push_back({time_ns, order, fibre, park_id});
  std::push_heap(timers_.begin(), timers_.end(), later);
}

bool Scheduler::stale(const Timer& timer) const noexcept {
  if (timer.fibre == nullptr) return !events_.contains(timer.order);
  return timer.fibre->park_id != timer.park_id;
}

bool Scheduler::advance_clock() {
  bool fired = false;
  while (!timers_.empty()) {
    const Timer next = timers_.front();
    const bool over = stale(next);
    if (!over && fired && next.time_ns > now_ns_) break;
    if (steps_ > options_.steps_without_advance_max) break;  // an event that sets itself again for now
    std::pop_heap(timers_.begin(), timers_.end(), later);
    timers_.pop_back();
    if (over) continue;
    if (next.time_ns > now_ns_) {
      now_ns_ = next.time_ns;
      steps_ = 0;
      trace_hash_.mix(now_ns_);
      if (options_.trace) options_.trace(now_ns_, "", "clock");
    }
    fire(next);
    fired = true;
  }
  return fired;
}

void Scheduler::fire(const Timer& timer) {
  if (timer.fibre != nullptr) {
    wake(*timer.fibre);
    return;
  }
  ++steps_;
  const auto node = events_.extract(timer.order);
  trace_hash_.mix(timer.order);
  node.mapped()();
}

std::string Scheduler::where_parked() const {
  std::string text;
  size_t named = 0;
  for (const ScheduledFibre& fibre : fibres_) {
    if (!fibre.fibre) continue;
    if (named++ == named_in_report_max) {
      text += fmt::format(", … ({} alive)", alive_);
      break;
    }
    text += fmt::format("{}'{}' {}", text.empty() ? "" : ", ", fibre.name,
                        fibre.parked_on == nullptr ? "can run" : fibre.parked_on);
  }
  return text;
}

std::unexpected<Error> Scheduler::deadlock() const {
  return fail(ErrorCode::internal, "deadlock: nobody can run and no timer is set: " + where_parked(),
              fmt::format("virtual time {} ns, seed {}", now_ns_, options_.seed),
              "Close queues before joining their users, and wake what waits");
}

std::unexpected<Error> Scheduler::livelock() const {
  return fail(ErrorCode::internal,
              fmt::format("livelock: {} steps without the clock moving: {}", steps_, where_parked()),
              fmt::format("virtual time {} ns, seed {}", now_ns_, options_.seed),
              "Wait by parking, never by asking again");
}

}  // namespace seedbed
