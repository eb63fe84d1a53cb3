// A path as the *at system calls take it. The kernel refuses paths of PATH_MAX bytes and more, so the front
// of such a path is opened as a directory, piece by piece, and only the rest is named.
#pragma once

#include <fcntl.h>

#include <cerrno>
#include <string>

#include "engine/base/result.h"
#include "engine/linux/descriptor.h"

namespace seedbed {

class AnchoredPath {
 public:
  // `call` is the system call this is for, as errors name it. A path with a NUL in it would name another
  // file: refused.
  static Result<AnchoredPath> of(const std::string& path, const char* call);

  int at() const noexcept { return directory_ ? directory_.get() : AT_FDCWD; }
  const char* rest() const noexcept { return rest_.c_str(); }

 private:
  Descriptor directory_;
  std::string rest_;
};

// Calls until it is not interrupted by a signal.
template <typename Call>
auto uninterrupted(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

}  // namespace seedbed
