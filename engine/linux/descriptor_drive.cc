#include "engine/linux/descriptor_drive.h"

#include "engine/ports/request_rules.h"

namespace seedbed {

DescriptorDrive::DescriptorDrive(Parts parts, const DriveOptions& options)
    : parts_(std::move(parts)), write_(options.write) {
  if (parts_.power_cycles) known_power_cycles_ = parts_.power_cycles();
  std::string note;
  queue_ = make_io_queue({.descriptor = parts_.descriptor.get(),
                          .path = parts_.identity.path,
                          .unit_bytes = parts_.contract.physical_sector_bytes,
                          .block_device = parts_.block_device},
                         parts_.contract.queue_depth, options.force_plain_io, note);
  if (!note.empty()) parts_.notes.push_back(std::move(note));
}

Result<std::vector<MutableByteSpan>> DescriptorDrive::pool(uint32_t count, uint64_t each_bytes) {
  if (queue_->in_flight() > 0)
    return fail(ErrorCode::invalid_argument, "buffers are exchanged only while nothing is in flight",
                parts_.identity.path);
  queue_->register_memory({});
  auto buffers = TRY(pool_.cut(count, each_bytes, parts_.identity.path));
  queue_->register_memory(pool_.whole());
  return buffers;
}

Status DescriptorDrive::submit(const IoRequest& request) {
  TRY(check_request(parts_.identity, parts_.contract, request, queue_->in_flight()));
  if (!write_ && (request.kind == IoKind::write || request.kind == IoKind::discard))
    return fail(ErrorCode::permission_denied, "the drive was opened for reading only", parts_.identity.path);
  return queue_->submit(request);
}

// After the flush, so that a loss before it cannot go unseen.
Status DescriptorDrive::confirm_power() {
  if (!known_power_cycles_) return {};
  const std::optional<uint64_t> now = parts_.power_cycles();
  if (!now)
    return fail(ErrorCode::io_error, "the drive flushed, but no longer tells whether it lost power meanwhile",
                parts_.identity.path, "Check cabling and power");
  if (*now == *known_power_cycles_) return {};
  known_power_cycles_ = now;
  ++reset_epoch_;
  return fail(ErrorCode::device_gone, "the drive lost power and came back: what its cache held is gone",
              parts_.identity.path, "Check cabling and power, then resume");
}

Status DescriptorDrive::reap(std::vector<IoCompletion>& out, uint32_t least) {
  const size_t before = out.size();
  TRY(queue_->reap(out, least));
  for (size_t i = before; i < out.size(); ++i)
    if (out[i].kind == IoKind::flush && out[i].outcome) out[i].outcome = confirm_power();
  return {};
}

}  // namespace seedbed
