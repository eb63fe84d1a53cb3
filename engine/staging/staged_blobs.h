// What of a job stands in the staging location: its blobs, what they hold, the catalog so far. Read by the
// main task before it goes on; writes nothing but the removal of a blob that was never begun.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/staging/base_blob.h"
#include "engine/staging/staging_area.h"

namespace seedbed {

struct StagedBlob {
  std::string name;
  AibHead head;
  std::vector<IndexEntry> entries;
  std::optional<BlobScan> scan;  // of one that still grows
  uint64_t aib_bytes = 0;
};

struct StagedJob {
  std::vector<StagedBlob> closed;
  std::optional<StagedBlob> growing;  // the last, with at least one mark
  bool begun_again = false;           // a blob without any mark was removed
  CatalogLog log;
  ChunkSet chunks;  // of kind data
  bool complete = false;
};

// Errors as stage() has them: another backup's job, another passphrase, damage.
Result<StagedJob> read_staged_job(FileStore& files, const std::string& staging_path, const SeedInputs& inputs,
                                  const KdfSpec& kdf, const ChunkKeys& keys);

}  // namespace seedbed
