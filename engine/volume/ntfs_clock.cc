// libntfs-3g stamps files by clock_gettime. The static library is linked with --wrap=clock_gettime
// (cmake/house.cmake): inside a library call the volume's own time answers, so that a simulated run stamps
// virtual time; everybody else gets the real clock.
#include <ctime>

#include "engine/volume/ntfs_library.h"

extern "C" {
int __real_clock_gettime(clockid_t clock, struct timespec* out);

int __wrap_clock_gettime(clockid_t clock, struct timespec* out) {
  const seedbed::LibraryContext* context = seedbed::armed_library_context();
  if (!context) return __real_clock_gettime(clock, out);
  constexpr int64_t second_ns = 1'000'000'000;
  int64_t seconds = context->now_ns / second_ns, rest_ns = context->now_ns % second_ns;
  if (rest_ns < 0) {  // before 1970: round towards the past
    rest_ns += second_ns;
    --seconds;
  }
  out->tv_sec = seconds;
  out->tv_nsec = rest_ns;
  return 0;
}
}
