// The Runtime of production: a task is an OS thread, a monitor a mutex with a condition variable, time the
// machine's. Any thread may call. It never dies, so nothing throws Killed by itself; a task that throws it
// ends, and its join() throws it again.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "engine/ports/runtime.h"

namespace seedbed {

struct ThreadRuntimeOptions {
  unsigned workers = 0;                     // 0: as many as the hardware has
  std::function<int64_t()> utc_clock = {};  // replaces the wall clock; called from any thread
};

class ThreadRuntime final : public Runtime {
 public:
  explicit ThreadRuntime(ThreadRuntimeOptions options = {});

  uint64_t now_ns() override;
  int64_t utc_ns() override;
  void sleep_ns(uint64_t duration_ns) override;
  unsigned workers() const noexcept override { return workers_; }
  void spend(Work work, uint64_t bytes) override;  // costs nothing: the work itself took its time
  std::unique_ptr<Monitor> make_monitor() override;
  Task spawn(std::string_view name, std::function<void()> body) override;

 private:
  unsigned workers_;
  std::function<int64_t()> utc_clock_;
};

}  // namespace seedbed
