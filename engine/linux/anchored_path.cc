#include "engine/linux/anchored_path.h"

#include <climits>

namespace seedbed {

Result<AnchoredPath> AnchoredPath::of(const std::string& path, const char* call) {
  if (path.find('\0') != std::string::npos)
    return fail(ErrorCode::invalid_argument, std::string(call) + ": the path holds a NUL byte",
                path.substr(0, path.find('\0')));
  AnchoredPath anchored;
  anchored.rest_ = path;
  while (anchored.rest_.size() >= PATH_MAX) {
    const size_t cut = anchored.rest_.rfind('/', PATH_MAX - 1);
    if (cut == std::string::npos || cut == 0) return fail_errno(ENAMETOOLONG, call, path);
    const std::string front = anchored.rest_.substr(0, cut);
    Descriptor next(uninterrupted(
        [&] { return ::openat(anchored.at(), front.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC); }));
    if (!next) return fail_errno(errno, call, path);
    const size_t name = anchored.rest_.find_first_not_of('/', cut);
    anchored.rest_ = name == std::string::npos ? "." : anchored.rest_.substr(name);
    anchored.directory_ = std::move(next);
  }
  return anchored;
}

}  // namespace seedbed
