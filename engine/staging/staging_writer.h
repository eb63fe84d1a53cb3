// Where the stream of a first backup goes: base blobs one after the other, each with its AIB. One task, the
// session's main task, uses it.
//
// Durability: mark() returns when everything handed over before it is durable; finish() when all of the job
// is, its AIBs and names too.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/staging/base_blob.h"
#include "engine/staging/staging_area.h"

namespace seedbed {

class StagingWriter final : public StreamSink {
 public:
  struct Context {
    Runtime& runtime;
    FileStore& files;
    Entropy& entropy;
    Operator& person;
    const StageRequest& request;
    const StageOptions& options;
    const ChunkKeys& keys;
  };
  struct Totals {
    uint64_t source_bytes = 0, resumed_bytes = 0;  // for the progress
  };

  StagingWriter(const Context& context, Totals totals);

  // The blob that stands there and goes on, and those before it.
  Status resume(const std::string& path, BlobScan scan, std::vector<BlobSummary> before);
  // The next blob is made new; `before` are closed.
  Status start(std::vector<BlobSummary> before);

  Status chunk(const ChunkId& id, ByteSpan plain, const Packed& packed) override;
  Status item(CatalogItem item) override;
  Status mark(uint64_t source_bytes) override;
  Status finish(uint64_t source_bytes);

  const std::vector<BlobSummary>& blobs() const noexcept { return blobs_; }
  uint64_t write_ns() const noexcept { return write_ns_; }
  uint64_t sync_ns() const noexcept { return sync_ns_; }

 private:
  Status open_next();
  Status close_blob(bool complete);
  Status append(RecordKind kind, const ChunkId& id, ByteSpan plain, const Packed& packed);
  Status flush_catalog();
  Status sync();
  void tell(uint64_t source_bytes);

  Context context_;
  Totals totals_;
  Sealer sealer_;
  ChunkNamer namer_;
  Compressor compressor_;
  std::unique_ptr<BaseBlob> blob_;
  std::vector<BlobSummary> blobs_;  // closed
  Bytes part_;
  uint64_t source_bytes_ = 0;
  uint64_t start_ns_;
  uint64_t write_ns_ = 0, sync_ns_ = 0;
};

BlobSummary summary_of(const AibHead& head, const std::vector<IndexEntry>& entries, uint64_t aib_bytes);

}  // namespace seedbed
