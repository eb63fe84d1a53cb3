// A prepared drive's image read by programs that are neither ours nor made for us: dislocker unlocks it with
// the recovery password, and ntfsls and ntfscat of ntfs-3g read the volume. No mount, no FUSE. One thread;
// what it makes lies in the scratch directory, and is removed when the object goes.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/result.h"

namespace seedbed {

class ForeignReader {
 public:
  // What must be installed first; "" when all is there.
  static std::string missing();
  // permission_denied: dislocker does not unlock it. `scratch`: an existing directory.
  static Result<std::unique_ptr<ForeignReader>> open(const std::string& image,
                                                     uint64_t partition_offset_bytes,
                                                     const std::string& recovery_password,
                                                     const std::string& scratch);
  ForeignReader(const ForeignReader&) = delete;
  ForeignReader& operator=(const ForeignReader&) = delete;
  ~ForeignReader();

  // Every file, sorted: "/session-1/a.bin".
  Result<std::vector<std::string>> list() const;
  Result<Bytes> read(const std::string& path) const;

 private:
  explicit ForeignReader(std::string scratch) : scratch_(std::move(scratch)) {}
  std::string volume() const { return scratch_ + "/volume.ntfs"; }
  std::string scratch_;
};

}  // namespace seedbed
