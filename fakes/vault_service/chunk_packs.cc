#include "fakes/vault_service/chunk_packs.h"

#include <fmt/format.h>

namespace seedbed {

namespace {

constexpr std::string_view kTables = R"sql(
CREATE TABLE IF NOT EXISTS vault_packs(id INTEGER PRIMARY KEY AUTOINCREMENT, kept INTEGER NOT NULL);
)sql";

}  // namespace

std::string ChunkPacks::path_of(int64_t pack) const {
  return join_path(directory(), fmt::format("{:08}.pack", pack));
}

Status ChunkPacks::open() {
  TRY(state_.database->execute(kTables));
  const auto made = state_.files.make_directory(directory());
  if (!made && made.error().code != ErrorCode::already_exists) return std::unexpected(made.error());
  TRY(state_.files.sync_directory(state_.directory));  // whoever made it may have died before
  // Packs that were announced and never kept, and files that lost their pack.
  Transaction transaction = TRY(state_.database->begin());
  {
    Statement statement = TRY(state_.database->prepare("DELETE FROM vault_packs WHERE kept=0"));
    TRY(statement.run());
  }
  TRY(transaction.commit());
  Statement known = TRY(state_.database->prepare("SELECT 1 FROM vault_packs WHERE id=?1"));
  for (const DirectoryEntry& entry : TRY(state_.files.list(directory()))) {
    const auto number = parse_u64(std::string_view(entry.name).substr(0, entry.name.find('.')));
    if (!number || !entry.name.ends_with(".pack")) continue;  // somebody else's
    known.bind(1, static_cast<int64_t>(*number));
    const bool stays = TRY(known.step());
    if (!stays) TRY(state_.files.remove(join_path(directory(), entry.name)));
  }
  return {};
}

Result<ChunkPacks::Writer> ChunkPacks::begin() {
  Writer writer;
  writer.packs_ = this;
  {
    Locked held(*state_.lock);
    Transaction transaction = TRY(state_.database->begin());
    {
      Statement statement = TRY(state_.database->prepare("INSERT INTO vault_packs(kept) VALUES (0)"));
      TRY(statement.run());
    }
    writer.pack_ = state_.database->last_insert_row();
    TRY(transaction.commit());
  }
  // A number is never given twice, so what may lie there is of a life that the last power cut took back.
  writer.file_ = TRY(state_.files.open(path_of(writer.pack_), OpenMode::create));
  TRY(writer.file_->truncate(0));
  return writer;
}

Result<uint64_t> ChunkPacks::Writer::append(ByteSpan record) {
  const uint64_t offset_bytes = size_bytes_;
  TRY(file_->write_at(offset_bytes, record));
  size_bytes_ += record.size();
  return offset_bytes;
}

Status ChunkPacks::Writer::finish() {
  TRY(file_->sync());
  file_.reset();
  return packs_->state_.files.sync_directory(packs_->directory());
}

Status ChunkPacks::keep(int64_t pack) {
  Statement statement = TRY(state_.database->prepare("UPDATE vault_packs SET kept=1 WHERE id=?1"));
  return statement.bind(1, pack).run();
}

void ChunkPacks::discard(int64_t pack) {
  static_cast<void>(state_.files.remove(path_of(pack)));
  Locked held(*state_.lock);
  auto statement = state_.database->prepare("DELETE FROM vault_packs WHERE id=?1 AND kept=0");
  if (statement) static_cast<void>(statement->bind(1, pack).run());
}

Result<std::vector<int64_t>> ChunkPacks::forget_unnamed() {
  std::vector<int64_t> packs;
  {
    Statement rows =
        TRY(state_.database->prepare("SELECT id FROM vault_packs WHERE kept=1 AND NOT EXISTS (SELECT 1 FROM "
                                     "vault_chunks c WHERE c.pack=vault_packs.id)"));
    while (TRY(rows.step())) packs.push_back(rows.integer(0));
  }
  Statement statement = TRY(state_.database->prepare("DELETE FROM vault_packs WHERE id=?1"));
  for (const int64_t pack : packs) TRY(statement.bind(1, pack).run());
  return packs;
}

void ChunkPacks::remove_files(const std::vector<int64_t>& packs) {
  for (const int64_t pack : packs) static_cast<void>(state_.files.remove(path_of(pack)));
}

Result<Bytes> ChunkPacks::read(int64_t pack, uint64_t offset_bytes, uint64_t length_bytes,
                               const Sha256& sha256) {
  const std::string path = path_of(pack);
  auto file = TRY(state_.files.open(path, OpenMode::read));
  Bytes record(length_bytes);
  const size_t got = TRY(file->read_at(offset_bytes, record));
  if (got != length_bytes || sha256_of(record) != sha256)
    return fail(
        ErrorCode::corrupt, "the stored chunk is damaged", fmt::format("{}, byte {}", path, offset_bytes),
        "Send the chunk anew after the item's damaged chunk has been removed, or restore the vault's disk");
  return record;
}

}  // namespace seedbed
