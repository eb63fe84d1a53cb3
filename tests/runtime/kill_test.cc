// The death of a simulated machine, at every single port call: all its fibres unwind, nothing stays behind,
// the other machines live on.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "engine/ports/bounded_queue.h"
#include "simulator/virtual_runtime.h"

namespace seedbed {
namespace {

// Counts itself while it lives; its destructor closes and unlocks, as destructors on a dead machine do.
struct Witness {
  explicit Witness(int& alive) : alive_(alive) { ++alive_; }
  Witness(const Witness&) = delete;
  ~Witness() { --alive_; }
  int& alive_;
  std::string heap = std::string(100, 'w');  // a leak here is LSan's to find
};

// Four tasks over two queues; references to frames everywhere, so an early return of a frame is ASan's to
// find.
void engine(Runtime& runtime, int& witnesses, int& finished) {
  Witness outer(witnesses);
  BoundedQueue<std::string> in(runtime, 2);
  BoundedQueue<std::string> out(runtime, 2);
  auto monitor = runtime.make_monitor();
  int done = 0;
  std::vector<Task> tasks;
  for (int t = 0; t < 2; ++t)
    tasks.push_back(runtime.spawn("worker", [&] {
      Witness mine(witnesses);
      while (auto item = in.pop()) {
        runtime.spend(Work::compress, 100);
        out.push(*item + "!");
      }
      Locked locked(*monitor);
      ++done;
      monitor->notify_all();
    }));
  tasks.push_back(runtime.spawn("collector", [&] {
    Witness mine(witnesses);
    for (int i = 0; i < 6; ++i)
      if (!out.pop()) return;
    Locked locked(*monitor);
    locked.wait_until([&] { return done == 2; });
  }));
  struct Closer {
    BoundedQueue<std::string>& queue;
    ~Closer() { queue.close(); }
  } close_in{in}, close_out{out};
  for (int i = 0; i < 6; ++i) {
    in.push("item " + std::to_string(i));
    runtime.sleep_ns(10);
  }
  in.close();
  for (auto& task : tasks) task->join();
  ++finished;
}

struct Life {
  uint64_t port_calls = 0;
  uint64_t trace_hash = 0;
  bool killed = false;
};

// One machine killed at its k-th port call (0: never), and one beside it that must not notice.
Life live(uint64_t seed, uint64_t k) {
  static const auto stacks = std::make_shared<StackPool>();  // thousands of lives on the same few stacks
  Scheduler scheduler({.seed = seed, .stacks = stacks});
  int witnesses = 0;
  int finished = 0;
  int bystander_witnesses = 0;
  int bystander_finished = 0;
  Life life;
  {
    VirtualRuntime machine(scheduler, {.name = "machine"});
    VirtualRuntime bystander(scheduler, {.name = "bystander"});
    machine.kill_at_port_call(k);
    Task other = bystander.spawn("main", [&] { engine(bystander, bystander_witnesses, bystander_finished); });
    Task main = machine.spawn("main", [&] { engine(machine, witnesses, finished); });
    const Status outcome = scheduler.run();
    EXPECT_TRUE(outcome) << outcome.error().message() << " k " << k;
    life.port_calls = machine.port_calls();
    life.killed = machine.dead();
  }
  EXPECT_EQ(witnesses, 0) << "killed at " << k;
  // Killed at one of the last calls, the closing of its queues, it has finished all the same.
  if (!life.killed) {
    EXPECT_EQ(finished, 1);
  }
  EXPECT_EQ(bystander_witnesses, 0);
  EXPECT_EQ(bystander_finished, 1) << "killed at " << k;
  EXPECT_EQ(scheduler.alive(), 0u);
  EXPECT_EQ(scheduler.stacks().idle(), scheduler.stacks().mapped());
  life.trace_hash = scheduler.trace_hash();
  return life;
}

TEST(Kill, AtEveryPortCallUnderManySeedsUnwindsEverything) {
  uint64_t kills = 0;
  std::set<uint64_t> hashes;
  for (uint64_t seed = 0; seed < 40; ++seed) {
    const Life whole = live(seed, 0);
    EXPECT_FALSE(whole.killed);
    EXPECT_GT(whole.port_calls, 50u);
    for (uint64_t k = 2; k <= whole.port_calls; ++k) {
      const Life life = live(seed, k);
      EXPECT_TRUE(life.killed) << "seed " << seed << ", port call " << k;
      hashes.insert(life.trace_hash);
      ++kills;
    }
  }
  EXPECT_GT(kills, 2'000u);
  EXPECT_GT(hashes.size(), 2'000u);
}

TEST(Kill, IsAsDeterministicAsLife) {
  for (uint64_t k = 2; k < 60; k += 7) EXPECT_EQ(live(5, k).trace_hash, live(5, k).trace_hash);
}

TEST(Kill, PortsOfADeadMachineThrowAndTheNoexceptOnesAreInert) {
  Scheduler scheduler;
  VirtualRuntime machine(scheduler);
  auto monitor = machine.make_monitor();
  BoundedQueue<int> queue(machine, 1);
  bool checked = false;
  Task main = machine.spawn("main", [&] {
    monitor->lock();
    Task child = machine.spawn("child", [] {});
    child->join();
    machine.kill();
    EXPECT_THROW(machine.now_ns(), Killed);
    EXPECT_THROW(machine.utc_ns(), Killed);
    EXPECT_THROW(machine.sleep_ns(0), Killed);
    EXPECT_THROW(machine.spend(Work::scan, 1), Killed);
    EXPECT_THROW(machine.make_monitor(), Killed);
    EXPECT_THROW(machine.spawn("late", [] {}), Killed);
    EXPECT_THROW(child->join(), Killed);
    EXPECT_THROW(monitor->wait(), Killed);
    EXPECT_THROW(monitor->lock(), Killed);
    EXPECT_THROW(queue.push(1), Killed);
    EXPECT_THROW(queue.pop(), Killed);
    EXPECT_THROW(machine.check_alive(), Killed);
    EXPECT_THROW(machine.park_until(UINT64_MAX), Killed);
    EXPECT_THROW(machine.yield(), Killed);
    monitor->notify_all();
    monitor->unlock();
    monitor->unlock();  // not even held: inert all the same
    queue.close();
    EXPECT_GE(machine.workers(), 1u);
    checked = true;
  });
  ASSERT_TRUE(scheduler.run());
  EXPECT_TRUE(checked);
}

TEST(Kill, ATaskKilledBeforeItsFirstStepNeverStarts) {
  Scheduler scheduler;
  VirtualRuntime machine(scheduler);
  bool started = false;
  auto owned = std::make_shared<int>(1);
  Task task = machine.spawn("main", [&started, owned] { started = true; });
  machine.kill();
  ASSERT_TRUE(scheduler.run());
  EXPECT_FALSE(started);
  EXPECT_EQ(owned.use_count(), 1);
}

// Rule 7: only a task's destructor parks on a dead machine, and it does until its child has left the frames
// it refers to.
TEST(Kill, ADeadParentWaitsForItsChildren) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    Scheduler scheduler({.seed = seed});
    VirtualRuntime machine(scheduler);
    std::vector<std::string> order;
    Task main = machine.spawn("main", [&] {
      struct Note {
        std::vector<std::string>& order;
        const char* text;
        ~Note() { order.push_back(text); }
      } frame{order, "parent's frame"};
      Task child = machine.spawn("child", [&] {
        Note mine{order, "child"};
        machine.sleep_ns(1'000);
      });
      machine.sleep_ns(1'000);
    });
    scheduler.at(scheduler.now_ns() + 500, [&] { machine.kill(); });
    ASSERT_TRUE(scheduler.run());
    EXPECT_EQ(scheduler.now_ns(), scheduler.start_ns() + 500);
    EXPECT_EQ(order, (std::vector<std::string>{"child", "parent's frame"})) << "seed " << seed;
  }
}

TEST(Kill, AnotherMachinesFibreKillsAwaitsTheEndAndReboots) {
  Scheduler scheduler;
  VirtualRuntime world(scheduler, {.name = "world"});
  int witnesses = 0;
  int finished = 0;
  int boots = 0;
  Task director = world.spawn("director", [&] {
    for (uint64_t life_ns = 5; finished == 0; life_ns += 20) {
      ++boots;
      VirtualRuntime machine(scheduler, {.name = "machine " + std::to_string(boots)});
      Task main = machine.spawn("main", [&] { engine(machine, witnesses, finished); });
      world.sleep_ns(life_ns);
      machine.kill();
      machine.await_end();
      EXPECT_EQ(witnesses, 0);
    }
  });
  ASSERT_TRUE(scheduler.run());
  EXPECT_GT(boots, 3);
  EXPECT_EQ(finished, 1);
}

TEST(Kill, TheRuntimesDestructorUnwindsWhatStillRuns) {
  Scheduler scheduler;
  int witnesses = 0;
  {
    std::vector<Task> tasks;
    VirtualRuntime machine(scheduler);
    for (int t = 0; t < 5; ++t)
      tasks.push_back(machine.spawn("sleeper", [&] {
        Witness mine(witnesses);
        machine.sleep_ns(UINT64_MAX);
      }));
    EXPECT_FALSE(scheduler.run());
    EXPECT_EQ(witnesses, 5);
    machine.kill();
    machine.await_end();
    tasks.clear();
  }
  EXPECT_EQ(witnesses, 0);
}

TEST(Kill, AKilledFibreLeavesItsWaitList) {
  Scheduler scheduler;
  VirtualRuntime machine(scheduler);
  VirtualRuntime other(scheduler);
  WaitList shared(scheduler, "waits for a drive");
  bool woken = false;
  Task dies = machine.spawn("dies", [&] { shared.park(); });
  Task lives = other.spawn("lives", [&] { shared.park(), woken = true; });
  Task director = other.spawn("director", [&] {
    other.sleep_ns(10);
    machine.kill();
    machine.await_end();
    EXPECT_FALSE(woken);
    shared.wake_one();
  });
  ASSERT_TRUE(scheduler.run());
  EXPECT_TRUE(woken);
  EXPECT_TRUE(shared.empty());
}

}  // namespace
}  // namespace seedbed
