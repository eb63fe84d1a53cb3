// Inodes of an NtfsVolume: finding, opening, making and filling them. Always inside the library.
#include <algorithm>

#include "engine/base/text.h"
#include "engine/volume/ntfs_volume_state.h"

namespace seedbed {

Status NtfsVolume::State::release_directory() {
  if (!directory_) return {};
  const bool dirty = NInoDirty(directory_) || NInoAttrListDirty(directory_) || NInoFileNameDirty(directory_);
  const bool touched_before = std::exchange(touched, touched || dirty);
  const std::string where = std::exchange(directory_path_, {});
  if (ntfs_inode_close(std::exchange(directory_, nullptr)) || (dirty && device.context().logged_errors != 0))
    return library_error("a directory cannot be closed", where);
  touched = touched_before;  // all of it is in the overlay: what fails later has harmed nothing
  return {};
}

Result<std::optional<MFT_REF>> NtfsVolume::State::find(ntfs_inode* directory, const std::u16string& name,
                                                       const std::string& where) {
  errno = 0;
  const u64 reference = ntfs_inode_lookup_by_name(directory, units(name), static_cast<int>(name.size()));
  if (reference != static_cast<u64>(-1)) return reference;
  if (errno != ENOENT) return library_error("a directory cannot be searched", where);
  return std::nullopt;
}

Result<ntfs_inode*> NtfsVolume::State::directory_of(const NtfsPath& path) {
  if (directory_ && directory_path_ == path.text) return directory_;
  TRY(release_directory());
  Inode at(ntfs_inode_open(volume, FILE_root));
  if (!at) return library_error("the root directory cannot be opened", "/");
  for (const std::u16string& name : path.names) {
    const auto reference = TRY(find(at.get(), name, path.text));
    if (!reference)
      return fail(ErrorCode::not_found, "there is no such directory on the NTFS volume", path.text);
    at.reset();  // before its child is opened: an inode must never be open twice, whatever a damaged index
                 // says
    at.reset(ntfs_inode_open(volume, *reference));
    if (!at) return library_error("a directory cannot be opened", path.text);
    if (!is_directory(*at))
      return fail(ErrorCode::not_found, "a file stands where a directory was expected", path.text);
  }
  directory_path_ = path.text;
  return directory_ = at.release();
}

Result<Inode> NtfsVolume::State::open_inode(const NtfsPath& path) {
  if (path.root()) {
    TRY(release_directory());
    Inode root(ntfs_inode_open(volume, FILE_root));
    if (!root) return library_error("the root directory cannot be opened", "/");
    return root;
  }
  ntfs_inode* directory = TRY(directory_of(path.parent()));
  const auto reference = TRY(find(directory, path.names.back(), path.text));
  if (!reference) return fail(ErrorCode::not_found, "there is no such file on the NTFS volume", path.text);
  if (MREF(*reference) == directory->mft_no)
    return fail(ErrorCode::corrupt, "a directory of the NTFS volume holds itself", path.text);
  Inode inode(ntfs_inode_open(volume, *reference));
  if (!inode) return library_error("a file cannot be opened", path.text);
  return inode;
}

Result<Attribute> NtfsVolume::State::open_data(ntfs_inode* inode, const std::string& where) {
  if (is_directory(*inode)) return fail(ErrorCode::invalid_argument, "this is a directory", where);
  Attribute data(ntfs_attr_open(inode, AT_DATA, AT_UNNAMED, 0));
  if (!data) return library_error("a file's data cannot be opened", where);
  if (NAttrCompressed(data.get()) || NAttrEncrypted(data.get()) || NAttrSparse(data.get()))
    return fail(ErrorCode::unsupported, "the file is compressed, encrypted or sparse", where);
  return data;
}

void touch(ntfs_inode* inode) {
  ntfs_inode_update_times(inode, static_cast<ntfs_time_update_flags>(NTFS_UPDATE_MTIME | NTFS_UPDATE_CTIME));
}

static void set_times(ntfs_inode* inode, int64_t times_ns) {
  const ntfs_time time = cpu_to_sle64(static_cast<s64>(filetime_of(times_ns)));
  inode->creation_time = inode->last_data_change_time = inode->last_mft_change_time =
      inode->last_access_time = time;
}

Result<Inode> NtfsVolume::State::create(ntfs_inode* directory, const NtfsPath& path, mode_t type,
                                        int64_t times_ns) {
  touched = true;
  touch(directory);
  device.context().now_ns = times_ns;
  Inode inode(ntfs_create(directory, const_cpu_to_le32(0), units(path.names.back()),
                          static_cast<u8>(path.names.back().size()), type));
  device.context().now_ns = now_ns;
  if (!inode) return library_error("a file cannot be created", path.text);
  set_times(inode.get(), times_ns);
  ntfs_inode_mark_dirty(inode.get());
  NInoFileNameSetDirty(inode.get());
  return inode;
}

// Closing in the open directory is what writes sizes, flags and times into its index. When that fails the
// library may have closed the directory too: it is not touched again (the ledger has its memory). For the
// same reason an inode that may have several names is closed alone, with no directory open.
Status NtfsVolume::State::finish_new(Inode inode, ntfs_inode* directory, const std::string& where) {
  touched = true;
  if (ntfs_inode_close_in_dir(inode.release(), directory) == 0) return {};
  forget_directory();
  return library_error("a file cannot be closed", where);
}

Status NtfsVolume::State::finish(Inode inode, const std::string& where) {
  touched = true;
  TRY(release_directory());
  if (ntfs_inode_close(inode.release())) return library_error("a file cannot be closed", where);
  return {};
}

Status NtfsVolume::State::allocate(ntfs_inode* inode, uint64_t size_bytes,
                                   const std::vector<ClusterRun>& runs, const std::string& where) {
  Attribute data = TRY(open_data(inode, where));
  if (ntfs_attr_force_non_resident(data.get()))
    return library_error("a file's clusters cannot be described", where);
  // The library owns and frees the run list: its allocator.
  auto* list = static_cast<runlist_element*>(std::calloc(runs.size() + 1, sizeof(runlist_element)));
  if (!list) return fail(ErrorCode::internal, "no memory for a run list", where);
  VCN vcn = 0;
  for (size_t i = 0; i < runs.size(); ++i) {
    list[i] = {.vcn = vcn, .lcn = static_cast<LCN>(runs[i].first), .length = static_cast<s64>(runs[i].count)};
    vcn += list[i].length;
  }
  list[runs.size()] = {.vcn = vcn, .lcn = LCN_ENOENT, .length = 0};
  std::free(data->rl);
  data->rl = list;
  NAttrSetFullyMapped(data.get());
  for (const ClusterRun& run : runs)
    if (ntfs_bitmap_set_run(volume->lcnbmp_na, static_cast<s64>(run.first), static_cast<s64>(run.count)))
      return library_error("$Bitmap cannot be written", where);
  data->allocated_size = vcn * static_cast<s64>(cluster_bytes());
  data->data_size = data->initialized_size = static_cast<s64>(size_bytes);
  if (ntfs_attr_update_mapping_pairs(data.get(), 0))
    return library_error("a file's clusters cannot be described", where);

  const Search search(ntfs_attr_get_search_ctx(inode, nullptr));
  if (!search || ntfs_attr_lookup(AT_DATA, AT_UNNAMED, 0, CASE_SENSITIVE, 0, nullptr, 0, search.get()))
    return library_error("a file's size cannot be written", where);
  ATTR_RECORD* record = search->attr;
  record->allocated_size = cpu_to_sle64(data->allocated_size);
  record->data_size = cpu_to_sle64(data->data_size);
  record->initialized_size = cpu_to_sle64(data->initialized_size);  // or the data would read as zeros
  ntfs_inode_mark_dirty(search->ntfs_ino);
  inode->data_size = data->data_size;
  inode->allocated_size = data->allocated_size;
  set_nino_flag(inode, KnownSize);
  NInoFileNameSetDirty(inode);
  ntfs_inode_mark_dirty(inode);
  return {};
}

}  // namespace seedbed
