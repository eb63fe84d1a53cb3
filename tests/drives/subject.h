// What the conformance suite runs on: one backend of the BlockDevice port, opened on something empty of
// kSubjectBytes.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/random.h"
#include "engine/ports/block_device.h"
#include "simulator/seeded_entropy.h"

namespace seedbed {

inline constexpr uint64_t kSubjectBytes = 8 * MiB + 12 * KiB;

class Subject {
 public:
  virtual ~Subject() = default;
  // Runs the body where the device may be called: in a fibre for simulated machines. What it throws comes out
  // here.
  virtual void with(const std::function<void(BlockDevice&)>& body) = 0;
};

struct Backend {
  std::string name;
  std::function<std::unique_ptr<Subject>()> make;
  bool keeps_data = true;
  bool on_threads = true;        // tasks are OS threads
  uint32_t sector_bytes = 4096;  // physical sectors are multiples of it
};

const std::vector<Backend>& backends();
std::vector<Backend> data_backends();  // those that keep data

// The message of an error, for EXPECT_TRUE(status) << why(status).
template <typename T>
std::string why(const Result<T>& result) {
  return result ? "" : result.error().message();
}

}  // namespace seedbed
