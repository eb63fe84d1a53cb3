#include "engine/linux/null_drive.h"

#include <algorithm>

#include "engine/ports/request_rules.h"

namespace seedbed {

NullDrive::NullDrive(Runtime& runtime, const NullDriveOptions& options)
    : runtime_(runtime), options_(options) {
  identity_.path = "null";
  identity_.serial = "NULL";
  identity_.model = "null drive";
  identity_.transport = "null";
  identity_.rehearsal = true;
  contract_.capacity_bytes = options.capacity_bytes;
  contract_.discards = true;
}

Result<std::vector<MutableByteSpan>> NullDrive::pool(uint32_t count, uint64_t each_bytes) {
  if (!waiting_.empty())
    return fail(ErrorCode::invalid_argument, "buffers are exchanged only while nothing is in flight",
                identity_.path);
  return pool_.cut(count, each_bytes, identity_.path);
}

Status NullDrive::submit(const IoRequest& request) {
  TRY(check_request(identity_, contract_, request, static_cast<uint32_t>(waiting_.size())));
  uint64_t due_ns = 0;
  const bool moves_data = request.kind == IoKind::read || request.kind == IoKind::write;
  if (options_.bytes_per_second != 0 && moves_data) {
    // In 128 bits: 4 MiB times a billion is near the end of 64.
    const auto cost_ns = static_cast<uint64_t>(static_cast<unsigned __int128>(request.length_bytes) *
                                               1'000'000'000 / options_.bytes_per_second);
    due_ns = busy_until_ns_ = std::max(busy_until_ns_, runtime_.now_ns()) + cost_ns;
  }
  waiting_.push_back({request, due_ns});
  return {};
}

static void fill_pattern(const IoRequest& request) {
  for (uint64_t at = 0; at < request.length_bytes; at += 8)
    store_le(MutableByteSpan(request.data, request.length_bytes), at, request.offset_bytes + at);
}

Status NullDrive::reap(std::vector<IoCompletion>& out, uint32_t least) {
  const size_t take =
      options_.bytes_per_second == 0 ? waiting_.size() : std::min<size_t>(least, waiting_.size());
  if (options_.bytes_per_second != 0 && take > 0) {
    const uint64_t now_ns = runtime_.now_ns();
    const uint64_t due_ns = waiting_[take - 1].due_ns;
    if (due_ns > now_ns) runtime_.sleep_ns(due_ns - now_ns);
  }
  const uint64_t now_ns = options_.bytes_per_second == 0 ? 0 : runtime_.now_ns();
  for (size_t taken = 0; !waiting_.empty() && (taken < take || waiting_.front().due_ns <= now_ns); ++taken) {
    const IoRequest request = waiting_.front().request;
    waiting_.pop_front();
    if (request.kind == IoKind::read && options_.pattern)
      fill_pattern(request);
    else if (request.kind == IoKind::read)
      std::fill_n(request.data, request.length_bytes, uint8_t{0});
    out.push_back({.tag = request.tag, .kind = request.kind, .outcome = {}});
  }
  return {};
}

}  // namespace seedbed
