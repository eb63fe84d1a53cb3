#include "tests/sectors/memory_drive.h"

#include <fmt/format.h>

#include <algorithm>

namespace seedbed {

MemoryDrive::MemoryDrive(Runtime& runtime, MemoryMedium& medium, MemoryDriveOptions options)
    : runtime_(runtime), medium_(medium), options_(std::move(options)), random_(options_.seed) {
  options_.contract.capacity_bytes = medium.image.size();
  identity_.path = "memory";
  identity_.serial = "MEMORY";
}

MemoryDrive::~MemoryDrive() = default;

Result<std::vector<MutableByteSpan>> MemoryDrive::pool(uint32_t count, uint64_t each_bytes) {
  if (!in_flight_.empty()) medium_.complaints.push_back("pool() while requests are in flight");
  buffers_ = AlignedBuffer(count * each_bytes);
  std::fill_n(buffers_.data(), buffers_.size(), uint8_t{0xa5});  // nobody may count on clean ones for long
  std::vector<MutableByteSpan> cut;
  for (uint32_t i = 0; i < count; ++i) cut.push_back(buffers_.span().subspan(i * each_bytes, each_bytes));
  return cut;
}

void MemoryDrive::check(const IoRequest& request) {
  const auto complain = [&](std::string what) { medium_.complaints.push_back(std::move(what)); };
  if (in_flight_.size() >= options_.contract.queue_depth)
    complain("more requests in flight than the drive takes");
  if (request.kind == IoKind::flush) return;
  const uint64_t unit = options_.contract.physical_sector_bytes;
  if (request.offset_bytes % unit != 0 || request.length_bytes % unit != 0 || request.length_bytes == 0) {
    complain(fmt::format("a request at {} of {} bytes", request.offset_bytes, request.length_bytes));
  }
  if (request.length_bytes > options_.contract.transfer_bytes_max)
    complain("a request longer than the drive takes");
  if (request.offset_bytes + request.length_bytes > medium_.image.size()) complain("a request past the end");
  for (const InFlight& other : in_flight_) {
    if (other.request.kind != IoKind::flush &&
        other.request.offset_bytes < request.offset_bytes + request.length_bytes &&
        request.offset_bytes < other.request.offset_bytes + other.request.length_bytes) {
      complain("two requests in flight overlap");
    }
  }
}

Status MemoryDrive::submit(const IoRequest& request) {
  check(request);
  if (options_.watch) options_.watch(request);
  InFlight entry{.request = request, .content = {}, .covers = {}};
  switch (request.kind) {
    case IoKind::write:
      entry.content.assign(request.data, request.data + request.length_bytes);
      entry.fails = ++writes_ == options_.failing_write;
      break;
    case IoKind::flush:
      entry.covers = medium_.unflushed;
      entry.fails = ++flushes_ == options_.failing_flush;
      entry.power_goes = flushes_ == options_.power_cut_at_flush;
      break;
    default:
      entry.fails = ++reads_ == options_.failing_read;
  }
  in_flight_.push_back(std::move(entry));
  return {};
}

Status MemoryDrive::complete(InFlight& entry) {
  const IoRequest& request = entry.request;
  const auto at = static_cast<std::ptrdiff_t>(request.offset_bytes);
  if (entry.fails) return fail(ErrorCode::io_error, "the drive fails as it was told to", "memory");
  switch (request.kind) {
    case IoKind::write:
      if (!std::equal(entry.content.begin(), entry.content.end(), request.data)) {
        medium_.complaints.push_back("a buffer was changed while its write was in flight");
      }
      std::copy(entry.content.begin(), entry.content.end(), medium_.image.begin() + at);
      medium_.unflushed.push_back({request.offset_bytes, request.length_bytes});
      break;
    case IoKind::flush:
      if (entry.power_goes) {
        medium_.power_cut();
        break;
      }
      for (const Extent& extent : entry.covers) {
        std::copy_n(medium_.image.begin() + static_cast<std::ptrdiff_t>(extent.offset_bytes),
                    extent.length_bytes,
                    medium_.durable.begin() + static_cast<std::ptrdiff_t>(extent.offset_bytes));
        std::erase(medium_.unflushed, extent);
      }
      break;
    default:
      std::copy_n(medium_.image.begin() + at, request.length_bytes, request.data);
  }
  return {};
}

Status MemoryDrive::reap(std::vector<IoCompletion>& out, uint32_t least) {
  if (options_.sleeps) runtime_.sleep_ns(random_.between(1'000, 100'000));
  if (++reaps_ == options_.failing_reap)
    return fail(ErrorCode::device_gone, "the drive is gone, as it was told to", "memory");
  const size_t floor = std::min<size_t>(least, in_flight_.size());
  for (size_t count = random_.between(floor, in_flight_.size()); count > 0; --count) {
    const size_t pick = random_.below(in_flight_.size());
    InFlight entry = std::move(in_flight_[pick]);
    in_flight_.erase(in_flight_.begin() + static_cast<std::ptrdiff_t>(pick));
    Status outcome = complete(entry);
    out.push_back({.tag = entry.request.tag, .kind = entry.request.kind, .outcome = std::move(outcome)});
  }
  return {};
}

}  // namespace seedbed
