// What the tests of NtfsVolume share: geometries, a formatter, and what a result must be.
#pragma once

#include <gtest/gtest.h>

#include <vector>

#include "engine/linux/mkntfs.h"
#include "engine/volume/ntfs_volume.h"
#include "simulator/memo_formatter.h"
#include "tests/volume/ntfs_image.h"

namespace seedbed::testing_support {

inline constexpr int64_t kSecond_ns = 1'000'000'000;
inline constexpr int64_t kModified_ns = 1'300'000'000 * kSecond_ns;

inline Formatter& formatter() {
  static MkntfsFormatter mkntfs(testing::TempDir());
  static MemoFormatter memo(mkntfs);
  return memo;
}
inline const NtfsGeometry kSmall{64 * MiB, 512, 4096, 2048};

template <typename T>
testing::AssertionResult ok(const Result<T>& result) {
  if (result) return testing::AssertionSuccess();
  return testing::AssertionFailure() << result.error().message();
}
template <typename T>
testing::AssertionResult fails(const Result<T>& result, ErrorCode code) {
  if (result) return testing::AssertionFailure() << "it succeeded";
  if (result.error().code == code) return testing::AssertionSuccess();
  return testing::AssertionFailure() << error_code_name(result.error().code) << ": "
                                     << result.error().message();
}

inline uint64_t total(const std::vector<Extent>& extents) {
  uint64_t bytes = 0;
  for (const Extent& extent : extents) bytes += extent.length_bytes;
  return bytes;
}

}  // namespace seedbed::testing_support
