// An increment: the source tree as it is now, as a catalog, and those chunks that are not known yet. Files
// whose size, time and inode are those of the previous catalog are not read. Called by the main task.
#pragma once

#include "engine/ports/entropy.h"
#include "engine/staging/chunk_stream.h"

namespace seedbed {

struct TreeRequest {
  SourceSelection source;
  const Catalog* previous = nullptr;  // nothing: everything is read
  uint64_t upload = 0;                // 64 bits that name this upload, in the records' heads
  StreamOptions stream;
};

struct TreeBackup {
  Catalog catalog;
  std::vector<ChunkId> catalog_chunks;  // of the catalog itself, in order
  std::vector<ChunkId> new_chunks;      // handed to the sink, those of the catalog included
  StreamReport report;
};

// Called by the calling task, in order, once per chunk: the sealed record to be kept under the id.
using RecordSink = std::function<Status(const ChunkId& id, Bytes record)>;

// `known` is called from several tasks at once: a pure look-up. The chunks of the catalog go to the sink
// last; those that `known` knows do not go.
Result<TreeBackup> chunk_tree(Runtime& runtime, FileStore& source, Entropy& entropy,
                              const TreeRequest& request, const ChunkKeys& keys, const KnownChunk& known,
                              const RecordSink& sink);

// A catalog from its sealed parts, as fetched in order (of a seed: every record of kind `catalog` of all
// blobs by number and offset; of an increment: catalog_chunks).
Result<Catalog> open_catalog(const ChunkKeys& keys, const std::vector<ChunkId>& parts,
                             const std::function<Result<Bytes>(const ChunkId&)>& fetch);

}  // namespace seedbed
