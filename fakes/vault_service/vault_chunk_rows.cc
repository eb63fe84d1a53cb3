#include "fakes/vault_service/vault_chunk_rows.h"

#include <algorithm>

namespace seedbed {

Result<std::optional<ChunkRow>> find_chunk(Database& database, int64_t item, ByteSpan id) {
  Statement row = TRY(database.prepare(
      "SELECT pack, offset_bytes, length_bytes, sha256 FROM vault_chunks WHERE item=?1 AND id=?2"));
  row.bind(1, item).bind_blob(2, id);
  if (!TRY(row.step())) return std::optional<ChunkRow>();
  ChunkRow chunk;
  chunk.id.assign(id.begin(), id.end());
  chunk.pack = row.integer(0);
  chunk.offset_bytes = static_cast<uint64_t>(row.integer(1));
  chunk.length_bytes = static_cast<uint64_t>(row.integer(2));
  const Bytes sha256 = row.blob(3);
  std::copy_n(sha256.begin(), std::min(sha256.size(), chunk.sha256.size()), chunk.sha256.begin());
  return std::optional<ChunkRow>(std::move(chunk));
}

Result<size_t> add_chunks(Database& database, int64_t item, const std::vector<ChunkRow>& rows,
                          std::string_view origin) {
  Statement statement = TRY(database.prepare(
      "INSERT INTO vault_chunks(item, id, pack, offset_bytes, length_bytes, sha256, origin, marked) VALUES "
      "(?1,?2,?3,?4,?5,?6,?7,0) ON CONFLICT DO NOTHING"));
  size_t added = 0;
  for (const ChunkRow& row : rows) {
    statement.bind(1, item)
        .bind_blob(2, row.id)
        .bind(3, row.pack)
        .bind(4, static_cast<int64_t>(row.offset_bytes))
        .bind(5, static_cast<int64_t>(row.length_bytes))
        .bind_blob(6, row.sha256)
        .bind(7, origin);
    TRY(statement.run());
    added += static_cast<size_t>(database.changes());
  }
  return added;
}

}  // namespace seedbed
