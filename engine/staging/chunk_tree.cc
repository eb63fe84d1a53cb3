#include "engine/staging/chunk_tree.h"

#include <utility>

namespace seedbed {

namespace {

class IncrementSink final : public StreamSink {
 public:
  IncrementSink(Runtime& runtime, Sealer sealer, uint64_t upload, const RecordSink& sink)
      : runtime_(runtime), sealer_(std::move(sealer)), upload_(upload), sink_(sink) {}

  Status chunk(const ChunkId& id, ByteSpan plain, const Packed& packed) override {
    return keep(RecordKind::data, id, plain, packed);
  }
  Status item(CatalogItem item) override { return log_.apply(std::move(item)); }
  Status mark(uint64_t) override { return {}; }

  Status keep(RecordKind kind, const ChunkId& id, ByteSpan plain, const Packed& packed) {
    Bytes record = TRY(sealer_.seal(kind, upload_, ++sequence_, id, plain, packed));
    runtime_.spend(Work::encrypt, record.size());
    kept_.push_back(id);
    return sink_(id, std::move(record));
  }
  Result<Catalog> take_catalog() { return std::move(log_).take(); }
  std::vector<ChunkId> take_kept() { return std::exchange(kept_, {}); }

 private:
  Runtime& runtime_;
  Sealer sealer_;
  uint64_t upload_, sequence_ = 0;
  const RecordSink& sink_;
  CatalogLog log_;
  std::vector<ChunkId> kept_;
};

}  // namespace

Result<TreeBackup> chunk_tree(Runtime& runtime, FileStore& source, Entropy& entropy,
                              const TreeRequest& request, const ChunkKeys& keys, const KnownChunk& known,
                              const RecordSink& sink) {
  uint8_t incarnation[8];
  entropy.fill(incarnation);
  IncrementSink taken(runtime, Sealer(keys, load_le<uint64_t>(incarnation, 0)), request.upload, sink);
  std::map<std::string, CatalogEntry> previous;
  if (request.previous != nullptr)
    for (const CatalogEntry& entry : request.previous->entries) previous.emplace(entry.path, entry);
  const StreamBase base{.entries = &previous};
  TreeBackup backup;
  backup.report = TRY(stream_tree(runtime, source, request.source, base, keys, known, request.stream, taken));
  backup.catalog = TRY(taken.take_catalog());

  ChunkNamer namer(keys);
  Compressor compressor(request.stream.compression_level);
  ChunkSet sealed;
  for (const Bytes& part : encode_catalog(backup.catalog)) {
    const ChunkId id = namer.name(part);
    runtime.spend(Work::hash_sha256, part.size());
    backup.catalog_chunks.push_back(id);
    if (known(id) || !sealed.insert(id)) continue;
    const Packed packed = compressor.pack(part);
    runtime.spend(Work::compress, part.size());
    TRY(taken.keep(RecordKind::catalog, id, part, packed));
  }
  backup.new_chunks = taken.take_kept();
  return backup;
}

Result<Catalog> open_catalog(const ChunkKeys& keys, const std::vector<ChunkId>& parts,
                             const std::function<Result<Bytes>(const ChunkId&)>& fetch) {
  Opener opener(keys);
  CatalogLog log;
  for (const ChunkId& id : parts) {
    const std::string where = "chunk " + chunk_id_text(id);
    const Bytes record = TRY(fetch(id));
    const OpenedRecord opened = TRY(opener.open(record, where));
    if (opened.head.id != id)
      return fail(ErrorCode::corrupt, "another chunk came than was asked for", where, "Ask the vault again");
    TRY(log.apply_part(opened.plain, where));
  }
  return std::move(log).take();
}

}  // namespace seedbed
