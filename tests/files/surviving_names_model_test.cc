// Names after a power cut, held against every outcome that the contract allows; and always a tree.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "tests/files/cut_tree.h"

namespace seedbed {
namespace {

using Shape = Survivors::Shape;

using Names = std::map<std::string, int>;  // path to file

// Two directories, four names. All changes since the beginning, each sure or not. Symlinks are files from 100
// on: their target is their number.
class Reference {
 public:
  void change(uint64_t event, std::vector<std::pair<std::string, int>> edits) {
    changes_.push_back({event, std::move(edits), false, false});
  }
  // A good sync makes sure what touches the directory and, of each name in it, everything before.
  void sync(const std::string& directory, bool fails) {
    std::set<std::string> needed;
    for (size_t i = changes_.size(); i-- > 0;) {
      Change& change = changes_[i];
      if (change.sure) continue;
      const bool asked = !change.orphaned && std::ranges::any_of(change.edits, [&](const auto& edit) {
        return edit.first.starts_with(directory + "/");
      });
      const bool built_on =
          std::ranges::any_of(change.edits, [&](const auto& edit) { return needed.contains(edit.first); });
      if (!asked && !built_on) continue;
      for (const auto& edit : change.edits) needed.insert(edit.first);
      (fails ? change.orphaned : change.sure) = true;
    }
  }
  template <typename Chosen>
  Names left(Chosen chosen) const {
    Names names;
    for (size_t i = 0; i < changes_.size(); i++)
      if (changes_[i].sure || chosen(i))
        for (const auto& [path, file] : changes_[i].edits)
          file == 0 ? names.erase(path) : (names[path] = file);
    return names;
  }
  Names prefix(uint64_t event) const {
    return left([&](size_t i) { return changes_[i].event <= event; });
  }
  // Of every subset that holds, with a change, all earlier changes of its names.
  std::set<Names> legal() const {
    std::set<Names> outcomes;
    for (uint64_t subset = 0; subset < uint64_t{1} << changes_.size(); subset++) {
      const auto chosen = [&](size_t i) { return changes_[i].sure || (subset >> i & 1) != 0; };
      bool closed = true;
      for (size_t i = 0; i < changes_.size(); i++)
        for (size_t j = 0; j < i; j++) closed = closed && (!chosen(i) || chosen(j) || !share(i, j));
      if (closed) outcomes.insert(left(chosen));
    }
    return outcomes;
  }
  size_t size() const { return changes_.size(); }

