// An image file as a drive whose every write and flush somebody else logs: QEMU's storage daemon with
// blklogwrites, reached by NBD and a FUSE file. (The daemon's own FUSE export of QEMU 7.2 overwrites a
// write's buffer while another request is served, so it is not used.) Unmounted and ended when the object
// goes. One thread.
#pragma once

#include <filesystem>
#include <memory>

#include "tests/soundness/running.h"
#include "tests/support/temp_directory.h"

namespace seedbed::soundness {

class LoggedDrive {
 public:
  // What is missing here, in words; "" when it can be had.
  static std::string missing() {
    for (const auto& [program, package] : {std::pair{"qemu-storage-daemon", "qemu-system-common"},
                                           {"nbdfuse", "libnbd-bin"},
                                           {"fusermount3", "fuse3"}})
      if (const std::string words = testing_support::missing_program(program, package); !words.empty())
        return words;
    return access("/dev/fuse", R_OK | W_OK) == 0 ? "" : "/dev/fuse cannot be opened";
  }

  LoggedDrive(const testing_support::TempDirectory& directory, uint64_t capacity_bytes)
      : image_(directory.file("drive.img")),
        log_(directory.file("drive.log")),
        below_(directory.file("below.img")) {
    for (const std::string& path : {image_, log_, below_})
      close(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    std::filesystem::resize_file(below_, capacity_bytes);
    const std::string socket = directory.file("nbd");
    daemon_ = std::make_unique<Running>(
        std::vector<std::string>{"qemu-storage-daemon", "--blockdev",
                                 "driver=file,node-name=below,filename=" + below_, "--blockdev",
                                 "driver=file,node-name=log,filename=" + log_, "--blockdev",
                                 "driver=blklogwrites,node-name=drive,file=below,log=log,log-sector-size=512",
                                 "--nbd-server", "addr.type=unix,addr.path=" + socket, "--export",
                                 "type=nbd,id=export,node-name=drive,name=drive,writable=on"},
        directory.file("daemon.out"));
    wait_until([&] { return std::filesystem::exists(socket); }, "the storage daemon's socket");
    fuse_ = std::make_unique<Running>(
        std::vector<std::string>{"nbdfuse", image_, "nbd+unix:///drive?socket=" + socket},
        directory.file("nbdfuse.out"));
    wait_until([&] { return std::filesystem::file_size(image_) == capacity_bytes; }, "the FUSE file");
  }
  ~LoggedDrive() { end(); }

  const std::string& image() const noexcept { return image_; }  // once unmounted: an ordinary empty file
  const std::string& log() const noexcept { return log_; }

  // How long the log is, when nothing more comes to it.
  uint64_t settled_log_bytes() const {
    uint64_t bytes = std::filesystem::file_size(log_);
    for (int same = 0; same < 4;) {
      usleep(5000);
      const uint64_t now = std::filesystem::file_size(log_);
      same = now == bytes ? same + 1 : 0;
      bytes = now;
    }
    return bytes;
  }
  void end() {
    if (fuse_) {
      testing_support::run_command({"fusermount3", "-u", "-q", image_});
      fuse_->wait();
      fuse_.reset();
    }
    if (daemon_) daemon_->end(SIGTERM);
    daemon_.reset();
  }

 private:
  template <typename Condition>
  static void wait_until(Condition condition, const char* what) {
    for (int i = 0; i < 1000; i++) {
      if (condition()) return;
      usleep(10'000);
    }
    throw std::runtime_error(std::string(what) + " did not come within ten seconds");
  }
  std::string image_, log_, below_;
  std::unique_ptr<Running> daemon_, fuse_;
};

}  // namespace seedbed::soundness
