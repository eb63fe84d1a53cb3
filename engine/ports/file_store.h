// The FileStore port: the files of one computer: source tree, staging location, journals, logs.
//
// Paths are bytes (UTF-8 by custom), absolute or relative to the process. A FileStore may be shared by all
// tasks of its machine; a File handle by tasks that do not write the same range. Destroying a File closes it
// (inert on a dead machine) and promises nothing.
//
// What a return means for durability: write_at, truncate, rename, remove, make_directory promise nothing for
// a power cut. File::sync makes the file's bytes and size durable; sync_directory makes the names in that
// directory durable (a created, renamed or removed file needs both). After a failed sync everything since the
// last good one must be written again. A process kill loses nothing that a call returned from.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/result.h"

namespace seedbed {

enum class FileKind : uint8_t { file, directory, symlink, other };

struct FileStat {
  FileKind kind = FileKind::file;
  uint64_t size_bytes = 0;
  int64_t modified_ns = 0;  // since 1970
  uint32_t mode = 0;        // permission bits
  uint64_t inode = 0;
  uint64_t device = 0;  // st_dev, to be compared with DeviceIdentity::device_numbers
  uint32_t link_count = 1;
  uint32_t owner = 0, group = 0;  // numbers
};

// What set_attributes sets; nothing: left as it is. Of a symlink only the time can be set.
struct FileAttributes {
  std::optional<uint32_t> mode = {};
  std::optional<int64_t> modified_ns = {};
  std::optional<std::pair<uint32_t, uint32_t>> owner_and_group = {};
};

struct DirectoryEntry {
  std::string name;
  FileKind kind = FileKind::file;
};

enum class OpenMode : uint8_t {
  read,        // must exist
  read_write,  // must exist
  create,      // read_write; made when absent
  create_new,  // must not exist
};

class File {
 public:
  virtual ~File() = default;
  virtual Result<uint64_t> size() = 0;
  // Fills `out` from `offset_bytes`; fewer bytes only at the end of the file.
  virtual Result<size_t> read_at(uint64_t offset_bytes, MutableByteSpan out) = 0;
  virtual Status write_at(uint64_t offset_bytes, ByteSpan data) = 0;
  virtual Status truncate(uint64_t size_bytes) = 0;
  virtual Status sync() = 0;
  // Takes the file for this process until the handle closes; busy when another process has it.
  virtual Status lock() = 0;
};

class FileStore {
 public:
  virtual ~FileStore() = default;
  // Files made are of mode `mode` exactly (no umask): journals and keys 0600.
  virtual Result<std::unique_ptr<File>> open(const std::string& path, OpenMode how, uint32_t mode = 0600) = 0;
  virtual Result<FileStat> stat(const std::string& path) = 0;  // of a symlink: itself
  virtual Result<std::vector<DirectoryEntry>> list(
      const std::string& path) = 0;  // sorted by name bytes, without . and ..
  virtual Status make_directory(const std::string& path, uint32_t mode = 0700) = 0;
  virtual Status rename(const std::string& from, const std::string& to) = 0;  // replaces
  virtual Status remove(const std::string& path) = 0;  // a file, a symlink or an empty directory
  virtual Status sync_directory(const std::string& path) = 0;
  virtual Result<std::string> read_link(const std::string& path) = 0;
  // What restoring needs; a store may lack it (unsupported). None follows a symlink at the end of a path.
  // Attributes become durable by the file's sync (a symlink's and a directory's by sync_directory of where
  // they stand), links as names do. make_ fails with already_exists.
  virtual Status make_symlink(const std::string& target, const std::string& path);
  virtual Status make_hard_link(const std::string& existing, const std::string& path);
  virtual Status set_attributes(const std::string& path, const FileAttributes& attributes);
  virtual Result<uint64_t> free_bytes(const std::string& path) = 0;
  virtual Result<std::string> real_path(const std::string& path) = 0;  // absolute, symlinks resolved
};

// Whole small files. read_file refuses more than `bound_bytes` (corrupt): untrusted sizes are bounded before
// they are believed.
Result<Bytes> read_file(FileStore& store, const std::string& path, uint64_t bound_bytes);
// temp beside it, write, sync, rename, directory sync: after the return the new content is durable, before it
// the old one is whole.
Status replace_file(FileStore& store, const std::string& path, ByteSpan content, uint32_t mode = 0600);
// A new directory whose name is durable after the return. When that fails it is removed again: the next try
// must make it anew, for a name whose sync failed once may stay undurable for ever.
Status make_durable_directory(FileStore& store, const std::string& path, uint32_t mode);
// The directory part of a path ("." when there is none) and "a/b" from its parts.
std::string parent_of(const std::string& path);
std::string join_path(const std::string& directory, const std::string& name);

}  // namespace seedbed
