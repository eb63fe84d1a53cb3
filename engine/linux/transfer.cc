#include "engine/linux/transfer.h"

#include <cerrno>

#include "engine/ports/request_rules.h"

namespace seedbed {

// A signal storm or a thread's end may interrupt a request more than once; a kernel that never gets on is an
// error, not a hang.
static constexpr uint32_t kFruitlessStepsMax = 64;

Transfer::Next Transfer::step(int64_t result) noexcept {
  if (result >= 0 && !moves_data()) return Next::done;
  const bool interrupted = result == -EINTR || result == -EAGAIN || result == -ECANCELED;
  if (result < 0 && !interrupted) {
    error_number_ = static_cast<int>(-result);
    return Next::failed;
  }
  if (result >= 0) {
    const uint64_t moved_bytes = static_cast<uint64_t>(result);
    if (moved_bytes >= left_bytes()) {
      done_bytes_ = request_.length_bytes;
      return Next::done;
    }
    const uint64_t whole_bytes = round_down(moved_bytes, unit_bytes_);
    done_bytes_ += whole_bytes;
    if (whole_bytes > 0) {
      fruitless_steps_ = 0;
      return Next::again;
    }
    // Nothing moved and no error: the drive ended before its announced capacity.
    if (moved_bytes == 0) {
      error_number_ = ENXIO;
      return Next::failed;
    }
  }
  if (++fruitless_steps_ < kFruitlessStepsMax) return Next::again;
  error_number_ = result < 0 ? static_cast<int>(-result) : EIO;
  return Next::failed;
}

static const char* call_name(IoKind kind) noexcept {
  switch (kind) {
    case IoKind::read:
      return "read";
    case IoKind::write:
      return "write";
    case IoKind::flush:
      return "flush";
    case IoKind::discard:
      return "discard";
  }
  return "request";
}

IoCompletion Transfer::completion(const std::string& path) const {
  IoCompletion completion{.tag = request_.tag, .kind = request_.kind, .outcome = {}};
  if (error_number_ != 0)
    completion.outcome = fail_errno(error_number_, call_name(request_.kind), where_on(path, offset_bytes()));
  return completion;
}

}  // namespace seedbed
