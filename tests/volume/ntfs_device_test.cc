// The edge between libntfs-3g and the rest: what its device operations, its clock and its memory do, seen
// from the library's side.
#include "engine/volume/ntfs_device.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <ctime>

#include "engine/ports/runtime.h"
#include "engine/volume/ntfs_headers.h"

namespace seedbed {
namespace {

constexpr int64_t kStopped_ns = 1'234'567'890'123'456'700;

int64_t clock_ns() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * int64_t{1'000'000'000} + now.tv_nsec;
}

TEST(NtfsDevice, KeepsWhatIsThrownAndReadsNothingBelowAnyMore) {
  int reads = 0;
  NtfsDevice device(1 * MiB, 512, [&](uint64_t, MutableByteSpan) -> Status {
    ++reads;
    throw Killed{};
  });
  char data[512] = "kept";
  {
    const InsideLibrary inside(device.context());
    struct ntfs_device* handle = device.handle();
    ASSERT_NE(handle, nullptr);
    EXPECT_EQ(ntfs_pwrite(handle, 64 * KiB, sizeof data, data), static_cast<s64>(sizeof data));
    char out[512] = {};
    for (int i = 0; i < 3; ++i) {
      errno = 0;
      EXPECT_EQ(ntfs_pread(handle, 512 * KiB * (i % 2), sizeof out, out), -1);
      EXPECT_EQ(errno, EIO);
    }
    EXPECT_EQ(ntfs_pread(handle, 64 * KiB, sizeof out, out),
              static_cast<s64>(sizeof out));  // the overlay still answers
    EXPECT_STREQ(out, "kept");
  }
  EXPECT_EQ(reads, 1);
  ASSERT_TRUE(device.threw());
  EXPECT_THROW(device.rethrow(), Killed);
}

TEST(NtfsDevice, KeepsTheFirstErrorAndGoesOnReading) {
  int reads = 0;
  NtfsDevice device(1 * MiB, 512, [&](uint64_t, MutableByteSpan) -> Status {
    if (++reads < 3) return fail(ErrorCode::io_error, "number " + std::to_string(reads));
    return {};
  });
  char out[512];
  {
    const InsideLibrary inside(device.context());
    EXPECT_EQ(ntfs_pread(device.handle(), 0, sizeof out, out), -1);
    EXPECT_EQ(ntfs_pread(device.handle(), 0, sizeof out, out), -1);
    EXPECT_EQ(ntfs_pread(device.handle(), 0, sizeof out, out), static_cast<s64>(sizeof out));
  }
  EXPECT_FALSE(device.threw());
  const auto error = device.take_error();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->what, "number 1");
  EXPECT_FALSE(device.take_error());
}

TEST(NtfsDevice, AnswersOutsideTheVolumeAsADeviceDoes) {
  NtfsDevice device(1 * MiB, 512, [](uint64_t, MutableByteSpan) -> Status { return {}; });
  const InsideLibrary inside(device.context());
  char bytes[1024] = {};
  EXPECT_EQ(ntfs_pread(device.handle(), 1 * MiB - 512, 1024, bytes), 512);
  EXPECT_EQ(ntfs_pread(device.handle(), 1 * MiB, 1024, bytes), 0);
  EXPECT_EQ(ntfs_pread(device.handle(), int64_t{1} << 62, 1024, bytes), 0);
  EXPECT_EQ(ntfs_pwrite(device.handle(), 1 * MiB - 512, 1024, bytes), -1);
}

// A read below may park: nothing of the library is armed meanwhile, and all of it again afterwards.
TEST(NtfsDevice, LeavesTheLibraryForTheLengthOfAReadBelow) {
  void* foreign = nullptr;
  const int64_t before_ns = clock_ns();
  NtfsDevice* self = nullptr;
  NtfsDevice device(1 * MiB, 512, [&](uint64_t, MutableByteSpan) -> Status {
    EXPECT_EQ(armed_library_context(), nullptr);
    EXPECT_GE(clock_ns(), before_ns);  // the real time
    foreign = std::malloc(100);
    EXPECT_FALSE(self->context().allocations.contains(foreign));
    return {};
  });
  self = &device;
  device.context().now_ns = kStopped_ns;
  {
    const InsideLibrary inside(device.context());
    EXPECT_EQ(armed_library_context(), &device.context());
    EXPECT_EQ(clock_ns(), kStopped_ns);
    char out[512];
    EXPECT_EQ(ntfs_pread(device.handle(), 0, sizeof out, out), static_cast<s64>(sizeof out));
    EXPECT_EQ(clock_ns(), kStopped_ns);
  }
  EXPECT_EQ(armed_library_context(), nullptr);
  EXPECT_GE(clock_ns(), before_ns);
  std::free(foreign);
}

TEST(LibraryContext, TellsTimesBefore1970) {
  LibraryContext context;
  context.now_ns = -1;
  const InsideLibrary inside(context);
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  EXPECT_EQ(now.tv_sec, -1);
  EXPECT_EQ(now.tv_nsec, 999'999'999);
}

TEST(LibraryContext, WritesDownTheLibrarysMemoryAndFreesWhatIsForgotten) {
  LibraryContext context;
  void* volatile outside = std::malloc(10);
  {
    const InsideLibrary inside(context);
    void* volatile a = std::malloc(10);  // volatile: or the pair is optimised away
    void* volatile b = std::calloc(10, 10);
    EXPECT_EQ(context.allocations.size(), 2u);
    b = std::realloc(b, 100'000);
    EXPECT_EQ(context.allocations.size(), 2u);
    EXPECT_TRUE(context.allocations.contains(static_cast<void*>(b)));
    std::free(a);
    EXPECT_EQ(context.allocations.size(), 1u);
    std::free(outside);  // somebody else's
    EXPECT_EQ(context.allocations.size(), 1u);
    std::free(nullptr);
  }
  EXPECT_EQ(context.allocations.size(), 1u);
}  // freed here: the leak checker sees it

}  // namespace
}  // namespace seedbed
