// One simulated computer for services: its disk outlives its boots. A boot may die at a port call, and the
// disk then loses its power or only its processes.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>

#include "simulator/event_log.h"
#include "simulator/seeded_entropy.h"
#include "simulator/simulated_files.h"
#include "simulator/survivors.h"
#include "simulator/virtual_runtime.h"

namespace seedbed::testing_support {

struct Machine {
  VirtualRuntime& runtime;
  FileStore& files;
  Entropy& entropy;
};

class ServiceWorld {
 public:
  explicit ServiceWorld(uint64_t seed) : seed_(seed) {}

  // True when `body` came to its end; it died at port call `dies_at` (0: never) else.
  bool boot(const std::function<void(Machine&)>& body, uint64_t dies_at = 0) {
    bool ended = false;
    Scheduler scheduler({.seed = seed_ + ++boots_});
    EventLog log(false);
    log.set_clock([&] { return scheduler.now_ns(); });
    log.set_hook([this](const Event& event, EventSide side) {
      Interference what;
      if (side == EventSide::before && event.kind == EventKind::file_sync && syncs_to_failure_ > 0 &&
          --syncs_to_failure_ == 0)
        what.error = Error{ErrorCode::io_error, "fdatasync: Input/output error", event.place, ""};
      return what;
    });
    VirtualRuntime runtime(scheduler);
    SimulatedFiles files(runtime, tree_, {.latency_ns = 1'000}, &log);
    SeededEntropy entropy(seed_, boots_);
    runtime.kill_at_port_call(dies_at);
    Machine machine{runtime, files, entropy};
    try {
      runtime
          .spawn("services",
                 [&] {
                   body(machine);
                   ended = true;
                 })
          ->join();
    } catch (const Killed&) {
    }
    port_calls_ = runtime.port_calls();
    return ended;
  }
  void kill() { tree_->kill(); }
  void power_cut(const Survivors& survivors) { tree_->power_cut(survivors); }
  void fail_sync(uint64_t nth) { syncs_to_failure_ = nth; }  // of a file, from now on
  uint64_t port_calls() const { return port_calls_; }        // of the last boot
  FileTree& tree() { return *tree_; }

 private:
  uint64_t seed_;
  uint64_t boots_ = 0;
  uint64_t port_calls_ = 0;
  uint64_t syncs_to_failure_ = 0;
  std::shared_ptr<FileTree> tree_ = std::make_shared<FileTree>();
};

}  // namespace seedbed::testing_support
