// The plain parts of a base blob: its head and what a mark says. Pure functions and one read.
#pragma once

#include <utility>

#include "engine/staging/base_blob.h"
#include "engine/staging/index_entry.h"

namespace seedbed {

struct MarkContent {
  std::vector<IndexEntry> entries;  // of the blob since the mark before, which is the first of them
  uint64_t source_bytes = 0;
};

Result<Bytes> encode_blob_head(const AibHead& head);
// The head and its bytes; corrupt when there is none.
Result<std::pair<AibHead, Bytes>> read_blob_head(File& file, const std::string& path);
Bytes encode_mark(std::span<const IndexEntry> entries, uint64_t source_bytes);
Result<MarkContent> parse_mark(ByteSpan plain, const std::string& where);

}  // namespace seedbed
