// The disk of a simulated computer with a file system on it: directories, files, symlinks, twice over: as the
// running machine sees them ("current") and as the disk holds them ("durable"), with the changes between the
// two in order. No clock, no latency, no lock: SimulatedFiles puts those around it. A value: a copy is
// another disk with the same content, cheap because files and pages are shared until changed.
//
// Crash semantics are the port's, strictly: bytes, size and attributes of a file are durable by sync(), names
// and the attributes of symlinks and directories by sync_directory() of the directory they stand in. A rename
// across directories becomes durable as one. power_cut() keeps what is durable and of the rest what the
// Survivors name; a change of names brings those it builds on, so that what is left is always a tree. What a
// failed sync covered is as cached_content.h says.
//
// Everything that a cut may take is numbered by the event that made it. `event` 0: the tree counts on itself.
//
// The machine's user owns every file and is not root: owner permission bits are obeyed, and files cannot be
// given away.
#pragma once

#include <map>
#include <memory>
#include <optional>
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
  Result<Handle> open(const std::string& path, OpenMode how, uint32_t mode, int64_t now_ns,
                      uint64_t event = 0);
  void close(const Handle& handle) noexcept;
  Result<uint64_t> size(const Handle& handle) const;
  Result<size_t> read(const Handle& handle, uint64_t offset_bytes, MutableByteSpan out) const;
  Status write(const Handle& handle, uint64_t offset_bytes, ByteSpan data, int64_t now_ns,
               uint64_t event = 0);
  Status truncate(const Handle& handle, uint64_t size_bytes, int64_t now_ns, uint64_t event = 0);
  Status sync(const Handle& handle);
  Status lock(const Handle& handle);
  // A path of the file as it is named now: a renamed file has not the path it was opened by. That one when it
  // has no name any more.
  std::string path_of(const Handle& handle) const;

  Result<FileStat> stat(const std::string& path) const;
  Result<std::vector<DirectoryEntry>> list(const std::string& path) const;
  Status make_directory(const std::string& path, uint32_t mode, int64_t now_ns, uint64_t event = 0);
  Status rename(const std::string& from, const std::string& to, int64_t now_ns, uint64_t event = 0);
  Status remove(const std::string& path, int64_t now_ns, uint64_t event = 0);
  Status sync_directory(const std::string& path);
  Result<std::string> read_link(const std::string& path) const;
  Status make_symlink(const std::string& target, const std::string& path, int64_t now_ns, uint64_t event = 0);
  Status make_hard_link(const std::string& existing, const std::string& path, int64_t now_ns,
                        uint64_t event = 0);
  Status set_attributes(const std::string& path, const FileAttributes& attributes, uint64_t event = 0);
  Result<uint64_t> free_bytes(const std::string& path) const;
  Result<std::string> real_path(const std::string& path) const;

  // --- what builds a world: no port has these ---
  Status plant_file(const std::string& path, ByteSpan content, uint32_t mode = 0644, int64_t modified_ns = 0);
  Status plant_symlink(const std::string& target, const std::string& path);
  Status plant_hard_link(const std::string& existing, const std::string& path);
  Status set_mode(const std::string& path, uint32_t mode);
  Status set_modified(const std::string& path, int64_t modified_ns);
  void settle();                               // everything is durable now
  void settle_under(const std::string& path);  // that file, or all in and below that directory

  // --- what happens to a machine ---
  void kill();  // its processes are gone: open files and locks with them, nothing else
  void power_cut(const Survivors& survivors = {.shape = Survivors::Shape::none});
  std::vector<PendingEffect> pending() const;  // that a cut would take or tear, in order of events
  // A sync that failed: what it would have made durable is orphaned. Nothing when there is no such file.
  void lose_sync(const Handle& handle);
  void lose_directory_sync(const std::string& path);
  // A smaller disk than what is on it is full.
  void set_capacity(uint64_t capacity_bytes) noexcept { options_.capacity_bytes = capacity_bytes; }
  uint64_t capacity_bytes() const noexcept { return options_.capacity_bytes; }
  // A share that vanished: whatever stands at `path` and below, open files too, answers device_gone until
  // reach(), over kills and power cuts. A sync that fails so is a failed sync. Nothing stands there: nothing.
  void unreach(const std::string& path);
  void reach(const std::string& path);
  void reach_everything();

  // --- what a judge sees ---
  // Of all that a next boot can see: names, kinds, modes, sizes, bytes, times, links, what is out of reach.
  // Equal trees have equal hashes however they came about; unchanged content costs nothing.
  // Times of `timeless` and what lies below it are left out.
  uint64_t hash(const std::string& timeless = "") const;
  // Whether it shares every node and change with the other: then they are equal, at the cost of comparing
  // pointers. Those that are not told to be may still be equal.
  bool shares_all_with(const FileTree& other) const noexcept {
    return nodes_ == other.nodes_ && pending_ == other.pending_ && unreached_ == other.unreached_;
  }
  uint64_t hash_under(const std::string& path) const;  // of what stands there, in reach or not; 0: nothing

 private:
  static constexpr uint64_t kRoot = 1;
  static constexpr uint32_t kOwnerReads = 0400, kOwnerWrites = 0200, kOwnerSearches = 0100;  // of a mode

  struct AttributeChange {
    uint64_t event = 0, order = 0;
    std::optional<uint32_t> mode;
    std::optional<int64_t> modified_ns;
    bool orphaned = false;
  };
  struct Node {
    FileKind kind = FileKind::file;
    uint32_t mode = 0;
    uint32_t durable_mode = 0;
    int64_t modified_ns = 0;
    int64_t durable_modified_ns = 0;
    uint64_t durable_mode_order = 0, durable_time_order = 0;  // when what is durable was made: newer wins
    std::vector<AttributeChange> attributes;                  // not durable, oldest first
    CachedContent content;                                    // of a file
    std::string link_target;                                  // of a symlink
    std::map<std::string, uint64_t> names, durable_names;     // of a directory
    uint64_t parent = 0;                                      // of a directory
    uint32_t links = 0;                                       // current names
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
    uint64_t removed_directory = 0;  // 0: none; what was in it must have gone before
    uint64_t event = 0;
    int64_t time_ns = 0;
    uint64_t order = 0;
    bool orphaned = false;
  };
  using Choice = std::vector<bool>;  // of pending changes
  struct Place {
    uint64_t directory = 0;
    std::string name;   // "": the path ends in . or .. or is /
    uint64_t node = 0;  // 0: nothing there
    bool must_be_directory = false;
  };
  enum class LastLink : uint8_t { stays, followed };

  static constexpr uint32_t kPermissionBits = 07777;
  static constexpr uint32_t kOwner = 1000, kGroup = 1000;
  static bool is_directory(const Node& node) noexcept { return node.kind == FileKind::directory; }
  static void make_durable(const AttributeChange& change, Node& node);
  static void make_time_durable(Node& node, int64_t time_ns, uint64_t order) noexcept;
  static void sync_attributes(Node& node);
  static void lose_attributes(Node& node) noexcept;
  const Node& node(uint64_t id) const { return *nodes_.at(id); }
  Node& own(uint64_t id);  // to be changed; references to it from before are stale
  std::string path_below(uint64_t directory, const std::string& path, uint64_t wanted) const;
  Result<Place> find(const std::string& path, const char* call, LastLink last,
                     bool out_of_reach_too = false) const;
  Result<uint64_t> find_node(const std::string& path, const char* call, LastLink last,
                             bool out_of_reach_too = false) const;
  Result<uint64_t> find_directory(const std::string& path, const char* call) const;
  Status may_change(const Place& place, const char* call, const std::string& path) const;
  bool is_open(const Handle& handle) const noexcept {
    return handle.epoch == epoch_ && open_.contains(handle.id);
  }
  Status check(const Handle& handle, const char* call) const;
  static std::unexpected<Error> fail_unreached(const char* call, const std::string& path);
  void settle(Node& node);
  uint64_t number(uint64_t event) noexcept;
  CachedContent::Stamp stamp(uint64_t event, int64_t now_ns) noexcept {
    return {number(event), now_ns, ++last_order_};
  }
  std::vector<uint64_t> attributes_of(uint64_t directory) const;  // nodes whose attributes its sync covers
  uint64_t make_node(FileKind kind, uint32_t mode, int64_t now_ns);
  void change_names(NameChange change);
  Choice touching(uint64_t directory) const;
  void add_what_they_build_on(Choice& chosen) const;
  void make_durable(const Choice& chosen);  // those; the others stay
  void make_durable(const NameChange& change);
  void refer(uint64_t id) { own(id).references++; }
  void release(uint64_t id) noexcept;
  void forget_unreachable();
  void relink();  // parents, links and references, counted anew
  std::set<uint64_t> all_under(uint64_t id) const;
  void find_out_of_reach();
  uint64_t hash_of(uint64_t id, uint64_t timeless = 0, bool times = true) const;

  FileTreeOptions options_;
  std::map<uint64_t, std::shared_ptr<Node>> nodes_;         // shared with copies until changed
  std::vector<std::shared_ptr<const NameChange>> pending_;  // oldest first
  std::set<uint64_t> open_;                                 // handle ids of this epoch
  uint64_t next_node_ = 1;
  uint64_t next_handle_ = 1;
  uint64_t epoch_ = 1;
  uint64_t last_event_ = 0;
  uint64_t last_order_ = 0;      // of changes; grows whatever numbers the events have
  std::set<uint64_t> restless_;  // symlinks and directories whose attributes may not be durable
  uint64_t used_pages_ = 0;
  std::set<std::string> unreached_;  // as they were named
  std::set<uint64_t> out_of_reach_;  // nodes
};

}  // namespace seedbed
