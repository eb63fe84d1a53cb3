// The same session from the same entropy on OS threads and on fibres: identical drives, identical journals.
// Under TSan the thread half is what counts.
#include <gtest/gtest.h>

#include "engine/linux/thread_runtime.h"
#include "tests/support/session_world.h"

namespace seedbed {
namespace {

using namespace testing_support;

constexpr int64_t kNoon_ns = 1'478'088'000'000'000'000;

// Forwards everything but the wall clock, which stands still: time stamps on the drive are then the same
// wherever it was written.
class StoppedClock final : public Runtime {
 public:
  explicit StoppedClock(Runtime& inner) : inner_(inner) {}
  uint64_t now_ns() override { return inner_.now_ns(); }
  int64_t utc_ns() override { return kNoon_ns; }
  void sleep_ns(uint64_t duration_ns) override { inner_.sleep_ns(duration_ns); }
  unsigned workers() const noexcept override { return inner_.workers(); }
  void spend(Work work, uint64_t bytes) override { inner_.spend(work, bytes); }
  std::unique_ptr<Monitor> make_monitor() override { return inner_.make_monitor(); }
  Task spawn(std::string_view name, std::function<void()> body) override {
    return inner_.spawn(name, std::move(body));
  }

 private:
  Runtime& inner_;
};

struct Outcome {
  uint64_t drive = 0;
  std::string journal;
};

Outcome prepare(Runtime& runtime, SessionWorld& world) {
  SimulatedFiles files(runtime, world.tree, {.latency_ns = 0});
  SeededEntropy entropy(world.seed, 0);
  const auto open = [&](const std::string&) -> Result<std::unique_ptr<BlockDevice>> {
    return std::make_unique<SimulatedDrive>(runtime, world.drive);
  };
  const auto options = parse_prep_import(SessionWorld::first_words());
  PrepPorts ports{runtime, files, entropy, world.person, shared_formatter(), open, &shared_stretcher()};
  const auto outcome = prep_import(ports, *options, world.session, false);
  EXPECT_TRUE(outcome) << outcome.error().message();
  return {world.drive.cache.visible().hash(),
          std::string(as_text(read_file(files, "/desk/d.jrn", 1 * MiB).value_or(Bytes())))};
}

SessionWorld instant_world(uint64_t seed) {
  SessionWorld world(seed);
  world.drive.speed = {.request_ns = 0, .flush_ns = 0, .bytes_per_second = 1'000'000'000'000};
  world.put_usual_tree();
  return world;
}

Outcome on_fibres(uint64_t seed, uint64_t schedule) {
  SessionWorld world = instant_world(seed);
  Scheduler scheduler({.seed = schedule, .start_ns = 1'000'000'000, .trace = {}});
  VirtualRuntime machine(scheduler, {.name = "machine", .workers = 3, .utc_ns = 0, .costs = {}});
  StoppedClock clock(machine);
  Outcome outcome;
  Task task = machine.spawn("command", [&] { outcome = prepare(clock, world); });
  const Status ran = scheduler.run();
  EXPECT_TRUE(ran) << ran.error().message();
  task.reset();
  EXPECT_EQ(world.judge().size(), 0u);
  return outcome;
}

TEST(BothRuntimes, WriteIdenticalDrivesAndJournals) {
  for (const uint64_t seed : {1u, 2u, 3u}) {
    SessionWorld world = instant_world(seed);
    ThreadRuntime threads({.workers = 3, .utc_clock = {}});
    StoppedClock clock(threads);
    const Outcome threaded = prepare(clock, world);
    for (const uint64_t schedule : {10u, 11u}) {
      const Outcome fibred = on_fibres(seed, schedule);
      EXPECT_EQ(threaded.drive, fibred.drive) << "seed " << seed << ", schedule " << schedule;
      EXPECT_EQ(threaded.journal, fibred.journal) << "seed " << seed << ", schedule " << schedule;
    }
  }
}

}  // namespace
}  // namespace seedbed