 private:
  struct Change {
    uint64_t event;
    std::vector<std::pair<std::string, int>> edits;  // file 0: the name goes
    bool sure, orphaned;
  };
  bool share(size_t i, size_t j) const {
    return std::ranges::any_of(changes_[i].edits, [&](const auto& one) {
      return std::ranges::any_of(changes_[j].edits,
                                 [&](const auto& other) { return one.first == other.first; });
    });
  }
  std::vector<Change> changes_;
};

const std::vector<std::string> kPaths = {"/x/a", "/x/b", "/y/a", "/y/b"};

Names found(FileTree tree) {
  Names names;
  for (const std::string& path : kPaths)
    if (const auto stat = tree.stat(path))
      names[path] = std::stoi(stat->kind == FileKind::symlink ? *tree.read_link(path) : read(tree, path));
  return names;
}

RC_GTEST_PROP(SurvivingNamesModel, EveryCutLeavesOneOfTheLegalOutcomes, ()) {
  FileTree tree;
  RC_ASSERT(tree.make_directory("/x", 0700, 0).has_value());
  RC_ASSERT(tree.make_directory("/y", 0700, 0).has_value());
  tree.settle();
  Reference reference;
  Names now;
  const auto first_event = tree.pending().size() + 100;
  uint64_t event = first_event;
  int files = 0;
  const int steps = *rc::gen::inRange(1, 14);
  for (int i = 0; i < steps && reference.size() < 8; i++) {
    const std::string path = *rc::gen::elementOf(kPaths), other = *rc::gen::elementOf(kPaths);
    const std::string directory = parent_of(path);
    const int what = *rc::gen::inRange(0, 11);
    if (what < 3 && !now.contains(path)) {
      make(tree, path, std::to_string(++files), ++event);
      reference.change(event, {{path, files}});
      now[path] = files;
    } else if (what < 6 && now.contains(path) && path != other) {
      RC_ASSERT(tree.rename(path, other, 0, ++event).has_value());
      if (now.contains(other) && now[other] == now[path]) continue;  // two names of one file
      reference.change(event, {{path, 0}, {other, now[path]}});
      now[other] = now[path];
      now.erase(path);
    } else if (what == 6 && now.contains(path)) {
      RC_ASSERT(tree.remove(path, 0, ++event).has_value());
      reference.change(event, {{path, 0}});
      now.erase(path);
    } else if (what == 9 && now.contains(path) && !now.contains(other)) {
      RC_ASSERT(tree.make_hard_link(path, other, 0, ++event).has_value());
      reference.change(event, {{other, now[path]}});
      now[other] = now[path];
    } else if (what == 10 && !now.contains(path)) {
      const int link = 100 + ++files;
      RC_ASSERT(tree.make_symlink(std::to_string(link), path, 0, ++event).has_value());
      reference.change(event, {{path, link}});
      now[path] = link;
    } else if (what == 7) {
      RC_ASSERT(tree.sync_directory(directory).has_value());
      reference.sync(directory, false);
    } else if (what == 8) {
      tree.lose_directory_sync(directory);
      reference.sync(directory, true);
    }
  }
  RC_ASSERT(found(tree) == now);
  RC_ASSERT(found(cut(tree, {.shape = Shape::all})) == now);
  RC_ASSERT(found(cut(tree, {.shape = Shape::none})) == reference.prefix(0));
  const auto cut_event = *rc::gen::inRange<uint64_t>(first_event, event + 1);
  RC_ASSERT(found(cut(tree, {.shape = Shape::prefix, .event = cut_event})) == reference.prefix(cut_event));
  const std::set<Names> legal = reference.legal();
  for (int i = 0; i < 30; i++) {
    const auto seed = *rc::gen::arbitrary<uint64_t>();
    RC_ASSERT(legal.contains(found(cut(tree, {.shape = Shape::seeded, .seed = seed}))));
  }
}

// Any calls on a small tree with directories in directories; no syncs, so that a prefix is a moment.
class Gardener {
 public:
  explicit Gardener(FileTree& tree) : tree_(tree) {}
  void step(uint64_t event) {
    const auto now_ns = static_cast<int64_t>(event);
    const std::string path = some_path();
    switch (*rc::gen::inRange(0, 10)) {
      case 0:
        static_cast<void>(tree_.make_directory(path, 0700, now_ns, event));
        break;
      case 1:
        static_cast<void>(tree_.rename(path, some_path(), now_ns, event));
        break;
      case 2:
        static_cast<void>(tree_.remove(path, now_ns, event));
        break;
      case 6:
        static_cast<void>(tree_.make_symlink(some_path(), path, now_ns, event));
        break;
      case 7:
        static_cast<void>(tree_.make_hard_link(path, some_path(), now_ns, event));
        break;
      case 8:
        static_cast<void>(tree_.set_attributes(path,
                                               {.mode = 0700 + *rc::gen::inRange(0u, 3u),
                                                .modified_ns = *rc::gen::inRange(0, 3),
                                                .owner_and_group = {}},
                                               event));
        break;
      case 9:
        static_cast<void>(*rc::gen::arbitrary<bool>()
                              ? tree_.set_attributes(path, {.mode = 0700}, event)
                              : tree_.set_attributes(path, {.mode = {}, .modified_ns = -7}, event));
        break;
      case 3:
        if (const auto handle = tree_.open(path, OpenMode::create, 0600, now_ns, event)) tree_.close(*handle);
        break;
      case 4:
        if (const auto handle = tree_.open(path, OpenMode::read_write, 0600, now_ns)) {
          const auto offset_bytes = *rc::gen::inRange<uint64_t>(0, 6'000);
          const Bytes data(*rc::gen::inRange<size_t>(1, 2'000), static_cast<uint8_t>(event));
          RC_ASSERT(tree_.write(*handle, offset_bytes, data, now_ns, event).has_value());
          tree_.close(*handle);
        }
        break;
      default:
        if (const auto handle = tree_.open(path, OpenMode::read_write, 0600, now_ns)) {
          RC_ASSERT(
              tree_.truncate(*handle, *rc::gen::inRange<uint64_t>(0, 6'000), now_ns, event).has_value());
          tree_.close(*handle);
        }
    }
  }

 private:
  static std::string some_path() {
    std::string path;
    const int depth = *rc::gen::inRange(1, 4);
    for (int i = 0; i < depth; i++) path += std::string("/") + *rc::gen::inRange('a', 'd');
    return path;
  }
  FileTree& tree_;
};

RC_GTEST_PROP(SurvivingNamesModel, APrefixIsTheTreeAsItWasThen, ()) {
  FileTree tree;
  Gardener gardener(tree);
  uint64_t event = 0;
  while (event < 15) gardener.step(++event);
  tree.settle();
  std::vector<uint64_t> moments = {tree.hash()};
  const uint64_t first_event = event;
  for (const int steps = *rc::gen::inRange(1, 25); std::ssize(moments) <= steps;) {
    gardener.step(++event);
    moments.push_back(tree.hash());
  }
  for (size_t i = 0; i < moments.size(); i++)
    RC_ASSERT(cut(tree, {.shape = Shape::prefix, .event = first_event + i}).hash() == moments[i]);
  RC_ASSERT(cut(tree, {.shape = Shape::none}).hash() == moments.front());
  RC_ASSERT(cut(tree, {.shape = Shape::all}).hash() == moments.back());
}

// Every name leads to something, every directory to one place; tells how many files there are.
size_t walk(const FileTree& tree, const std::string& directory, std::set<uint64_t>& seen) {
  size_t files = 0;
  const auto entries = tree.list(directory);
  RC_ASSERT(entries.has_value());
  for (const DirectoryEntry& entry : *entries) {
    const std::string path = join_path(directory, entry.name);
    const auto stat = tree.stat(path);
    RC_ASSERT(stat.has_value());
    if (entry.kind != FileKind::symlink) RC_ASSERT(tree.real_path(path).value() == path);
    if (entry.kind == FileKind::directory) RC_ASSERT(seen.insert(stat->inode).second);
    files += entry.kind != FileKind::directory ? 1 : 1 + walk(tree, path, seen);
  }
  return files;
}

void clear(FileTree& tree, const std::string& directory) {
  const auto entries = tree.list(directory).value();
  for (const DirectoryEntry& entry : entries) {
    const std::string path = join_path(directory, entry.name);
    if (entry.kind == FileKind::directory) clear(tree, path);
    RC_ASSERT(tree.remove(path, 0).has_value());
  }
}

RC_GTEST_PROP(SurvivingNamesModel, WhateverSurvivesIsATreeWithItsSpaceCounted, ()) {
  FileTree tree;
  const uint64_t all_bytes = tree.free_bytes("/").value();
  Gardener gardener(tree);
  for (uint64_t event = 1; event <= 40; event++) {
    gardener.step(event);
    const int what = *rc::gen::inRange(0, 12);
    if (what == 0) RC_ASSERT(tree.sync_directory("/").has_value());
    if (what == 1) static_cast<void>(tree.sync_directory("/a"));
    if (what == 2) tree.lose_directory_sync("/");
    if (what == 3) tree.power_cut({.shape = Shape::seeded, .seed = *rc::gen::arbitrary<uint64_t>()});
    if (what == 4) tree.kill();
  }
  FileTree left = cut(tree, {.shape = Shape::seeded, .seed = *rc::gen::arbitrary<uint64_t>()});
  std::set<uint64_t> seen;
  walk(left, "/", seen);
  RC_ASSERT(left.pending().empty());
  RC_ASSERT(cut(left, {.shape = Shape::none}).hash() == left.hash());
  clear(left, "/");
  left.settle();
  RC_ASSERT(left.free_bytes("/").value() == all_bytes);
}

}  // namespace
}  // namespace seedbed
