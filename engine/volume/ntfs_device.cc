#include "engine/volume/ntfs_device.h"

#include <fcntl.h>

#include <algorithm>

#include "engine/volume/ntfs_headers.h"

namespace seedbed {

int64_t NtfsDevice::read(int64_t offset_bytes, void* out, int64_t count) noexcept {
  const auto size = static_cast<int64_t>(overlay_.volume_bytes());
  if (offset_bytes < 0 || count < 0) {
    errno = EINVAL;
    return -1;
  }
  count = std::min(count, std::max<int64_t>(size - offset_bytes, 0));
  if (count == 0) return 0;
  try {
    const Status status = overlay_.read(static_cast<uint64_t>(offset_bytes),
                                        {static_cast<uint8_t*>(out), static_cast<size_t>(count)});
    if (status) return count;
    if (!failed_) failed_ = status.error();
  } catch (...) {  // kept, and thrown again by rethrow() once the library has returned
    thrown_ = std::current_exception();
    overlay_.cut_off();
  }
  errno = EIO;
  return -1;
}

int64_t NtfsDevice::write(int64_t offset_bytes, const void* data, int64_t count) noexcept {
  if (offset_bytes < 0 || count < 0) {
    errno = EINVAL;
    return -1;
  }
  try {
    const ByteSpan bytes{static_cast<const uint8_t*>(data), static_cast<size_t>(count)};
    const Status status = overlay_.write(static_cast<uint64_t>(offset_bytes), bytes);
    if (status) {
      if (watcher_) watcher_(static_cast<uint64_t>(offset_bytes), bytes);
      return count;
    }
    if (!failed_) failed_ = status.error();
  } catch (...) {
    thrown_ = std::current_exception();
    overlay_.cut_off();
  }
  errno = EIO;
  return -1;
}

struct NtfsDeviceOperations {
  static NtfsDevice& of(struct ntfs_device* dev) { return *static_cast<NtfsDevice*>(dev->d_private); }

  static int open(struct ntfs_device* dev, int flags) {
    NDevSetOpen(dev);
    if ((flags & O_ACCMODE) == O_RDONLY) NDevSetReadOnly(dev);
    return 0;
  }
  static int close(struct ntfs_device* dev) {
    NDevClearOpen(dev);
    return 0;
  }
  static s64 seek(struct ntfs_device* dev, s64 offset, int whence) {
    NtfsDevice& device = of(dev);
    if (whence == SEEK_CUR) offset += device.position_;
    if (whence == SEEK_END) offset += static_cast<s64>(device.overlay_.volume_bytes());
    if (offset < 0) {
      errno = EINVAL;
      return -1;
    }
    return device.position_ = offset;
  }
  static s64 read(struct ntfs_device* dev, void* buf, s64 count) {
    const s64 done = of(dev).read(of(dev).position_, buf, count);
    if (done > 0) of(dev).position_ += done;
    return done;
  }
  static s64 write(struct ntfs_device* dev, const void* buf, s64 count) {
    const s64 done = of(dev).write(of(dev).position_, buf, count);
    if (done > 0) of(dev).position_ += done;
    return done;
  }
  static s64 pread(struct ntfs_device* dev, void* buf, s64 count, s64 offset) {
    return of(dev).read(offset, buf, count);
  }
  static s64 pwrite(struct ntfs_device* dev, const void* buf, s64 count, s64 offset) {
    return of(dev).write(offset, buf, count);
  }
  static int sync(struct ntfs_device*) { return 0; }
  static int stat(struct ntfs_device*, struct ::stat* out) {
    *out = {};
    out->st_mode = S_IFREG | 0600;
    return 0;
  }
  static int ioctl(struct ntfs_device*, unsigned long, void*) {
    errno = EOPNOTSUPP;
    return -1;
  }
};

static ntfs_device_operations operations{
    .open = NtfsDeviceOperations::open,
    .close = NtfsDeviceOperations::close,
    .seek = NtfsDeviceOperations::seek,
    .read = NtfsDeviceOperations::read,
    .write = NtfsDeviceOperations::write,
    .pread = NtfsDeviceOperations::pread,
    .pwrite = NtfsDeviceOperations::pwrite,
    .sync = NtfsDeviceOperations::sync,
    .stat = NtfsDeviceOperations::stat,
    .ioctl = NtfsDeviceOperations::ioctl,
};

// The library is left behind for the length of the read below: it may park.
static SectorOverlay::Below leaving_the_library(SectorOverlay::Below below) {
  return [below = std::move(below)](uint64_t offset_bytes, MutableByteSpan out) {
    const OutsideLibrary outside;
    return below(offset_bytes, out);
  };
}

NtfsDevice::NtfsDevice(uint64_t volume_bytes, uint32_t sector_bytes, SectorOverlay::Below below)
    : overlay_(volume_bytes, sector_bytes, leaving_the_library(std::move(below))) {}

NtfsDevice::~NtfsDevice() {
  if (!handle_) return;
  const InsideLibrary inside(context_);
  NDevClearOpen(handle_);
  ntfs_device_free(handle_);
}

struct ntfs_device* NtfsDevice::handle() {
  if (!handle_) handle_ = ntfs_device_alloc("volume", 0, &operations, this);
  return handle_;
}

}  // namespace seedbed
