// A simulated machine with its disk and a log of events, for tests of what befalls its files.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "simulator/simulated_files.h"
#include "simulator/virtual_runtime.h"

namespace seedbed {

class FaultyMachine : public testing::Test {
 protected:
  // One boot; tells whether `body` came to its end.
  bool boot(const std::function<void(FileStore&)>& body) {
    bool ended = false;
    Scheduler scheduler;
    VirtualRuntime runtime(scheduler);
    runtime_ = &runtime;
    log_.set_clock([&] { return scheduler.now_ns(); });
    SimulatedFiles files(runtime, tree_, {.latency_ns = 1'000}, &log_);
    try {
      runtime
          .spawn("test",
                 [&] {
                   body(files);
                   ended = true;
                 })
          ->join();
    } catch (const Killed&) {
    }
    tree_->kill();
    return ended;
  }
  // From now on the `nth` event of this kind fails.
  void fail_at(EventKind kind, uint64_t nth = 1) {
    log_.set_hook([=, left = nth](const Event& event, EventSide side) mutable {
      Interference what;
      if (side == EventSide::before && event.kind == kind && left > 0 && --left == 0)
        what.error = Error{ErrorCode::io_error, "planned", event.place, ""};
      return what;
    });
  }
  std::string read(const std::string& path) {
    const auto handle = tree_->open(path, OpenMode::read, 0, 0);
    if (!handle) return std::string("<") + error_code_name(handle.error().code) + ">";
    Bytes out(tree_->size(*handle).value());
    EXPECT_EQ(tree_->read(*handle, 0, out), out.size());
    tree_->close(*handle);
    return std::string(as_text(out));
  }

  std::shared_ptr<FileTree> tree_ = std::make_shared<FileTree>();
  EventLog log_;
  VirtualRuntime* runtime_ = nullptr;
};

}  // namespace seedbed
