#include "fakes/storage_account/page_ranges.h"

#include <algorithm>

namespace seedbed {

Status PageRanges::create_tables(Database& database) {
  return database.execute(
      "CREATE TABLE IF NOT EXISTS blob_ranges (data INTEGER NOT NULL, start_bytes INTEGER NOT NULL,"
      " end_bytes INTEGER NOT NULL, PRIMARY KEY (data, start_bytes)) WITHOUT ROWID");
}

Status PageRanges::insert(int64_t data, uint64_t start_bytes, uint64_t end_bytes) {
  auto put = TRY(database_.prepare("INSERT INTO blob_ranges VALUES (?1, ?2, ?3)"));
  return put.bind(1, data)
      .bind(2, static_cast<int64_t>(start_bytes))
      .bind(3, static_cast<int64_t>(end_bytes))
      .run();
}

// Ranges do not meet, so one that begins before `from_bytes` and reaches it is the last that begins before.
Result<std::vector<Extent>> PageRanges::take(int64_t data, uint64_t from_bytes, uint64_t to_bytes) {
  std::vector<Extent> taken;
  {
    auto find = TRY(database_.prepare(
        "SELECT start_bytes, end_bytes FROM blob_ranges WHERE data = ?1 AND start_bytes <= ?3 AND "
        "start_bytes >= "
        "ifnull((SELECT max(start_bytes) FROM blob_ranges WHERE data = ?1 AND start_bytes <= ?2), 0) "
        "AND end_bytes >= ?2 ORDER BY start_bytes"));
    find.bind(1, data).bind(2, static_cast<int64_t>(from_bytes)).bind(3, static_cast<int64_t>(to_bytes));
    while (TRY(find.step())) {
      const auto start_bytes = static_cast<uint64_t>(find.integer(0));
      taken.push_back({start_bytes, static_cast<uint64_t>(find.integer(1)) - start_bytes});
    }
  }
  auto remove = TRY(database_.prepare("DELETE FROM blob_ranges WHERE data = ?1 AND start_bytes = ?2"));
  for (const Extent& range : taken)
    TRY(remove.bind(1, data).bind(2, static_cast<int64_t>(range.offset_bytes)).run());
  return taken;
}

Status PageRanges::add(int64_t data, Extent range) {
  uint64_t start_bytes = range.offset_bytes, end_bytes = range.end_bytes();
  for (const Extent& old : TRY(take(data, start_bytes, end_bytes))) {
    start_bytes = std::min(start_bytes, old.offset_bytes);
    end_bytes = std::max(end_bytes, old.end_bytes());
  }
  return insert(data, start_bytes, end_bytes);
}

Status PageRanges::clear(int64_t data, Extent range) {
  for (const Extent& old : TRY(take(data, range.offset_bytes, range.end_bytes()))) {
    if (old.offset_bytes < range.offset_bytes)
      TRY(insert(data, old.offset_bytes, std::min(old.end_bytes(), range.offset_bytes)));
    if (old.end_bytes() > range.end_bytes())
      TRY(insert(data, std::max(old.offset_bytes, range.end_bytes()), old.end_bytes()));
  }
  return {};
}

Result<std::vector<Extent>> PageRanges::list(int64_t data, Extent within, size_t count_max) {
  std::vector<Extent> out;
  auto find = TRY(database_.prepare(
      "SELECT start_bytes, end_bytes FROM blob_ranges WHERE data = ?1 AND start_bytes < ?3 AND start_bytes "
      ">= "
      "ifnull((SELECT max(start_bytes) FROM blob_ranges WHERE data = ?1 AND start_bytes <= ?2), 0) "
      "AND end_bytes > ?2 ORDER BY start_bytes LIMIT ?4"));
  find.bind(1, data)
      .bind(2, static_cast<int64_t>(within.offset_bytes))
      .bind(3, static_cast<int64_t>(within.end_bytes()))
      .bind(4, static_cast<int64_t>(count_max));
  while (TRY(find.step())) {
    const uint64_t start_bytes = std::max(static_cast<uint64_t>(find.integer(0)), within.offset_bytes);
    const uint64_t end_bytes = std::min(static_cast<uint64_t>(find.integer(1)), within.end_bytes());
    out.push_back({start_bytes, end_bytes - start_bytes});
  }
  return out;
}

}  // namespace seedbed
