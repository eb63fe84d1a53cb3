#include "tests/drives/loop_device.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/loop.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace seedbed {

static std::runtime_error missing(const std::string& what) {
  return std::runtime_error("these tests need loop devices (root and /dev/loop-control): " + what + ": " +
                            std::strerror(errno));
}

LoopDevice::LoopDevice(const std::string& backing_path, uint32_t sector_bytes) {
  const Descriptor control(::open("/dev/loop-control", O_RDWR | O_CLOEXEC));
  if (!control) throw missing("open /dev/loop-control");
  const Descriptor backing(::open(backing_path.c_str(), O_RDWR | O_CLOEXEC | O_DIRECT));
  if (!backing) throw missing("open " + backing_path);
  loop_config config{};
  config.fd = static_cast<uint32_t>(backing.get());
  config.block_size = sector_bytes;
  config.info.lo_flags = LO_FLAGS_AUTOCLEAR | LO_FLAGS_DIRECT_IO;
  for (int attempt = 0; attempt < 100; ++attempt) {  // another process may take the free one first
    const int number = ::ioctl(control.get(), LOOP_CTL_GET_FREE);
    if (number < 0) throw missing("LOOP_CTL_GET_FREE");
    name_ = "loop" + std::to_string(number);
    path_ = "/dev/" + name_;
    node_ = Descriptor(::open(path_.c_str(), O_RDWR | O_CLOEXEC));
    if (!node_) throw missing("open " + path_);
    if (::ioctl(node_.get(), LOOP_CONFIGURE, &config) == 0) {
      set_write_cache("write back");  // a loop device keeps this attribute of its last life
      return;
    }
    if (errno != EBUSY) throw missing("LOOP_CONFIGURE " + path_);
  }
  throw missing("no free loop device");
}

void LoopDevice::set_write_cache(const std::string& mode) const {
  std::ofstream attribute("/sys/block/" + name_ + "/queue/write_cache");
  attribute << mode << std::flush;
  if (!attribute) throw missing("write_cache of " + path_);
}

ScratchDirectory::ScratchDirectory() {
  path_ = std::filesystem::canonical(testing::TempDir()).string() + "/seedbed-drives-XXXXXX";
  if (::mkdtemp(path_.data()) == nullptr)
    throw std::runtime_error("mkdtemp " + path_ + ": " + std::strerror(errno));
}

ScratchDirectory::~ScratchDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void make_sparse_file(const std::string& path, uint64_t size_bytes) {
  const Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file || ::ftruncate(file.get(), static_cast<off_t>(size_bytes)) != 0)
    throw std::runtime_error("make " + path + ": " + std::strerror(errno));
}

}  // namespace seedbed
