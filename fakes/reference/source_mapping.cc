#include "fakes/reference/source_mapping.h"

#include "engine/base/text.h"

namespace seedbed::reference {

Result<SourceMapping> SourceMapping::list(FileStore& files, const std::vector<SourceTree>& trees) {
  SourceMapping mapping;
  for (const auto& tree : trees) {
    const auto root = TRY(files.stat(tree.root));
    if (root.kind == FileKind::file) {
      mapping.files_.emplace(tree.prefix, Source{tree.root});
      continue;
    }
    std::vector<std::pair<std::string, std::string>> waiting = {
        {tree.root, tree.prefix}};  // symlinks are not followed, so this ends
    while (!waiting.empty()) {
      const auto [directory, prefix] = std::move(waiting.back());
      waiting.pop_back();
      for (const auto& entry : TRY(files.list(directory))) {
        if (!utf16_of(entry.name)) continue;  // no manifest can name it
        const std::string path = join_path(directory, entry.name);
        if (entry.kind == FileKind::directory) waiting.emplace_back(path, prefix + entry.name + '/');
        if (entry.kind == FileKind::file && !mapping.files_.emplace(prefix + entry.name, Source{path}).second)
          return fail(ErrorCode::invalid_argument, "two source files have one blob path", prefix + entry.name,
                      "Give each source its own prefix");
      }
    }
  }
  return mapping;
}

const std::string* SourceMapping::take(const std::string& blob_path) {
  const auto found = files_.find(blob_path);
  if (found == files_.end()) return nullptr;
  found->second.taken = true;
  return &found->second.path;
}

std::vector<std::string> SourceMapping::untaken() const {
  std::vector<std::string> paths;
  for (const auto& [blob_path, source] : files_)
    if (!source.taken) paths.push_back(blob_path);
  return paths;
}

}  // namespace seedbed::reference
