#include "engine/ports/request_rules.h"

#include <fmt/format.h>

namespace seedbed {

static constexpr uintptr_t kAddressAlignmentBytes = 4096;

std::string where_on(const std::string& path, uint64_t offset_bytes) {
  return fmt::format("{} @ byte {}", path, offset_bytes);
}

static std::string broken_rule(const DeviceContract& contract, const IoRequest& request, uint32_t in_flight) {
  const uint64_t unit_bytes = contract.physical_sector_bytes;
  if (in_flight >= contract.queue_depth)
    return fmt::format("{} requests are in flight and the queue holds {}", in_flight, contract.queue_depth);
  if (request.kind == IoKind::flush)
    return request.offset_bytes == 0 && request.length_bytes == 0
               ? ""
               : "a flush covers the whole drive: it takes no range";
  if (request.offset_bytes % unit_bytes != 0)
    return fmt::format("the offset is not a multiple of the physical sector of {} bytes", unit_bytes);
  if (request.length_bytes % unit_bytes != 0)
    return fmt::format("the length {} is not a multiple of the physical sector of {} bytes",
                       request.length_bytes, unit_bytes);
  if (request.length_bytes > contract.transfer_bytes_max)
    return fmt::format("the length {} is more than the {} bytes of one transfer", request.length_bytes,
                       contract.transfer_bytes_max);
  // Subtracted, not added: offset + length may overflow.
  if (request.length_bytes > contract.capacity_bytes ||
      request.offset_bytes > contract.capacity_bytes - request.length_bytes)
    return fmt::format("{} bytes from here end beyond the drive's {} bytes", request.length_bytes,
                       contract.capacity_bytes);
  if (request.kind == IoKind::discard) return {};
  if (request.length_bytes != 0 && request.data == nullptr) return "there is no buffer";
  if (reinterpret_cast<uintptr_t>(request.data) % kAddressAlignmentBytes != 0)
    return fmt::format("the buffer is not aligned to {} bytes", kAddressAlignmentBytes);
  return {};
}

Status check_request(const DeviceIdentity& identity, const DeviceContract& contract, const IoRequest& request,
                     uint32_t in_flight) {
  const std::string broken = broken_rule(contract, request, in_flight);
  if (!broken.empty())
    return fail(ErrorCode::invalid_argument, broken, where_on(identity.path, request.offset_bytes));
  if (request.kind == IoKind::discard && !contract.discards)
    return fail(ErrorCode::unsupported, "the drive does not discard", identity.path);
  return {};
}

}  // namespace seedbed
