// The fibre rules (docs/fibres.md): what a switch keeps, and the checks that catch code which breaks a rule.
#include "simulator/fibre.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "engine/ports/bounded_queue.h"
#include "simulator/virtual_runtime.h"
#include "simulator/wait_list.h"
#include "tests/runtime/runtime_host.h"

namespace seedbed {
namespace {

class FibreRules : public testing::TestWithParam<uint64_t> {
 protected:
  VirtualHost host{{.seed = GetParam()}};
  VirtualRuntime& runtime = host.runtime();

  // `body` in eight fibres at once, so that each parks while others are in the middle of the same.
  void in_eight_fibres(const std::function<void(int)>& body) {
    host.run([&] {
      std::vector<Task> tasks;
      for (int t = 0; t < 8; ++t) tasks.push_back(runtime.spawn("one of eight", [&, t] { body(t); }));
      for (auto& task : tasks) task->join();
    });
  }
};
INSTANTIATE_TEST_SUITE_P(Seeds, FibreRules, testing::Range<uint64_t>(0, 10));

TEST_P(FibreRules, ErrnoSurvivesASwitch) {
  in_eight_fibres([&](int t) {
    for (int i = 0; i < 50; ++i) {
      errno = t * 100 + i;
      runtime.yield();
      EXPECT_EQ(errno, t * 100 + i);
    }
  });
}

TEST_P(FibreRules, ACatchBlockMayPark) {
  in_eight_fibres([&](int t) {
    for (int i = 0; i < 20; ++i) {
      const std::string mine = std::to_string(t) + "." + std::to_string(i);
      try {
        try {
          throw std::runtime_error(mine);
        } catch (const std::runtime_error& error) {
          runtime.yield();
          EXPECT_EQ(error.what(), mine);
          EXPECT_NE(std::current_exception(), nullptr);
          runtime.sleep_ns(static_cast<uint64_t>(t));
          throw;  // the innermost exception of this fibre, not of another
        }
      } catch (const std::exception& again) {
        EXPECT_EQ(again.what(), mine);
      }
      EXPECT_EQ(std::current_exception(), nullptr);
    }
  });
}

TEST_P(FibreRules, ADestructorMayParkWhileItsFrameUnwinds) {
  struct Parks {
    Runtime& runtime;
    int thrown;
    ~Parks() {
      EXPECT_EQ(std::uncaught_exceptions(), thrown);
      Task child = runtime.spawn("child", [this] {
        EXPECT_EQ(std::uncaught_exceptions(), 0);
        runtime.sleep_ns(3);
      });
      child.reset();  // what every task handle does
      EXPECT_EQ(std::uncaught_exceptions(), thrown);
    }
  };
  in_eight_fibres([&](int t) {
    for (int i = 0; i < 20; ++i) {
      try {
        Parks parks{runtime, t % 2};
        if (t % 2 == 1) throw t;
      } catch (int value) {
        EXPECT_EQ(value, t);
      }
      EXPECT_EQ(std::uncaught_exceptions(), 0);
    }
  });
}

TEST_P(FibreRules, TheSchedulersOwnExceptionStateIsLeftAlone) {
  try {
    throw std::runtime_error("outside");
  } catch (const std::runtime_error& outside) {
    in_eight_fibres([&](int) {
      EXPECT_EQ(std::current_exception(), nullptr);
      try {
        throw 1;
      } catch (int) {
        runtime.yield();
      }
    });
    EXPECT_STREQ(outside.what(), "outside");
    EXPECT_NE(std::current_exception(), nullptr);
  }
}

TEST_P(FibreRules, AnInitialiserThatDoesNotParkMayRunInAFibre) {
  in_eight_fibres([&](int) {
    static const std::string value = std::string(50, 'v');
    runtime.yield();
    EXPECT_EQ(value.size(), 50u);
    struct Fails {
      Fails() { throw std::runtime_error("not yet"); }
    };
    EXPECT_THROW(
        {
          static const Fails fails;
          (void)fails;
        },
        std::runtime_error);
    runtime.yield();  // the failed initialiser is not open any more
  });
}

TEST(Fibre, DeepStacksFitAndKeepTheirContents) {
  VirtualHost host;
  host.run([&] {
    const auto fill = [&](char mark) {
      volatile char frame[100 * 1024];
      for (auto& byte : frame) byte = mark;
      host.runtime().yield();
      for (const auto& byte : frame)
        if (byte != mark) return false;
      return true;
    };
    Task a = host.runtime().spawn("a", [&] { EXPECT_TRUE(fill('a')); });
    Task b = host.runtime().spawn("b", [&] { EXPECT_TRUE(fill('b')); });
    a->join();
    b->join();
  });
}

TEST(Fibre, EveryStackHasAGuardPageBelow) {
  StackPool pool;
  char* bottom = static_cast<char*>(pool.acquire());
  bottom[0] = 1;
  bottom[StackPool::stack_bytes - 1] = 1;
  // The kernel refuses to copy from a page that nobody may read: no need to die to see it.
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  EXPECT_EQ(::write(ends[1], bottom, 1), 1);
  EXPECT_EQ(::write(ends[1], bottom - 1, 1), -1);
  EXPECT_EQ(errno, EFAULT);
  ::close(ends[0]);
  ::close(ends[1]);
  pool.release(bottom);
  EXPECT_EQ(pool.acquire(), bottom);
  pool.release(bottom);
}

TEST(Fibre, AFibreThatNeverStartedIsSimplyGone) {
  StackPool pool;
  auto owned = std::make_shared<int>(1);
  {
    Fibre fibre(pool, [owned] {});
  }
  EXPECT_EQ(owned.use_count(), 1);
  EXPECT_EQ(pool.idle(), 1u);
}

// Rule 6: code that catches std::exception lets Killed pass.
static_assert(!std::is_base_of_v<std::exception, Killed>);

// Each of these is a rule that bites only under some seeds; the check bites under all.
struct BrokenRule {
  std::string name;
  std::function<void()> breaks;
  std::string message;
  friend void PrintTo(const BrokenRule& rule, std::ostream* out) { *out << rule.name; }
};

class BrokenRuleDeathTest : public testing::TestWithParam<BrokenRule> {};

TEST_P(BrokenRuleDeathTest, IsCaughtEveryTime) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_DEATH(GetParam().breaks(), GetParam().message);
}

void parks_in_static_initialiser() {
  VirtualHost host;
  host.run([&] {
    static const uint64_t value = (host.runtime().sleep_ns(1), 7);
    (void)value;
  });
}

void swallows_killed() {
  VirtualHost host;
  host.run([&] {
    host.runtime().kill();
    for (;;) {
      try {
        host.runtime().sleep_ns(1);
      } catch (...) {  // NOLINT: the mistake under test
      }
    }
  });
}

void changes_thread() {
  StackPool pool;
  Fibre fibre(pool, [] { Fibre::suspend(); });
  fibre.resume();
  std::jthread([&] { fibre.resume(); }).join();
}

void leaves_a_waiter() {
  VirtualHost host;
  host.run([&] {
    auto list = std::make_unique<WaitList>(host.scheduler(), "waits for a drive");
    Task waiter = host.runtime().spawn("waiter", [&] { list->park(); });
    host.runtime().sleep_ns(1);
    list.reset();
  });
}

void locks_twice() {
  VirtualHost host;
  host.run([&] {
    auto monitor = host.runtime().make_monitor();
    Locked once(*monitor);
    Locked twice(*monitor);
  });
}

void unlocks_what_it_does_not_hold() {
  VirtualHost host;
  host.run([&] { host.runtime().make_monitor()->unlock(); });
}

void uses_another_machine() {
  VirtualHost host;
  VirtualRuntime other(host.scheduler(), {.name = "other"});
  host.run([&] { other.sleep_ns(1); });
}

void parks_outside() {
  VirtualHost().runtime().sleep_ns(1);
}

INSTANTIATE_TEST_SUITE_P(
    Rules, BrokenRuleDeathTest,
    testing::Values(
        BrokenRule{"parks_in_static_initialiser", parks_in_static_initialiser,
                   "initialiser of a function-local static"},
        BrokenRule{"swallows_killed", swallows_killed, "'machine/main' goes on calling ports after Killed"},
        BrokenRule{"changes_thread", changes_thread, "another OS thread"},
        BrokenRule{"leaves_a_waiter", leaves_a_waiter,
                   "'machine/waiter' waits for a drive, and what it waits on is destroyed"},
        BrokenRule{"locks_twice", locks_twice, "by the task that holds it already"},
        BrokenRule{"unlocks_what_it_does_not_hold", unlocks_what_it_does_not_hold, "has not locked it"},
        BrokenRule{"uses_another_machine", uses_another_machine,
                   "port of machine 'other', which is not its own"},
        BrokenRule{"parks_outside", parks_outside, "outside this scheduler's fibres"}),
    [](const auto& rule) { return rule.param.name; });

}  // namespace
}  // namespace seedbed
