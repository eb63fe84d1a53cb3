// FileTree's links and attributes: what restoring a tree needs.
#include <algorithm>
#include <cerrno>

#include "simulator/file_tree.h"

namespace seedbed {

static constexpr size_t kTargetBytesMax = 4095;  // as Linux does

Status FileTree::make_symlink(const std::string& target, const std::string& path, int64_t now_ns,
                              uint64_t event) {
  if (target.find('\0') != std::string::npos) return fail_errno(EINVAL, "symlink", path);
  if (target.empty()) return fail_errno(ENOENT, "symlink", path);
  if (target.size() > kTargetBytesMax) return fail_errno(ENAMETOOLONG, "symlink", path);
  const Place place = TRY(find(path, "symlink", LastLink::stays));
  if (place.node != 0) return fail_errno(EEXIST, "symlink", path);
  if (place.must_be_directory) return fail_errno(ENOENT, "symlink", path);
  TRY(may_change(place, "symlink", path));
  const uint64_t made = make_node(FileKind::symlink, 0777, now_ns);
  own(made).link_target = target;
  change_names({.edits = {{place.directory, place.name, made}}, .event = number(event), .time_ns = now_ns});
  return {};
}

Status FileTree::make_hard_link(const std::string& existing, const std::string& path, int64_t now_ns,
                                uint64_t event) {
  const std::string where = existing + " to " + path;
  const Place source = TRY(find(existing, "link", LastLink::stays));
  if (source.node == 0) return fail_errno(ENOENT, "link", where);
  const Place place = TRY(find(path, "link", LastLink::stays));
  if (place.node != 0) return fail_errno(EEXIST, "link", where);
  if (place.must_be_directory) return fail_errno(ENOENT, "link", where);
  TRY(may_change(place, "link", where));
  if (is_directory(node(source.node))) return fail_errno(EPERM, "link", where);
  change_names(
      {.edits = {{place.directory, place.name, source.node}}, .event = number(event), .time_ns = now_ns});
  return {};
}

Status FileTree::set_attributes(const std::string& path, const FileAttributes& attributes, uint64_t event) {
  const uint64_t id = TRY(find_node(path, "set attributes", LastLink::stays));
  if (attributes.owner_and_group && *attributes.owner_and_group != std::pair{kOwner, kGroup})
    return fail_errno(EPERM, "chown", path);
  AttributeChange change{.mode = attributes.mode, .modified_ns = attributes.modified_ns};
  if (node(id).kind == FileKind::symlink) change.mode.reset();
  if (!change.mode && !change.modified_ns) return {};
  Node& changed = own(id);
  if (change.mode) changed.mode = *(change.mode = *change.mode & kPermissionBits);
  if (change.modified_ns) changed.modified_ns = *change.modified_ns;
  change.event = number(event);
  change.order = ++last_order_;
  changed.attributes.push_back(change);
  if (changed.kind != FileKind::file) restless_.insert(id);
  return {};
}

void FileTree::make_time_durable(Node& node, int64_t time_ns, uint64_t order) noexcept {
  if (order < node.durable_time_order) return;
  node.durable_modified_ns = time_ns;
  node.durable_time_order = order;
}

void FileTree::make_durable(const AttributeChange& change, Node& node) {
  if (change.modified_ns) make_time_durable(node, *change.modified_ns, change.order);
  if (!change.mode || change.order < node.durable_mode_order) return;
  node.durable_mode = *change.mode;
  node.durable_mode_order = change.order;
}

void FileTree::sync_attributes(Node& node) {
  for (const AttributeChange& change : node.attributes)
    if (!change.orphaned) make_durable(change, node);
  std::erase_if(node.attributes, [](const AttributeChange& change) { return !change.orphaned; });
}

void FileTree::lose_attributes(Node& node) noexcept {
  for (AttributeChange& change : node.attributes) change.orphaned = true;
}

std::vector<uint64_t> FileTree::attributes_of(uint64_t directory) const {
  std::vector<uint64_t> covered;
  for (const uint64_t id : restless_) {
    if (!nodes_.contains(id)) continue;
    const bool stands_there =
        is_directory(node(id)) ? node(id).parent == directory
                               : std::ranges::any_of(node(directory).names,
                                                     [&](const auto& entry) { return entry.second == id; });
    if (stands_there) covered.push_back(id);
  }
  return covered;
}

}  // namespace seedbed
