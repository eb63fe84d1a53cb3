#include "engine/volume/ntfs_volume.h"

#include <algorithm>
#include <bit>

#include "engine/base/text.h"
#include "engine/volume/ntfs_volume_state.h"

namespace seedbed {

static constexpr uint64_t kSmallFile_bytes_max = 1 * MiB;
static constexpr uint64_t kFile_bytes_max = uint64_t{1} << 56;

NtfsVolume::NtfsVolume(std::unique_ptr<State> state) : state_(std::move(state)) {}
NtfsVolume::NtfsVolume(NtfsVolume&&) noexcept = default;
NtfsVolume& NtfsVolume::operator=(NtfsVolume&&) noexcept = default;
NtfsVolume::~NtfsVolume() = default;

Result<NtfsVolume> NtfsVolume::open(Below below, int64_t now_ns, bool read_only) {
  const uint32_t sector = below.sector_bytes;
  if (!std::has_single_bit(sector) || sector < 512 || sector > 4096 || below.volume_bytes % sector != 0 ||
      below.volume_bytes < 1 * MiB || below.volume_bytes >= kFile_bytes_max)
    return fail(ErrorCode::invalid_argument, "no NTFS volume has this size or this sector size");
  auto state = std::make_unique<State>(std::move(below), now_ns, read_only);
  TRY(state->mount());
  return NtfsVolume(std::move(state));
}

uint32_t NtfsVolume::cluster_bytes() const noexcept {
  return state_->volume ? state_->volume->cluster_size : 0;
}

uint64_t NtfsVolume::free_bytes() const noexcept {
  return state_->volume ? state_->allocator->free_clusters() * state_->cluster_bytes() : 0;
}

Result<bool> NtfsVolume::exists(const std::string& text) {
  const NtfsPath path = TRY(ntfs_path(text));
  return state_->call(State::Access::read, [&]() -> Result<bool> {
    if (path.root()) return true;
    auto directory = state_->directory_of(path.parent());
    if (!directory && directory.error().code == ErrorCode::not_found) return false;
    const auto reference = TRY(state_->find(TRY(std::move(directory)), path.names.back(), path.text));
    return reference.has_value();
  });
}

Status NtfsVolume::make_directory(const std::string& text, bool hidden_system) {
  const NtfsPath path = TRY(ntfs_path(text));
  if (path.root()) return {};
  return state_->call(State::Access::write, [&]() -> Status {
    ntfs_inode* directory = TRY(state_->directory_of(path.parent()));
    if (TRY(state_->find(directory, path.names.back(), path.text))) {
      const Inode there = TRY(state_->open_inode(path));
      if (!is_directory(*there))
        return fail(ErrorCode::already_exists, "a file stands where a directory was to be made", path.text);
      return {};
    }
    Inode made = TRY(state_->create(directory, path, S_IFDIR, state_->now_ns));
    if (hidden_system)
      made->flags = static_cast<FILE_ATTR_FLAGS>(made->flags | FILE_ATTR_HIDDEN | FILE_ATTR_SYSTEM);
    return state_->finish_new(std::move(made), directory, path.text);
  });
}

// Shared by create_file and reserve_file. `place` is asked once the library has its own clusters for MFT
// record and index.
template <typename Place>
Result<std::vector<ClusterRun>> NtfsVolume::State::create_with_clusters(const NtfsPath& path,
                                                                        uint64_t size_bytes, int64_t times_ns,
                                                                        Place place) {
  const auto full = [&] {
    return fail(ErrorCode::out_of_space, "the NTFS volume has no room for " + human_bytes(size_bytes),
                path.text, "Use a larger drive, or put fewer files on this one.");
  };
  if (path.root()) return fail(ErrorCode::invalid_argument, "the root directory is no file", path.text);
  if (size_bytes >= kFile_bytes_max) return full();
  const uint64_t clusters = round_up(size_bytes, cluster_bytes()) / cluster_bytes();
  ntfs_inode* directory = TRY(directory_of(path.parent()));
  if (TRY(find(directory, path.names.back(), path.text)))
    return fail(ErrorCode::already_exists, "there is a file of this name already", path.text);
  if (clusters != 0 && place(clusters).empty()) return full();

  Inode inode = TRY(create(directory, path, S_IFREG, times_ns));
  std::vector<ClusterRun> runs;
  if (clusters != 0) {
    runs = place(clusters);
    if (runs.empty()) return full();
    TRY(allocate(inode.get(), size_bytes, runs, path.text));
  }
  TRY(finish_new(std::move(inode), directory, path.text));
  return runs;
}

static std::vector<Extent> extents_of(const std::vector<ClusterRun>& runs, uint64_t cluster_bytes) {
  std::vector<Extent> extents;
  for (const ClusterRun& run : runs)
    extents.push_back({run.first * cluster_bytes, run.count * cluster_bytes});
  return extents;
}

Result<std::vector<Extent>> NtfsVolume::create_file(const std::string& text, uint64_t size_bytes,
                                                    int64_t modified_ns) {
  const NtfsPath path = TRY(ntfs_path(text));
  return state_->call(State::Access::write, [&]() -> Result<std::vector<Extent>> {
    const auto runs = TRY(state_->create_with_clusters(path, size_bytes, modified_ns, [&](uint64_t clusters) {
      return state_->allocator->place(clusters);
    }));
    if (!runs.empty()) state_->allocator->move_cursor(runs.back().first + runs.back().count);
    return extents_of(runs, state_->cluster_bytes());
  });
}

Result<Extent> NtfsVolume::reserve_file(const std::string& text, uint64_t size_bytes,
                                        uint64_t wanted_offset_bytes) {
  const NtfsPath path = TRY(ntfs_path(text));
  if (size_bytes == 0) return fail(ErrorCode::invalid_argument, "nothing to reserve", text);
  return state_->call(State::Access::write, [&]() -> Result<Extent> {
    const uint64_t cluster = state_->cluster_bytes();
    const uint64_t wanted = round_up(wanted_offset_bytes, cluster) / cluster;
    const auto runs =
        TRY(state_->create_with_clusters(path, size_bytes, state_->now_ns, [&](uint64_t clusters) {
          const auto run = state_->allocator->place_at(wanted, clusters, clusters);
          return run ? std::vector<ClusterRun>{*run} : std::vector<ClusterRun>{};
        }));
    return extents_of(runs, cluster).front();
  });
}

Status NtfsVolume::write_small_file(const std::string& text, ByteSpan content) {
  const NtfsPath path = TRY(ntfs_path(text));
  if (path.root() || content.size() > kSmallFile_bytes_max)
    return fail(ErrorCode::invalid_argument, "not a small file", text);
  return state_->call(State::Access::write, [&]() -> Status {
    ntfs_inode* directory = TRY(state_->directory_of(path.parent()));
    const auto there = TRY(state_->find(directory, path.names.back(), path.text));
    Inode inode;
    if (there)
      inode = TRY(state_->open_inode(path));
    else
      inode = TRY(state_->create(directory, path, S_IFREG, state_->now_ns));
    {
      const Attribute data = TRY(state_->open_data(inode.get(), path.text));
      state_->touched = true;
      const auto size = static_cast<s64>(content.size());
      if (ntfs_attr_truncate(data.get(), size) ||
          (size != 0 && ntfs_attr_pwrite(data.get(), 0, size, content.data()) != size))
        return state_->library_error("a small file cannot be written", path.text);
    }
    touch(inode.get());
    NInoFileNameSetDirty(inode.get());
    if (!there) return state_->finish_new(std::move(inode), directory, path.text);
    return state_->finish(std::move(inode), path.text);
  });
}

Result<NtfsEntry> NtfsVolume::stat(const std::string& text) {
  const NtfsPath path = TRY(ntfs_path(text));
  return state_->call(State::Access::read, [&]() -> Result<NtfsEntry> {
    const Inode inode = TRY(state_->open_inode(path));
    const bool directory = is_directory(*inode);
    return NtfsEntry{path.last(), directory,
                     directory ? 0 : static_cast<uint64_t>(std::max<s64>(inode->data_size, 0))};
  });
}

Result<std::vector<Extent>> NtfsVolume::extents(const std::string& text) {
  const NtfsPath path = TRY(ntfs_path(text));
  return state_->call(State::Access::read, [&]() -> Result<std::vector<Extent>> {
    const Inode inode = TRY(state_->open_inode(path));
    const Attribute data = TRY(state_->open_data(inode.get(), path.text));
    std::vector<Extent> extents;
    if (!NAttrNonResident(data.get())) return extents;
    if (ntfs_attr_map_whole_runlist(data.get()))
      return state_->library_error("a file's clusters cannot be read", path.text);
    const uint64_t cluster = state_->cluster_bytes();
    for (const runlist_element* run = data->rl; run && run->length; ++run) {
      if (run->lcn < 0 || run->length < 0 || run->lcn > state_->volume->nr_clusters - run->length)
        return fail(ErrorCode::corrupt, "a file has clusters outside the NTFS volume", path.text);
      const Extent extent{run->lcn * cluster, run->length * cluster};
      if (!extents.empty() && extents.back().end_bytes() == extent.offset_bytes)
        extents.back().length_bytes += extent.length_bytes;
      else
        extents.push_back(extent);
    }
    return extents;
  });
}

Result<size_t> NtfsVolume::read(const std::string& text, uint64_t offset_bytes, MutableByteSpan out) {
  const NtfsPath path = TRY(ntfs_path(text));
  if (offset_bytes >= kFile_bytes_max) return size_t{0};
  return state_->call(State::Access::read, [&]() -> Result<size_t> {
    const Inode inode = TRY(state_->open_inode(path));
    const Attribute data = TRY(state_->open_data(inode.get(), path.text));
    const s64 done =
        ntfs_attr_pread(data.get(), static_cast<s64>(offset_bytes), static_cast<s64>(out.size()), out.data());
    if (done < 0) return state_->library_error("a file cannot be read", path.text);
    return static_cast<size_t>(done);
  });
}

Result<SectorSet> NtfsVolume::close() {
  if (state_->broken) return std::unexpected(*state_->broken);
  TRY(state_->unmount());
  if (state_->read_only) return SectorSet{};
  return state_->device.overlay().written();
}

}  // namespace seedbed
