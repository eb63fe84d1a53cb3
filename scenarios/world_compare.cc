#include "scenarios/world_compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace seedbed {

namespace {

struct Entry {
  FileStat stat;
  std::string target;  // of a symlink
};

void walk(const FileTree& tree, const std::string& root, const std::string& below,
          std::map<std::string, Entry>& out, std::vector<std::string>& findings) {
  const auto entries = tree.list(root + below);
  if (!entries) return findings.push_back(entries.error().message());
  for (const DirectoryEntry& entry : *entries) {
    const std::string path = below + "/" + entry.name;
    const auto stat = tree.stat(root + path);
    if (!stat) {
      findings.push_back(stat.error().message());
      continue;
    }
    Entry& kept = out[path];
    kept.stat = *stat;
    if (stat->kind == FileKind::symlink) kept.target = tree.read_link(root + path).value_or("");
    if (stat->kind == FileKind::directory) walk(tree, root, path, out, findings);
  }
}

Result<Bytes> content(FileTree& tree, const std::string& path) {
  const auto handle = TRY(tree.open(path, OpenMode::read, 0, 0));
  Bytes bytes(TRY(tree.size(handle)));
  bytes.resize(TRY(tree.read(handle, 0, bytes)));
  tree.close(handle);
  return bytes;
}

// Which names are one file: the first of them stands for all.
std::map<std::string, std::string> first_names(const std::map<std::string, Entry>& entries) {
  std::map<uint64_t, std::string> by_inode;
  std::map<std::string, std::string> out;
  for (const auto& [path, entry] : entries)
    if (entry.stat.kind == FileKind::file)
      out[path] = by_inode.try_emplace(entry.stat.inode, path).first->second;
  return out;
}

std::string difference(const Entry& was, const Entry& is) {
  if (was.stat.kind != is.stat.kind) return "it is of another kind";
  if (was.target != is.target) return fmt::format("it points to {} instead of {}", is.target, was.target);
  if (was.stat.kind != FileKind::symlink && was.stat.mode != is.stat.mode)
    return fmt::format("its mode is {:o} instead of {:o}", is.stat.mode, was.stat.mode);
  if (was.stat.modified_ns != is.stat.modified_ns) return "its time is another";
  if (was.stat.kind == FileKind::file && was.stat.size_bytes != is.stat.size_bytes)
    return fmt::format("it has {} bytes instead of {}", is.stat.size_bytes, was.stat.size_bytes);
  return "";
}

}  // namespace

std::vector<std::string> compare_trees(const FileTree& was, const std::string& was_root, const FileTree& is,
                                       const std::string& is_root, size_t most) {
  std::vector<std::string> findings;
  std::map<std::string, Entry> before, after;
  const auto root_was = was.stat(was_root), root_is = is.stat(is_root);
  if (root_was && root_is)
    if (const std::string differs = difference({*root_was, ""}, {*root_is, ""}); !differs.empty())
      findings.push_back("/: " + differs);
  walk(was, was_root, "", before, findings);
  walk(is, is_root, "", after, findings);
  FileTree was_copy = was, is_copy = is;  // reading opens, and opening changes a tree
  for (const auto& [path, entry] : before) {
    const auto found = after.find(path);
    if (found == after.end()) {
      findings.push_back(path + ": it is missing");
      continue;
    }
    std::string differs = difference(entry, found->second);
    if (differs.empty() && entry.stat.kind == FileKind::file) {
      const auto old_bytes = content(was_copy, was_root + path), new_bytes = content(is_copy, is_root + path);
      if (!old_bytes || !new_bytes)
        differs = "it cannot be read";
      else if (*old_bytes != *new_bytes)
        differs = fmt::format("its bytes differ from {} on",
                              std::ranges::mismatch(*old_bytes, *new_bytes).in1 - old_bytes->begin());
    }
    if (!differs.empty()) findings.push_back(path + ": " + differs);
  }
  for (const auto& [path, entry] : after)
    if (!before.contains(path)) findings.push_back(path + ": it should not be there");
  if (findings.empty() && first_names(before) != first_names(after))
    findings.emplace_back("other names are one file than were");
  if (findings.size() > most) findings.resize(most);
  return findings;
}

}  // namespace seedbed
