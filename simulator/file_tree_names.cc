// FileTree's names: finding them, changing them, and which changes build on which.
#include <algorithm>
#include <cerrno>
#include <deque>
#include <utility>

#include "simulator/file_tree.h"

namespace seedbed {

namespace {

constexpr size_t kNameBytesMax = 255;  // as on ext4, XFS, Btrfs
constexpr int kLinksFollowedMax = 40;  // as Linux does

std::deque<std::string> components(const std::string& path) {
  std::deque<std::string> parts;
  for (size_t begin = 0; begin < path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    if (end > begin) parts.push_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

}  // namespace

Result<FileTree::Place> FileTree::find(const std::string& path, const char* call, LastLink last,
                                       bool out_of_reach_too) const {
  if (path.find('\0') != std::string::npos)
    return fail(ErrorCode::invalid_argument, std::string(call) + ": the path holds a NUL byte",
                path.substr(0, path.find('\0')));
  if (path.empty()) return fail_errno(ENOENT, call, path);
  std::deque<std::string> left = components(path);
  Place place{.directory = kRoot, .name = {}, .node = kRoot, .must_be_directory = path.ends_with('/')};
  int links_followed = 0;
  const auto reached = [&](uint64_t id) { return out_of_reach_too || !out_of_reach_.contains(id); };
  if (!reached(kRoot)) return fail_unreached(call, path);
  while (!left.empty()) {
    const std::string name = std::move(left.front());
    left.pop_front();
    const Node& directory = node(place.node);
    if (!is_directory(directory)) return fail_errno(ENOTDIR, call, path);
    if ((directory.mode & kOwnerSearches) == 0) return fail_errno(EACCES, call, path);
    if (name.size() > kNameBytesMax) return fail_errno(ENAMETOOLONG, call, path);
    if (name == "." || name == "..") {
      const uint64_t to = name == "." ? place.node : directory.parent;
      place = {
          .directory = node(to).parent, .name = "", .node = to, .must_be_directory = place.must_be_directory};
      continue;
    }
    place.directory = place.node;
    place.name = name;
    const auto found = directory.names.find(name);
    if (found == directory.names.end()) {
      if (!left.empty()) return fail_errno(ENOENT, call, path);
      place.node = 0;
      return place;
    }
    if (!reached(found->second)) return fail_unreached(call, path);
    const Node& next = node(found->second);
    if (next.kind == FileKind::symlink &&
        (!left.empty() || last == LastLink::followed || place.must_be_directory)) {
      if (++links_followed > kLinksFollowedMax) return fail_errno(ELOOP, call, path);
      const auto target = components(next.link_target);
      left.insert(left.begin(), target.begin(), target.end());
      if (next.link_target.starts_with('/')) place.node = kRoot;
      place.name.clear();
      continue;
    }
    place.node = found->second;
  }
  if (place.must_be_directory && !is_directory(node(place.node))) return fail_errno(ENOTDIR, call, path);
  return place;
}

Result<uint64_t> FileTree::find_node(const std::string& path, const char* call, LastLink last,
                                     bool out_of_reach_too) const {
  const Place place = TRY(find(path, call, last, out_of_reach_too));
  if (place.node == 0) return fail_errno(ENOENT, call, path);
  return place.node;
}

std::string FileTree::path_below(uint64_t directory, const std::string& path, uint64_t wanted) const {
  for (const auto& [name, child] : node(directory).names) {
    if (child == wanted) return path + '/' + name;
    if (!is_directory(node(child))) continue;
    if (std::string found = path_below(child, path + '/' + name, wanted); !found.empty()) return found;
  }
  return {};
}

std::string FileTree::path_of(const Handle& handle) const {
  if (const auto there = find_node(handle.path, "open", LastLink::stays); there && *there == handle.node)
    return handle.path;
  const std::string found = path_below(kRoot, "", handle.node);
  return found.empty() ? handle.path : found;
}

Result<uint64_t> FileTree::find_directory(const std::string& path, const char* call) const {
  const uint64_t id = TRY(find_node(path, call, LastLink::followed));
  if (!is_directory(node(id))) return fail_errno(ENOTDIR, call, path);
  return id;
}

Status FileTree::may_change(const Place& place, const char* call, const std::string& path) const {
  if ((node(place.directory).mode & kOwnerWrites) == 0) return fail_errno(EACCES, call, path);
  return {};
}

Result<std::string> FileTree::real_path(const std::string& path) const {
  const Place place = TRY(find(path, "realpath", LastLink::followed));
  if (place.node == 0) return fail_errno(ENOENT, "realpath", path);
  std::string resolved = place.name;
  uint64_t id = place.name.empty() ? place.node : place.directory;
  while (id != kRoot) {
    const uint64_t parent = node(id).parent;
    const auto& names = node(parent).names;
    const auto own = std::ranges::find(names, id, [](const auto& entry) { return entry.second; });
    resolved = resolved.empty() ? own->first : own->first + '/' + resolved;
    id = parent;
  }
  return '/' + resolved;
}

void FileTree::change_names(NameChange change) {
  for (const NameEdit& edit : change.edits) {  // first, so that nothing goes while it is still needed
    refer(edit.directory);
    if (edit.node != 0) refer(edit.node);
  }
  for (const NameEdit& edit : change.edits) {
    Node& directory = own(edit.directory);
    directory.modified_ns = change.time_ns;
    if (edit.node != 0) {
      Node& named = own(edit.node);
      named.references++;
      named.links++;
      if (is_directory(named)) named.parent = edit.directory;
    }
    const uint64_t before =
        edit.node != 0 ? std::exchange(directory.names[edit.name], edit.node) : directory.names.at(edit.name);
    if (edit.node == 0) directory.names.erase(edit.name);
    if (before != 0) {
      own(before).links--;
      release(before);
    }
  }
  change.order = ++last_order_;
  pending_.push_back(std::make_shared<const NameChange>(std::move(change)));
}

void FileTree::make_durable(const NameChange& change) {
  for (const NameEdit& edit : change.edits) {
    Node& directory = own(edit.directory);
    make_time_durable(directory, change.time_ns, change.order);
    auto& names = directory.durable_names;
    const auto found = names.find(edit.name);
    const uint64_t before = found == names.end() ? 0 : found->second;
    if (edit.node != 0) {
      refer(edit.node);
      names[edit.name] = edit.node;
    } else if (before != 0) {
      names.erase(found);
    }
    if (before != 0) release(before);
  }
  for (const NameEdit& edit : change.edits) {
    if (edit.node != 0) release(edit.node);
    release(edit.directory);
  }
}

// Backwards: what touches a name or an emptied directory of a chosen change is what that one builds on. A
// directory that moved stands on everything before it, or two moves could hang a branch onto itself.
void FileTree::add_what_they_build_on(Choice& chosen) const {
  std::set<std::pair<uint64_t, std::string>> names;
  std::set<uint64_t> emptied;
  bool everything = false;
  for (size_t i = pending_.size(); i-- > 0;) {
    const NameChange& change = *pending_[i];
    chosen[i] = chosen[i] || everything || std::ranges::any_of(change.edits, [&](const NameEdit& edit) {
                  return names.contains({edit.directory, edit.name}) || emptied.contains(edit.directory);
                });
    if (!chosen[i]) continue;
    for (const NameEdit& edit : change.edits) names.insert({edit.directory, edit.name});
    if (change.removed_directory != 0) emptied.insert(change.removed_directory);
    everything = everything || change.moves_directory;
  }
}

FileTree::Choice FileTree::touching(uint64_t directory) const {
  Choice chosen;
  for (const auto& change : pending_)
    chosen.push_back(!change->orphaned && std::ranges::any_of(change->edits, [&](const NameEdit& edit) {
      return edit.directory == directory;
    }));
  return chosen;
}

void FileTree::make_durable(const Choice& chosen) {
  const auto changes = std::exchange(pending_, {});
  for (size_t i = 0; i < changes.size(); i++) {
    if (chosen[i])
      make_durable(*changes[i]);
    else
      pending_.push_back(changes[i]);
  }
}

Status FileTree::sync_directory(const std::string& path) {
  const auto directory = find_directory(path, "fsync directory");
  if (!directory) {
    lose_directory_sync(path);
    return std::unexpected(directory.error());
  }
  Choice chosen = touching(*directory);
  add_what_they_build_on(chosen);
  make_durable(chosen);
  for (const uint64_t id : attributes_of(*directory)) {
    sync_attributes(own(id));
    if (node(id).attributes.empty()) restless_.erase(id);
  }
  return {};
}

void FileTree::lose_directory_sync(const std::string& path) {
  const auto directory = find_node(path, "fsync directory", LastLink::followed, true);
  if (!directory) return;
  Choice chosen = touching(*directory);
  add_what_they_build_on(chosen);
  for (size_t i = 0; i < pending_.size(); i++) {
    if (!chosen[i] || pending_[i]->orphaned) continue;
    NameChange orphan = *pending_[i];
    orphan.orphaned = true;
    pending_[i] = std::make_shared<const NameChange>(std::move(orphan));
  }
  for (const uint64_t id : attributes_of(*directory)) lose_attributes(own(id));
}

void FileTree::release(uint64_t id) noexcept {
  if (node(id).references > 1) {
    own(id).references--;
    return;
  }
  const auto gone = nodes_.at(id);
  nodes_.erase(id);
  used_pages_ -= gone->content.pages();
  for (const auto* side : {&gone->names, &gone->durable_names})
    for (const auto& [name, child] : *side) release(child);
}

}  // namespace seedbed
