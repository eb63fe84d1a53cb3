#include "fakes/storage_account/blob_store.h"

#include <fmt/format.h>

#include <set>

#include "engine/base/text.h"
#include "fakes/storage_account/page_ranges.h"

namespace seedbed {

namespace {

// "name:value\n" each; neither holds a line feed, names no colon.
std::string metadata_text(const Metadata& metadata) {
  std::string out;
  for (const auto& [name, value] : metadata) out += name + ":" + value + "\n";
  return out;
}

Metadata metadata_of(std::string_view text) {
  Metadata out;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const size_t colon = std::min(text.find(':'), end);
    const size_t value = std::min(colon + 1, end);
    out.emplace(text.substr(0, colon), text.substr(value, end - value));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

constexpr const char* kBlobColumns =
    "id, container, name, page, size_bytes, data, etag, created_ns, modified_ns, sequence_number, "
    "content_type,"
    " content_encoding, content_language, content_disposition, cache_control, content_md5, metadata, "
    "import_id";

BlobRow blob_of(const Statement& row) {
  BlobRow out;
  out.id = row.integer(0);
  out.container = row.integer(1);
  out.name = row.text(2);
  out.page = row.integer(3) != 0;
  out.size_bytes = static_cast<uint64_t>(row.integer(4));
  out.data = row.integer(5);
  out.etag = row.integer(6);
  out.created_ns = row.integer(7);
  out.modified_ns = row.integer(8);
  out.sequence_number = row.integer(9);
  out.content = {.type = row.text(10),
                 .encoding = row.text(11),
                 .language = row.text(12),
                 .disposition = row.text(13),
                 .cache_control = row.text(14),
                 .md5 = row.text(15)};
  out.metadata = metadata_of(row.text(16));
  out.import_id = row.text(17);
  return out;
}

BlockRow block_of(const Statement& row) {
  return {row.text(0), static_cast<uint64_t>(row.integer(1)), row.integer(2)};
}

}  // namespace

std::string etag_text(int64_t etag) {
  return fmt::format("\"0x8D{:013X}\"", etag);
}

Status BlobStore::create_tables() {
  Database& database = *state_.database;
  TRY(database.execute(
      "CREATE TABLE IF NOT EXISTS blob_accounts (name TEXT PRIMARY KEY, key1 TEXT NOT NULL, key2 TEXT NOT "
      "NULL)"
      " WITHOUT ROWID;"
      "CREATE TABLE IF NOT EXISTS blob_counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT "
      "ROWID;"
      "INSERT OR IGNORE INTO blob_counters VALUES ('etag', 0);"
      "CREATE TABLE IF NOT EXISTS blob_containers (id INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT "
      "NULL,"
      " name TEXT NOT NULL, etag INTEGER NOT NULL, modified_ns INTEGER NOT NULL, metadata TEXT NOT NULL,"
      " UNIQUE (account, name));"
      "CREATE TABLE IF NOT EXISTS blob_blobs (id INTEGER PRIMARY KEY AUTOINCREMENT, container INTEGER NOT "
      "NULL,"
      " name TEXT NOT NULL, page INTEGER NOT NULL, size_bytes INTEGER NOT NULL, data INTEGER NOT NULL,"
      " etag INTEGER NOT NULL, created_ns INTEGER NOT NULL, modified_ns INTEGER NOT NULL,"
      " sequence_number INTEGER NOT NULL, content_type TEXT NOT NULL, content_encoding TEXT NOT NULL,"
      " content_language TEXT NOT NULL, content_disposition TEXT NOT NULL, cache_control TEXT NOT NULL,"
      " content_md5 TEXT NOT NULL, metadata TEXT NOT NULL, import_id TEXT NOT NULL, UNIQUE (container, "
      "name));"
      "CREATE TABLE IF NOT EXISTS blob_pieces (blob INTEGER NOT NULL, position INTEGER NOT NULL,"
      " block_id TEXT NOT NULL, size_bytes INTEGER NOT NULL, data INTEGER NOT NULL, PRIMARY KEY (blob, "
      "position))"
      " WITHOUT ROWID;"
      "CREATE TABLE IF NOT EXISTS blob_blocks (container INTEGER NOT NULL, name TEXT NOT NULL,"
      " block_id TEXT NOT NULL, size_bytes INTEGER NOT NULL, data INTEGER NOT NULL,"
      " PRIMARY KEY (container, name, block_id)) WITHOUT ROWID"));
  TRY(PageRanges::create_tables(database));
  const std::string directory = join_path(state_.directory, "blobs");
  const auto made = state_.files.make_directory(directory);
  if (!made && made.error().code != ErrorCode::already_exists) return made;
  TRY(state_.files.sync_directory(state_.directory));
  return remove_strays();
}

Status BlobStore::remove_strays() {
  std::set<std::string> named;
  auto all = TRY(state_.database->prepare(
      "SELECT data FROM blob_blobs WHERE page = 1 UNION SELECT data FROM blob_pieces UNION SELECT data FROM "
      "blob_blocks"));
  while (TRY(all.step())) {
    named.insert(std::to_string(all.integer(0)));
    next_data_ = std::max(next_data_, all.integer(0) + 1);
  }
  // What a killed process wrote over pages and never synced can be read now, and would be gone after a power
  // cut: whoever has read it must find it again.
  auto pages = TRY(state_.database->prepare("SELECT data FROM blob_blobs WHERE page = 1 ORDER BY data"));
  while (TRY(pages.step())) {
    auto file = TRY(open_data(pages.integer(0), OpenMode::read_write));
    TRY(file->sync());
  }
  const std::string directory = join_path(state_.directory, "blobs");
  for (const auto& entry : TRY(state_.files.list(directory))) {
    if (const auto number = parse_u64(entry.name); number && *number < INT64_MAX)
      next_data_ = std::max(next_data_, static_cast<int64_t>(*number) + 1);
    if (entry.kind == FileKind::file && !named.contains(entry.name))
      TRY(state_.files.remove(join_path(directory, entry.name)));
  }
  return {};
}

Result<int64_t> BlobStore::next_etag() {
  TRY(state_.database->execute("UPDATE blob_counters SET value = value + 1 WHERE name = 'etag'"));
  auto value = TRY(state_.database->prepare("SELECT value FROM blob_counters WHERE name = 'etag'"));
  if (!TRY(value.step())) return fail(ErrorCode::corrupt, "the counter of ETags is gone", state_.directory);
  return value.integer(0);
}

Result<std::optional<ContainerRow>> BlobStore::container(const std::string& account,
                                                         const std::string& name) {
  auto find = TRY(state_.database->prepare(
      "SELECT id, etag, modified_ns, metadata FROM blob_containers WHERE account = ?1 AND name = ?2"));
  if (!TRY(find.bind(1, account).bind(2, name).step())) return std::nullopt;
  return ContainerRow{find.integer(0), name, find.integer(1), find.integer(2), metadata_of(find.text(3))};
}

Result<std::vector<ContainerRow>> BlobStore::containers(const std::string& account,
                                                        const std::string& from_name, size_t count_max) {
  auto find =
      TRY(state_.database->prepare("SELECT id, name, etag, modified_ns, metadata FROM blob_containers WHERE "
                                   "account = ?1 AND name >= ?2 ORDER BY name LIMIT ?3"));
  find.bind(1, account).bind(2, from_name).bind(3, static_cast<int64_t>(count_max));
  std::vector<ContainerRow> out;
  while (TRY(find.step()))
    out.push_back(
        {find.integer(0), find.text(1), find.integer(2), find.integer(3), metadata_of(find.text(4))});
  return out;
}

Status BlobStore::save_container(const std::string& account, ContainerRow& row) {
  row.etag = TRY(next_etag());
  row.modified_ns = state_.utc_ns();
  auto put = TRY(state_.database->prepare(
      row.id == 0
          ? "INSERT INTO blob_containers (account, name, etag, modified_ns, metadata) VALUES (?1, ?2, ?3,"
            " ?4, ?5)"
          : "UPDATE blob_containers SET etag = ?3, modified_ns = ?4, metadata = ?5 WHERE account = ?1 AND"
            " name = ?2"));
  TRY(put.bind(1, account)
          .bind(2, row.name)
          .bind(3, row.etag)
          .bind(4, row.modified_ns)
          .bind(5, metadata_text(row.metadata))
          .run());
  if (row.id == 0) row.id = state_.database->last_insert_row();
  return {};
}

Status BlobStore::lose_files(std::string_view sql, int64_t id) {
  auto find = TRY(state_.database->prepare(sql));
  find.bind(1, id);
  while (TRY(find.step())) lost_.push_back(find.integer(0));
  return {};
}

Status BlobStore::remove_container(int64_t id) {
  std::vector<int64_t> blobs;
  {
    auto find = TRY(state_.database->prepare("SELECT id FROM blob_blobs WHERE container = ?1"));
    find.bind(1, id);
    while (TRY(find.step())) blobs.push_back(find.integer(0));
  }
  for (const int64_t blob : blobs) TRY(remove_blob(blob));
  TRY(lose_files("SELECT data FROM blob_blocks WHERE container = ?1", id));
  for (const char* sql :
       {"DELETE FROM blob_blocks WHERE container = ?1", "DELETE FROM blob_containers WHERE id = ?1"}) {
    auto remove = TRY(state_.database->prepare(sql));
    TRY(remove.bind(1, id).run());
  }
  return {};
}

Result<std::optional<BlobRow>> BlobStore::blob(int64_t container, const std::string& name) {
  auto find = TRY(state_.database->prepare(
      fmt::format("SELECT {} FROM blob_blobs WHERE container = ?1 AND name = ?2", kBlobColumns)));
  if (!TRY(find.bind(1, container).bind(2, name).step())) return std::nullopt;
  return blob_of(find);
}

Status BlobStore::blobs_from(int64_t container, const std::string& from_name,
                             const std::function<bool(BlobRow)>& take) {
  auto find = TRY(state_.database->prepare(fmt::format(
      "SELECT {} FROM blob_blobs WHERE container = ?1 AND name >= ?2 ORDER BY name", kBlobColumns)));
  find.bind(1, container).bind(2, from_name);
  while (TRY(find.step()))
    if (!take(blob_of(find))) break;
  return {};
}

Status BlobStore::save_blob(BlobRow& row) {
  row.etag = TRY(next_etag());
  row.modified_ns = state_.utc_ns();
  if (row.id == 0) row.created_ns = row.modified_ns;
  auto put = TRY(state_.database->prepare(fmt::format(
      "INSERT OR REPLACE INTO blob_blobs ({}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,"
      " ?12, ?13, ?14, ?15, ?16, ?17, ?18)",
      kBlobColumns)));
  if (row.id == 0)
    put.bind_null(1);
  else
    put.bind(1, row.id);
  put.bind(2, row.container)
      .bind(3, row.name)
      .bind(4, int64_t{row.page})
      .bind(5, static_cast<int64_t>(row.size_bytes))
      .bind(6, row.data)
      .bind(7, row.etag)
      .bind(8, row.created_ns)
      .bind(9, row.modified_ns)
      .bind(10, row.sequence_number)
      .bind(11, row.content.type)
      .bind(12, row.content.encoding)
      .bind(13, row.content.language)
      .bind(14, row.content.disposition)
      .bind(15, row.content.cache_control)
      .bind(16, row.content.md5)
      .bind(17, metadata_text(row.metadata))
      .bind(18, row.import_id);
  TRY(put.run());
  if (row.id == 0) row.id = state_.database->last_insert_row();
  return {};
}

Status BlobStore::remove_blob(int64_t id) {
  TRY(lose_files("SELECT data FROM blob_blobs WHERE id = ?1 AND page = 1", id));
  TRY(lose_files("SELECT DISTINCT data FROM blob_pieces WHERE blob = ?1", id));
  for (const char* sql :
       {"DELETE FROM blob_ranges WHERE data = (SELECT data FROM blob_blobs WHERE id = ?1 AND page = 1)",
        "DELETE FROM blob_pieces WHERE blob = ?1", "DELETE FROM blob_blobs WHERE id = ?1"}) {
    auto remove = TRY(state_.database->prepare(sql));
    TRY(remove.bind(1, id).run());
  }
  return {};
}

Result<std::vector<BlockRow>> BlobStore::pieces(int64_t blob) {
  auto find = TRY(state_.database->prepare(
      "SELECT block_id, size_bytes, data FROM blob_pieces WHERE blob = ?1 ORDER BY position"));
  find.bind(1, blob);
  std::vector<BlockRow> out;
  while (TRY(find.step())) out.push_back(block_of(find));
  return out;
}

// A piece that another piece list went on using keeps its file.
Status BlobStore::set_pieces(int64_t blob, const std::vector<BlockRow>& pieces) {
  std::set<int64_t> kept;
  for (const BlockRow& piece : pieces) kept.insert(piece.data);
  TRY(lose_files("SELECT DISTINCT data FROM blob_pieces WHERE blob = ?1", blob));
  std::erase_if(lost_, [&](int64_t data) { return kept.contains(data); });
  auto remove = TRY(state_.database->prepare("DELETE FROM blob_pieces WHERE blob = ?1"));
  TRY(remove.bind(1, blob).run());
  auto put = TRY(state_.database->prepare("INSERT INTO blob_pieces VALUES (?1, ?2, ?3, ?4, ?5)"));
  for (size_t i = 0; i < pieces.size(); i++)
    TRY(put.bind(1, blob)
            .bind(2, static_cast<int64_t>(i))
            .bind(3, pieces[i].block_id)
            .bind(4, static_cast<int64_t>(pieces[i].size_bytes))
            .bind(5, pieces[i].data)
            .run());
  return {};
}

Result<std::vector<BlockRow>> BlobStore::uncommitted(int64_t container, const std::string& name) {
  auto find = TRY(
      state_.database->prepare("SELECT block_id, size_bytes, data FROM blob_blocks WHERE container = ?1 AND "
                               "name = ?2 ORDER BY block_id"));
  find.bind(1, container).bind(2, name);
  std::vector<BlockRow> out;
  while (TRY(find.step())) out.push_back(block_of(find));
  return out;
}

Status BlobStore::put_uncommitted(int64_t container, const std::string& name, const BlockRow& block) {
  {
    auto old = TRY(state_.database->prepare(
        "SELECT data FROM blob_blocks WHERE container = ?1 AND name = ?2 AND block_id = ?3"));
    if (TRY(old.bind(1, container).bind(2, name).bind(3, block.block_id).step()))
      lost_.push_back(old.integer(0));
  }
  auto put = TRY(state_.database->prepare("INSERT OR REPLACE INTO blob_blocks VALUES (?1, ?2, ?3, ?4, ?5)"));
  return put.bind(1, container)
      .bind(2, name)
      .bind(3, block.block_id)
      .bind(4, static_cast<int64_t>(block.size_bytes))
      .bind(5, block.data)
      .run();
}

Status BlobStore::drop_uncommitted(int64_t container, const std::string& name) {
  for (const BlockRow& block : TRY(uncommitted(container, name))) lost_.push_back(block.data);
  auto remove = TRY(state_.database->prepare("DELETE FROM blob_blocks WHERE container = ?1 AND name = ?2"));
  return remove.bind(1, container).bind(2, name).run();
}

std::string BlobStore::path_of(int64_t data) const {
  return join_path(join_path(state_.directory, "blobs"), std::to_string(data));
}

Result<int64_t> BlobStore::write_new_data(ByteSpan bytes) {
  int64_t data = 0;
  {
    Locked held(*state_.lock);
    data = new_number();
  }
  const std::string path = path_of(data);
  auto file = TRY(state_.files.open(path, OpenMode::create_new));
  TRY(file->write_at(0, bytes));
  TRY(file->sync());
  TRY(state_.files.sync_directory(parent_of(path)));
  return data;
}

Result<int64_t> BlobStore::make_empty_data() {
  const int64_t data = new_number();
  const std::string path = path_of(data);
  auto file = TRY(state_.files.open(path, OpenMode::create_new));
  TRY(state_.files.sync_directory(parent_of(path)));
  return data;
}

Result<std::unique_ptr<File>> BlobStore::open_data(int64_t data, OpenMode how) {
  return state_.files.open(path_of(data), how);
}

void BlobStore::remove_lost_files() {
  for (const int64_t data : std::exchange(lost_, {})) remove_unnamed(data);
}

void BlobStore::remove_unnamed(int64_t data) {
  static_cast<void>(state_.files.remove(path_of(data)).has_value());
}

}  // namespace seedbed
