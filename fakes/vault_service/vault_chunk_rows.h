// The rows that say in which pack a chunk lies. Called under the ServiceState's lock; add_chunks within the
// caller's transaction.
#pragma once

#include <optional>
#include <vector>

#include "engine/base/checksum.h"
#include "fakes/store/database.h"

namespace seedbed {

struct ChunkRow {
  Bytes id;
  int64_t pack = 0;
  uint64_t offset_bytes = 0, length_bytes = 0;
  Sha256 sha256{};
};

Result<std::optional<ChunkRow>> find_chunk(Database& database, int64_t item, ByteSpan id);
// How many were new; those that are there already stay as they are.
Result<size_t> add_chunks(Database& database, int64_t item, const std::vector<ChunkRow>& rows,
                          std::string_view origin);

}  // namespace seedbed
