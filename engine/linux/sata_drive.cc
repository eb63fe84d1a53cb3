#include "engine/linux/sata_drive.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <bit>
#include <cerrno>

#include "engine/linux/ata_identity.h"
#include "engine/linux/ata_power.h"
#include "engine/linux/exclusive.h"
#include "engine/linux/image_identity.h"
#include "engine/linux/small_file.h"

namespace seedbed {

CacheVerdict judge_write_cache(std::optional<bool> drive_says, const std::string& kernel_says) {
  const bool kernel_flushes = kernel_says != "write through";
  const bool volatile_cache = drive_says.value_or(kernel_flushes);
  return {.volatile_cache = volatile_cache, .flushes_arrive = kernel_flushes || !volatile_cache};
}

static Result<BlockNode> whole_drive(const std::string& path, const SystemTrees& trees) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return fail_errno(errno, "stat", path);
  if (!S_ISBLK(status.st_mode)) return fail(ErrorCode::refused, "not a block device", path);
  auto node = find_block_node(status.st_rdev, trees);
  if (!node) return fail(ErrorCode::not_found, "the kernel knows no such block device", path);
  if (node->partition)
    return fail(ErrorCode::refused, "this is a partition, not a drive", path,
                "Name the whole drive, for example /dev/sdb");
  return *std::move(node);
}

static Result<Descriptor> open_node(const std::string& path, const DriveOptions& options) {
  const int flags = O_DIRECT | O_CLOEXEC | (options.write ? O_RDWR | O_EXCL : O_RDONLY);
  Descriptor descriptor;
  const int error_number = try_while_busy(options.busy_wait_ms, [&] {
    descriptor = Descriptor(::open(path.c_str(), flags));
    return descriptor ? 0 : -1;
  });
  if (error_number == EBUSY)
    return fail(ErrorCode::busy, "another process or mount namespace has the drive", path,
                "End what uses it (see `lsblk` and `fuser -v`)");
  if (error_number != 0) return fail_errno(error_number, "open", path);
  return descriptor;
}

static Status read_geometry(DescriptorDrive::Parts& parts, const std::string& path) {
  const int descriptor = parts.descriptor.get();
  int logical_bytes = 0;
  unsigned physical_bytes = 0;
  uint64_t capacity_bytes = 0;
  if (::ioctl(descriptor, BLKSSZGET, &logical_bytes) != 0) return fail_errno(errno, "BLKSSZGET", path);
  if (::ioctl(descriptor, BLKPBSZGET, &physical_bytes) != 0) return fail_errno(errno, "BLKPBSZGET", path);
  if (::ioctl(descriptor, BLKGETSIZE64, &capacity_bytes) != 0) return fail_errno(errno, "BLKGETSIZE64", path);
  if (capacity_bytes == 0)
    return fail(ErrorCode::refused, "the drive has no medium (0 bytes)", path,
                "Attach an image with `losetup`, or insert the medium");
  DeviceContract& contract = parts.contract;
  contract.capacity_bytes = capacity_bytes;
  contract.logical_sector_bytes = static_cast<uint32_t>(logical_bytes);
  contract.physical_sector_bytes = std::max(4096u, physical_bytes);
  contract.atomic_write_bytes = contract.logical_sector_bytes;
  if (!std::has_single_bit(contract.physical_sector_bytes) || contract.physical_sector_bytes > 1 * MiB ||
      (logical_bytes != 512 && logical_bytes != 4096) || capacity_bytes % contract.physical_sector_bytes != 0)
    return fail(ErrorCode::unsupported,
                fmt::format("sectors of {} bytes ({} physical) on {} bytes do not fit what seedbed writes",
                            logical_bytes, physical_bytes, capacity_bytes),
                path);
  return {};
}

static std::string transport_of(const BlockNode& node) {
  for (const auto& [part, transport] : {std::pair("/usb", "usb"), std::pair("/ata", "sata"),
                                        std::pair("/nvme", "nvme"), std::pair("/virtio", "virtio")})
    if (node.directory.find(part) != std::string::npos) return transport;
  return "block";
}

static void identify_by_sysfs(const BlockNode& node, DeviceIdentity& identity) {
  const std::string device = node.directory + "/device/";
  identity.serial = read_attribute(device + "serial");
  if (identity.serial.empty())
    identity.serial = read_attribute(node.directory + "/serial");  // virtio keeps it here
  if (identity.serial.empty())
    if (const auto page = read_small_file(device + "vpd_pg80", 4096))
      identity.serial = parse_vpd_serial(as_bytes(*page));
  std::erase(identity.serial, ' ');
  const std::string model = read_attribute(device + "model");
  identity.model = model.substr(0, model.find_last_not_of(' ') + 1);
  identity.firmware = read_attribute(device + "firmware_rev");
}

