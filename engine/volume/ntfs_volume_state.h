// The inside of an NtfsVolume: the mounted library volume, the mirror of $Bitmap, the directory that is kept
// open, and the one way into the library (call). Included by engine/volume/ntfs_*.cc only.
#pragma once

#include <memory>
#include <optional>

#include "engine/volume/ntfs_allocator.h"
#include "engine/volume/ntfs_device.h"
#include "engine/volume/ntfs_headers.h"
#include "engine/volume/ntfs_name.h"
#include "engine/volume/ntfs_volume.h"

namespace seedbed {

struct InodeCloser {
  void operator()(ntfs_inode* inode) const { ntfs_inode_close(inode); }
};
using Inode = std::unique_ptr<ntfs_inode, InodeCloser>;
struct AttributeCloser {
  void operator()(ntfs_attr* attribute) const { ntfs_attr_close(attribute); }
};
using Attribute = std::unique_ptr<ntfs_attr, AttributeCloser>;
struct SearchCloser {
  void operator()(ntfs_attr_search_ctx* search) const { ntfs_attr_put_search_ctx(search); }
};
using Search = std::unique_ptr<ntfs_attr_search_ctx, SearchCloser>;

inline bool is_directory(const ntfs_inode& inode) {
  return (inode.mrec->flags & MFT_RECORD_IS_DIRECTORY) != 0;
}
// Data and record change times are now.
void touch(ntfs_inode* inode);
inline const ntfschar* units(const std::u16string& name) {
  return reinterpret_cast<const ntfschar*>(name.data());
}

struct NtfsVolume::State {
  State(Below below, int64_t now_ns, bool read_only);
  ~State();
  Status mount();
  // Syncs and unmounts; what is left behind shows in the ledger.
  Status unmount();

  enum class Access : uint8_t { read, write };
  // Runs `body` inside the library. A stored exception is thrown on, a stored read error or a logged error
  // makes the call fail; a call that fails after it has begun to change metadata leaves the volume broken:
  // nothing more is done with it and close() gives nothing.
  template <typename Body>
  auto call(Access access, Body body) -> decltype(body()) {
    if (Status ready = begin_call(access); !ready) return std::unexpected(std::move(ready).error());
    auto result = [&] {
      const InsideLibrary inside(device.context());
      try {
        return body();
      } catch (...) {  // short of memory
        if (touched)
          broken = Error{ErrorCode::internal, "a change of the NTFS volume was interrupted", {}, {}};
        throw;
      }
    }();
    if (Status fine = end_call(!result); !fine) return std::unexpected(std::move(fine).error());
    if (!result && touched) broken = result.error();
    return result;
  }

  // The error of a library function that has just failed.
  std::unexpected<Error> library_error(const char* what, const std::string& where);

  // The open directory of that path; the one opened before is synced and closed first. It stays open for the
  // next file in it.
  Result<ntfs_inode*> directory_of(const NtfsPath& path);
  Status release_directory();
  void forget_directory() noexcept {
    directory_ = nullptr;
    directory_path_.clear();
  }
  // The reference of a name in a directory, or nothing.
  Result<std::optional<MFT_REF>> find(ntfs_inode* directory, const std::u16string& name,
                                      const std::string& where);
  // The inode of a path; not_found when absent. It must be closed before directory_of() could open the same
  // one.
  Result<Inode> open_inode(const NtfsPath& path);
  Result<Attribute> open_data(ntfs_inode* inode, const std::string& where);

  // Gives the empty unnamed stream of a new file these clusters.
  Status allocate(ntfs_inode* inode, uint64_t size_bytes, const std::vector<ClusterRun>& runs,
                  const std::string& where);
  // A new file or directory in an open directory, its four times at `times_ns`.
  Result<Inode> create(ntfs_inode* directory, const NtfsPath& path, mode_t type, int64_t times_ns);
  // Syncs and closes a file just made in the open directory; any other file.
  Status finish_new(Inode inode, ntfs_inode* directory, const std::string& where);
  Status finish(Inode inode, const std::string& where);
  // The name goes, and with the last one the file or empty directory.
  Status remove_name(const NtfsPath& path);
  // A further name for a file or directory; the inode is closed.
  Status link(Inode inode, const NtfsPath& to);
  // create + allocate + finish: where the clusters go is asked after the library has taken what it needs
  // itself.
  template <typename Place>
  Result<std::vector<ClusterRun>> create_with_clusters(const NtfsPath& path, uint64_t size_bytes,
                                                       int64_t times_ns, Place place);

  uint64_t cluster_bytes() const noexcept { return volume->cluster_size; }

  NtfsDevice device;
  uint32_t sector_bytes;
  int64_t now_ns;
  bool read_only;
  ntfs_volume* volume = nullptr;
  std::optional<NtfsAllocator> allocator;
  std::optional<Error> broken;
  bool touched = false;  // this call has begun to change metadata

 private:
  Status begin_call(Access access);
  Status end_call(bool failed);
  Status check_boot_sector();
  Status load_bitmap();
  void mirror_bitmap(uint64_t offset_bytes, ByteSpan data);
  void steer_library();

  struct BitmapRun {
    uint64_t disk_offset_bytes, bitmap_offset_bytes, length_bytes;
  };
  std::vector<BitmapRun> bitmap_runs_;
  bool bitmap_unbearable_ = false;
  ntfs_inode* directory_ = nullptr;
  std::string directory_path_;
};

}  // namespace seedbed
