#include "engine/volume/ntfs_library.h"

#include <cstdio>
#include <cstring>
#include <string_view>

#include "engine/volume/ntfs_headers.h"

namespace seedbed {
namespace {

// constinit: no initialiser runs on access, so that the wrapped allocator may use it at any time.
constinit thread_local LibraryContext* armed = nullptr;

int take_log_line(const char*, const char*, int, u32 level, void*, const char* format, va_list arguments) {
  constexpr u32 errors = NTFS_LOG_LEVEL_ERROR | NTFS_LOG_LEVEL_PERROR | NTFS_LOG_LEVEL_CRITICAL;
  if (!armed || !(level & errors)) return 0;
  // Told as an error each time $MFT takes one of the records kept for its own runs; nothing is wrong.
  if (std::string_view(format).starts_with("allocated %sinode")) return 0;
  if (armed->logged_errors++ == 0) {
    char line[240];
    const int length = std::vsnprintf(line, sizeof line, format, arguments);
    if (length > 0) {
      armed->first_logged_error.assign(line, strnlen(line, sizeof line));
      while (!armed->first_logged_error.empty() && armed->first_logged_error.back() == '\n')
        armed->first_logged_error.pop_back();
    }
  }
  return 0;
}

// The library's only process-wide settings, made before main.
const bool prepared = [] {
  ntfs_log_set_handler(take_log_line);
  ntfs_log_clear_levels(~u32{0});
  ntfs_log_set_levels(NTFS_LOG_LEVEL_ERROR | NTFS_LOG_LEVEL_PERROR | NTFS_LOG_LEVEL_CRITICAL);
  ntfs_set_char_encoding("utf8");
  return true;
}();

}  // namespace

LibraryContext* armed_library_context() noexcept {
  return armed;
}

InsideLibrary::InsideLibrary(LibraryContext& context) noexcept : previous_(armed) {
  armed = &context;
}
InsideLibrary::~InsideLibrary() {
  armed = previous_;
}

OutsideLibrary::OutsideLibrary() noexcept : armed_(armed) {
  armed = nullptr;
}
OutsideLibrary::~OutsideLibrary() {
  armed = armed_;
}

}  // namespace seedbed
