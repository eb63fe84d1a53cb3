// What changes or lists the names of an NtfsVolume: list, rename, remove.
#include <algorithm>

#include "engine/base/text.h"
#include "engine/volume/ntfs_volume_state.h"

namespace seedbed {
namespace {

struct Found {
  std::string name;
  MFT_REF reference;
};
struct Listing {
  std::vector<Found> found;
  std::exception_ptr thrown;
  bool ill_formed = false;
};

// Called by the library for every name of a directory.
int take_name(void* listing_, const ntfschar* name, const int length, const int name_type, const s64,
              const MFT_REF reference, const unsigned) {
  auto& listing = *static_cast<Listing*>(listing_);
  // Short names repeat an entry; the first records are NTFS' own files.
  if (name_type == FILE_NAME_DOS || MREF(reference) < FILE_first_user) return 0;
  try {
    const auto text = utf8_of({reinterpret_cast<const char16_t*>(name), static_cast<size_t>(length)});
    if (!text)
      listing.ill_formed = true;
    else if (*text != "." && *text != "..")
      listing.found.push_back({*text, reference});
    return 0;
  } catch (...) {  // thrown on when the library has returned
    listing.thrown = std::current_exception();
    errno = ENOMEM;
    return -1;
  }
}

}  // namespace

Result<std::vector<NtfsEntry>> NtfsVolume::list(const std::string& text) {
  const NtfsPath path = TRY(ntfs_path(text));
  return state_->call(State::Access::read, [&]() -> Result<std::vector<NtfsEntry>> {
    ntfs_inode* directory = TRY(state_->directory_of(path));
    Listing listing;
    s64 position = 0;
    const int outcome = ntfs_readdir(directory, &position, &listing, take_name);
    if (listing.thrown) std::rethrow_exception(listing.thrown);
    if (outcome) return state_->library_error("a directory cannot be read", path.text);
    if (listing.ill_formed)
      return fail(ErrorCode::unsupported, "a directory has a name that is not well-formed UTF-16", path.text);
    std::ranges::sort(listing.found, {}, &Found::name);
    std::vector<NtfsEntry> entries;
    for (const Found& found : listing.found) {
      if (MREF(found.reference) == directory->mft_no)
        return fail(ErrorCode::corrupt, "a directory of the NTFS volume holds itself", path.text);
      const Inode inode(ntfs_inode_open(state_->volume, found.reference));
      if (!inode) return state_->library_error("a file cannot be opened", path.text + "/" + found.name);
      const bool is_dir = is_directory(*inode);
      entries.push_back(
          {found.name, is_dir, is_dir ? 0 : static_cast<uint64_t>(std::max<s64>(inode->data_size, 0))});
    }
    return entries;
  });
}

Status NtfsVolume::remove(const std::string& text) {
  const NtfsPath path = TRY(ntfs_path(text));
  if (path.root()) return fail(ErrorCode::invalid_argument, "the root directory stays", text);
  return state_->call(State::Access::write, [&] { return state_->remove_name(path); });
}

Status NtfsVolume::State::remove_name(const NtfsPath& path) {
  Inode inode = TRY(open_inode(path));
  if (inode->mft_no < FILE_first_user)
    return fail(ErrorCode::invalid_argument, "NTFS' own files stay", path.text);
  if (is_directory(*inode) && le16_to_cpu(inode->mrec->link_count) == 1 &&
      ntfs_check_empty_dir(inode.get())) {
    if (errno == ENOTEMPTY) return fail(ErrorCode::already_exists, "the directory is not empty", path.text);
    return library_error("a directory cannot be read", path.text);
  }
  ntfs_inode* directory = TRY(directory_of(path.parent()));
  touched = true;
  forget_directory();  // ntfs_delete closes both
  if (ntfs_delete(volume, nullptr, inode.release(), directory, units(path.names.back()),
                  static_cast<u8>(path.names.back().size())))
    return library_error("a file cannot be removed", path.text);
  return {};
}

Status NtfsVolume::rename(const std::string& from_text, const std::string& to_text) {
  const NtfsPath from = TRY(ntfs_path(from_text)), to = TRY(ntfs_path(to_text));
  if (from.root() || to.root())
    return fail(ErrorCode::invalid_argument, "the root directory keeps its name", from_text);
  if (to.text.starts_with(from.text + "/"))
    return fail(ErrorCode::invalid_argument, "a directory cannot move into itself", to_text);
  return state_->call(State::Access::write, [&]() -> Status {
    bool directory = false;
    {
      const Inode inode = TRY(state_->open_inode(from));
      if (inode->mft_no < FILE_first_user)
        return fail(ErrorCode::invalid_argument, "NTFS' own files stay", from.text);
      directory = is_directory(*inode);
    }
    if (from.names == to.names) return {};
    ntfs_inode* parent = TRY(state_->directory_of(to.parent()));
    if (TRY(state_->find(parent, to.names.back(), to.text))) {
      {
        const Inode replaced = TRY(state_->open_inode(to));
        if (directory || is_directory(*replaced))
          return fail(ErrorCode::already_exists, "only a file can replace a file", to.text);
      }
      TRY(state_->remove_name(to));
    }
    // A second name first, then the old one goes: the library has no rename of its own.
    Inode inode = TRY(state_->open_inode(from));
    TRY(state_->link(std::move(inode), to));
    return state_->remove_name(from);
  });
}

Status NtfsVolume::State::link(Inode inode, const NtfsPath& to) {
  const u64 number = inode->mft_no;
  inode.reset();
  ntfs_inode* directory = TRY(directory_of(to.parent()));
  if (directory->mft_no == number)
    return fail(ErrorCode::invalid_argument, "a directory cannot move into itself", to.text);
  inode.reset(ntfs_inode_open(volume, number));
  if (!inode) return library_error("a file cannot be opened", to.text);
  touched = true;
  if (ntfs_link(inode.get(), directory, units(to.names.back()), static_cast<u8>(to.names.back().size())))
    return library_error("a file cannot be renamed", to.text);
  ntfs_inode_update_times(inode.get(), NTFS_UPDATE_CTIME);
  touch(directory);
  return finish(std::move(inode), to.text);
}

}  // namespace seedbed
