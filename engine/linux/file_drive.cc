#include "engine/linux/file_drive.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>

#include "engine/linux/exclusive.h"
#include "engine/linux/image_identity.h"
#include "engine/linux/small_file.h"
#include "engine/ports/file_store.h"

namespace seedbed {

static constexpr uint32_t kImageUnitBytes = 4096;

// Some file systems take O_DIRECT at open and refuse the first transfer: asked by doing.
static bool reads_directly(int descriptor) {
  AlignedBuffer probe(kImageUnitBytes);
  return ::pread(descriptor, probe.data(), probe.size(), 0) >= 0 || errno != EINVAL;
}

static Result<Descriptor> open_image(const std::string& path, bool write, std::vector<std::string>& notes) {
  const int flags = (write ? O_RDWR : O_RDONLY) | O_CLOEXEC;
  if (Descriptor direct(::open(path.c_str(), flags | O_DIRECT)); direct && reads_directly(direct.get()))
    return direct;
  Descriptor buffered(::open(path.c_str(), flags));
  if (!buffered) return fail_errno(errno, "open", path);
  notes.push_back("the file system of " + path + " has no direct I/O: transfers go through the page cache");
  return buffered;
}

static Status check_image_size(uint64_t size_bytes, const std::string& path) {
  if (size_bytes == 0 || size_bytes % kImageUnitBytes != 0)
    return fail(ErrorCode::refused,
                fmt::format("an image of {} bytes is no drive: its size must be a positive multiple of {}",
                            size_bytes, kImageUnitBytes),
                path, "Make one with `offseed drive create`");
  return {};
}

static Result<ImageIdentity> identity_of(const std::string& path, uint64_t size_bytes, bool write,
                                         Entropy& entropy) {
  const std::string sidecar = identity_path(path);
  if (auto known = TRY(load_image_identity(sidecar))) {
    if (known->capacity_bytes != size_bytes)
      return fail(ErrorCode::refused,
                  fmt::format("the image has {} bytes, but its identity was made for {}", size_bytes,
                              known->capacity_bytes),
                  sidecar, "Restore the image's size, or delete its identity file to make it another drive");
    return *std::move(known);
  }
  if (!write) {  // looking at an image leaves nothing behind
    ImageIdentity derived;
    derived.serial = serial_of_path(resolved_path(path));
    derived.capacity_bytes = size_bytes;
    return derived;
  }
  ImageIdentity made = make_image_identity(size_bytes, 512, entropy);
  TRY(save_image_identity(made, sidecar));
  return made;
}

Result<std::unique_ptr<DescriptorDrive>> open_file_drive(const std::string& path, const DriveOptions& options,
                                                         Entropy& entropy, const SystemTrees& trees) {
  DescriptorDrive::Parts parts;
  parts.descriptor = TRY(open_image(path, options.write, parts.notes));
  struct stat status{};
  if (::fstat(parts.descriptor.get(), &status) != 0) return fail_errno(errno, "fstat", path);
  if (!S_ISREG(status.st_mode)) return fail(ErrorCode::refused, "not a regular file", path);
  const auto size_bytes = static_cast<uint64_t>(status.st_size);
  TRY(check_image_size(size_bytes, path));

  DeviceIdentity& identity = parts.identity;
  identity.path = path;
  identity.transport = "image";
  identity.rehearsal = true;
  identity.backing_path = resolved_path(path);
  for (const std::string& loop : loops_over(identity.backing_path, trees))
    identity.in_use.push_back("attached to " + loop);
  if (options.write) {
    if (!identity.in_use.empty())
      return fail(ErrorCode::refused,
                  fmt::format("the image is in use: {}", fmt::join(identity.in_use, "; ")), path,
                  "Detach it with `losetup -d`, or name the loop device as the drive");
    const int locked = try_while_busy(options.busy_wait_ms,
                                      [&] { return ::flock(parts.descriptor.get(), LOCK_EX | LOCK_NB); });
    if (locked == EWOULDBLOCK)
      return fail(ErrorCode::busy, "another process has the image open as a drive", path,
                  "Wait for it to end");
    if (locked != 0) return fail_errno(locked, "flock", path);
  }

  ImageIdentity known = TRY(identity_of(path, size_bytes, options.write, entropy));
  identity.serial = std::move(known.serial);
  identity.model = std::move(known.model);
  parts.contract.capacity_bytes = size_bytes;
  parts.contract.logical_sector_bytes = known.logical_sector_bytes;
  parts.contract.physical_sector_bytes = std::max(kImageUnitBytes, known.physical_sector_bytes);
  parts.contract.atomic_write_bytes = known.logical_sector_bytes;
  parts.contract.discards = true;
  return std::make_unique<DescriptorDrive>(std::move(parts), options);
}

Status create_image(const std::string& path, uint64_t capacity_bytes, uint32_t logical_sector_bytes,
                    Entropy& entropy) {
  TRY(check_image_size(capacity_bytes, path));
  if (capacity_bytes > static_cast<uint64_t>(INT64_MAX))
    return fail(ErrorCode::invalid_argument, "the image is too big for a file", path);
  if (logical_sector_bytes != 512 && logical_sector_bytes != 4096)
    return fail(ErrorCode::invalid_argument,
                fmt::format("a logical sector has 512 or 4096 bytes, not {}", logical_sector_bytes), path);
  const std::string sidecar = identity_path(path);
  if (::access(sidecar.c_str(), F_OK) == 0)
    return fail(ErrorCode::already_exists, "the identity of another image is there", sidecar,
                "Delete it if that image is gone");
  {
    const Descriptor image(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    if (!image) return fail_errno(errno, "create", path);
    if (::ftruncate(image.get(), static_cast<off_t>(capacity_bytes)) != 0 || ::fsync(image.get()) != 0) {
      const int error_number = errno;
      ::unlink(path.c_str());
      return fail_errno(error_number, "ftruncate", path);
    }
  }
  // Its directory sync covers the image's name too.
  auto saved =
      save_image_identity(make_image_identity(capacity_bytes, logical_sector_bytes, entropy), sidecar);
  if (!saved) ::unlink(path.c_str());
  return saved;
}

}  // namespace seedbed
