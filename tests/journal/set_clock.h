// A Runtime with a wall clock that a test sets, and nothing else.
#pragma once

#include <stdexcept>

#include "engine/ports/runtime.h"

namespace seedbed::test {

class SetClock final : public Runtime {
 public:
  static constexpr int64_t kStart_ns = 1'478'111'054'735'000'000;  // 2016/11/02 18:24:14.735

  int64_t now = kStart_ns;

  uint64_t now_ns() override { return static_cast<uint64_t>(now); }
  int64_t utc_ns() override { return now; }
  void sleep_ns(uint64_t) override { throw std::logic_error("the journal sleeps"); }
  unsigned workers() const noexcept override { return 1; }
  void spend(Work, uint64_t) override {}
  std::unique_ptr<Monitor> make_monitor() override { throw std::logic_error("the journal waits"); }
  Task spawn(std::string_view, std::function<void()>) override {
    throw std::logic_error("the journal spawns");
  }
};

}  // namespace seedbed::test
