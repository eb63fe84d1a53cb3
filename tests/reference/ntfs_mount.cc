#include "tests/reference/ntfs_mount.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "engine/base/random.h"
#include "tests/support/command.h"

namespace seedbed::reference_test {

using testing_support::find_program;
using testing_support::run_command;

namespace {

void must(bool holds, const std::string& what) {
  if (!holds) throw std::runtime_error(what);
}

bool mounted(const std::string& directory) {
  return read_whole("/proc/self/mountinfo").find(" " + directory + " ") != std::string::npos;
}

}  // namespace

void make_ntfs(const std::string& image, const NtfsImageSize& size) {
  write_whole(image, "");
  std::filesystem::resize_file(image, size.volume_bytes);
  const auto made =
      run_command({"mkntfs", "-Q", "-F", "-q", "-T", "-s", std::to_string(size.sector_bytes), "-c",
                   std::to_string(size.cluster_bytes), "-p", std::to_string(size.partition_start_sector),
                   "-H", "255", "-S", "63", image});
  must(made.ok(), "mkntfs (package ntfs-3g): " + made.text());
}

NtfsMount::NtfsMount(const std::string& image, const std::string& directory)
    : directory_(std::filesystem::weakly_canonical(directory)) {
  std::filesystem::create_directories(directory_);
  const auto program = find_program("ntfs-3g");
  must(program.has_value(), "ntfs-3g is not installed: apt-get install ntfs-3g");
  // In the foreground, so that its end can be waited for: only then has it written everything.
  std::string arguments[] = {"ntfs-3g", "-o", "no_detach,big_writes", image, directory_};
  char* argv[] = {arguments[0].data(), arguments[1].data(), arguments[2].data(),
                  arguments[3].data(), arguments[4].data(), nullptr};
  const std::string log = directory_ + ".log";
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_CREAT | O_WRONLY | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  const int failed = posix_spawn(&driver_, program->c_str(), &actions, nullptr, argv, environ);
  posix_spawn_file_actions_destroy(&actions);
  must(failed == 0, "ntfs-3g cannot be started");
  const int mounts = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
  while (!mounted(directory_)) {
    must(waitpid(driver_, nullptr, WNOHANG) == 0, "ntfs-3g could not mount: " + read_whole(log));
    pollfd change = {.fd = mounts, .events = POLLPRI, .revents = 0};
    poll(&change, 1, 100);  // wakes when something is mounted; the limit only notices a driver that died
  }
  close(mounts);
}

NtfsMount::~NtfsMount() {
  run_command({"fusermount3", "-u", directory_});
  waitpid(driver_, nullptr, 0);
}

void write_whole(const std::string& path, std::string_view content) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(content.data(), static_cast<std::streamsize>(content.size()));
  out.close();
  must(out.good(), "cannot write " + path);
}

std::string read_whole(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  must(in.good(), "cannot read " + path);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string pattern(size_t size_bytes, uint64_t seed) {
  std::string text(size_bytes, '\0');
  Random(seed).fill({reinterpret_cast<uint8_t*>(text.data()), text.size()});
  return text;
}

}  // namespace seedbed::reference_test
