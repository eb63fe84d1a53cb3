// Sealed chunks: asked for, brought by the agent, read, proved (VaultService).
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "engine/base/text.h"
#include "fakes/store/json_answer.h"
#include "fakes/vault_service/vault_call.h"
#include "fakes/vault_service/vault_chunk_rows.h"

namespace seedbed {

using nlohmann::json;

namespace {

constexpr size_t kQueryIdsMax = 32'768;
constexpr size_t kProofIdsMax = 1024;

HttpResponse no_upload() {
  return json_error(409, "UploadNotOpen", "the upload is not open: open it (POST uploads) and repeat");
}

}  // namespace

HttpResponse VaultService::query(const Call& call) {
  const Bytes& body = call.request.body;
  if (body.size() % kIdBytes != 0 || body.size() / kIdBytes > kQueryIdsMax)
    return json_error(400, "InvalidRequest",
                      fmt::format("the body is at most {} ids of 32 bytes", kQueryIdsMax));
  const auto ask = [&]() -> Result<Bytes> {
    Locked held(*state_.lock);
    Statement row = TRY(state_.database->prepare("SELECT 1 FROM vault_chunks WHERE item=?1 AND id=?2"));
    Bytes known(body.size() / kIdBytes);
    for (size_t i = 0; i < known.size(); i++) {
      row.bind(1, call.item).bind_blob(2, ByteSpan(body).subspan(i * kIdBytes, kIdBytes));
      known[i] = TRY(row.step()) ? 1 : 0;
    }
    return known;
  };
  auto known = ask();
  return known ? vault_octets(std::move(*known)) : json_failure(known.error());
}

HttpResponse VaultService::put_chunk(const Call& call) {
  const auto id = chunk_id_of_text(call.path[5]);
  if (!id) return json_error(400, "InvalidName", "a chunk's id has 64 hex digits", "id");
  const Bytes& record = call.request.body;
  if (record.empty() || record.size() > kVaultedRecordBytesMax)
    return json_error(413, "RecordTooLarge",
                      fmt::format("a record has 1 to {} bytes", kVaultedRecordBytesMax));
  const auto sha256 = parse_sha256(header_of(call.request.headers, "x-seedbed-sha256"));
  if (!sha256 || sha256_of(record) != *sha256)
    return json_error(400, "Sha256Mismatch", "x-seedbed-sha256 is missing or is not the body's");
  const auto put = [&]() -> Result<HttpResponse> {
    {
      Locked held(*state_.lock);
      const bool open = TRY(upload_is_open(call));
      if (!open) return no_upload();
      const auto there = TRY(find_chunk(*state_.database, call.item, *id));
      if (there) return json_answer(200, {{"id", hex_lower(*id)}});
    }
    ChunkPacks::Writer pack = TRY(packs_.begin());
    std::vector<ChunkRow> rows;
    const auto write = [&]() -> Status {
      ChunkRow row{.id = *id, .pack = pack.pack(), .sha256 = *sha256};
      row.offset_bytes = TRY(pack.append(record));
      row.length_bytes = record.size();
      rows.push_back(std::move(row));
      return pack.finish();
    };
    if (const Status written = write(); !written) {
      packs_.discard(pack.pack());
      return std::unexpected(written.error());
    }
    size_t kept = 0;
    bool open = false;
    {
      Locked held(*state_.lock);
      Transaction transaction = TRY(state_.database->begin());
      open = TRY(upload_is_open(call));
      if (open) kept = TRY(add_chunks(*state_.database, call.item, rows, "agent"));
      if (kept > 0) TRY(packs_.keep(pack.pack()));
      TRY(transaction.commit());
    }
    if (kept == 0) packs_.discard(pack.pack());
    if (!open) return no_upload();
    return json_answer(kept > 0 ? 201 : 200, {{"id", hex_lower(*id)}});
  };
  auto answer = put();
  return answer ? std::move(*answer) : json_failure(answer.error());
}

HttpResponse VaultService::get_chunk(const Call& call) {
  const auto id = chunk_id_of_text(call.path[5]);
  if (!id) return json_error(400, "InvalidName", "a chunk's id has 64 hex digits", "id");
  const auto get = [&]() -> Result<HttpResponse> {
    std::optional<ChunkRow> row;
    {
      Locked held(*state_.lock);
      row = TRY(find_chunk(*state_.database, call.item, *id));
    }
    if (!row) return json_error(404, "ChunkNotFound", "the vault has no such chunk");
    Result<Bytes> record = packs_.read(row->pack, row->offset_bytes, row->length_bytes, row->sha256);
    if (!record && record.error().code == ErrorCode::corrupt)
      return json_error(500, "ChunkCorrupt", record.error().message(), hex_lower(*id));
    if (!record) return std::unexpected(record.error());
    HttpResponse answer = vault_octets(std::move(*record));
    answer.headers.emplace_back("x-seedbed-sha256", hex_lower(row->sha256));
    return answer;
  };
  auto answer = get();
  return answer ? std::move(*answer) : json_failure(answer.error());
}

HttpResponse VaultService::prove(const Call& call) {
  const auto body = parse_json(call.request.body, kVaultJsonMax);
  if (!body) return vault_answer_of(body.error());
  const auto nonce = parse_hex(text_member(*body, "nonce"));
  const auto ids = body->is_object() ? body->find("ids") : body->end();
  if (!nonce || nonce->size() < 16 || nonce->size() > 64 || ids == body->end() || !ids->is_array() ||
      ids->size() > kProofIdsMax)
    return json_error(400, "InvalidRequest",
                      "a proof needs a nonce (16 to 64 bytes in hex) and at most 1024 ids");
  json proofs = json::array();
  for (const json& text : *ids) {
    const auto id = text.is_string() ? chunk_id_of_text(text.get_ref<const std::string&>()) : std::nullopt;
    if (!id) return json_error(400, "InvalidRequest", "a chunk's id has 64 hex digits", "ids");
    const auto prove_one = [&]() -> Result<std::optional<std::string>> {
      std::optional<ChunkRow> row;
      {
        Locked held(*state_.lock);
        row = TRY(find_chunk(*state_.database, call.item, *id));
      }
      if (!row) return std::optional<std::string>();
      const Bytes record = TRY(packs_.read(row->pack, row->offset_bytes, row->length_bytes, row->sha256));
      Bytes whole = *nonce;
      append(whole, record);
      return std::optional<std::string>(hex_lower(sha256_of(whole)));
    };
    const auto proof = prove_one();
    // A damaged record proves nothing, as a missing one does; anything else is the service's trouble.
    if (!proof && proof.error().code != ErrorCode::corrupt && proof.error().code != ErrorCode::not_found)
      return json_failure(proof.error());
    proofs.push_back(proof && *proof ? json(**proof) : json(nullptr));
  }
  return json_answer(200, {{"proofs", std::move(proofs)}});
}

}  // namespace seedbed
