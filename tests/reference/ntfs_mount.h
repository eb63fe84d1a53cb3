// An NTFS image made by mkntfs and filled by the ntfs-3g driver: volumes that others wrote, for the readers
// that judge.
#pragma once

#include <sys/types.h>

#include <string>

#include "engine/base/bytes.h"

namespace seedbed::reference_test {

struct NtfsImageSize {
  uint64_t volume_bytes = 32 * MiB;
  uint32_t sector_bytes = 512;
  uint32_t cluster_bytes = 4096;
  uint64_t partition_start_sector = 0;
};
void make_ntfs(const std::string& image, const NtfsImageSize& size);

// Mounted from construction to destruction; afterwards the driver has written everything and gone.
class NtfsMount {
 public:
  NtfsMount(const std::string& image, const std::string& directory);
  NtfsMount(const NtfsMount&) = delete;
  NtfsMount& operator=(const NtfsMount&) = delete;
  ~NtfsMount();
  std::string file(const std::string& name) const { return directory_ + "/" + name; }

 private:
  std::string directory_;
  pid_t driver_ = 0;
};

// Whole files through the operating system; they throw when it says no.
void write_whole(const std::string& path, std::string_view content);
std::string read_whole(const std::string& path);
// Text that differs everywhere and from other seeds.
std::string pattern(size_t size_bytes, uint64_t seed);

}  // namespace seedbed::reference_test
