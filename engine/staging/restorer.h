// The way back: a tree built from a catalog and sealed records through the FileStore port. One task.
//
// Durability: a file appears under its name whole, with its attributes, and synced; when restore_tree returns
// all names are durable too. Killed anywhere, the same call goes on: files that stand there with the right
// size, time and mode are kept, left-over temporary files are overwritten. Nothing outside `to` is written:
// paths that would lead out are refused, symbolic links are made last and never followed.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/ports/operator.h"
#include "engine/ports/runtime.h"
#include "engine/staging/catalog.h"
#include "engine/staging/source_tree.h"

namespace seedbed {

struct RestoreOptions {
  std::string to;  // made when absent
  std::vector<std::string> includes =
      {};                         // globs as in path_matches; a directory brings all below; none: all
  std::string strip_prefix = {};  // leading part of catalog paths that is left out ("srv/data")
  bool owner = false;             // set owner and group as well
  bool overwrite = false;         // replace files that stand there and are others
};

struct RestoreReport {
  uint64_t files = 0, kept = 0, directories = 0, symlinks = 0, hard_links = 0;
  uint64_t bytes = 0, fetched_bytes = 0;
  std::vector<SourceProblem> problems;  // attributes that could not be set
};

using FetchRecord = std::function<Result<Bytes>(const ChunkId& id)>;

// Errors: corrupt (a record is not what its id says: named), already_exists, refused (a path that leads out,
// a symbolic link where a directory should be), and those of the store.
Result<RestoreReport> restore_tree(Runtime& runtime, FileStore& files, const Catalog& catalog,
                                   const ChunkKeys& keys, const FetchRecord& fetch,
                                   const RestoreOptions& options, Operator* person = nullptr);

// Whether all that would be restored stands there already, in kind, size, time and mode. Writes and fetches
// nothing.
Result<bool> tree_stands(Runtime& runtime, FileStore& files, const Catalog& catalog, const ChunkKeys& keys,
                         const RestoreOptions& options);

}  // namespace seedbed
