// The pipeline from a source tree to chunks and catalog items: one reader walks, reads and cuts; workers name
// and compress; the calling task takes the results in the order they were cut, so that what comes out does
// not depend on how many workers there are. Used by staging and, through chunk_tree, by increments.
//
// Memory: in_flight_bytes of plain chunks, their compressed forms, one read buffer of two chunks' length, and
// a catalog of what was there before. The tasks are joined when it returns.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "engine/ports/runtime.h"
#include "engine/staging/catalog.h"
#include "engine/staging/chunk_set.h"
#include "engine/staging/chunker.h"
#include "engine/staging/source_tree.h"

namespace seedbed {

struct StreamTimes {  // busy time per stage, summed over tasks
  uint64_t read_ns = 0, cut_ns = 0, name_ns = 0, compress_ns = 0, write_ns = 0, sync_ns = 0;
};

struct StreamOptions {
  ChunkSizes chunks;
  int compression_level = kCompressionLevel;
  uint64_t in_flight_bytes = 32 * MiB;
  uint64_t mark_bytes = 32 * MiB;  // read between two marks
};

struct StreamReport {
  uint64_t files = 0, directories = 0, symlinks = 0, hard_links = 0;
  uint64_t source_bytes = 0, read_bytes = 0, zero_bytes = 0, duplicate_bytes = 0;
  uint64_t chunks = 0;  // handed to the sink
  std::vector<SourceProblem> problems;
  std::vector<std::string> changed;
  StreamTimes times;
};

// What is known already. Called from several tasks at once, so a pure look-up.
using KnownChunk = std::function<bool(const ChunkId&)>;

// Where the stream goes; called by the calling task alone, in order. An error ends the stream.
class StreamSink {
 public:
  virtual ~StreamSink() = default;
  // A chunk that nobody knew; once per id.
  virtual Status chunk(const ChunkId& id, ByteSpan plain, const Packed& packed) = 0;
  // Only items whose chunks have been handed over or were known.
  virtual Status item(CatalogItem item) = 0;
  // mark_bytes of the source lie behind since the last one; `source_bytes` of it are in the items so far.
  virtual Status mark(uint64_t source_bytes) = 0;
};

// What may be taken over unread. resume: the log of a run that was cut; what it holds is not said again.
// Otherwise: an earlier backup; what has not changed is said again with its extents.
struct StreamBase {
  const std::map<std::string, CatalogEntry>* entries = nullptr;
  const std::map<uint64_t, CatalogLog::Open>* open = nullptr;  // resume: entries begun
  uint64_t next_number = 1;
  bool resume = false;
};

Result<StreamReport> stream_tree(Runtime& runtime, FileStore& source, const SourceSelection& selection,
                                 const StreamBase& base, const ChunkKeys& keys, const KnownChunk& known,
                                 const StreamOptions& options, StreamSink& sink);

}  // namespace seedbed
