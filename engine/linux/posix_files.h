// The FileStore of a Linux computer: openat, pread, pwrite, fdatasync, rename, fsync of directories.
//
// Stateless; any thread may call. What a return means for durability is the port's word
// (engine/ports/file_store.h): File::sync is fdatasync, sync_directory is fsync of the directory. open()
// takes regular files only: a symlink as the last part of the path, a FIFO, a socket or a device is refused
// in every mode, so that a name swapped under a running backup leads nowhere else. lock() is flock: a second
// handle is busy in the same process too. Paths longer than PATH_MAX work (all but real_path): source trees
// have them.
#pragma once

#include "engine/ports/file_store.h"

namespace seedbed {

class PosixFiles final : public FileStore {
 public:
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode how, uint32_t mode = 0600) override;
  Result<FileStat> stat(const std::string& path) override;
  Result<std::vector<DirectoryEntry>> list(const std::string& path) override;
  Status make_directory(const std::string& path, uint32_t mode = 0700) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status remove(const std::string& path) override;
  Status sync_directory(const std::string& path) override;
  Result<std::string> read_link(const std::string& path) override;
  Status make_symlink(const std::string& target, const std::string& path) override;
  Status make_hard_link(const std::string& existing, const std::string& path) override;
  Status set_attributes(const std::string& path, const FileAttributes& attributes) override;
  Result<uint64_t> free_bytes(const std::string& path) override;
  Result<std::string> real_path(const std::string& path) override;
};

}  // namespace seedbed
