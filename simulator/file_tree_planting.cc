// FileTree as a world is built: what no port can do to it.
#include <algorithm>
#include <cerrno>

#include "simulator/file_tree.h"

namespace seedbed {

Status FileTree::plant_file(const std::string& path, ByteSpan content, uint32_t mode, int64_t modified_ns) {
  const Handle handle = TRY(open(path, OpenMode::create_new, mode, modified_ns));
  const Status written = write(handle, 0, content, modified_ns);
  close(handle);
  return written;
}

Status FileTree::plant_symlink(const std::string& target, const std::string& path) {
  const Place place = TRY(find(path, "symlink", LastLink::stays));
  if (place.node != 0) return fail_errno(EEXIST, "symlink", path);
  if (target.empty()) return fail_errno(ENOENT, "symlink", path);
  const uint64_t made = make_node(FileKind::symlink, 0777, 0);
  own(made).link_target = target;
  change_names({.edits = {{place.directory, place.name, made}}, .event = number(0)});
  return {};
}

Status FileTree::plant_hard_link(const std::string& existing, const std::string& path) {
  const uint64_t id = TRY(find_node(existing, "link", LastLink::stays));
  if (is_directory(node(id))) return fail_errno(EPERM, "link", existing);
  const Place place = TRY(find(path, "link", LastLink::stays));
  if (place.node != 0) return fail_errno(EEXIST, "link", path);
  change_names({.edits = {{place.directory, place.name, id}}, .event = number(0)});
  return {};
}

Status FileTree::set_mode(const std::string& path, uint32_t mode) {
  const uint64_t id = TRY(find_node(path, "chmod", LastLink::stays));
  own(id).mode = mode & kPermissionBits;
  return {};
}

Status FileTree::set_modified(const std::string& path, int64_t modified_ns) {
  const uint64_t id = TRY(find_node(path, "utimensat", LastLink::stays));
  Node& file = own(id);
  file.modified_ns = file.durable_modified_ns = modified_ns;
  file.content.restamp(modified_ns);
  return {};
}

void FileTree::settle() {
  make_durable(Choice(pending_.size(), true));
  for (const auto& [id, shared] : nodes_) {
    if (!shared->content.touched() && shared->durable_modified_ns == shared->modified_ns) continue;
    Node& settled = own(id);
    settled.content.settle();
    settled.durable_modified_ns = settled.modified_ns;
  }
}

void FileTree::settle_under(const std::string& path) {
  const auto top = find_node(path, "settle", LastLink::followed, true);
  if (!top) return;
  const std::set<uint64_t> under = all_under(*top);
  Choice chosen;
  for (const auto& change : pending_)
    chosen.push_back(std::ranges::any_of(change->edits, [&](const NameEdit& edit) {
      return under.contains(edit.directory) || under.contains(edit.node);
    }));
  add_what_they_build_on(chosen);
  make_durable(chosen);
  for (const uint64_t id : under) {
    if (!nodes_.contains(id)) continue;
    Node& settled = own(id);
    settled.content.settle();
    settled.durable_modified_ns = settled.modified_ns;
  }
}

}  // namespace seedbed
