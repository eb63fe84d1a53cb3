// FileTree's names: finding them, changing them, and which of them a power cut spares.
#include <algorithm>
#include <cerrno>
#include <deque>
#include <utility>

#include "simulator/file_tree.h"

namespace seedbed {

namespace {

constexpr size_t kNameBytesMax = 255;  // as on ext4, XFS, Btrfs
constexpr int kLinksFollowedMax = 40;  // as Linux does
constexpr uint32_t kOwnerWrites = 0200, kOwnerSearches = 0100;
constexpr uint64_t kRoot = 1;

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

Result<FileTree::Place> FileTree::find(const std::string& path, const char* call, LastLink last) const {
  if (path.find('\0') != std::string::npos)
    return fail(ErrorCode::invalid_argument, std::string(call) + ": the path holds a NUL byte",
                path.substr(0, path.find('\0')));
  if (path.empty()) return fail_errno(ENOENT, call, path);
  std::deque<std::string> left = components(path);
  Place place{.directory = kRoot, .name = {}, .node = kRoot, .must_be_directory = path.ends_with('/')};
  int links_followed = 0;
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

Result<uint64_t> FileTree::find_node(const std::string& path, const char* call, LastLink last) const {
  const Place place = TRY(find(path, call, last));
  if (place.node == 0) return fail_errno(ENOENT, call, path);
  return place.node;
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

void FileTree::change_names(NameChange change, int64_t now_ns) {
  for (const NameEdit& edit : change.edits) {  // first, so that nothing goes while it is still needed
    refer(edit.directory);
    if (edit.node != 0) refer(edit.node);
  }
  for (const NameEdit& edit : change.edits) {
    Node& directory = node(edit.directory);
    directory.modified_ns = now_ns;
    if (edit.node != 0) {
      refer(edit.node);
      node(edit.node).links++;
      if (is_directory(node(edit.node))) node(edit.node).parent = edit.directory;
    }
    const uint64_t before =
        edit.node != 0 ? std::exchange(directory.names[edit.name], edit.node) : directory.names.at(edit.name);
    if (edit.node == 0) directory.names.erase(edit.name);
    if (before != 0) {
      node(before).links--;
      release(before);
    }
  }
  pending_.push_back(std::move(change));
}

void FileTree::make_durable(const NameChange& change) {
  for (const NameEdit& edit : change.edits) {
    auto& names = node(edit.directory).durable_names;
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

Status FileTree::sync_directory(const std::string& path) {
  const uint64_t directory = TRY(find_directory(path, "fsync directory"));
  // Backwards: what touches this directory, and what earlier change each of those builds on. A directory that
  // moved stands on everything before it, or two moves could hang a branch onto itself.
  std::set<std::pair<uint64_t, std::string>> needed;
  bool everything = false;
  std::vector<bool> chosen(pending_.size());
  for (size_t i = pending_.size(); i-- > 0;) {
    const NameChange& change = pending_[i];
    chosen[i] = everything || std::ranges::any_of(change.edits, [&](const NameEdit& edit) {
                  return edit.directory == directory || needed.contains({edit.directory, edit.name});
                });
    if (!chosen[i]) continue;
    for (const NameEdit& edit : change.edits) needed.insert({edit.directory, edit.name});
    everything = everything || change.moves_directory;
  }
  std::vector<NameChange> left;
  for (size_t i = 0; i < pending_.size(); i++) {
    if (chosen[i])
      make_durable(pending_[i]);
    else
      left.push_back(std::move(pending_[i]));
  }
  pending_ = std::move(left);
  return {};
}

void FileTree::settle() {
  for (const NameChange& change : pending_) make_durable(change);
  pending_.clear();
  for (auto& [id, node] : nodes_) {
    node.content.sync();
    node.durable_modified_ns = node.modified_ns;
  }
}

void FileTree::release(uint64_t id) noexcept {
  Node& gone = node(id);
  if (--gone.references > 0) return;
  used_pages_ -= gone.content.pages();
  const auto names = std::move(gone.names), durable_names = std::move(gone.durable_names);
  nodes_.erase(id);
  for (const auto* side : {&names, &durable_names})
    for (const auto& [name, child] : *side) release(child);
}

void FileTree::kill() {
  epoch_++;
  open_.clear();
  forget_unreachable();
  relink();
}

void FileTree::power_cut() {
  pending_.clear();
  for (auto& [id, node] : nodes_) {
    used_pages_ -= node.content.pages();
    node.content.cut();
    used_pages_ += node.content.pages();
    node.names = node.durable_names;
    node.modified_ns = node.durable_modified_ns;
  }
  kill();
}

void FileTree::forget_unreachable() {
  std::set<uint64_t> reached = {kRoot};
  std::deque<uint64_t> to_visit = {kRoot};
  const auto reach = [&](uint64_t id) {
    if (id != 0 && reached.insert(id).second) to_visit.push_back(id);
  };
  for (const NameChange& change : pending_)
    for (const NameEdit& edit : change.edits) {
      reach(edit.directory);
      reach(edit.node);
    }
  while (!to_visit.empty()) {
    const Node& from = node(to_visit.front());
    to_visit.pop_front();
    for (const auto* side : {&from.names, &from.durable_names})
      for (const auto& [name, child] : *side) reach(child);
  }
  std::erase_if(nodes_, [&](const auto& entry) {
    if (reached.contains(entry.first)) return false;
    used_pages_ -= entry.second.content.pages();
    return true;
  });
}

void FileTree::relink() {
  for (auto& [id, node] : nodes_) {
    node.links = node.references = 0;
    node.locked_by = 0;
  }
  node(kRoot).references = 1;
  for (const NameChange& change : pending_)
    for (const NameEdit& edit : change.edits) {
      refer(edit.directory);
      if (edit.node != 0) refer(edit.node);
    }
  for (auto& [id, from] : nodes_) {
    for (const auto& [name, child] : from.names) {
      refer(child);
      node(child).links++;
      if (is_directory(node(child))) node(child).parent = id;
    }
    for (const auto& [name, child] : from.durable_names) refer(child);
  }
}

}  // namespace seedbed
