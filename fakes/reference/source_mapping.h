// Blob paths and the source files they came from, both ways. Lists the source trees once; used by one task.
#pragma once

#include <map>

#include "fakes/reference/drive_judge.h"

namespace seedbed::reference {

class SourceMapping {
 public:
  // Regular files only: symlinks and special files are skipped, as the copy skips them. Depth and errors end
  // it.
  static Result<SourceMapping> list(FileStore& files, const std::vector<SourceTree>& trees);
  // The file behind a blob path, which is then seen; nothing when no file has that path.
  const std::string* take(const std::string& blob_path);
  // Blob paths of files that take() was never asked for.
  std::vector<std::string> untaken() const;
  size_t size() const noexcept { return files_.size(); }

 private:
  struct Source {
    std::string path;
    bool taken = false;
  };
  std::map<std::string, Source> files_;
};

}  // namespace seedbed::reference
