#include "simulator/file_tree.h"

#include <algorithm>
#include <cerrno>
#include <limits>

namespace seedbed {

namespace {

constexpr uint64_t kOffsetMax = std::numeric_limits<int64_t>::max();

}  // namespace

FileTree::FileTree(FileTreeOptions options) : options_(options) {
  make_node(FileKind::directory, 0755, 0);
  own(kRoot).parent = kRoot;
  own(kRoot).references = 1;
}

FileTree::Node& FileTree::own(uint64_t id) {
  auto& shared = nodes_.at(id);
  if (shared.use_count() > 1) shared = std::make_shared<Node>(*shared);
  return *shared;
}

uint64_t FileTree::number(uint64_t event) noexcept {
  if (event == 0) event = last_event_ + 1;
  last_event_ = std::max(last_event_, event);
  return event;
}

uint64_t FileTree::make_node(FileKind kind, uint32_t mode, int64_t now_ns) {
  const uint64_t id = next_node_++;
  Node& made = *(nodes_[id] = std::make_shared<Node>());
  made.kind = kind;
  made.mode = made.durable_mode = mode & kPermissionBits;
  made.modified_ns = made.durable_modified_ns = now_ns;
  return id;
}

// --- open files ---

Result<FileTree::Handle> FileTree::open(const std::string& path, OpenMode how, uint32_t mode, int64_t now_ns,
                                        uint64_t event) {
  Place place = TRY(find(path, "open", LastLink::stays));
  if (place.node == 0) {
    if (how == OpenMode::read || how == OpenMode::read_write) return fail_errno(ENOENT, "open", path);
    if (place.must_be_directory) return fail_errno(EISDIR, "open", path);
    TRY(may_change(place, "open", path));
    place.node = make_node(FileKind::file, mode, now_ns);
    change_names(
        {.edits = {{place.directory, place.name, place.node}}, .event = number(event), .time_ns = now_ns});
  } else {
    if (how == OpenMode::create_new) return fail_errno(EEXIST, "open", path);
    const Node& there = node(place.node);
    if (there.kind == FileKind::symlink)
      return fail(ErrorCode::refused, "open: this is a symbolic link, and links are not followed", path,
                  "Name the file itself.");
    if (is_directory(there)) return fail_errno(EISDIR, "open", path);
    const uint32_t wanted = how == OpenMode::read ? kOwnerReads : kOwnerReads | kOwnerWrites;
    if ((there.mode & wanted) != wanted) return fail_errno(EACCES, "open", path);
  }
  Handle handle{.node = place.node,
                .id = next_handle_++,
                .epoch = epoch_,
                .writable = how != OpenMode::read,
                .path = path};
  open_.insert(handle.id);
  refer(handle.node);
  return handle;
}

void FileTree::close(const Handle& handle) noexcept {
  if (handle.epoch != epoch_ || open_.erase(handle.id) == 0) return;
  if (node(handle.node).locked_by == handle.id) own(handle.node).locked_by = 0;
  release(handle.node);
}

std::unexpected<Error> FileTree::fail_unreached(const char* call, const std::string& path) {
  return fail(ErrorCode::device_gone, std::string(call) + ": the share cannot be reached", path,
              "Bring the share back and run the same command again.");
}

Status FileTree::check(const Handle& handle, const char* call) const {
  if (!is_open(handle))
    return fail(ErrorCode::device_gone, "the machine has restarted since this file was opened", handle.path);
  if (out_of_reach_.contains(handle.node)) return fail_unreached(call, handle.path);
  return {};
}

Result<uint64_t> FileTree::size(const Handle& handle) const {
  TRY(check(handle, "fstat"));
  return node(handle.node).content.size_bytes();
}

Result<size_t> FileTree::read(const Handle& handle, uint64_t offset_bytes, MutableByteSpan out) const {
  TRY(check(handle, "pread"));
  return node(handle.node).content.read(offset_bytes, out);
}

Status FileTree::write(const Handle& handle, uint64_t offset_bytes, ByteSpan data, int64_t now_ns,
                       uint64_t event) {
  TRY(check(handle, "pwrite"));
  if (data.empty()) return {};
  if (!handle.writable) return fail_errno(EBADF, "pwrite", handle.path);
  if (offset_bytes > kOffsetMax - data.size()) return fail_errno(EFBIG, "pwrite", handle.path);
  Node& file = own(handle.node);
  const uint64_t capacity_pages = options_.capacity_bytes / CachedContent::kPageBytes;
  const uint64_t pages_before = file.content.pages();
  const size_t done_bytes = file.content.write(
      offset_bytes, data, capacity_pages - std::min(used_pages_, capacity_pages), stamp(event, now_ns));
  used_pages_ += file.content.pages() - pages_before;
  if (done_bytes > 0) file.modified_ns = now_ns;
  if (done_bytes < data.size()) return fail_errno(ENOSPC, "pwrite", handle.path);
  return {};
}

Status FileTree::truncate(const Handle& handle, uint64_t size_bytes, int64_t now_ns, uint64_t event) {
  TRY(check(handle, "ftruncate"));
  if (!handle.writable) return fail_errno(EINVAL, "ftruncate", handle.path);
  if (size_bytes > kOffsetMax) return fail_errno(EFBIG, "ftruncate", handle.path);
  Node& file = own(handle.node);
  used_pages_ -= file.content.pages();
  file.content.truncate(size_bytes, stamp(event, now_ns));
  used_pages_ += file.content.pages();
  file.modified_ns = now_ns;
  return {};
}

Status FileTree::sync(const Handle& handle) {
  if (const Status possible = check(handle, "fdatasync"); !possible) {
    lose_sync(handle);
    return possible;
  }
  if (!node(handle.node).content.touched() && node(handle.node).attributes.empty()) return {};
  Node& file = own(handle.node);
  if (const auto last = file.content.sync()) make_time_durable(file, last->time_ns, last->order);
  sync_attributes(file);
  return {};
}

void FileTree::lose_sync(const Handle& handle) {
  if (!is_open(handle)) return;
  if (node(handle.node).content.touched()) own(handle.node).content.lose_sync();
  if (!node(handle.node).attributes.empty()) lose_attributes(own(handle.node));
}

Status FileTree::lock(const Handle& handle) {
  TRY(check(handle, "lock"));
  const uint64_t owner = node(handle.node).locked_by;
  if (owner != 0 && owner != handle.id)
    return fail(ErrorCode::busy, "another process is using the file", handle.path,
                "Wait until it has ended, then try again.");
  if (owner == 0) own(handle.node).locked_by = handle.id;
  return {};
}

// --- names ---

Result<FileStat> FileTree::stat(const std::string& path) const {
  const uint64_t id = TRY(find_node(path, "stat", LastLink::stays));
  const Node& found = node(id);
  FileStat out;
  out.kind = found.kind;
  out.modified_ns = found.modified_ns;
  out.mode = found.mode;
  out.inode = id;
  out.device = options_.device;
  out.link_count = found.links;
  out.owner = kOwner;
  out.group = kGroup;
  switch (found.kind) {
    case FileKind::symlink:
      out.size_bytes = found.link_target.size();
      break;
    case FileKind::directory:
      out.size_bytes = CachedContent::kPageBytes;
      out.link_count = 2;  // its name and its own "."; each subdirectory's ".." adds one
      for (const auto& [name, child] : found.names) out.link_count += is_directory(node(child));
      break;
    default:
      out.size_bytes = found.content.size_bytes();
  }
  return out;
}

Result<std::vector<DirectoryEntry>> FileTree::list(const std::string& path) const {
  const uint64_t id = TRY(find_directory(path, "list"));
  if ((node(id).mode & kOwnerReads) == 0) return fail_errno(EACCES, "list", path);
  std::vector<DirectoryEntry> entries;
  for (const auto& [name, child] : node(id).names) entries.push_back({name, node(child).kind});
  return entries;
}

Status FileTree::make_directory(const std::string& path, uint32_t mode, int64_t now_ns, uint64_t event) {
  const Place place = TRY(find(path, "mkdir", LastLink::stays));
  if (place.node != 0) return fail_errno(EEXIST, "mkdir", path);
  TRY(may_change(place, "mkdir", path));
  const uint64_t made = make_node(FileKind::directory, mode, now_ns);
  change_names({.edits = {{place.directory, place.name, made}}, .event = number(event), .time_ns = now_ns});
  return {};
}

Status FileTree::rename(const std::string& from, const std::string& to, int64_t now_ns, uint64_t event) {
  const std::string where = from + " to " + to;
  const Place source = TRY(find(from, "rename", LastLink::stays));
  const Place target = TRY(find(to, "rename", LastLink::stays));
  if (source.node == 0) return fail_errno(ENOENT, "rename", where);
  if (source.name.empty() || target.name.empty()) return fail_errno(EBUSY, "rename", where);
  TRY(may_change(source, "rename", where));
  TRY(may_change(target, "rename", where));
  const bool moves_directory = is_directory(node(source.node));
  if (moves_directory) {
    for (uint64_t above = target.directory;; above = node(above).parent) {
      if (above == source.node) return fail_errno(EINVAL, "rename", where);
      if (above == kRoot) break;
    }
  }
  if (target.node == source.node) return {};
  if (!moves_directory && target.must_be_directory) return fail_errno(ENOTDIR, "rename", where);
  if (target.node != 0) {
    const Node& replaced = node(target.node);
    if (moves_directory && !is_directory(replaced)) return fail_errno(ENOTDIR, "rename", where);
    if (!moves_directory && is_directory(replaced)) return fail_errno(EISDIR, "rename", where);
    if (!replaced.names.empty()) return fail_errno(ENOTEMPTY, "rename", where);
  }
  change_names({.edits = {{source.directory, source.name, 0}, {target.directory, target.name, source.node}},
                .moves_directory = moves_directory,
                .removed_directory = moves_directory ? target.node : 0,
                .event = number(event),
                .time_ns = now_ns});
  return {};
}

Status FileTree::remove(const std::string& path, int64_t now_ns, uint64_t event) {
  const Place place = TRY(find(path, "remove", LastLink::stays));
  if (place.node == 0) return fail_errno(ENOENT, "remove", path);
  if (place.name.empty()) return fail_errno(EINVAL, "remove", path);
  TRY(may_change(place, "remove", path));
  if (!node(place.node).names.empty()) return fail_errno(ENOTEMPTY, "remove", path);
  change_names({.edits = {{place.directory, place.name, 0}},
                .removed_directory = is_directory(node(place.node)) ? place.node : 0,
                .event = number(event),
                .time_ns = now_ns});
  return {};
}

Result<std::string> FileTree::read_link(const std::string& path) const {
  const uint64_t id = TRY(find_node(path, "readlink", LastLink::stays));
  if (node(id).kind != FileKind::symlink) return fail_errno(EINVAL, "readlink", path);
  return node(id).link_target;
}

Result<uint64_t> FileTree::free_bytes(const std::string& path) const {
  TRY(find_node(path, "statvfs", LastLink::followed));
  const uint64_t capacity_pages = options_.capacity_bytes / CachedContent::kPageBytes;
  return (capacity_pages - std::min(used_pages_, capacity_pages)) * CachedContent::kPageBytes;
}

}  // namespace seedbed
