#include "engine/linux/buffer_pool.h"

#include <fmt/format.h>

namespace seedbed {

// Far more than any queue needs: a wrong figure is told as such, not as bad_alloc.
static constexpr uint64_t kPoolBytesMax = 16 * GiB;

Result<std::vector<MutableByteSpan>> BufferPool::cut(uint32_t count, uint64_t each_bytes,
                                                     const std::string& path) {
  if (each_bytes == 0 || each_bytes % 4096 != 0 || count > kPoolBytesMax / each_bytes)
    return fail(
        ErrorCode::invalid_argument,
        fmt::format(
            "{} buffers of {} bytes: they must be multiples of 4096 bytes and {} bytes at most in all", count,
            each_bytes, kPoolBytesMax),
        path);
  memory_ = AlignedBuffer();  // first let go of the old ones
  memory_ = AlignedBuffer(count * each_bytes);
  std::vector<MutableByteSpan> buffers;
  buffers.reserve(count);
  for (uint32_t i = 0; i < count; ++i) buffers.push_back(memory_.span().subspan(i * each_bytes, each_bytes));
  return buffers;
}

}  // namespace seedbed
