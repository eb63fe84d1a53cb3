#include "engine/volume/ntfs_volume_state.h"

#include <algorithm>
#include <bit>

#include "engine/base/text.h"

namespace seedbed {

static Error corrupt_volume(std::string what, std::string where = {}) {
  return {ErrorCode::corrupt, std::move(what), std::move(where),
          "Check the volume, or prepare the drive again."};
}

NtfsVolume::State::State(Below below, int64_t now, bool only_read)
    : device(below.volume_bytes, below.sector_bytes, std::move(below.read)),
      sector_bytes(below.sector_bytes),
      now_ns(now),
      read_only(only_read) {
  device.context().now_ns = now_ns;
}

// Inert: nothing below is read. The library still walks its normal way out.
NtfsVolume::State::~State() {
  if (!volume) return;
  device.overlay().cut_off();
  const InsideLibrary inside(device.context());
  if (directory_) ntfs_inode_close(directory_);
  ntfs_umount(volume, FALSE);
  device.forget_handle();
}

// What the library believes without asking. [NTFS boot sector: the BIOS parameter block of libntfs-3g's
// layout.h]
Status NtfsVolume::State::check_boot_sector() {
  Bytes boot(sector_bytes);
  TRY(device.overlay().read(0, boot));
  if (as_text(ByteSpan(boot).subspan(3, 8)) != "NTFS    ")
    return fail(ErrorCode::corrupt, "there is no NTFS boot sector", "byte 3 of the volume");
  const auto bytes_per_sector = load_le<uint16_t>(boot, 0x0b);
  const auto code = static_cast<int8_t>(boot[0x0d]);  // above 128 (2 MiB): minus the power of two
  const uint64_t sectors_per_cluster =
      code >= 0 || code == -128 ? boot[0x0d] : uint64_t{1} << std::min(-code, 31);
  const auto sectors = load_le<uint64_t>(boot, 0x28);
  const auto mft = load_le<uint64_t>(boot, 0x30), mirror = load_le<uint64_t>(boot, 0x38);
  if (bytes_per_sector != sector_bytes)
    return std::unexpected(corrupt_volume("the NTFS sector size is not the drive's"));
  const uint64_t cluster = sectors_per_cluster * sector_bytes;
  if (!std::has_single_bit(cluster) || cluster > 64 * KiB)
    return std::unexpected(corrupt_volume("the NTFS cluster size is not one of 512 B to 64 KiB"));
  if (sectors == 0 || sectors > device.overlay().volume_bytes() / sector_bytes)
    return std::unexpected(corrupt_volume("NTFS claims more sectors than the partition has"));
  const uint64_t clusters = sectors / sectors_per_cluster;
  if (mft == 0 || mft >= clusters || mirror == 0 || mirror >= clusters)
    return std::unexpected(corrupt_volume("the NTFS master file table lies outside the volume"));
  for (const size_t at : {size_t{0x40}, size_t{0x44}}) {  // bytes per MFT record, per index block
    const auto per = static_cast<int8_t>(boot[at]);
    const uint64_t record = per > 0 ? per * cluster : uint64_t{1} << std::min(-int{per}, 31);
    if (record < 512 || record > 64 * KiB)
      return std::unexpected(corrupt_volume("the NTFS record sizes are impossible"));
  }
  return {};
}

Status NtfsVolume::State::mount() {
  TRY(check_boot_sector());
  {
    const InsideLibrary inside(device.context());
    struct ntfs_device* handle = device.handle();
    if (!handle) return fail(ErrorCode::internal, "no memory for an NTFS volume");
    // Also for reading only: the library looks for a hibernated or unclean volume in this mode alone. What it
    // writes stays in the overlay.
    volume = ntfs_device_mount(handle, NTFS_MNT_NONE);
  }
  const int reason = errno;
  if (device.threw()) device.rethrow();
  if (auto error = device.take_error()) return std::unexpected(std::move(*error));
  if (!volume) {
    if (reason == EPERM || reason == EOPNOTSUPP)
      return fail(
          ErrorCode::refused,
          reason == EPERM ? "the NTFS volume is hibernated" : "the NTFS volume was not cleanly unmounted",
          device.context().first_logged_error,
          "Attach the drive to the system that wrote it and eject it there, or prepare it again.");
    return std::unexpected(
        corrupt_volume("the NTFS volume cannot be opened", device.context().first_logged_error));
  }
  if (volume->flags & VOLUME_IS_DIRTY)
    return fail(ErrorCode::refused, "the NTFS volume is marked dirty", {},
                "Have the system that wrote it check it, or prepare the drive again.");
  return load_bitmap();
}

Status NtfsVolume::State::load_bitmap() {
  const auto clusters = static_cast<uint64_t>(volume->nr_clusters);
  allocator.emplace(clusters, std::min(static_cast<uint64_t>(volume->mft_zone_end), clusters));
  const uint64_t length = (clusters + 7) / 8;
  return call(Access::read, [&]() -> Status {
    ntfs_attr* bitmap = volume->lcnbmp_na;
    if (!NAttrNonResident(bitmap) || bitmap->data_size < static_cast<s64>(length) ||
        NAttrCompressed(bitmap) || NAttrEncrypted(bitmap) || ntfs_attr_map_whole_runlist(bitmap))
      return std::unexpected(corrupt_volume("$Bitmap does not describe the volume"));
    for (const runlist_element* run = bitmap->rl; run->length; ++run) {
      if (run->lcn < 0 || run->lcn + run->length > volume->nr_clusters)
        return std::unexpected(corrupt_volume("$Bitmap lies outside the volume"));
      bitmap_runs_.push_back(
          {run->lcn * cluster_bytes(), run->vcn * cluster_bytes(), run->length * cluster_bytes()});
    }
    Bytes bits(std::min<uint64_t>(length, 1 * MiB));
    for (uint64_t at = 0; at < length; at += bits.size()) {
      const MutableByteSpan part = MutableByteSpan(bits).first(std::min<uint64_t>(bits.size(), length - at));
      if (ntfs_attr_pread(bitmap, static_cast<s64>(at), static_cast<s64>(part.size()), part.data()) !=
          static_cast<s64>(part.size()))
        return library_error("$Bitmap cannot be read", {});
      if (!allocator->load(at * 8, part)) bitmap_unbearable_ = true;
      if (bitmap_unbearable_) break;
    }
    device.watch_writes([this](uint64_t offset_bytes, ByteSpan data) { mirror_bitmap(offset_bytes, data); });
    return {};
  });
}

// Every write passes here; the parts that hit $Bitmap keep the allocator up to date, whoever allocated.
void NtfsVolume::State::mirror_bitmap(uint64_t offset_bytes, ByteSpan data) {
  for (const BitmapRun& run : bitmap_runs_) {
    const uint64_t begin = std::max(offset_bytes, run.disk_offset_bytes);
    const uint64_t end = std::min(offset_bytes + data.size(), run.disk_offset_bytes + run.length_bytes);
    if (begin >= end) continue;
    if (!allocator->load((begin - run.disk_offset_bytes + run.bitmap_offset_bytes) * 8,
                         data.subspan(begin - offset_bytes, end - begin)))
      bitmap_unbearable_ = true;
  }
}

// The library's own allocations (directories, small files) belong into the second half of the MFT zone, where
// they are in nobody's way; its allocator otherwise leaves one every 4096 clusters of the data zone. It
// starts from these fields.
void NtfsVolume::State::steer_library() {
  volume->full_zones = 0;
  volume->mft_zone_pos = volume->mft_lcn;
  volume->data1_zone_pos = volume->mft_lcn + (volume->mft_zone_end - volume->mft_lcn) / 2;
  volume->data2_zone_pos = 0;
  volume->free_clusters = static_cast<s64>(allocator->free_clusters());
}

Status NtfsVolume::State::unmount() {
  if (!volume) return fail(ErrorCode::internal, "the NTFS volume is closed");
  TRY(call(Access::read, [&] { return release_directory(); }));
  device.context().logged_errors = 0;
  int outcome = 0;
  {
    const InsideLibrary inside(device.context());
    outcome = ntfs_umount(volume, FALSE);
    volume = nullptr;
    device.forget_handle();
  }
  if (device.threw()) device.rethrow();
  if (auto error = device.take_error()) return std::unexpected(std::move(*error));
  if (outcome != 0 || device.context().logged_errors != 0)
    return std::unexpected(
        corrupt_volume("the NTFS volume cannot be closed", device.context().first_logged_error));
  return {};
}

Status NtfsVolume::State::begin_call(Access access) {
  if (broken) return std::unexpected(*broken);
  if (!volume) return fail(ErrorCode::internal, "the NTFS volume is closed");
  if (access == Access::write && read_only)
    return fail(ErrorCode::refused, "the NTFS volume is open for reading only");
  if (access == Access::write && bitmap_unbearable_)
    return fail(ErrorCode::unsupported, "the free space of the NTFS volume is in too many pieces", {},
                "Prepare the drive again.");
  touched = false;
  device.context().now_ns = now_ns;
  device.context().logged_errors = 0;
  device.context().first_logged_error.clear();
  device.take_error();
  steer_library();
  return {};
}

Status NtfsVolume::State::end_call(bool failed) {
  if (device.threw()) {
    broken = Error{ErrorCode::device_gone, "the NTFS volume was cut off from its drive", {}, {}};
    device.rethrow();
  }
  Status status;
  if (auto error = device.take_error())
    status = std::unexpected(std::move(*error));
  else if (!failed && touched && device.context().logged_errors != 0)
    status = std::unexpected(
        corrupt_volume("the NTFS volume could not be changed", device.context().first_logged_error));
  if (!status && touched) broken = status.error();
  return status;
}

std::unexpected<Error> NtfsVolume::State::library_error(const char* what, const std::string& where) {
  const int reason = errno;
  // The library leaves errno as it was when it meets damage: ESPIPE and ENOTTY are of calls long before.
  if (reason == EIO || reason == EINVAL || reason == ENOENT || reason == ESPIPE || reason == ENOTTY ||
      reason == 0) {
    Error error = corrupt_volume(what, where);
    const std::string& logged = device.context().first_logged_error;
    if (!logged.empty()) error.what += ": " + logged;
    return std::unexpected(std::move(error));
  }
  return fail_errno(reason, what, where);
}

}  // namespace seedbed
