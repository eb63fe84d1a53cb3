// The tree that catalog parts tell of (docs/formats/catalog.md), and its comparison with a real one, by code
// of its own. Content comes through `fetch`: a record by its id, wherever it is kept (staging, a vault).
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "engine/ports/file_store.h"
#include "fakes/reference/finding.h"
#include "fakes/reference/sealed_chunks.h"

namespace seedbed::reference {

struct SealedExtent {
  bool zeros = false;
  SealedId chunk{};
  uint64_t offset_bytes = 0, length_bytes = 0;
};

struct SealedEntry {
  FileKind kind = FileKind::file;
  uint32_t mode = 0, owner = 0, group = 0;
  int64_t modified_ns = 0;
  uint64_t size_bytes = 0;
  std::string target, hard_link_of;
  bool changed_while_read = false;
  std::vector<SealedExtent> extents;
};

class SealedTree {
 public:
  Status add_part(ByteSpan plain, const std::string& place);
  bool finished() const { return finished_; }
  const std::map<std::string, SealedEntry>& entries() const { return entries_; }

 private:
  std::map<std::string, SealedEntry> entries_;
  std::map<uint64_t, std::pair<std::string, SealedEntry>> open_;
  bool finished_ = false;
};

using FetchSealed = std::function<Result<Bytes>(const SealedId&)>;

// The bytes of one file. Memory: the file.
Result<Bytes> sealed_content(const SealedTree& tree, const std::string& path, const SealKeys& keys,
                             const FetchSealed& fetch);

// What of `root` (an absolute path; its catalog path is without the leading slash) is not as the catalog
// says, either way: kinds, modes, times, sizes, bytes, targets, which names are one file. `but` names catalog
// paths that are not compared.
Findings compare_with_source(const SealedTree& tree, const SealKeys& keys, const FetchSealed& fetch,
                             FileStore& files, const std::string& root,
                             const std::vector<std::string>& but = {});

// All of a complete job in a staging location: every record read and held against index, keys and digest,
// then the catalog. Findings: what is wrong; `chunks` and `tree`: what was there.
struct StagedSeed {
  SealedTree tree;
  std::map<SealedId, Bytes> chunks;  // sealed records of kind data
  std::vector<SealedIndex> indexes;
  Findings findings;
  FetchSealed fetch() const;
};
StagedSeed read_staged_seed(FileStore& files, const std::string& staging_path, const std::string& job,
                            std::string_view passphrase);

}  // namespace seedbed::reference