// A loop device takes the identity of the image behind it, so that a rehearsal may go on by either way.
static Status identify_loop(const std::string& backing_path, DeviceIdentity& identity) {
  identity.transport = "loop";
  identity.rehearsal = true;
  identity.backing_path = resolved_path(backing_path);
  if (auto known = TRY(load_image_identity(identity_path(identity.backing_path)))) {
    identity.serial = known->serial;
    identity.model = known->model;
  } else {
    identity.serial = serial_of_path(identity.backing_path);
    identity.model = "loop device";
  }
  return {};
}

// Whoever opened the image itself as a drive keeps it.
static Status lock_backing(DescriptorDrive::Parts& parts, const DriveOptions& options) {
  const std::string& path = parts.identity.backing_path;
  parts.backing_lock = Descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!parts.backing_lock) return {};  // deleted: nobody can open it by name
  const int locked = try_while_busy(options.busy_wait_ms,
                                    [&] { return ::flock(parts.backing_lock.get(), LOCK_EX | LOCK_NB); });
  if (locked == EWOULDBLOCK)
    return fail(ErrorCode::busy, "another process has the image behind the loop device open as a drive", path,
                "Wait for it to end");
  return {};
}

// Identity into the parts; returns what the drive says of its cache.
static Result<std::optional<bool>> identify(DescriptorDrive::Parts& parts, const BlockNode& node,
                                            const DriveOptions& options) {
  DeviceIdentity& identity = parts.identity;
  if (const std::string backing = read_attribute(node.directory + "/loop/backing_file"); !backing.empty()) {
    TRY(identify_loop(backing, identity));
    if (options.write) TRY(lock_backing(parts, options));
    return true;  // the host's page cache and disk are behind it, whatever the queue says
  }
  identity.transport = transport_of(node);
  if (auto ata = identify_ata(parts.descriptor.get(), identity.path)) {
    identity.serial = std::move(ata->serial);
    identity.model = std::move(ata->model);
    identity.firmware = std::move(ata->firmware);
    if (!identity.serial.empty()) return ata->write_cache;
  }
  identify_by_sysfs(node, identity);
  return std::nullopt;
}

static Status check_cache(DescriptorDrive::Parts& parts, const BlockNode& node,
                          std::optional<bool> drive_says, bool write) {
  const std::string attribute = node.directory + "/queue/write_cache";
  const CacheVerdict verdict = judge_write_cache(drive_says, read_attribute(attribute));
  parts.contract.volatile_cache = verdict.volatile_cache;
  if (verdict.flushes_arrive) return {};
  const std::string what =
      "the drive's write cache is on, but the kernel was told \"write through\" and sends no flushes";
  const std::string remedy = "Run: echo write back > /sys/block/" + node.name + "/queue/write_cache";
  if (write) return fail(ErrorCode::refused, what, parts.identity.path, remedy);
  parts.notes.push_back(what + ". " + remedy);
  return {};
}

static void watch_power(DescriptorDrive::Parts& parts) {
  const auto ask = [descriptor = parts.descriptor.get(), path = parts.identity.path] {
    return read_power_cycles(descriptor, path);
  };
  if (ask())
    parts.power_cycles = ask;
  else
    parts.notes.push_back(
        "the drive does not count its power cycles: a short loss of power while writing would show only in "
        "the proof");
}

Result<std::unique_ptr<DescriptorDrive>> open_sata_drive(const std::string& path, const DriveOptions& options,
                                                         const SystemTrees& trees) {
  const BlockNode node = TRY(whole_drive(path, trees));
  DescriptorDrive::Parts parts;
  parts.block_device = true;
  parts.identity.path = path;
  DriveUse use = TRY(use_of_drive(node, trees));
  if (options.write && !use.in_use.empty())
    return fail(ErrorCode::refused, fmt::format("the drive is in use: {}", fmt::join(use.in_use, "; ")), path,
                "Unmount it, or name another drive: everything on it will be erased");
  parts.identity.in_use = std::move(use.in_use);
  parts.identity.device_numbers = std::move(use.device_numbers);
  parts.descriptor = TRY(open_node(path, options));
  TRY(read_geometry(parts, path));
  const std::optional<bool> drive_says = TRY(identify(parts, node, options));
  if (options.write && parts.identity.serial.empty())
    return fail(ErrorCode::refused, "the drive tells no serial number, so it could not be told from another",
                path, "Connect it directly by SATA instead of through a bridge");
  TRY(check_cache(parts, node, drive_says, options.write));
  if (options.write && parts.contract.volatile_cache && !parts.identity.rehearsal) watch_power(parts);
  const std::string discard_max = read_attribute(node.directory + "/queue/discard_max_bytes");
  parts.contract.discards = !discard_max.empty() && discard_max != "0";
  return std::make_unique<DescriptorDrive>(std::move(parts), options);
}

}  // namespace seedbed
