#include "fakes/reference/byte_source.h"

#include <fmt/format.h>

#include <algorithm>

namespace seedbed::reference {

Status ByteSource::read(uint64_t offset_bytes, MutableByteSpan out) {
  const uint64_t size = size_bytes();
  if (offset_bytes > size || out.size() > size - offset_bytes)
    return fail(ErrorCode::corrupt,
                fmt::format("{} bytes at byte {} lie beyond the end at {}", out.size(), offset_bytes, size),
                name());
  if (out.empty()) return {};
  return read_inside(offset_bytes, out);
}

Result<std::unique_ptr<FileSource>> FileSource::open(FileStore& store, const std::string& path) {
  auto file = TRY(store.open(path, OpenMode::read));
  const uint64_t size_bytes = TRY(file->size());
  return std::unique_ptr<FileSource>(new FileSource(std::move(file), path, size_bytes));
}

Status FileSource::read_inside(uint64_t offset_bytes, MutableByteSpan out) {
  const size_t got_bytes = TRY(file_->read_at(offset_bytes, out));
  if (got_bytes != out.size())
    return fail(ErrorCode::io_error,
                fmt::format("read {} of {} bytes at byte {}", got_bytes, out.size(), offset_bytes), path_);
  return {};
}

Status DeviceSource::read_inside(uint64_t offset_bytes, MutableByteSpan out) {
  return read_device_unaligned(device_, offset_bytes, out);
}

Status MemorySource::read_inside(uint64_t offset_bytes, MutableByteSpan out) {
  std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(offset_bytes), out.size(), out.begin());
  return {};
}

}  // namespace seedbed::reference
