#include "engine/linux/small_file.h"

#include <dirent.h>
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <memory>

#include "engine/base/bytes.h"
#include "engine/linux/descriptor.h"

namespace seedbed {

Result<std::string> read_small_file(const std::string& path, uint64_t bound_bytes) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file) return fail_errno(errno, "open", path);
  std::string content;
  char block[4096];
  for (;;) {  // procfs tells no sizes: read to the end
    const ssize_t got_bytes = ::read(file.get(), block, sizeof block);
    if (got_bytes < 0 && errno == EINTR) continue;
    if (got_bytes < 0) return fail_errno(errno, "read", path);
    if (got_bytes == 0) return content;
    content.append(block, static_cast<size_t>(got_bytes));
    if (content.size() > bound_bytes)
      return fail(ErrorCode::corrupt,
                  "the file is bigger than the " + std::to_string(bound_bytes) + " bytes it may have", path);
  }
}

std::string read_attribute(const std::string& path) {
  const auto content = read_small_file(path, 64 * KiB);
  return content ? content->substr(0, content->find('\n')) : std::string();
}

std::vector<std::string> list_names(const std::string& directory) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> handle(::opendir(directory.c_str()), ::closedir);
  if (!handle) return names;
  while (const dirent* entry = ::readdir(handle.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  std::ranges::sort(names);
  return names;
}

std::string resolved_path(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> resolved(::realpath(path.c_str(), nullptr), std::free);
  return resolved ? std::string(resolved.get()) : path;
}

}  // namespace seedbed
