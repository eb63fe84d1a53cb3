// What the conformance tests share: the BlockDevice port's contract is held against every backend.
#pragma once

#include <gtest/gtest.h>

#include "tests/drives/subject.h"

namespace seedbed {

inline constexpr uint64_t kUnit = 4096;

inline void fill_with(MutableByteSpan out, uint64_t seed) {
  Random(seed).fill(out);
}

inline Bytes filled(uint64_t length_bytes, uint64_t seed) {
  Bytes bytes(length_bytes);
  fill_with(bytes, seed);
  return bytes;
}

// Every backend, whether or not it keeps what is written.
class DriveRules : public testing::TestWithParam<Backend> {
 protected:
  void run(const std::function<void(BlockDevice&)>& body) { GetParam().make()->with(body); }
  // Submits what must be refused and checks that nothing came of it.
  static void expect_refused(BlockDevice& device, const IoRequest& request) {
    const Status refused = device.submit(request);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument) << refused.error().message();
    std::vector<IoCompletion> done;
    EXPECT_TRUE(device.reap(done, 1));
    EXPECT_TRUE(done.empty());
  }
};

// Those that do.
class DriveData : public DriveRules {};

inline std::string backend_name(const testing::TestParamInfo<Backend>& info) {
  return info.param.name;
}

}  // namespace seedbed
