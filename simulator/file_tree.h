// The disk of a simulated computer with a file system on it: directories, files, symlinks, twice over: as the
// running machine sees them
// ("current") and as they would be found after a power cut ("durable"). No clock, no latency, no lock:
// SimulatedFiles puts those around it. A value: a copy is another disk with the same content, cheap because
// pages are shared until written.
//
// Crash semantics are the port's, strictly: bytes and size of a file are durable by sync(), names by
// sync_directory() of the directory they stand in. A rename across directories becomes durable as one.
// power_cut() keeps exactly what is durable.
//
// The machine's user owns every file and is not root: owner permission bits are obeyed.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/ports/file_store.h"
#include "simulator/cached_content.h"

namespace seedbed {

struct FileTreeOptions {
  uint64_t capacity_bytes = 1 * TiB;
  uint64_t device = 0x5eed;  // st_dev
};

class FileTree {
 public:
  // An open file. Those of a machine that has died are void: every call on them fails, close() is inert.
  struct Handle {
    uint64_t node = 0;
    uint64_t id = 0;
    uint64_t epoch = 0;
    bool writable = false;
    std::string path;  // for errors
  };

  explicit FileTree(FileTreeOptions options = {});

  // --- what FileStore and File do; `now_ns` stamps what changes ---
  Result<Handle> open(const std::string& path, OpenMode how, uint32_t mode, int64_t now_ns);
  void close(const Handle& handle) noexcept;
  Result<uint64_t> size(const Handle& handle) const;
  Result<size_t> read(const Handle& handle, uint64_t offset_bytes, MutableByteSpan out) const;
  Status write(const Handle& handle, uint64_t offset_bytes, ByteSpan data, int64_t now_ns);
  Status truncate(const Handle& handle, uint64_t size_bytes, int64_t now_ns);
  Status sync(const Handle& handle);
  Status lock(const Handle& handle);

  Result<FileStat> stat(const std::string& path) const;
  Result<std::vector<DirectoryEntry>> list(const std::string& path) const;
  Status make_directory(const std::string& path, uint32_t mode, int64_t now_ns);
  Status rename(const std::string& from, const std::string& to, int64_t now_ns);
  Status remove(const std::string& path, int64_t now_ns);
  Status sync_directory(const std::string& path);
  Result<std::string> read_link(const std::string& path) const;
  Result<uint64_t> free_bytes(const std::string& path) const;
  Result<std::string> real_path(const std::string& path) const;

  // --- what builds a world: no port has these ---
  Status plant_file(const std::string& path, ByteSpan content, uint32_t mode = 0644, int64_t modified_ns = 0);
  Status plant_symlink(const std::string& target, const std::string& path);
  Status plant_hard_link(const std::string& existing, const std::string& path);
  Status set_mode(const std::string& path, uint32_t mode);
  Status set_modified(const std::string& path, int64_t modified_ns);
  void settle();  // everything is durable now

  // --- what happens to a machine ---
  void kill();       // its processes are gone: open files and locks with them, nothing else
  void power_cut();  // and what was not durable

 private:
  struct Node {
    FileKind kind = FileKind::file;
    uint32_t mode = 0;
    int64_t modified_ns = 0;
    int64_t durable_modified_ns = 0;
    CachedContent content;                                 // of a file
    std::string link_target;                               // of a symlink
    std::map<std::string, uint64_t> names, durable_names;  // of a directory
    uint64_t parent = 0;                                   // of a directory
    uint32_t links = 0;                                    // current names
    uint32_t references = 0;  // current and durable names, pending changes, open files: at 0 the node goes
    uint64_t locked_by = 0;   // a handle's id
  };
  struct NameEdit {
    uint64_t directory = 0;
    std::string name;
    uint64_t node = 0;  // 0: the name goes
  };
  // Edits that become durable together or not at all.
  struct NameChange {
    std::vector<NameEdit> edits;
    bool moves_directory = false;
  };
  struct Place {
    uint64_t directory = 0;
    std::string name;   // "": the path ends in . or .. or is /
    uint64_t node = 0;  // 0: nothing there
    bool must_be_directory = false;
  };
  enum class LastLink : uint8_t { stays, followed };

  static bool is_directory(const Node& node) noexcept { return node.kind == FileKind::directory; }
  const Node& node(uint64_t id) const { return nodes_.at(id); }
  Node& node(uint64_t id) { return nodes_.at(id); }
  Result<Place> find(const std::string& path, const char* call, LastLink last) const;
  Result<uint64_t> find_node(const std::string& path, const char* call, LastLink last) const;
  Result<uint64_t> find_directory(const std::string& path, const char* call) const;
  Status may_change(const Place& place, const char* call, const std::string& path) const;
  Status check(const Handle& handle) const;
  uint64_t make_node(FileKind kind, uint32_t mode, int64_t now_ns);
  void change_names(NameChange change, int64_t now_ns);
  void make_durable(const NameChange& change);
  void refer(uint64_t id) { node(id).references++; }
  void release(uint64_t id) noexcept;
  void forget_unreachable();
  void relink();  // parents, links and references, counted anew

  FileTreeOptions options_;
  std::map<uint64_t, Node> nodes_;
  std::vector<NameChange> pending_;  // oldest first
  std::set<uint64_t> open_;          // handle ids of this epoch
  uint64_t next_node_ = 1;
  uint64_t next_handle_ = 1;
  uint64_t epoch_ = 1;
  uint64_t used_pages_ = 0;
};

}  // namespace seedbed
