#include "engine/staging/staging_writer.h"

#include <fmt/format.h>

#include <algorithm>

namespace seedbed {

namespace {

constexpr size_t kPartBytes = 1 * MiB;

uint64_t draw(Entropy& entropy) {
  uint8_t bytes[8];
  entropy.fill(bytes);
  return load_le<uint64_t>(bytes, 0);
}

}  // namespace

BlobSummary summary_of(const AibHead& head, const std::vector<IndexEntry>& entries, uint64_t aib_bytes) {
  const auto chunks =
      std::ranges::count_if(entries, [](const IndexEntry& entry) { return entry.is(RecordKind::data); });
  return {blob_name(head.inputs.job, head.number),
          entries.empty() ? 0 : entries.back().offset_bytes + entries.back().length_bytes, aib_bytes,
          static_cast<uint64_t>(chunks)};
}

StagingWriter::StagingWriter(const Context& context, Totals totals)
    : context_(context),
      totals_(totals),
      sealer_(context.keys, draw(context.entropy)),
      namer_(context.keys),
      compressor_(context.options.compression_level),
      part_(begin_catalog_part()),
      source_bytes_(totals.resumed_bytes),
      start_ns_(context.runtime.now_ns()) {}

Status StagingWriter::resume(const std::string& path, BlobScan scan, std::vector<BlobSummary> before) {
  blobs_ = std::move(before);
  blob_ = TRY(BaseBlob::resume(context_.files, path, std::move(scan)));
  // The AIB that stands there need not be durable, or be there at all.
  Aib aib{blob_->head(), {}};
  aib.head.source_bytes = source_bytes_;
  return write_aib(context_.files,
                   aib_path(context_.request.staging_path, blob_name(aib.head.inputs.job, aib.head.number)),
                   aib);
}

Status StagingWriter::start(std::vector<BlobSummary> before) {
  blobs_ = std::move(before);
  return open_next();
}

Status StagingWriter::open_next() {
  Aib aib;
  aib.head.inputs = context_.request.inputs;
  aib.head.kdf = context_.request.kdf;
  aib.head.key_check = context_.keys.key_check;
  aib.head.number = static_cast<uint32_t>(blobs_.size() + 1);
  aib.head.blob = draw(context_.entropy);
  aib.head.source_bytes = source_bytes_;
  const std::string name = blob_name(aib.head.inputs.job, aib.head.number);
  blob_ =
      TRY(BaseBlob::create(context_.files, base_blob_path(context_.request.staging_path, name), aib.head));
  return write_aib(context_.files, aib_path(context_.request.staging_path, name), aib);
}

Status StagingWriter::sync() {
  const uint64_t start_ns = context_.runtime.now_ns();
  TRY(blob_->sync());
  sync_ns_ += context_.runtime.now_ns() - start_ns;
  return {};
}

Status StagingWriter::close_blob(bool complete) {
  TRY(sync());
  Aib aib{blob_->head(), blob_->entries()};
  aib.head.closed = true;
  aib.head.complete = complete;
  aib.head.base_bytes = blob_->size_bytes();
  aib.head.source_bytes = source_bytes_;
  aib.head.entries = aib.entries.size();
  const std::string path =
      aib_path(context_.request.staging_path, blob_name(aib.head.inputs.job, aib.head.number));
  const Bytes bytes = TRY(encode_aib(aib));
  TRY(replace_file(context_.files, path, bytes, 0644));
  blobs_.push_back(summary_of(aib.head, aib.entries, bytes.size()));
  blob_.reset();
  return {};
}

// A blob always keeps room for a mark.
Status StagingWriter::append(RecordKind kind, const ChunkId& id, ByteSpan plain, const Packed& packed) {
  RecordHead head;
  head.sealed_bytes =
      static_cast<uint32_t>(packed.codec == Codec::stored ? plain.size() : packed.bytes.size());
  const uint64_t needed_bytes = head.record_bytes() + blob_->mark_bytes() + kBlobPageBytes;
  if (blob_->size_bytes() + needed_bytes > context_.options.blob_bytes_max) {
    if (blob_->entries().size() == 1)
      return fail(ErrorCode::invalid_argument,
                  fmt::format("a base blob of {} bytes holds no chunk", context_.options.blob_bytes_max),
                  blob_->path(), "Allow larger base blobs, or make the chunks smaller");
    TRY(close_blob(false));
    TRY(open_next());
  }
  const uint64_t start_ns = context_.runtime.now_ns();
  const Bytes record = TRY(sealer_.seal(kind, blob_->head().blob, blob_->next_sequence(), id, plain, packed));
  context_.runtime.spend(Work::encrypt, record.size());
  TRY(blob_->append(kind, id, record));
  context_.runtime.spend(Work::hash_sha256, record.size());
  write_ns_ += context_.runtime.now_ns() - start_ns;
  return {};
}

Status StagingWriter::chunk(const ChunkId& id, ByteSpan plain, const Packed& packed) {
  return append(RecordKind::data, id, plain, packed);
}

Status StagingWriter::item(CatalogItem item) {
  encode_item(part_, item);
  return part_.size() >= kPartBytes ? flush_catalog() : Status();
}

Status StagingWriter::flush_catalog() {
  if (part_.size() == begin_catalog_part().size()) return {};
  const Bytes part = std::exchange(part_, begin_catalog_part());
  const Packed packed = compressor_.pack(part);
  context_.runtime.spend(Work::compress, part.size());
  return append(RecordKind::catalog, namer_.name(part), part, packed);
}

Status StagingWriter::mark(uint64_t source_bytes) {
  source_bytes_ = source_bytes;
  TRY(flush_catalog());
  TRY(sync());
  const bool first = blob_->has_no_mark();
  TRY(blob_->append_mark(sealer_, namer_, source_bytes));
  if (first) TRY(sync());  // a blob without a durable mark is begun again
  tell(source_bytes);
  return {};
}

Status StagingWriter::finish(uint64_t source_bytes) {
  source_bytes_ = source_bytes;
  TRY(flush_catalog());
  TRY(close_blob(true));
  tell(source_bytes);
  return {};
}

void StagingWriter::tell(uint64_t source_bytes) {
  context_.person.progress({"staging", source_bytes, std::max(totals_.source_bytes, source_bytes),
                            context_.runtime.now_ns() - start_ns_,
                            std::min(totals_.resumed_bytes, source_bytes)});
}

}  // namespace seedbed
