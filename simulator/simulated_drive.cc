#include "simulator/simulated_drive.h"

#include <fmt/format.h>

#include <algorithm>

namespace seedbed {

DriveState::DriveState(const std::string& serial, const DeviceContract& promised)
    : contract(promised), cache(promised.capacity_bytes) {
  identity.path = "simulated:" + serial;
  identity.serial = serial;
  identity.model = "simulated drive";
  identity.transport = "simulated";
}

void DriveState::power_cut() {
  if (contract.power_loss_protected) cache.settle(cache.completed());
  cache.drop();
  ++reset_epoch;
}

Result<std::vector<MutableByteSpan>> SimulatedDrive::pool(uint32_t count, uint64_t each_bytes) {
  if (!in_flight_.empty() || each_bytes == 0 || each_bytes % 4096 != 0 || count > 16 * GiB / each_bytes)
    return fail(ErrorCode::invalid_argument,
                fmt::format("{} pool buffers of {} bytes with {} requests in flight", count, each_bytes,
                            in_flight_.size()),
                state_.identity.path);
  pool_ = AlignedBuffer(count * each_bytes);
  std::vector<MutableByteSpan> buffers;
  for (uint32_t i = 0; i < count; ++i) buffers.push_back(pool_.span().subspan(i * each_bytes, each_bytes));
  return buffers;
}

// The port's rules, read and written apart from engine/linux: the conformance suite holds both against each
// other.
Status SimulatedDrive::check(const IoRequest& request) const {
  const DeviceContract& contract = state_.contract;
  const auto wrong = [&](std::string what) {
    return fail(ErrorCode::invalid_argument, std::move(what),
                fmt::format("{} @ byte {}", state_.identity.path, request.offset_bytes));
  };
  if (in_flight_.size() >= contract.queue_depth)
    return wrong(fmt::format("the queue of {} is full", contract.queue_depth));
  if (request.kind == IoKind::flush) {
    if (request.offset_bytes != 0 || request.length_bytes != 0) return wrong("a flush with a range");
    return {};
  }
  const uint64_t unit_bytes = contract.physical_sector_bytes;
  if (request.offset_bytes % unit_bytes != 0 || request.length_bytes % unit_bytes != 0)
    return wrong(
        fmt::format("{} bytes here are not whole physical sectors of {}", request.length_bytes, unit_bytes));
  if (request.length_bytes > contract.transfer_bytes_max)
    return wrong(fmt::format("{} bytes in one transfer", request.length_bytes));
  if (request.offset_bytes > contract.capacity_bytes ||
      contract.capacity_bytes - request.offset_bytes < request.length_bytes)
    return wrong(
        fmt::format("{} bytes here go beyond the end at {}", request.length_bytes, contract.capacity_bytes));
  if (request.kind == IoKind::discard) {
    if (!contract.discards)
      return fail(ErrorCode::unsupported, "the drive does not discard", state_.identity.path);
    return {};
  }
  if (request.data == nullptr && request.length_bytes != 0) return wrong("no buffer");
  if (reinterpret_cast<uintptr_t>(request.data) % 4096 != 0)
    return wrong("a buffer that is not aligned to 4096 bytes");
  return {};
}

Status SimulatedDrive::submit(const IoRequest& request) {
  TRY(check(request));
  const DriveSpeed& speed = state_.speed;
  // In 128 bits: gigabytes times a billion do not fit into 64.
  const auto transfer_ns = static_cast<uint64_t>(static_cast<unsigned __int128>(request.length_bytes) *
                                                 1'000'000'000 / speed.bytes_per_second);
  const uint64_t cost_ns = request.kind == IoKind::flush ? speed.flush_ns : speed.request_ns + transfer_ns;
  busy_until_ns_ = std::max(busy_until_ns_, runtime_.now_ns()) + cost_ns;
  in_flight_.push_back({.request = request,
                        .due_ns = busy_until_ns_,
                        .epoch = state_.reset_epoch,
                        .covers = state_.cache.completed()});
  return {};
}

Status SimulatedDrive::perform(const InFlight& entry) {
  const IoRequest& request = entry.request;
  const bool power_was_lost = entry.epoch != state_.reset_epoch ||
                              (request.kind == IoKind::flush && flushed_epoch_ != state_.reset_epoch);
  if (power_was_lost) {
    if (request.kind == IoKind::flush)
      flushed_epoch_ = state_.reset_epoch;  // told once; what is rewritten since may be flushed
    return fail(ErrorCode::device_gone, "the drive lost power",
                fmt::format("{} @ byte {}", state_.identity.path, request.offset_bytes),
                "Check cabling and power");
  }
  switch (request.kind) {
    case IoKind::read:
      state_.cache.read(request.offset_bytes, {request.data, request.length_bytes});
      break;
    case IoKind::write:
      state_.cache.write(request.offset_bytes, {request.data, request.length_bytes});
      break;
    case IoKind::discard:
      state_.cache.discard({request.offset_bytes, request.length_bytes});
      break;
    case IoKind::flush:
      state_.cache.settle(entry.covers);
      break;
  }
  if (!state_.contract.volatile_cache) state_.cache.settle(state_.cache.completed());
  return {};
}

Status SimulatedDrive::reap(std::vector<IoCompletion>& out, uint32_t least) {
  const size_t wanted = std::min<size_t>(least, in_flight_.size());
  if (wanted > 0) {
    const uint64_t due_ns = in_flight_[wanted - 1].due_ns;
    const uint64_t now_ns = runtime_.now_ns();
    if (due_ns > now_ns)
      runtime_.sleep_ns(due_ns - now_ns);  // may throw Killed: what is in flight then stays undone
  }
  const uint64_t now_ns = runtime_.now_ns();
  for (size_t taken = 0; !in_flight_.empty() && (taken < wanted || in_flight_.front().due_ns <= now_ns);
       ++taken) {
    const InFlight entry = in_flight_.front();
    in_flight_.pop_front();
    Status outcome = perform(entry);
    out.push_back({.tag = entry.request.tag, .kind = entry.request.kind, .outcome = std::move(outcome)});
  }
  return {};
}

}  // namespace seedbed
