#include "engine/base/bytes.h"

#include <bit>
#include <cstdlib>
#include <new>

namespace seedbed {

static_assert(std::endian::native == std::endian::little, "on-disk formats are written by memcpy");

bool all_zero(ByteSpan bytes) noexcept {
  return bytes.empty() ||
         (bytes[0] == 0 && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

AlignedBuffer::AlignedBuffer(size_t size_bytes, size_t alignment_bytes) : size_bytes_(size_bytes) {
  const size_t rounded_bytes = round_up(size_bytes == 0 ? 1 : size_bytes, alignment_bytes);
  data_.reset(static_cast<uint8_t*>(std::aligned_alloc(alignment_bytes, rounded_bytes)));
  if (!data_) throw std::bad_alloc();
  std::memset(data_.get(), 0, rounded_bytes);
}

void AlignedBuffer::Free::operator()(uint8_t* p) const noexcept {
  std::free(p);
}

}  // namespace seedbed
