#include "engine/staging/aib.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/staging/index_entry.h"
#include "engine/staging/seed_facts.h"

namespace seedbed {

namespace {

constexpr std::string_view kMagic{"SBAIB1\0\0", 8};
constexpr size_t kMagicBytes = 8, kFixedBytes = 56;
constexpr uint32_t kClosed = 1, kComplete = 2;
constexpr uint64_t kEntriesMax = 16'000'000;  // 8 TiB of 512 KiB records

std::unexpected<Error> damaged(std::string what, const std::string& where) {
  return fail(ErrorCode::corrupt, "the index of a base blob " + std::move(what), where,
              "Run the backup again: it rebuilds the index from the base blob");
}

Result<AibHead> parse_head(ByteSpan head_bytes, const std::string& where) {
  if (!block_is_whole(head_bytes)) return damaged("is damaged in its head", where);
  AibHead head;
  const auto flags = load_le<uint32_t>(head_bytes, 12);
  head.number = load_le<uint32_t>(head_bytes, 16);
  head.base_bytes = load_le<uint64_t>(head_bytes, 24);
  head.entries = load_le<uint64_t>(head_bytes, 32);
  head.source_bytes = load_le<uint64_t>(head_bytes, 40);
  head.blob = load_le<uint64_t>(head_bytes, 48);
  head.closed = (flags & kClosed) != 0;
  head.complete = (flags & kComplete) != 0;
  size_t at = kFixedBytes;
  TRY(decode_facts(head_bytes.first(head_bytes.size() - sizeof(Sha256)), at, head, where));
  if (flags > (kClosed | kComplete) || load_le<uint32_t>(head_bytes, 20) != 0 || head.number == 0 ||
      head.number > 99'999 || head.base_bytes % kBlobPageBytes != 0 || head.entries > kEntriesMax ||
      (head.complete && !head.closed) || head.closed != (head.entries != 0) ||
      !all_zero(head_bytes.subspan(at, head_bytes.size() - sizeof(Sha256) - at)))
    return damaged("says what cannot be", where);
  return head;
}

// Where the head ends, from its first bytes.
Result<size_t> head_bytes_of(ByteSpan bytes, const std::string& where) {
  if (bytes.size() < kBlobPageBytes || as_text(bytes.first(kMagicBytes)) != kMagic)
    return fail(ErrorCode::corrupt, "this is no index of a base blob", where,
                "Only files made by the backup belong into the staging location");
  const size_t head_bytes = load_le<uint32_t>(bytes, 8);
  if (head_bytes % kBlobPageBytes != 0 || head_bytes < kBlobPageBytes || head_bytes > kHeadBytesMax)
    return damaged("says what cannot be", where);
  return head_bytes;
}

size_t body_bytes(uint64_t entries) {
  return round_up(entries * kIndexEntryBytes + sizeof(Sha256), kBlobPageBytes);
}

}  // namespace

Result<Bytes> encode_aib(const Aib& aib) {
  TRY(check_inputs(aib.head.inputs));
  Bytes out(as_bytes(kMagic).begin(), as_bytes(kMagic).end());
  append_le(out, uint32_t{0});
  append_le(out, (aib.head.closed ? kClosed : 0) | (aib.head.complete ? kComplete : 0));
  append_le(out, aib.head.number);
  append_le(out, uint32_t{0});
  append_le(out, aib.head.base_bytes);
  append_le(out, static_cast<uint64_t>(aib.entries.size()));
  append_le(out, aib.head.source_bytes);
  append_le(out, aib.head.blob);
  encode_facts(out, aib.head);
  store_le(MutableByteSpan(out), 8,
           static_cast<uint32_t>(round_up(out.size() + sizeof(Sha256), kBlobPageBytes)));
  close_block(out);
  if (aib.entries.empty()) return out;
  Bytes body;
  body.reserve(body_bytes(aib.entries.size()));
  for (const IndexEntry& entry : aib.entries) put_index_entry(body, entry);
  close_block(body);
  append(out, body);
  return out;
}

Result<Aib> parse_aib(ByteSpan bytes, const std::string& where) {
  const size_t head_bytes = TRY(head_bytes_of(bytes, where));
  if (bytes.size() < head_bytes) return damaged("is cut off", where);
  Aib aib;
  aib.head = TRY(parse_head(bytes.first(head_bytes), where));
  const ByteSpan body = bytes.subspan(head_bytes);
  if (aib.head.entries == 0) {
    if (!body.empty()) return damaged("has something behind its end", where);
    return aib;
  }
  if (body.size() != body_bytes(aib.head.entries)) return damaged("is not as long as it says", where);
  const size_t end = aib.head.entries * kIndexEntryBytes;
  if (!block_is_whole(body) || !all_zero(body.subspan(end, body.size() - sizeof(Sha256) - end)))
    return damaged("is damaged in its entries", where);
  aib.entries.reserve(aib.head.entries);
  uint64_t due = 0;
  for (size_t at = 0; at < end; at += kIndexEntryBytes) {
    const auto entry = get_index_entry(body, at);
    if (!entry || entry->offset_bytes != due || (entry->kind == 0) != (at == 0))
      return damaged(fmt::format("says what cannot be in entry {}", at / kIndexEntryBytes), where);
    due += entry->length_bytes;
    aib.entries.push_back(*entry);
  }
  if (due != aib.head.base_bytes) return damaged("does not cover its base blob", where);
  return aib;
}

Result<Aib> read_aib(FileStore& files, const std::string& path) {
  constexpr uint64_t kBound = kHeadBytesMax + kEntriesMax * kIndexEntryBytes + kBlobPageBytes;
  const Bytes bytes = TRY(read_file(files, path, kBound));
  return parse_aib(bytes, path);
}

Result<AibHead> read_aib_head(FileStore& files, const std::string& path) {
  const auto file = TRY(files.open(path, OpenMode::read));
  Bytes head(kBlobPageBytes);
  if (TRY(file->read_at(0, head)) != head.size()) return damaged("is cut off", path);
  head.resize(TRY(head_bytes_of(head, path)));
  if (TRY(file->read_at(0, head)) != head.size()) return damaged("is cut off", path);
  AibHead parsed = TRY(parse_head(head, path));
  const uint64_t expected = head.size() + (parsed.entries == 0 ? 0 : body_bytes(parsed.entries));
  if (TRY(file->size()) != expected) return damaged("is not as long as it says", path);
  return parsed;
}

Status write_aib(FileStore& files, const std::string& path, const Aib& aib) {
  const Bytes bytes = TRY(encode_aib(aib));
  return replace_file(files, path, bytes, 0644);
}

}  // namespace seedbed
