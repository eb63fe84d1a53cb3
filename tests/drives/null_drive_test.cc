// What the null drive adds to the conformance rules: zeros or a pattern, and the throttle's time.
#include "engine/linux/null_drive.h"

#include <gtest/gtest.h>

#include "tests/drives/subject.h"
#include "tests/runtime/runtime_host.h"

namespace seedbed {
namespace {

TEST(NullDrive, drops_writes_and_reads_zeros) {
  ThreadRuntime runtime;
  NullDrive drive(runtime, {});
  ASSERT_TRUE(write_device(drive, 0, Bytes(8192, 5)));
  Bytes back(8192, 5);
  ASSERT_TRUE(read_device(drive, 0, back));
  EXPECT_TRUE(all_zero(back));
  EXPECT_TRUE(drive.identity().rehearsal);
}

TEST(NullDrive, the_pattern_is_the_offset_of_each_word) {
  ThreadRuntime runtime;
  NullDrive drive(runtime, {.pattern = true});
  Bytes back(8192);
  ASSERT_TRUE(read_device(drive, 1 * TiB, back));
  EXPECT_EQ(load_le<uint64_t>(back, 0), 1 * TiB);
  EXPECT_EQ(load_le<uint64_t>(back, 8184), 1 * TiB + 8184);
}

TEST(NullDrive, the_throttle_takes_the_time_of_its_rate) {
  VirtualHost host;
  host.run([&] {
    NullDrive drive(host.runtime(), {.bytes_per_second = 100'000'000});
    AlignedBuffer buffer(1 * MiB);
    const uint64_t start_ns = host.runtime().now_ns();
    std::vector<IoCompletion> done;
    for (int i = 0; i < 10; ++i)
      ASSERT_TRUE(drive.submit({.kind = IoKind::write, .length_bytes = 1 * MiB, .data = buffer.data()}));
    ASSERT_TRUE(drive.reap(done, 1));
    EXPECT_EQ(done.size(), 1u);
    EXPECT_EQ(host.runtime().now_ns() - start_ns, 10'485'760u);
    ASSERT_TRUE(drive.reap(done, 9));
    EXPECT_EQ(done.size(), 10u);
    EXPECT_EQ(host.runtime().now_ns() - start_ns, 104'857'600u);
  });
}

}  // namespace
}  // namespace seedbed
