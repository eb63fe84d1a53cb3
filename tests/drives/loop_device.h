// A loop device of the running kernel over a temporary file, for as long as it is held. The kernel detaches
// it even if the test dies. Machines without loop devices fail these tests: they throw and say what is
// missing.
#pragma once

#include <cstdint>
#include <string>

#include "engine/linux/descriptor.h"

namespace seedbed {

class LoopDevice {
 public:
  LoopDevice(const std::string& backing_path, uint32_t sector_bytes);
  const std::string& path() const noexcept { return path_; }
  const std::string& name() const noexcept { return name_; }
  // "write back" or "write through", as the kernel is to believe it.
  void set_write_cache(const std::string& mode) const;

 private:
  Descriptor node_;
  std::string name_;
  std::string path_;
};

// A new empty directory under the test's temporary one, removed with all in it.
class ScratchDirectory {
 public:
  ScratchDirectory();
  ~ScratchDirectory();
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

void make_sparse_file(const std::string& path, uint64_t size_bytes);

}  // namespace seedbed
