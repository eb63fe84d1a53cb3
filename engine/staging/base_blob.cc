#include "engine/staging/base_blob.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/staging/blob_layout.h"
#include "engine/staging/seed_facts.h"

namespace seedbed {

namespace {

constexpr std::string_view kBlobMagic{"SBBASE1\0", 8};
constexpr size_t kBlobMagicBytes = 8, kBlobFixedBytes = 24;
constexpr std::string_view kMarkMagic = "SBM1";

}  // namespace

Result<Bytes> encode_blob_head(const AibHead& head) {
  TRY(check_inputs(head.inputs));
  const ByteSpan magic = as_bytes(kBlobMagic);
  Bytes out(magic.begin(), magic.end());
  append_le(out, uint32_t{0});
  append_le(out, head.number);
  append_le(out, head.blob);
  encode_facts(out, head);
  store_le(MutableByteSpan(out), 8,
           static_cast<uint32_t>(round_up(out.size() + sizeof(Sha256), kBlobPageBytes)));
  close_block(out);
  return out;
}

Result<std::pair<AibHead, Bytes>> read_blob_head(File& file, const std::string& path) {
  const auto no_head = [&] {
    return fail(ErrorCode::corrupt, "this base blob has no whole head", path,
                "Only files made by the backup belong into the staging location. If this one was, it is "
                "damaged: remove the job's files and run the backup again");
  };
  Bytes bytes(kBlobPageBytes);
  if (TRY(file.read_at(0, bytes)) != bytes.size() || as_text(ByteSpan(bytes).first(kBlobMagicBytes)) != kBlobMagic)
    return no_head();
  const size_t head_bytes = load_le<uint32_t>(bytes, 8);
  if (head_bytes % kBlobPageBytes != 0 || head_bytes < kBlobPageBytes || head_bytes > kHeadBytesMax)
    return no_head();
  bytes.resize(head_bytes);
  if (TRY(file.read_at(0, bytes)) != bytes.size() || !block_is_whole(bytes)) return no_head();
  AibHead head;
  head.number = load_le<uint32_t>(bytes, 12);
  head.blob = load_le<uint64_t>(bytes, 16);
  size_t at = kBlobFixedBytes;
  const ByteSpan content = ByteSpan(bytes).first(head_bytes - sizeof(Sha256));
  TRY(decode_facts(content, at, head, path));
  if (head.number == 0 || !all_zero(content.subspan(at))) return no_head();
  return std::pair(std::move(head), std::move(bytes));
}

Bytes encode_mark(std::span<const IndexEntry> entries, uint64_t source_bytes) {
  const ByteSpan magic = as_bytes(kMarkMagic);
  Bytes out(magic.begin(), magic.end());
  append_le(out, static_cast<uint32_t>(entries.size()));
  append_le(out, source_bytes);
  for (const IndexEntry& entry : entries) put_index_entry(out, entry);
  return out;
}

Result<MarkContent> parse_mark(ByteSpan plain, const std::string& where) {
  const auto refuse = [&] { return fail(ErrorCode::corrupt, "a mark says what cannot be", where); };
  if (plain.size() < 16 || as_text(plain.first(4)) != kMarkMagic) return refuse();
  const size_t count = load_le<uint32_t>(plain, 4);
  if (plain.size() - 16 != count * kIndexEntryBytes) return refuse();
  MarkContent mark{{}, load_le<uint64_t>(plain, 8)};
  mark.entries.reserve(count);
  for (size_t at = 16; at < plain.size(); at += kIndexEntryBytes) {
    const auto entry = get_index_entry(plain, at);
    if (!entry) return refuse();
    mark.entries.push_back(*entry);
  }
  return mark;
}

Result<std::unique_ptr<BaseBlob>> BaseBlob::create(FileStore& files, const std::string& path,
                                                   const AibHead& head) {
  const Bytes bytes = TRY(encode_blob_head(head));
  auto file = TRY(files.open(path, OpenMode::create_new, 0644));
  TRY(file->lock());
  TRY(file->write_at(0, bytes));
  TRY(file->sync());
  TRY(files.sync_directory(parent_of(path)));
  std::unique_ptr<BaseBlob> blob(new BaseBlob(std::move(file), path, head));
  blob->entries_.push_back({{}, 0, static_cast<uint32_t>(bytes.size()), 0, sha256_of(bytes)});
  blob->size_bytes_ = bytes.size();
  return blob;
}

Result<std::unique_ptr<BaseBlob>> BaseBlob::resume(FileStore& files, const std::string& path, BlobScan scan) {
  auto file = TRY(files.open(path, OpenMode::read_write));
  TRY(file->lock());
  if (TRY(file->size()) != scan.file_bytes)
    return fail(ErrorCode::busy, "the base blob changes while it is read", path,
                "Let no other program work in the staging location");
  Bytes bytes;
  for (uint64_t at = scan.durable_bytes; at < scan.end_bytes; at += bytes.size()) {
    bytes.resize(std::min<uint64_t>(4 * MiB, scan.end_bytes - at));
    if (TRY(file->read_at(at, bytes)) != bytes.size())
      return fail(ErrorCode::busy, "the base blob shrinks while it is read", path,
                  "Let no other program work in the staging location");
    TRY(file->write_at(at, bytes));
  }
  if (scan.file_bytes != scan.end_bytes) TRY(file->truncate(scan.end_bytes));
  TRY(file->sync());
  std::unique_ptr<BaseBlob> blob(new BaseBlob(std::move(file), path, std::move(scan.head)));
  blob->entries_ = std::move(scan.entries);
  blob->marked_ = scan.marked_entries == 0 ? 0 : scan.marked_entries - 1;
  blob->size_bytes_ = scan.end_bytes;
  return blob;
}

uint64_t BaseBlob::mark_bytes() const noexcept {
  return round_up(kRecordHeadBytes + 16 + 16 + (entries_.size() - marked_ + 1) * kIndexEntryBytes,
                  kBlobPageBytes);
}

Status BaseBlob::append(RecordKind kind, const ChunkId& id, ByteSpan record) {
  TRY(file_->write_at(size_bytes_, record));
  entries_.push_back(
      {id, size_bytes_, static_cast<uint32_t>(record.size()), static_cast<uint8_t>(kind), sha256_of(record)});
  size_bytes_ += record.size();
  return {};
}

// A mark tells the entries since the one before, which it tells too: of itself it cannot.
Status BaseBlob::append_mark(Sealer& sealer, ChunkNamer& namer, uint64_t source_bytes) {
  const Bytes plain = encode_mark(std::span(entries_).subspan(marked_), source_bytes);
  const ChunkId id = namer.name(plain);
  const Bytes record = TRY(sealer.seal(RecordKind::mark, head_.blob, next_sequence(), id, plain, {}));
  const size_t told = entries_.size();
  TRY(append(RecordKind::mark, id, record));
  marked_ = told;
  return {};
}

}  // namespace seedbed
