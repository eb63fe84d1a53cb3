// The virtual clock and the seeded schedule: what is decided, that it is decided by the seed alone, and that
// a world which cannot go on is reported, not waited for.
#include "simulator/scheduler.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "engine/ports/bounded_queue.h"
#include "simulator/virtual_runtime.h"
#include "simulator/wait_list.h"
#include "tests/runtime/runtime_host.h"

namespace seedbed {
namespace {

struct Outcome {
  uint64_t trace_hash = 0;
  uint64_t end_ns = 0;
  uint64_t switches = 0;
  std::vector<int> sorted;
  std::string order;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

// A pipeline with costs and sleeps: its result is the same under every schedule, the way there is not.
Outcome run_pipeline(uint64_t seed) {
  VirtualHost host({.seed = seed});
  Runtime& runtime = host.runtime();
  Outcome outcome;
  host.run([&] {
    BoundedQueue<int> in(runtime, 3);
    BoundedQueue<int> out(runtime, 3);
    std::vector<Task> workers;
    for (int t = 0; t < 4; ++t)
      workers.push_back(runtime.spawn("worker", [&, t] {
        while (auto item = in.pop()) {
          runtime.spend(Work::hash_sha256, static_cast<uint64_t>(*item) * 100);
          outcome.order += static_cast<char>('a' + t);
          out.push(*item);
        }
      }));
    Task collector = runtime.spawn("collector", [&] {
      while (auto item = out.pop()) outcome.sorted.push_back(*item);
    });
    for (int i = 0; i < 40; ++i) in.push(i);
    in.close();
    for (auto& worker : workers) worker->join();
    out.close();
    collector->join();
  });
  std::sort(outcome.sorted.begin(), outcome.sorted.end());
  outcome.trace_hash = host.scheduler().trace_hash();
  outcome.end_ns = host.scheduler().now_ns();
  outcome.switches = host.scheduler().switches();
  return outcome;
}

RC_GTEST_PROP(Scheduler, TheSameSeedMakesTheSameRun, (uint64_t seed)) {
  RC_ASSERT(run_pipeline(seed) == run_pipeline(seed));
}

// Pinned: another compiler, machine, optimisation or sanitizer must come to the same decisions.
TEST(Scheduler, TheRunOfASeedIsTheSameInEveryBuild) {
  EXPECT_EQ(run_pipeline(1).trace_hash, 598425823628254114u);
}

TEST(Scheduler, SeedsDifferInTheWayAndAgreeInTheResult) {
  std::set<uint64_t> hashes;
  std::set<std::string> orders;
  const Outcome first = run_pipeline(0);
  for (uint64_t seed = 0; seed < 100; ++seed) {
    const Outcome outcome = run_pipeline(seed);
    hashes.insert(outcome.trace_hash);
    orders.insert(outcome.order);
    EXPECT_EQ(outcome.sorted, first.sorted) << "seed " << seed;
  }
  EXPECT_EQ(hashes.size(), 100u);
  EXPECT_GT(orders.size(), 30u);
}

TEST(Scheduler, SleepersWakeInTheOrderOfTheirTimes) {
  VirtualHost host;
  Runtime& runtime = host.runtime();
  std::vector<uint64_t> woken_ns;
  host.run([&] {
    const uint64_t start_ns = runtime.now_ns();
    std::vector<Task> tasks;
    for (const uint64_t duration_ns : {50u, 10u, 40u, 20u, 30u})
      tasks.push_back(runtime.spawn("sleeper", [&, duration_ns] {
        runtime.sleep_ns(duration_ns);
        woken_ns.push_back(runtime.now_ns() - start_ns);
      }));
    for (auto& task : tasks) task->join();
  });
  EXPECT_EQ(woken_ns, (std::vector<uint64_t>{10, 20, 30, 40, 50}));
}

TEST(Scheduler, HoursCostNothingAndBothClocksTellThem) {
  VirtualHost host({}, {.utc_ns = 1'000});
  Runtime& runtime = host.runtime();
  constexpr uint64_t ten_years_ns = 3650ull * 86'400 * 1'000'000'000;
  host.run([&] {
    const uint64_t before_ns = runtime.now_ns();
    runtime.sleep_ns(ten_years_ns);
    EXPECT_EQ(runtime.now_ns() - before_ns, ten_years_ns);
    EXPECT_EQ(runtime.utc_ns(), static_cast<int64_t>(1'000 + ten_years_ns));
  });
}

TEST(Scheduler, WorkCostsWhatTheTableSays) {
  VirtualHost host({}, {.costs = CostTable{{1, 2, 3, 4, 5, 6, 7}}});
  VirtualHost free_host({}, {.costs = CostTable::none()});
  const auto cost_ns = [](VirtualHost& on, Work work, uint64_t bytes) {
    const uint64_t before_ns = on.scheduler().now_ns();
    on.run([&] { on.runtime().spend(work, bytes); });
    return on.scheduler().now_ns() - before_ns;
  };
  EXPECT_EQ(cost_ns(host, Work::hash_md5, 10 * KiB), 10u);
  EXPECT_EQ(cost_ns(host, Work::scan, 3 * KiB), 21u);
  EXPECT_EQ(cost_ns(host, Work::encrypt, 512), 1u);
  EXPECT_EQ(cost_ns(free_host, Work::compress, GiB), 0u);
}

TEST(Scheduler, EventsFireAtTheirTimeUnlessCancelled) {
  VirtualHost host;
  Scheduler& scheduler = host.scheduler();
  std::vector<int> fired;
  const uint64_t start_ns = scheduler.now_ns();
  scheduler.at(start_ns + 200, [&] { fired.push_back(2); });
  scheduler.at(start_ns + 100, [&] { fired.push_back(1); });
  const uint64_t cancelled = scheduler.at(start_ns + 150, [&] { fired.push_back(0); });
  scheduler.at(start_ns + 10'000, [&] { fired.push_back(3); });  // after the last fibre's end: stays pending
  host.run([&] {
    scheduler.cancel(cancelled);
    host.runtime().sleep_ns(1000);
    EXPECT_EQ(scheduler.now_ns(), start_ns + 1000);
  });
  EXPECT_EQ(fired, (std::vector<int>{1, 2}));
  EXPECT_EQ(scheduler.now_ns(), start_ns + 1000);
}

TEST(Scheduler, AWaitListWakesItsFibresOrTheTimeDoes) {
  VirtualHost host;
  VirtualRuntime& runtime = host.runtime();
  host.run([&] {
    WaitList list(runtime.scheduler(), "waits for a completion");
    int woken = 0;
    const auto waiter = [&] { list.park(), ++woken; };
    Task a = runtime.spawn("a", waiter);
    Task b = runtime.spawn("b", waiter);
    Task c = runtime.spawn("c", [&] {
      EXPECT_FALSE(list.park_until(runtime.now_ns() + 10));
      EXPECT_TRUE(list.park_until(runtime.now_ns() + 1000));
    });
    runtime.sleep_ns(5);
    list.wake_one();
    runtime.sleep_ns(5);
    EXPECT_LE(woken, 1);
    runtime.sleep_ns(5);
    list.wake_all();
    a->join();
    b->join();
    c->join();
    EXPECT_EQ(woken, 2);
    EXPECT_TRUE(list.empty());
  });
}

TEST(Scheduler, TheTimerOfAParkThatIsOverWakesNobody) {
  VirtualHost host;
  VirtualRuntime& runtime = host.runtime();
  host.run([&] {
    WaitList first(runtime.scheduler(), "waits first");
    WaitList second(runtime.scheduler(), "waits second");
    const uint64_t start_ns = runtime.now_ns();
    Task waiter = runtime.spawn("waiter", [&] {
      EXPECT_TRUE(first.park_until(start_ns + 100));
      second.park();
      EXPECT_EQ(runtime.now_ns(), start_ns + 200);
    });
    runtime.sleep_ns(10);
    first.wake_all();
    runtime.sleep_ns(190);
    second.wake_all();
    waiter->join();
  });
}

TEST(Scheduler, ADeadlockIsReportedWithTheNamesOfWhoWaits) {
  Scheduler scheduler({.seed = 3});
  VirtualRuntime machine(scheduler, {.name = "agent"});
  BoundedQueue<int> queue(machine, 1);
  Task main = machine.spawn("main", [&] {
    Task worker = machine.spawn("worker", [&] { queue.pop(); });
    worker->join();
  });
  const Status outcome = scheduler.run();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::internal);
  EXPECT_NE(outcome.error().what.find("'agent/main' waits for a task's end"), std::string::npos)
      << outcome.error().what;
  EXPECT_NE(outcome.error().what.find("'agent/worker' waits in a monitor"), std::string::npos)
      << outcome.error().what;
  machine.kill();
  EXPECT_TRUE(scheduler.run());
  EXPECT_EQ(scheduler.alive(), 0u);
}

TEST(Scheduler, SleepingForeverIsADeadlockAndNoEndOfTime) {
  Scheduler scheduler;
  VirtualRuntime machine(scheduler);
  Task main = machine.spawn("main", [&] { machine.sleep_ns(UINT64_MAX); });
  EXPECT_FALSE(scheduler.run());
  EXPECT_EQ(scheduler.now_ns(), scheduler.start_ns());
  machine.kill();
  EXPECT_TRUE(scheduler.run());
}

// Rule 13: waiting is a park. Each of these would stop the virtual clock for ever.
TEST(Scheduler, SpinningInsteadOfWaitingIsALivelock) {
  using Spin = void (*)(Runtime&);
  const Spin by_sleeping = [](Runtime& runtime) {
    for (;;) runtime.sleep_ns(0);
  };
  const Spin by_the_clock = [](Runtime& runtime) {
    const uint64_t until_ns = runtime.now_ns() + 1;
    while (runtime.now_ns() < until_ns) {
    }
  };
  for (const Spin spin : {by_sleeping, by_the_clock}) {
    Scheduler scheduler({.steps_without_advance_max = 10'000});
    VirtualRuntime machine(scheduler);
    Task spinner = machine.spawn("spinner", [&] { spin(machine); });
    Task sleeper = machine.spawn("sleeper", [&] { machine.sleep_ns(1); });
    const Status outcome = scheduler.run();
    ASSERT_FALSE(outcome);
    EXPECT_NE(outcome.error().what.find("livelock"), std::string::npos);
    EXPECT_NE(outcome.error().what.find("spinner"), std::string::npos);
    machine.kill();
    EXPECT_TRUE(scheduler.run());
  }
}

TEST(Scheduler, AnEventThatSetsItselfAgainForNowIsALivelock) {
  Scheduler scheduler({.steps_without_advance_max = 1'000});
  VirtualRuntime machine(scheduler);
  bool stop = false;
  std::function<void()> again = [&] {
    if (!stop) scheduler.at(scheduler.now_ns(), again);
  };
  scheduler.at(scheduler.now_ns(), again);
  Task sleeper = machine.spawn("sleeper", [&] { machine.sleep_ns(1); });
  EXPECT_FALSE(scheduler.run());
  stop = true;
  EXPECT_TRUE(scheduler.run());
}

TEST(Scheduler, WorkThatMovesTheClockIsNoLivelock) {
  VirtualHost host({.steps_without_advance_max = 100});
  host.run([&] {
    for (int i = 0; i < 10'000; ++i) host.runtime().sleep_ns(1);
  });
}

TEST(Scheduler, TheTraceNamesWhoRunsWhen) {
  std::vector<std::string> lines;
  Scheduler scheduler({.trace = [&](uint64_t now_ns, std::string_view fibre, std::string_view event) {
    lines.push_back(std::to_string(now_ns) + " " + std::string(fibre) + " " + std::string(event));
  }});
  VirtualRuntime machine(scheduler, {.name = "agent"});
  Task main = machine.spawn("main", [&] { machine.sleep_ns(5); });
  ASSERT_TRUE(scheduler.run());
  EXPECT_EQ(lines, (std::vector<std::string>{"1000000000 agent/main runs", "1000000005  clock",
                                             "1000000005 agent/main runs"}));
}

TEST(Scheduler, StacksAreUsedAgain) {
  VirtualHost host;
  Runtime& runtime = host.runtime();
  host.run([&] {
    for (int i = 0; i < 1'000; ++i) runtime.spawn("short", [] {})->join();
  });
  EXPECT_LE(host.scheduler().stacks().mapped(), 3u);
}

TEST(SchedulerDeathTest, MoreFibresThanTheCapAreRefused) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_DEATH(
      {
        VirtualHost host({.fibres_max = 10});
        host.run([&] {
          std::vector<Task> tasks;
          for (int i = 0; i < 10; ++i) tasks.push_back(host.runtime().spawn("one too many", [] {}));
        });
      },
      "10 fibres are alive, the cap: 'machine/one too many'");
}

}  // namespace
}  // namespace seedbed
