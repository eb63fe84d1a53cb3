// Runs a test's body on one of the two runtimes: on the calling thread, or in the first fibre of a simulated
// machine.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "engine/linux/thread_runtime.h"
#include "simulator/virtual_runtime.h"

namespace seedbed {

class RuntimeHost {
 public:
  virtual ~RuntimeHost() = default;
  virtual Runtime& runtime() = 0;
  virtual void run(std::function<void()> body) = 0;
};

class ThreadHost final : public RuntimeHost {
 public:
  explicit ThreadHost(ThreadRuntimeOptions options) : runtime_(std::move(options)) {}
  Runtime& runtime() override { return runtime_; }
  void run(std::function<void()> body) override { body(); }

 private:
  ThreadRuntime runtime_;
};

class VirtualHost final : public RuntimeHost {
 public:
  explicit VirtualHost(SchedulerOptions scheduler = {}, VirtualRuntimeOptions machine = {})
      : scheduler_(std::move(scheduler)), runtime_(scheduler_, std::move(machine)) {}
  VirtualRuntime& runtime() override { return runtime_; }
  Scheduler& scheduler() { return scheduler_; }
  void run(std::function<void()> body) override {
    Task main = runtime_.spawn("main", std::move(body));
    const Status outcome = scheduler_.run();
    EXPECT_TRUE(outcome) << (outcome ? "" : outcome.error().message());
  }

 private:
  Scheduler scheduler_;
  VirtualRuntime runtime_;
};

}  // namespace seedbed
