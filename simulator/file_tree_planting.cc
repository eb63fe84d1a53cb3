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
  return make_symlink(target, path, 0);
}

Status FileTree::plant_hard_link(const std::string& existing, const std::string& path) {
  return make_hard_link(existing, path, 0);
}

Status FileTree::set_mode(const std::string& path, uint32_t mode) {
  const uint64_t id = TRY(find_node(path, "chmod", LastLink::stays));
  Node& changed = own(id);
  changed.mode = changed.durable_mode = mode & kPermissionBits;
  changed.durable_mode_order = ++last_order_;
  return {};
}

Status FileTree::set_modified(const std::string& path, int64_t modified_ns) {
  const uint64_t id = TRY(find_node(path, "utimensat", LastLink::stays));
  Node& file = own(id);
  file.modified_ns = modified_ns;
  make_time_durable(file, modified_ns, ++last_order_);
  file.content.restamp(modified_ns);
  return {};
}

void FileTree::settle() {
  make_durable(Choice(pending_.size(), true));
  for (const auto& [id, shared] : nodes_) {
    if (!shared->content.touched() && shared->durable_modified_ns == shared->modified_ns &&
        shared->attributes.empty())
      continue;
    settle(own(id));
  }
  restless_.clear();
}

void FileTree::settle(Node& node) {
  node.content.settle();
  node.durable_modified_ns = node.modified_ns;
  node.durable_mode = node.mode;
  node.durable_time_order = node.durable_mode_order = last_order_;
  node.attributes.clear();
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
    if (nodes_.contains(id)) settle(own(id));
    restless_.erase(id);
  }
}

}  // namespace seedbed
