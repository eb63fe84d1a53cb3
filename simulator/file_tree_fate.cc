// FileTree's fate: what a kill, a power cut and a share that vanishes leave of it.
#include <algorithm>
#include <deque>

#include "simulator/file_tree.h"
#include "simulator/trace_hash.h"

namespace seedbed {


void FileTree::kill() {
  epoch_++;
  open_.clear();
  forget_unreachable();
  relink();
}

void FileTree::power_cut(const Survivors& survivors) {
  Choice chosen;
  for (const auto& change : pending_) chosen.push_back(survivors.of(change->event, 1).unit(0));
  add_what_they_build_on(chosen);
  make_durable(chosen);
  pending_.clear();
  for (const auto& [id, shared] : nodes_) {
    if (!shared->content.touched() && shared->names == shared->durable_names &&
        shared->modified_ns == shared->durable_modified_ns && shared->attributes.empty() &&
        shared->mode == shared->durable_mode)
      continue;
    Node& left = own(id);
    used_pages_ -= left.content.pages();
    if (const auto last = left.content.cut(survivors)) make_time_durable(left, last->time_ns, last->order);
    for (const AttributeChange& change : left.attributes)
      if (survivors.of(change.event, 1).unit(0)) make_durable(change, left);
    left.attributes.clear();
    used_pages_ += left.content.pages();
    left.names = left.durable_names;
    left.modified_ns = left.durable_modified_ns;
    left.mode = left.durable_mode;
  }
  restless_.clear();
  kill();
  find_out_of_reach();
}

std::vector<PendingEffect> FileTree::pending() const {
  std::vector<PendingEffect> effects;
  for (const auto& change : pending_) effects.push_back({.event = change->event});
  for (const auto& [id, shared] : nodes_) {
    shared->content.add_pending(effects);
    for (const AttributeChange& change : shared->attributes) effects.push_back({.event = change.event});
  }
  std::ranges::stable_sort(effects, {}, &PendingEffect::event);
  return effects;
}

void FileTree::forget_unreachable() {
  std::set<uint64_t> reached = {kRoot};
  std::deque<uint64_t> to_visit = {kRoot};
  const auto reach = [&](uint64_t id) {
    if (id != 0 && reached.insert(id).second) to_visit.push_back(id);
  };
  for (const auto& change : pending_)
    for (const NameEdit& edit : change->edits) {
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
    used_pages_ -= entry.second->content.pages();
    return true;
  });
}

void FileTree::relink() {
  struct Counted {
    uint64_t parent = 0;
    uint32_t links = 0, references = 0;
  };
  std::map<uint64_t, Counted> counts;
  counts[kRoot] = {.parent = kRoot, .references = 1};
  for (const auto& change : pending_)
    for (const NameEdit& edit : change->edits) {
      counts[edit.directory].references++;
      if (edit.node != 0) counts[edit.node].references++;
    }
  for (const auto& [id, from] : nodes_) {
    for (const auto& [name, child] : from->names) {
      Counted& counted = counts[child];
      counted.references++;
      counted.links++;
      counted.parent = id;
    }
    for (const auto& [name, child] : from->durable_names) counts[child].references++;
  }
  for (const auto& [id, shared] : nodes_) {
    const Counted& counted = counts[id];
    const uint64_t parent = is_directory(*shared) && counted.parent != 0 ? counted.parent : shared->parent;
    if (shared->links == counted.links && shared->references == counted.references &&
        shared->parent == parent && shared->locked_by == 0)
      continue;
    Node& linked = own(id);
    linked.links = counted.links;
    linked.references = counted.references;
    linked.parent = parent;
    linked.locked_by = 0;
  }
}

std::set<uint64_t> FileTree::all_under(uint64_t top) const {
  std::set<uint64_t> under = {top};
  std::deque<uint64_t> to_visit = {top};
  while (!to_visit.empty()) {
    const Node& from = node(to_visit.front());
    to_visit.pop_front();
    for (const auto* side : {&from.names, &from.durable_names})
      for (const auto& [name, child] : *side)
        if (under.insert(child).second) to_visit.push_back(child);
  }
  return under;
}

void FileTree::unreach(const std::string& path) {
  unreached_.insert(path);
  find_out_of_reach();
}

void FileTree::reach(const std::string& path) {
  unreached_.erase(path);
  find_out_of_reach();
}

void FileTree::reach_everything() {
  unreached_.clear();
  find_out_of_reach();
}

void FileTree::find_out_of_reach() {
  out_of_reach_.clear();
  for (const std::string& path : unreached_)
    if (const auto top = find_node(path, "unreach", LastLink::followed, true))
      out_of_reach_.merge(all_under(*top));
}

// --- what a judge sees ---

uint64_t FileTree::hash_of(uint64_t id, uint64_t timeless, bool times) const {
  const Node& seen = node(id);
  times = times && id != timeless;
  TraceHash hash;
  hash.mix(static_cast<uint64_t>(seen.kind));
  hash.mix(seen.mode);
  if (times) hash.mix(static_cast<uint64_t>(seen.modified_ns));
  if (is_directory(seen)) {
    for (const auto& [name, child] : seen.names) {
      hash.mix(name);
      hash.mix(hash_of(child, timeless, times));
    }
  } else {
    hash.mix(seen.links);
    hash.mix(seen.link_target);
    hash.mix(seen.content.hash());
  }
  return hash.value();
}

uint64_t FileTree::hash(const std::string& timeless) const {
  const auto top = find_node(timeless, "hash", LastLink::stays, true);
  TraceHash hash;
  hash.mix(hash_of(kRoot, top ? *top : 0));
  for (const std::string& path : unreached_) hash.mix(path);
  return hash.value();
}

uint64_t FileTree::hash_under(const std::string& path) const {
  const auto top = find_node(path, "hash", LastLink::stays, true);
  return top ? hash_of(*top) : 0;
}

}  // namespace seedbed
