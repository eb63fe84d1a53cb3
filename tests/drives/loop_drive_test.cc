// Opening block devices: loop devices free, mounted, taken, and with a cache that gets no flushes.
#include <sys/mount.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "engine/linux/file_drive.h"
#include "engine/linux/image_identity.h"
#include "tests/drives/opening.h"

namespace seedbed {
namespace {

using testing::HasSubstr;

class LoopDrive : public Opening {};

TEST_F(LoopDrive, a_loop_device_takes_the_identity_of_its_image) {
  ASSERT_TRUE(create_image(scratch_ / "a.img", 4 * MiB, 4096, entropy_));
  const auto known = load_image_identity(scratch_ / "a.img.identity.toml");
  ASSERT_TRUE(known && *known);
  const LoopDevice loop(scratch_ / "a.img", 4096);
  const auto drive = open(loop.path());
  ASSERT_TRUE(drive) << why(drive);
  const DeviceIdentity& identity = (*drive)->identity();
  EXPECT_EQ(identity.serial, (*known)->serial);
  EXPECT_EQ(identity.transport, "loop");
  EXPECT_TRUE(identity.rehearsal);
  EXPECT_EQ(identity.backing_path, std::filesystem::canonical(scratch_ / "a.img"));
  struct stat status{};
  ASSERT_EQ(::stat(loop.path().c_str(), &status), 0);
  EXPECT_THAT(identity.device_numbers, testing::ElementsAre(status.st_rdev));
  EXPECT_EQ((*drive)->contract().logical_sector_bytes, 4096u);
  EXPECT_TRUE(notes_.empty());
}

TEST_F(LoopDrive, a_loop_device_of_a_plain_file_has_the_same_serial_each_time) {
  const std::string path = image();
  std::vector<std::string> serials;
  for (int round = 0; round < 2; ++round) {
    const LoopDevice loop(path, 512);
    const auto drive = open(loop.path());
    ASSERT_TRUE(drive) << why(drive);
    serials.push_back((*drive)->identity().serial);
  }
  const std::string derived = serial_of_path(std::filesystem::canonical(path));
  EXPECT_THAT(serials, testing::ElementsAre(derived, derived));
}

TEST_F(LoopDrive, a_device_is_opened_by_one_at_a_time) {
  const LoopDevice loop(image(), 512);
  const auto holder = open(loop.path());
  ASSERT_TRUE(holder) << why(holder);
  expect_failure(loop.path(), ErrorCode::busy, loop.path());
  EXPECT_TRUE(open(loop.path(), false));
}

TEST_F(LoopDrive, an_image_opened_as_a_drive_is_not_opened_again_behind_a_loop_device) {
  const std::string path = image();
  const auto holder = open(path);
  ASSERT_TRUE(holder) << why(holder);
  const LoopDevice loop(path, 512);
  expect_failure(loop.path(), ErrorCode::busy, "behind the loop device");
}

TEST_F(LoopDrive, a_loop_device_without_an_image_is_refused) {
  std::string path;
  {
    path = LoopDevice(image(), 512).path();
  }
  expect_failure(path, ErrorCode::refused, "no medium");
}

TEST_F(LoopDrive, a_mounted_device_is_refused_and_named) {
  const LoopDevice loop(image(8 * MiB), 512);
  ASSERT_EQ(std::system(("mkfs.ext4 -q -F " + loop.path() + " >/dev/null 2>&1").c_str()), 0)
      << "these tests need mkfs.ext4";
  const std::string point = scratch_ / "mount point";
  std::filesystem::create_directory(point);
  ASSERT_EQ(::mount(loop.path().c_str(), point.c_str(), "ext4", MS_RDONLY, nullptr), 0)
      << std::strerror(errno) << ": these tests need to mount (root)";
  expect_failure(loop.path(), ErrorCode::refused, loop.path() + " is mounted at " + point);
  const auto inspected = open(loop.path(), false);
  EXPECT_TRUE(inspected) << why(inspected);
  struct stat status{};
  EXPECT_EQ(::stat(point.c_str(), &status), 0);
  if (inspected) {
    EXPECT_THAT((*inspected)->identity().in_use,
                testing::ElementsAre(loop.path() + " is mounted at " + point));
    EXPECT_THAT((*inspected)->identity().device_numbers, testing::Contains(status.st_dev));
  }
  ASSERT_EQ(::umount2(point.c_str(), 0), 0) << std::strerror(errno);
  const auto free_again = open(loop.path());
  EXPECT_TRUE(free_again) << why(free_again);
}

TEST_F(LoopDrive, a_cache_that_gets_no_flushes_is_refused_for_writing_and_told_of_when_reading) {
  const LoopDevice loop(image(), 512);
  loop.set_write_cache("write through");
  expect_failure(loop.path(), ErrorCode::refused, "echo write back > /sys/block/" + loop.name());
  const auto inspected = open(loop.path(), false);
  ASSERT_TRUE(inspected) << why(inspected);
  EXPECT_TRUE((*inspected)->contract().volatile_cache);
  EXPECT_THAT(notes_, testing::ElementsAre(HasSubstr("sends no flushes")));
  loop.set_write_cache("write back");
  EXPECT_TRUE(open(loop.path()));
}

}  // namespace
}  // namespace seedbed
