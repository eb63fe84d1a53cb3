#include "engine/ports/block_device.h"

#include <fmt/format.h>

#include <algorithm>

namespace seedbed {

static Status transfer(BlockDevice& device, IoKind kind, uint64_t offset_bytes, uint8_t* data, uint64_t length_bytes) {
  TRY(device.submit({.kind = kind, .offset_bytes = offset_bytes, .length_bytes = length_bytes, .data = data, .tag = 0}));
  std::vector<IoCompletion> done;
  TRY(device.reap(done, 1));
  if (done.size() != 1)
    return fail(ErrorCode::internal, fmt::format("a blocking transfer reaped {} completions", done.size()), device.identity().path);
  return std::move(done[0].outcome);
}

Status read_device(BlockDevice& device, uint64_t offset_bytes, MutableByteSpan out) {
  const uint64_t step_bytes = std::min<uint64_t>(device.contract().transfer_bytes_max, 1 * MiB);
  AlignedBuffer bounce(std::min<uint64_t>(step_bytes, out.size()));
  for (uint64_t at = 0; at < out.size();) {
    const uint64_t length_bytes = std::min<uint64_t>(step_bytes, out.size() - at);
    TRY(transfer(device, IoKind::read, offset_bytes + at, bounce.data(), length_bytes));
    std::copy_n(bounce.data(), length_bytes, out.data() + at);
    at += length_bytes;
  }
  return {};
}

Status read_device_unaligned(BlockDevice& device, uint64_t offset_bytes, MutableByteSpan out) {
  const uint64_t unit_bytes = device.contract().physical_sector_bytes;
  const uint64_t first = round_down(offset_bytes, unit_bytes);
  Bytes whole(round_up(offset_bytes + out.size(), unit_bytes) - first);
  TRY(read_device(device, first, whole));
  std::copy_n(whole.data() + (offset_bytes - first), out.size(), out.data());
  return {};
}

Status write_device(BlockDevice& device, uint64_t offset_bytes, ByteSpan data) {
  const uint64_t step_bytes = std::min<uint64_t>(device.contract().transfer_bytes_max, 1 * MiB);
  AlignedBuffer bounce(std::min<uint64_t>(step_bytes, data.size()));
  for (uint64_t at = 0; at < data.size();) {
    const uint64_t length_bytes = std::min<uint64_t>(step_bytes, data.size() - at);
    std::copy_n(data.data() + at, length_bytes, bounce.data());
    TRY(transfer(device, IoKind::write, offset_bytes + at, bounce.data(), length_bytes));
    at += length_bytes;
  }
  return {};
}

Status flush_device(BlockDevice& device, uint64_t epoch) {
  TRY(transfer(device, IoKind::flush, 0, nullptr, 0));
  if (device.reset_epoch() != epoch)
    return fail(ErrorCode::device_gone, "the drive lost power or was reset since it was opened", device.identity().path,
                "Check cabling and power, then run the same command again to resume");
  return {};
}

}  // namespace seedbed
