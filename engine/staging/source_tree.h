// A walk over the source: everything in it once, directories before what is in them, in the byte order of
// names. What cannot be read is reported and left out; the walk goes on. One task walks.
//
// Reads the source, writes nothing.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/ports/file_store.h"

namespace seedbed {

struct SourceSelection {
  std::vector<std::string> paths;     // absolute: files or directories
  std::vector<std::string> excludes;  // globs: without "/" of a name anywhere, with "/" of a whole path
  std::vector<std::string> hidden;    // absolute: left out without a word (the staging location itself)
};

struct SourceEntry {
  std::string path;         // catalog path: the real path without the leading slash
  std::string source_path;  // to open it
  FileStat stat;
  std::string target;        // of a symlink
  std::string hard_link_of;  // catalog path of the name that came first
};

struct SourceProblem {
  std::string path;
  std::string what;
};

// "*" any run within a name, "**" any run, "?" one byte within a name; the whole text must match.
bool glob_matches(std::string_view pattern, std::string_view text);
// As excludes and includes are meant: a pattern without "/" is held against the last part of the path, one
// with "/" against the whole catalog path (a leading "/" is ignored).
bool path_matches(std::string_view pattern, std::string_view catalog_path);

class SourceTree {
 public:
  SourceTree(FileStore& files, SourceSelection selection);
  // Nothing: the end. Errors: a chosen path does not exist or cannot be read, the source's device is gone.
  Result<std::optional<SourceEntry>> next();
  const std::vector<SourceProblem>& problems() const noexcept { return problems_; }

 private:
  struct Level {
    std::string source_path;
    std::vector<DirectoryEntry> entries;
    size_t next = 0;
  };
  Status start();
  Result<std::optional<SourceEntry>> visit(const std::string& source_path, bool chosen);
  bool left_out(const std::string& source_path, const std::string& path) const;

  FileStore& files_;
  SourceSelection selection_;
  bool started_ = false;
  std::vector<std::string> roots_;
  size_t next_root_ = 0;
  std::vector<Level> levels_;
  std::map<std::pair<uint64_t, uint64_t>, std::string> links_;  // device, inode → first name
  std::vector<SourceProblem> problems_;
};

struct SourceTotals {
  uint64_t files = 0, bytes = 0;
};
// Sizes of all regular files, hard links once.
Result<SourceTotals> measure_source(FileStore& files, const SourceSelection& selection);

}  // namespace seedbed
