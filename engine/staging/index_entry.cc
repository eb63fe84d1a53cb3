#include "engine/staging/index_entry.h"

namespace seedbed {

void put_index_entry(Bytes& out, const IndexEntry& entry) {
  append(out, entry.id);
  append(out, entry.sha256);
  append_le(out, entry.offset_bytes);
  append_le(out, entry.length_bytes);
  append_le(out, uint32_t{entry.kind});
}

std::optional<IndexEntry> get_index_entry(ByteSpan bytes, size_t at) {
  IndexEntry entry;
  std::memcpy(entry.id.data(), bytes.data() + at, entry.id.size());
  std::memcpy(entry.sha256.data(), bytes.data() + at + 32, entry.sha256.size());
  entry.offset_bytes = load_le<uint64_t>(bytes, at + 64);
  entry.length_bytes = load_le<uint32_t>(bytes, at + 72);
  const auto kind = load_le<uint32_t>(bytes, at + 76);
  if (kind > 3 || entry.length_bytes == 0 || entry.length_bytes % kBlobPageBytes != 0 ||
      entry.length_bytes > kRecordBytesMax)
    return std::nullopt;
  entry.kind = static_cast<uint8_t>(kind);
  return entry;
}

}  // namespace seedbed
