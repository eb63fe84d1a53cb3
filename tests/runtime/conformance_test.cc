// What every Runtime promises, whichever it is: the words of engine/ports/runtime.h and bounded_queue.h. The
// fibres run it under several seeds, because each is another order of events.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <numeric>
#include <string>
#include <vector>

#include "engine/ports/bounded_queue.h"
#include "tests/runtime/runtime_host.h"

namespace seedbed {
namespace {

constexpr int64_t fixed_utc_ns = 1'700'000'000'000'000'000;

struct Subject {
  std::string name;
  std::function<std::unique_ptr<RuntimeHost>()> make;
};

Subject threads() {
  return {"threads", [] {
            return std::make_unique<ThreadHost>(
                ThreadRuntimeOptions{.workers = 0, .utc_clock = [] { return fixed_utc_ns; }});
          }};
}

Subject fibres(uint64_t seed) {
  return {"fibres_seed_" + std::to_string(seed), [seed] {
            return std::make_unique<VirtualHost>(SchedulerOptions{.seed = seed},
                                                 VirtualRuntimeOptions{.utc_ns = fixed_utc_ns});
          }};
}

class RuntimeConformance : public testing::TestWithParam<Subject> {
 protected:
  std::unique_ptr<RuntimeHost> host = GetParam().make();
  Runtime& runtime = host->runtime();
};

INSTANTIATE_TEST_SUITE_P(Both, RuntimeConformance,
                         testing::Values(threads(), fibres(1), fibres(2), fibres(3), fibres(4), fibres(5)),
                         [](const auto& subject) { return subject.param.name; });

TEST_P(RuntimeConformance, JoinReturnsAfterTheBody) {
  host->run([&] {
    bool ran = false;
    Task task = runtime.spawn("child", [&] { ran = true; });
    task->join();
    EXPECT_TRUE(ran);
    task->join();  // again: still ended
  });
}

TEST_P(RuntimeConformance, JoinThrowsKilledWhenTheBodyDid) {
  host->run([&] {
    Task task = runtime.spawn("child", [] { throw Killed{}; });
    EXPECT_THROW(task->join(), Killed);
    EXPECT_THROW(task->join(), Killed);
  });
}

TEST_P(RuntimeConformance, DestructorJoinsAndSwallowsKilled) {
  host->run([&] {
    int ended = 0;
    {
      Task task = runtime.spawn("returns", [&] { runtime.sleep_ns(1000), ++ended; });
    }
    EXPECT_EQ(ended, 1);
    {
      Task task = runtime.spawn("killed", [&] { ++ended, throw Killed{}; });
    }
    EXPECT_EQ(ended, 2);
  });
}

TEST_P(RuntimeConformance, WhatABodyOwnsIsGoneAfterJoin) {
  host->run([&] {
    auto owned = std::make_shared<int>(7);
    Task task = runtime.spawn("owner", [owned] { EXPECT_EQ(*owned, 7); });
    task->join();
    EXPECT_EQ(owned.use_count(), 1);
  });
}

TEST_P(RuntimeConformance, TasksSpawnTasks) {
  host->run([&] {
    std::function<int(int)> leaves = [&](int depth) -> int {
      if (depth == 0) return 1;
      int left = 0;
      int right = 0;
      Task a = runtime.spawn("left", [&] { left = leaves(depth - 1); });
      Task b = runtime.spawn("right", [&] { right = leaves(depth - 1); });
      a->join();
      b->join();
      return left + right;
    };
    EXPECT_EQ(leaves(5), 32);
  });
}

TEST_P(RuntimeConformance, AMonitorLetsOneTaskInAtATime) {
  host->run([&] {
    auto monitor = runtime.make_monitor();
    int inside = 0;
    int entered = 0;
    std::vector<Task> tasks;
    for (int t = 0; t < 8; ++t)
      tasks.push_back(runtime.spawn("enter", [&] {
        for (int i = 0; i < 50; ++i) {
          Locked locked(*monitor);
          EXPECT_EQ(++inside, 1);
          if (i % 10 == 0) runtime.sleep_ns(10);  // parks with the monitor held: nobody else gets in
          --inside;
          ++entered;
        }
      }));
    for (auto& task : tasks) task->join();
    EXPECT_EQ(entered, 400);
  });
}

TEST_P(RuntimeConformance, WaitReleasesTheMonitorAndNotifyWakesAll) {
  host->run([&] {
    auto monitor = runtime.make_monitor();
    int waiting = 0;
    bool go = false;
    int woken = 0;
    std::vector<Task> tasks;
    for (int t = 0; t < 5; ++t)
      tasks.push_back(runtime.spawn("wait", [&] {
        Locked locked(*monitor);
        ++waiting;
        monitor->notify_all();
        locked.wait_until([&] { return go; });
        ++woken;
      }));
    {
      Locked locked(*monitor);
      locked.wait_until([&] { return waiting == 5; });
      EXPECT_EQ(woken, 0);
      go = true;
      monitor->notify_all();
    }
    for (auto& task : tasks) task->join();
    EXPECT_EQ(woken, 5);
  });
}

TEST_P(RuntimeConformance, AQueueKeepsOrderAndDrainsAfterClose) {
  host->run([&] {
    BoundedQueue<int> queue(runtime, 4);
    std::vector<int> taken;
    Task consumer = runtime.spawn("consume", [&] {
      while (auto item = queue.pop()) taken.push_back(*item);
    });
    for (int i = 0; i < 200; ++i) EXPECT_TRUE(queue.push(i));
    queue.close();
    consumer->join();
    std::vector<int> expected(200);
    std::iota(expected.begin(), expected.end(), 0);
    EXPECT_EQ(taken, expected);
    EXPECT_FALSE(queue.push(200));
    EXPECT_EQ(queue.pop(), std::nullopt);
  });
}

TEST_P(RuntimeConformance, AQueueHoldsNoMoreThanItsCapacity) {
  host->run([&] {
    struct Counted {
      explicit Counted(std::atomic<int>& alive) : alive_(&alive) { ++*alive_; }
      Counted(Counted&& other) noexcept : alive_(other.alive_) { ++*alive_; }
      ~Counted() { --*alive_; }
      std::atomic<int>* alive_;
    };
    constexpr int capacity = 3;
    std::atomic<int> alive{0};
    int most = 0;
    BoundedQueue<Counted> queue(runtime, capacity);
    Task producer = runtime.spawn("produce", [&] {
      for (int i = 0; i < 100; ++i) queue.push(Counted(alive));
      queue.close();
    });
    while (queue.pop()) most = std::max(most, alive.load());
    producer->join();
    // Queued, plus what either side has in its hands: push's argument, its move and its source; pop's
    // optional and its move.
    EXPECT_LE(most, capacity + 5);
    EXPECT_EQ(alive, 0);
  });
}

TEST_P(RuntimeConformance, TryPopNeverWaits) {
  host->run([&] {
    BoundedQueue<int> queue(runtime, 2);
    EXPECT_EQ(queue.try_pop(), std::nullopt);
    queue.push(1);
    EXPECT_EQ(queue.try_pop(), 1);
  });
}

TEST_P(RuntimeConformance, CloseFreesWhoeverWaits) {
  host->run([&] {
    BoundedQueue<int> full(runtime, 1);
    BoundedQueue<int> empty(runtime, 1);
    full.push(0);
    Task pusher = runtime.spawn("push", [&] { EXPECT_FALSE(full.push(1)); });
    Task popper = runtime.spawn("pop", [&] { EXPECT_EQ(empty.pop(), std::nullopt); });
    runtime.sleep_ns(
        1'000'000);  // on fibres: both wait by now; on threads they may, and either way close must free them
    full.close();
    empty.close();
    pusher->join();
    popper->join();
    EXPECT_EQ(full.pop(), 0);  // what was in stays in
  });
}

TEST_P(RuntimeConformance, APipelineOfManyTasksLosesNothing) {
  host->run([&] {
    constexpr int items = 500;
    constexpr int stages = 6;
    BoundedQueue<int> in(runtime, 8);
    BoundedQueue<int> out(runtime, 8);
    std::vector<Task> tasks;
    for (int t = 0; t < stages; ++t)
      tasks.push_back(runtime.spawn("stage", [&] {
        while (auto item = in.pop()) {
          runtime.spend(Work::compress, 512);
          out.push(*item * 2);
        }
      }));
    uint64_t sum = 0;
    Task collector = runtime.spawn("collect", [&] {
      while (auto item = out.pop()) sum += static_cast<uint64_t>(*item);
    });
    for (int i = 0; i < items; ++i) in.push(i);
    in.close();
    for (auto& task : tasks) task->join();
    out.close();
    collector->join();
    EXPECT_EQ(sum, uint64_t{items} * (items - 1));
  });
}

TEST_P(RuntimeConformance, ManyTasksAtOnce) {
  host->run([&] {
    auto monitor = runtime.make_monitor();
    int arrived = 0;
    constexpr int crowd = 200;
    std::vector<Task> tasks;
    for (int t = 0; t < crowd; ++t)
      tasks.push_back(runtime.spawn("one of many", [&] {
        Locked locked(*monitor);
        ++arrived;
        monitor->notify_all();
        locked.wait_until([&] { return arrived == crowd; });  // all must be alive at once
      }));
    for (auto& task : tasks) task->join();
    EXPECT_EQ(arrived, crowd);
  });
}

TEST_P(RuntimeConformance, SleepLastsAtLeastAsLongAsAsked) {
  host->run([&] {
    for (const uint64_t duration_ns : {0ull, 1ull, 1000ull, 1'000'000ull}) {
      const uint64_t before_ns = runtime.now_ns();
      runtime.sleep_ns(duration_ns);
      const uint64_t after_ns = runtime.now_ns();
      EXPECT_GE(after_ns - before_ns, duration_ns);
    }
  });
}

TEST_P(RuntimeConformance, TimeNeverGoesBackEvenAcrossTasks) {
  host->run([&] {
    auto monitor = runtime.make_monitor();
    uint64_t last_ns = 0;
    std::vector<Task> tasks;
    for (int t = 0; t < 4; ++t)
      tasks.push_back(runtime.spawn("clock", [&] {
        for (int i = 0; i < 100; ++i) {
          Locked locked(*monitor);
          const uint64_t now_ns = runtime.now_ns();
          EXPECT_GE(now_ns, last_ns);
          last_ns = now_ns;
        }
      }));
    for (auto& task : tasks) task->join();
  });
}

TEST_P(RuntimeConformance, TheWallClockCanBeSet) {
  host->run([&] {
    const int64_t utc_ns = runtime.utc_ns();
    EXPECT_GE(utc_ns, fixed_utc_ns);
    EXPECT_LT(utc_ns, fixed_utc_ns + 1'000'000'000);
  });
}

TEST_P(RuntimeConformance, ThereIsAtLeastOneWorker) {
  EXPECT_GE(runtime.workers(), 1u);
}

TEST(ThreadRuntime, TakesTheNumberOfWorkersItIsTold) {
  EXPECT_EQ(ThreadRuntime({.workers = 3}).workers(), 3u);
}

TEST(ThreadRuntime, TheWallClockIsTheSystemsByDefault) {
  ThreadRuntime runtime;
  EXPECT_GT(runtime.utc_ns(), fixed_utc_ns);  // that moment has passed
}

TEST(RuntimeDeathTest, AnyOtherExceptionEndsTheProcess) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  for (const bool on_threads : {true, false}) {
    EXPECT_DEATH(
        {
          const auto host = (on_threads ? threads() : fibres(1)).make();
          host->run([&] {
            host->runtime().spawn("broken", [] { throw std::runtime_error("no such page"); })->join();
          });
        },
        "broken'.*no such page");
  }
}

}  // namespace
}  // namespace seedbed
