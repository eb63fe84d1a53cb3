// What the two runtimes cost. One operation per iteration; the virtual ones run in a fibre, so their time is
// real, not virtual.
//
//   FibreSwitchPair         resume + suspend of a raw fibre: two jumps
//   Virtual/SleepZero       the cheapest parking port call: park, seeded pick, resume
//   Virtual/SleepOne        the same through the timer heap, the clock moves
//   Virtual/MonitorLock     lock + unlock, nobody else there
//   Virtual/QueuePushPop    one item through a BoundedQueue of 8 between two fibres
//   Virtual/SpawnJoin       spawn, run and join an empty task, pooled stack
//   Threads/…               the same four on OS threads (SleepZero yields the thread)
#include <benchmark/benchmark.h>

#include <functional>
#include <memory>

#include "engine/linux/thread_runtime.h"
#include "engine/ports/bounded_queue.h"
#include "simulator/virtual_runtime.h"

namespace seedbed {
namespace {

void FibreSwitchPair(benchmark::State& state) {
  StackPool pool;
  bool stop = false;
  Fibre fibre(pool, [&] {
    while (!stop) Fibre::suspend();
  });
  for (auto _ : state) fibre.resume();
  stop = true;
  fibre.resume();
}
BENCHMARK(FibreSwitchPair);

void sleep_zero(benchmark::State& state, Runtime& runtime) {
  for (auto _ : state) runtime.sleep_ns(0);
}

void sleep_one(benchmark::State& state, Runtime& runtime) {
  for (auto _ : state) runtime.sleep_ns(1);
}

void monitor_lock(benchmark::State& state, Runtime& runtime) {
  const auto monitor = runtime.make_monitor();
  for (auto _ : state) Locked locked(*monitor);
}

void queue_push_pop(benchmark::State& state, Runtime& runtime) {
  BoundedQueue<int> queue(runtime, 8);
  Task producer = runtime.spawn("producer", [&] {
    while (queue.push(1)) {
    }
  });
  for (auto _ : state) benchmark::DoNotOptimize(queue.pop());
  queue.close();
  producer->join();
}

void spawn_join(benchmark::State& state, Runtime& runtime) {
  for (auto _ : state) runtime.spawn("empty", [] {})->join();
}

using Measured = void (*)(benchmark::State&, Runtime&);

void on_fibres(benchmark::State& state, Measured measured) {
  Scheduler scheduler({.steps_without_advance_max = UINT64_MAX});
  VirtualRuntime machine(scheduler);
  Task main = machine.spawn("main", [&] { measured(state, machine); });
  if (const Status outcome = scheduler.run(); !outcome)
    state.SkipWithError(outcome.error().message().c_str());
}

void on_threads(benchmark::State& state, Measured measured) {
  ThreadRuntime runtime;
  measured(state, runtime);
}

BENCHMARK_CAPTURE(on_fibres, SleepZero, sleep_zero)->Name("Virtual/SleepZero");
BENCHMARK_CAPTURE(on_fibres, SleepOne, sleep_one)->Name("Virtual/SleepOne");
BENCHMARK_CAPTURE(on_fibres, MonitorLock, monitor_lock)->Name("Virtual/MonitorLock");
BENCHMARK_CAPTURE(on_fibres, QueuePushPop, queue_push_pop)->Name("Virtual/QueuePushPop");
BENCHMARK_CAPTURE(on_fibres, SpawnJoin, spawn_join)->Name("Virtual/SpawnJoin");
BENCHMARK_CAPTURE(on_threads, SleepZero, sleep_zero)->Name("Threads/SleepZero");
BENCHMARK_CAPTURE(on_threads, MonitorLock, monitor_lock)->Name("Threads/MonitorLock");
BENCHMARK_CAPTURE(on_threads, QueuePushPop, queue_push_pop)->Name("Threads/QueuePushPop")->UseRealTime();
BENCHMARK_CAPTURE(on_threads, SpawnJoin, spawn_join)->Name("Threads/SpawnJoin")->UseRealTime();

}  // namespace
}  // namespace seedbed
