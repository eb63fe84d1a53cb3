// One request while the kernel serves it, perhaps in pieces: a short read or write is continued, an
// interrupted one tried again. Pure arithmetic; both I/O paths drive it.
#pragma once

#include "engine/ports/block_device.h"

namespace seedbed {

class Transfer {
 public:
  enum class Next : uint8_t { done, again, failed };

  Transfer() = default;
  // Continued at multiples of `unit_bytes`, as direct I/O asks; what a short write put beyond is written
  // again.
  Transfer(const IoRequest& request, uint32_t unit_bytes) : request_(request), unit_bytes_(unit_bytes) {}

  // Takes what the system call said: bytes moved, or -errno. A flush or discard moves 0 bytes.
  Next step(int64_t result) noexcept;

  const IoRequest& request() const noexcept { return request_; }
  uint64_t offset_bytes() const noexcept { return request_.offset_bytes + done_bytes_; }
  uint64_t left_bytes() const noexcept { return request_.length_bytes - done_bytes_; }
  uint8_t* data() const noexcept { return request_.data + done_bytes_; }

  // The completion of a transfer that is done or failed.
  IoCompletion completion(const std::string& path) const;

 private:
  bool moves_data() const noexcept { return request_.kind == IoKind::read || request_.kind == IoKind::write; }

  IoRequest request_;
  uint32_t unit_bytes_ = 1;
  uint64_t done_bytes_ = 0;
  uint32_t fruitless_steps_ = 0;
  int error_number_ = 0;
};

}  // namespace seedbed
