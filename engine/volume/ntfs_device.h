// The device libntfs-3g believes to sit on: a SectorOverlay behind the library's device operations. Owned by
// one volume, which does not move.
//
// No exception crosses the library's C frames: what a read below throws (Killed) or answers (an error) is
// kept here and the library gets EIO. After something was thrown nothing below is called again; the overlay
// goes on answering from what it holds, so that the library finds its way out, and whoever called the library
// throws it on (rethrow).
#pragma once

#include <exception>
#include <functional>
#include <optional>
#include <utility>

#include "engine/volume/ntfs_library.h"
#include "engine/volume/sector_overlay.h"

struct ntfs_device;
struct ntfs_device_operations;

namespace seedbed {

class NtfsDevice {
 public:
  NtfsDevice(uint64_t volume_bytes, uint32_t sector_bytes, SectorOverlay::Below below);
  ~NtfsDevice();  // the library's handle must not be in use any more
  NtfsDevice(const NtfsDevice&) = delete;
  NtfsDevice& operator=(const NtfsDevice&) = delete;

  LibraryContext& context() noexcept { return context_; }
  SectorOverlay& overlay() noexcept { return overlay_; }
  // The library's handle; made on first use, inside the library. Null when memory is short.
  struct ntfs_device* handle();
  // ntfs_umount has freed the handle.
  void forget_handle() noexcept { handle_ = nullptr; }
  // Called with every write, before it is answered.
  void watch_writes(std::function<void(uint64_t offset_bytes, ByteSpan data)> watcher) {
    watcher_ = std::move(watcher);
  }

  bool threw() const noexcept { return thrown_ != nullptr; }
  [[noreturn]] void rethrow() const { std::rethrow_exception(thrown_); }
  // The first failed read since the last call.
  std::optional<Error> take_error() { return std::exchange(failed_, std::nullopt); }

 private:
  friend struct NtfsDeviceOperations;
  int64_t read(int64_t offset_bytes, void* out, int64_t count) noexcept;
  int64_t write(int64_t offset_bytes, const void* data, int64_t count) noexcept;

  LibraryContext context_;
  SectorOverlay overlay_;
  std::function<void(uint64_t, ByteSpan)> watcher_;
  std::exception_ptr thrown_;
  std::optional<Error> failed_;
  struct ntfs_device* handle_ = nullptr;
  int64_t position_ = 0;
};

}  // namespace seedbed
