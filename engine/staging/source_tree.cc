#include "engine/staging/source_tree.h"

#include <algorithm>

namespace seedbed {

// Backtracks over the last "*" only, and separately over the last "**": linear in practice, quadratic at
// worst, no recursion.
bool glob_matches(std::string_view pattern, std::string_view text) {
  constexpr size_t kNone = std::string_view::npos;
  size_t p = 0, t = 0;
  size_t star_p = kNone, star_t = 0;      // "*": within a name
  size_t double_p = kNone, double_t = 0;  // "**": anything
  while (true) {
    if (p < pattern.size() && pattern[p] == '*') {
      if (p + 1 < pattern.size() && pattern[p + 1] == '*') {
        p += 2;
        double_p = p;
        double_t = t;
        star_p = kNone;
      } else {
        p++;
        star_p = p;
        star_t = t;
      }
      continue;
    }
    if (t == text.size() && p == pattern.size()) return true;
    if (t < text.size() && p < pattern.size() &&
        (pattern[p] == text[t] || (pattern[p] == '?' && text[t] != '/'))) {
      p++;
      t++;
    } else if (star_p != kNone && star_t < text.size() && text[star_t] != '/') {
      p = star_p;
      t = ++star_t;
    } else if (double_p != kNone && double_t < text.size()) {
      p = double_p;
      t = ++double_t;
      star_p = kNone;
    } else {
      return false;
    }
  }
}

bool path_matches(std::string_view pattern, std::string_view catalog_path) {
  if (pattern.find('/') == std::string_view::npos) {
    const size_t slash = catalog_path.rfind('/');
    return glob_matches(pattern,
                        slash == std::string_view::npos ? catalog_path : catalog_path.substr(slash + 1));
  }
  if (pattern.starts_with('/')) pattern.remove_prefix(1);
  return glob_matches(pattern, catalog_path);
}

static std::string catalog_path_of(const std::string& source_path) {
  return source_path.substr(source_path.starts_with('/') ? 1 : 0);
}

SourceTree::SourceTree(FileStore& files, SourceSelection selection)
    : files_(files), selection_(std::move(selection)) {}

// Chosen paths by their real names, sorted, without those that lie inside another.
Status SourceTree::start() {
  started_ = true;
  std::vector<std::string> found;
  for (const std::string& path : selection_.paths) found.push_back(TRY(files_.real_path(path)));
  std::ranges::sort(found);
  for (std::string& path : found) {
    const bool inside = std::ranges::any_of(roots_, [&](const std::string& root) {
      return path == root || path.starts_with(root.ends_with('/') ? root : root + '/');
    });
    if (!inside) roots_.push_back(std::move(path));
  }
  if (roots_.empty())
    return fail(ErrorCode::invalid_argument, "no source is chosen", {}, "Name what is to be backed up");
  return {};
}

bool SourceTree::left_out(const std::string& source_path, const std::string& path) const {
  if (std::ranges::find(selection_.hidden, source_path) != selection_.hidden.end()) return true;
  return std::ranges::any_of(selection_.excludes,
                             [&](const std::string& glob) { return path_matches(glob, path); });
}

Result<std::optional<SourceEntry>> SourceTree::next() {
  if (!started_) TRY(start());
  while (true) {
    if (levels_.empty()) {
      if (next_root_ == roots_.size()) return std::nullopt;
      auto entry = TRY(visit(std::string(roots_[next_root_++]), true));
      if (entry) return entry;
      continue;
    }
    Level& level = levels_.back();
    if (level.next == level.entries.size()) {
      levels_.pop_back();
      continue;
    }
    const std::string child = join_path(level.source_path, level.entries[level.next++].name);
    auto entry = TRY(visit(child, false));
    if (entry) return entry;
  }
}

// A chosen path must be there; anything else that cannot be read is a problem of its own. A device that is
// gone is nobody's problem alone: the walk stops, for it would find everything missing.
Result<std::optional<SourceEntry>> SourceTree::visit(const std::string& source_path, bool chosen) {
  const std::string path = catalog_path_of(source_path);
  if (!chosen && left_out(source_path, path)) return std::nullopt;
  auto stat = files_.stat(source_path);
  if (!stat) {
    if (chosen || stat.error().code == ErrorCode::device_gone)
      return std::unexpected(std::move(stat).error());
    problems_.push_back({path, stat.error().what});
    return std::nullopt;
  }
  if (stat->kind == FileKind::other) {
    problems_.push_back({path, "a special file: not backed up"});
    return std::nullopt;
  }
  SourceEntry entry{path, source_path, *stat, {}, {}};
  if (stat->kind == FileKind::symlink) {
    auto target = files_.read_link(source_path);
    if (!target) {
      if (target.error().code == ErrorCode::device_gone) return std::unexpected(std::move(target).error());
      problems_.push_back({path, target.error().what});
      return std::nullopt;
    }
    entry.target = *std::move(target);
  }
  if (stat->kind == FileKind::directory) {
    auto entries = files_.list(source_path);
    if (entries) {
      levels_.push_back({source_path, *std::move(entries), 0});
    } else {
      if (chosen || entries.error().code == ErrorCode::device_gone)
        return std::unexpected(std::move(entries).error());
      problems_.push_back({path, entries.error().what + ": what is in it is not backed up"});
    }
    if (path.empty()) return std::nullopt;  // "/" has no name to be kept under
  }
  if (stat->kind == FileKind::file && stat->link_count > 1) {
    const auto [first, is_new] = links_.try_emplace({stat->device, stat->inode}, path);
    if (!is_new) entry.hard_link_of = first->second;
  }
  return entry;
}

Result<SourceTotals> measure_source(FileStore& files, const SourceSelection& selection) {
  SourceTree tree(files, selection);
  SourceTotals totals;
  while (true) {
    const std::optional<SourceEntry> entry = TRY(tree.next());
    if (!entry) return totals;
    if (entry->stat.kind != FileKind::file) continue;
    totals.files++;
    if (entry->hard_link_of.empty()) totals.bytes += entry->stat.size_bytes;
  }
}

}  // namespace seedbed
