// A runtime whose wall clock stands still; everything else is forwarded. Time stamps on drives and in staging
// are then the same wherever, and by whatever simulation, they were written. As many threads as the inner
// one.
#pragma once

#include "engine/ports/runtime.h"

namespace seedbed::testing_support {

inline constexpr int64_t kNoon_ns = 1'478'088'000'000'000'000;  // 2016-11-02

class StoppedClock final : public Runtime {
 public:
  explicit StoppedClock(Runtime& inner, int64_t utc_ns = kNoon_ns) : inner_(inner), utc_ns_(utc_ns) {}
  uint64_t now_ns() override { return inner_.now_ns(); }
  int64_t utc_ns() override { return utc_ns_; }
  void sleep_ns(uint64_t duration_ns) override { inner_.sleep_ns(duration_ns); }
  unsigned workers() const noexcept override { return inner_.workers(); }
  void spend(Work work, uint64_t bytes) override { inner_.spend(work, bytes); }
  std::unique_ptr<Monitor> make_monitor() override { return inner_.make_monitor(); }
  Task spawn(std::string_view name, std::function<void()> body) override {
    return inner_.spawn(name, std::move(body));
  }

 private:
  Runtime& inner_;
  int64_t utc_ns_;
};

}  // namespace seedbed::testing_support
