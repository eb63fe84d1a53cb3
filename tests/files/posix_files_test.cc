// What only the real file system has: FIFOs, sockets, devices, umask, other processes.
#include "engine/linux/posix_files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "tests/files/file_world.h"

namespace seedbed {
namespace {

class PosixFilesTest : public testing::Test {
 protected:
  std::string at(const std::string& name) { return join_path(world_->root(), name); }
  std::unique_ptr<FileWorld> world_ = make_posix_world();
  PosixFiles files_;
};

TEST_F(PosixFilesTest, SpecialFilesAreRefusedWithoutWaiting) {
  ASSERT_EQ(::mkfifo(at("fifo").c_str(), 0600), 0);
  for (const OpenMode how : {OpenMode::read, OpenMode::read_write, OpenMode::create}) {
    const auto fifo = files_.open(at("fifo"), how);  // a plain open for reading would wait for a writer
    ASSERT_FALSE(fifo);
    EXPECT_EQ(fifo.error().code, ErrorCode::refused);
    const auto device = files_.open("/dev/null", how);
    ASSERT_FALSE(device);
    EXPECT_EQ(device.error().code, ErrorCode::refused);
  }
  EXPECT_EQ(files_.stat(at("fifo"))->kind, FileKind::other);
  EXPECT_EQ((*files_.list(world_->root()))[0].kind, FileKind::other);
}

TEST_F(PosixFilesTest, ModesIgnoreTheUmask) {
  const mode_t before = ::umask(0077);
  EXPECT_TRUE(files_.open(at("open"), OpenMode::create, 0666));
  EXPECT_TRUE(files_.make_directory(at("directory"), 0777));
  ::umask(0);
  EXPECT_TRUE(files_.open(at("closed"), OpenMode::create, 0600));
  ::umask(before);
  EXPECT_EQ(files_.stat(at("open"))->mode, 0666u);
  EXPECT_EQ(files_.stat(at("directory"))->mode, 0777u);
  EXPECT_EQ(files_.stat(at("closed"))->mode, 0600u);
}

TEST_F(PosixFilesTest, DescriptorsAreNotInherited) {
  const int next = ::dup(0);  // the number the next descriptor gets
  ASSERT_GE(next, 0);
  ::close(next);
  const auto file = files_.open(at("a"), OpenMode::create);
  ASSERT_TRUE(file);
  EXPECT_EQ(::fcntl(next, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

TEST_F(PosixFilesTest, NothingLeaksDescriptors) {
  const auto next_number = [] {
    const int number = ::dup(0);
    ::close(number);
    return number;
  };
  const int before = next_number();
  ASSERT_TRUE(replace_file(files_, at("a"), as_bytes("a")));
  (void)files_.open(at("none"), OpenMode::read);
  (void)files_.open(world_->root(), OpenMode::read);
  (void)files_.list(world_->root());
  (void)files_.list(at("a"));
  (void)files_.sync_directory(world_->root());
  (void)files_.free_bytes(world_->root());
  EXPECT_EQ(next_number(), before);
}

TEST_F(PosixFilesTest, AnotherProcessFindsTheFileBusyUntilWeEnd) {
  auto file = files_.open(at("journal"), OpenMode::create);
  ASSERT_TRUE((*file)->lock());
  const auto ask_child = [&] {
    const pid_t child = ::fork();
    if (child == 0) {
      auto mine = files_.open(at("journal"), OpenMode::read_write);
      const Status locked = (*mine)->lock();
      ::_exit(locked ? 0 : locked.error().code == ErrorCode::busy ? 1 : 2);
    }
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  };
  EXPECT_EQ(ask_child(), 1);
  file->reset();
  EXPECT_EQ(ask_child(), 0);
}

TEST_F(PosixFilesTest, FreeBytesIsWhatStatvfsSays) {
  struct statvfs status{};
  ASSERT_EQ(::statvfs(world_->root().c_str(), &status), 0);
  const auto free_bytes = files_.free_bytes(world_->root());
  ASSERT_TRUE(free_bytes);
  const uint64_t total_bytes = uint64_t{status.f_blocks} * status.f_frsize;
  EXPECT_LE(*free_bytes, total_bytes);
  EXPECT_EQ(*free_bytes % status.f_frsize, 0u);
}

TEST_F(PosixFilesTest, AShortWriteIsContinuedUntilTheErrorShows) {
  const pid_t child = ::fork();  // the limit binds the whole process
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{8192, 8192};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    auto file = files_.open(at("big"), OpenMode::create);
    const Status written = (*file)->write_at(0, Bytes(20'000, 1));  // short first, then EFBIG
    const bool right =
        !written && written.error().code == ErrorCode::out_of_space && (*file)->size() == 8192u;
    ::_exit(right ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace seedbed
