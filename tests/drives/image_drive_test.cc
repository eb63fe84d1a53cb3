// Opening images, and things that are no drives.
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>

#include "engine/linux/file_drive.h"
#include "tests/drives/opening.h"

namespace seedbed {
namespace {

using testing::HasSubstr;

class ImageDrive : public Opening {};

TEST_F(ImageDrive, what_is_no_drive_is_refused_with_a_remedy) {
  expect_failure(scratch_.path(), ErrorCode::refused, "directory");
  expect_failure("/dev/null", ErrorCode::refused, "character device");
  expect_failure(scratch_ / "absent", ErrorCode::not_found, "absent");
  ASSERT_EQ(::mkfifo((scratch_ / "pipe").c_str(), 0600), 0);
  expect_failure(scratch_ / "pipe", ErrorCode::refused, "pipe");
}

TEST_F(ImageDrive, an_image_is_a_rehearsal_with_an_identity_that_stays) {
  const std::string path = image();
  std::string serial;
  {
    const auto first = open(path);
    ASSERT_TRUE(first) << why(first);
    const DeviceIdentity& identity = (*first)->identity();
    serial = identity.serial;
    EXPECT_EQ(serial.size(), 12u);
    EXPECT_TRUE(identity.rehearsal);
    EXPECT_EQ(identity.transport, "image");
    EXPECT_EQ(identity.path, path);
    EXPECT_EQ(identity.backing_path, std::filesystem::canonical(path));
    EXPECT_TRUE(identity.device_numbers.empty());
    EXPECT_EQ((*first)->contract().logical_sector_bytes, 512u);
    EXPECT_EQ((*first)->contract().physical_sector_bytes, 4096u);
  }
  EXPECT_EQ((*open(path))->identity().serial, serial);
  struct stat status{};
  ASSERT_EQ(::stat((path + ".identity.toml").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0644u);
  EXPECT_FALSE(std::filesystem::exists(path + ".identity.toml.new"));
}

TEST_F(ImageDrive, a_created_image_has_the_sectors_asked_for) {
  ASSERT_TRUE(create_image(scratch_ / "new.img", 1 * GiB, 4096, entropy_));
  const auto drive = open(scratch_ / "new.img");
  ASSERT_TRUE(drive) << why(drive);
  EXPECT_EQ((*drive)->contract().logical_sector_bytes, 4096u);
  EXPECT_EQ((*drive)->contract().capacity_bytes, 1 * GiB);
  struct stat status{};
  ASSERT_EQ(::stat((scratch_ / "new.img").c_str(), &status), 0);
  EXPECT_LT(status.st_blocks, 100);  // sparse
  EXPECT_EQ(create_image(scratch_ / "new.img", 1 * GiB, 512, entropy_).error().code,
            ErrorCode::already_exists);
  EXPECT_FALSE(create_image(scratch_ / "odd.img", 5000, 512, entropy_));
  EXPECT_FALSE(create_image(scratch_ / "odd.img", 0, 512, entropy_));
  EXPECT_FALSE(create_image(scratch_ / "odd.img", 4096, 520, entropy_));
  EXPECT_FALSE(std::filesystem::exists(scratch_ / "odd.img"));
  std::filesystem::remove(scratch_ /
                          "new.img");  // its identity is left: another image must not slip under it
  EXPECT_EQ(create_image(scratch_ / "new.img", 1 * GiB, 512, entropy_).error().code,
            ErrorCode::already_exists);
}

TEST_F(ImageDrive, inspection_leaves_nothing_behind_and_writes_nothing) {
  const std::string path = image();
  const auto drive = open(path, false);
  ASSERT_TRUE(drive) << why(drive);
  EXPECT_FALSE((*drive)->identity().serial.empty());
  EXPECT_EQ((*open(path, false))->identity().serial, (*drive)->identity().serial);
  EXPECT_FALSE(std::filesystem::exists(path + ".identity.toml"));
  EXPECT_EQ(write_device(**drive, 0, Bytes(4096)).error().code, ErrorCode::permission_denied);
  Bytes back(4096);
  EXPECT_TRUE(read_device(**drive, 0, back));
}

TEST_F(ImageDrive, images_of_odd_sizes_are_refused) {
  for (const uint64_t size_bytes : {uint64_t{0}, uint64_t{512}, 1 * MiB + 512}) {
    expect_failure(image(size_bytes), ErrorCode::refused, "multiple of 4096");
    std::filesystem::remove(scratch_ / "a.img");
  }
}

TEST_F(ImageDrive, an_identity_of_another_size_is_refused) {
  const std::string path = image();
  ASSERT_TRUE(open(path));
  std::filesystem::resize_file(path, 8 * MiB);
  expect_failure(path, ErrorCode::refused, "identity was made for");
  expect_failure(path, ErrorCode::refused, "identity was made for", false);
}

TEST_F(ImageDrive, a_broken_identity_is_told_with_its_place) {
  const std::string path = image();
  put("a.img.identity.toml", "serial = \"OK\"\nmodel = 3\n");
  expect_failure(path, ErrorCode::corrupt, "a.img.identity.toml:2:9");
}

TEST_F(ImageDrive, a_locked_image_is_busy_and_may_be_inspected) {
  const std::string path = image();
  const auto holder = open(path);
  ASSERT_TRUE(holder) << why(holder);
  expect_failure(path, ErrorCode::busy, path);
  EXPECT_TRUE(open(path, false));
}

TEST_F(ImageDrive, an_image_attached_to_a_loop_device_is_refused) {
  const std::string path = image();
  const LoopDevice loop(path, 512);
  expect_failure(path, ErrorCode::refused, "attached to " + loop.path());
  const auto inspected = open(path, false);
  ASSERT_TRUE(inspected) << why(inspected);
  EXPECT_THAT((*inspected)->identity().in_use, testing::ElementsAre("attached to " + loop.path()));
}

TEST_F(ImageDrive, an_image_that_lost_its_end_fails_with_the_byte) {
  const std::string path = image();
  for (const bool plain : {false, true}) {
    auto drive = open_file_drive(path, {.force_plain_io = plain}, entropy_);
    ASSERT_TRUE(drive) << why(drive);
    ASSERT_EQ(::truncate(path.c_str(), 1 * MiB), 0);
    Bytes back(4096);
    const Status read = read_device(**drive, 1 * MiB, back);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, ErrorCode::device_gone);
    EXPECT_EQ(read.error().where, path + " @ byte 1048576");
    ASSERT_EQ(::truncate(path.c_str(), 4 * MiB), 0);
  }
}

TEST_F(ImageDrive, a_file_system_without_direct_io_is_used_through_its_cache_and_that_is_told) {
  const std::string point = scratch_ / "ramfs";
  std::filesystem::create_directory(point);
  ASSERT_EQ(::mount("none", point.c_str(), "ramfs", 0, nullptr), 0)
      << std::strerror(errno) << ": these tests need to mount (root)";
  const std::string path = point + "/a.img";
  ASSERT_TRUE(create_image(path, 1 * MiB, 512, entropy_));
  if (const auto drive = open(path)) {
    EXPECT_THAT(notes_, testing::ElementsAre(HasSubstr("no direct I/O")));
    EXPECT_TRUE(write_device(**drive, 4096, Bytes(8192, 7)));
    EXPECT_TRUE(flush_device(**drive, (*drive)->reset_epoch()));
    Bytes back(8192);
    EXPECT_TRUE(read_device(**drive, 4096, back));
    EXPECT_EQ(back, Bytes(8192, 7));
  } else {
    ADD_FAILURE() << why(drive);
  }
  ASSERT_EQ(::umount2(point.c_str(), 0), 0) << std::strerror(errno);
}

// A SATA drive cannot be had here: the parts of one, with a power cycle counter of the test's own.
TEST_F(ImageDrive, a_power_cycle_between_two_flushes_fails_the_second_and_raises_the_epoch) {
  DescriptorDrive::Parts parts;
  parts.descriptor = Descriptor(::open(image().c_str(), O_RDWR | O_CLOEXEC));
  parts.contract.capacity_bytes = 4 * MiB;
  std::optional<uint64_t> cycles = 41;
  parts.power_cycles = [&] { return cycles; };
  DescriptorDrive drive(std::move(parts), {});
  const uint64_t epoch = drive.reset_epoch();
  ASSERT_TRUE(write_device(drive, 0, Bytes(4096, 1)));
  EXPECT_TRUE(flush_device(drive, epoch));
  ASSERT_TRUE(write_device(drive, 0, Bytes(4096, 2)));
  cycles = 42;
  const Status flushed = flush_device(drive, epoch);
  ASSERT_FALSE(flushed);
  EXPECT_EQ(flushed.error().code, ErrorCode::device_gone);
  EXPECT_GT(drive.reset_epoch(), epoch);
  EXPECT_TRUE(flush_device(drive, drive.reset_epoch()));
  cycles = std::nullopt;
  EXPECT_FALSE(flush_device(drive, drive.reset_epoch()));
}

// A process that is killed in the middle of its writes: opening again succeeds, and after it nothing of the
// dead is still on its way.
TEST_F(ImageDrive, opening_is_a_barrier_against_a_killed_process) {
  const std::string path = image();
  for (int round = 0; round < 5; ++round) {
    int ready[2];
    ASSERT_EQ(::pipe(ready), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      auto drive = open_file_drive(path, {}, entropy_);
      if (!drive) ::_exit(1);
      AlignedBuffer buffer(4 * MiB);
      std::vector<IoCompletion> done;
      for (uint64_t i = 0;; ++i) {
        if (!(*drive)->submit({.kind = IoKind::write, .length_bytes = 4 * MiB, .data = buffer.data()}))
          ::_exit(1);
        if (i == 2 && ::write(ready[1], "x", 1) != 1) ::_exit(1);
        if (i >= 2 && !(*drive)->reap(done, 1)) ::_exit(1);
        done.clear();
      }
    }
    ::close(ready[1]);
    char byte = 0;
    EXPECT_EQ(::read(ready[0], &byte, 1), 1);
    ::close(ready[0]);
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status));
    auto drive = open_file_drive(path, {.busy_wait_ms = 20'000}, entropy_);
    ASSERT_TRUE(drive) << why(drive);
    Bytes mine(4 * MiB, 9), back(4 * MiB);
    ASSERT_TRUE(write_device(**drive, 0, mine));
    ASSERT_TRUE(flush_device(**drive, 1));
    ASSERT_TRUE(read_device(**drive, 0, back));
    EXPECT_TRUE(back == mine);
  }
}

}  // namespace
}  // namespace seedbed
