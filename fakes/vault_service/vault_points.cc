// Recovery points, and the sweep of what no point needs (VaultService).
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/base/text.h"
#include "fakes/store/json_answer.h"
#include "fakes/vault_service/vault_call.h"
#include "fakes/vault_service/vault_chunk_rows.h"

namespace seedbed {

using nlohmann::json;

namespace {

constexpr size_t kDocumentMax = 8 * MiB;
constexpr size_t kChunksMax = 16 * MiB;  // of one point: 512 MiB of ids
constexpr size_t kMissingShown = 100;

struct PointBody {
  json document;
  ByteSpan chunks;  // n x 32 bytes
  std::vector<Bytes> catalog;
};

// A JSON line, a line feed, and the ids of every chunk that the point needs.
Result<PointBody> point_of(ByteSpan body, const std::string& name) {
  const auto refuse = [](std::string what, const char* where) {
    return fail(ErrorCode::invalid_argument, std::move(what), where);
  };
  const auto feed = std::find(body.begin(), body.end(), uint8_t{'\n'});
  if (feed == body.end()) return refuse("a point is a line of JSON, a line feed, and chunk ids", "body");
  const size_t line_bytes = static_cast<size_t>(feed - body.begin());
  PointBody point;
  point.document = TRY(parse_json(body.first(line_bytes), kDocumentMax));
  point.chunks = body.subspan(line_bytes + 1);
  if (point.chunks.size() % kIdBytes != 0 || point.chunks.size() / kIdBytes > kChunksMax)
    return refuse("behind the line stand ids of 32 bytes each", "body");
  if (text_member(point.document, "id") != name)
    return refuse("the point's id is not the one of the path", "id");
  if (!parse_iso_date(text_member(point.document, "created_utc")))
    return refuse("created_utc is no date", "created_utc");
  const std::string kind = text_member(point.document, "kind");
  if (kind != "seed" && kind != "increment") return refuse("kind is seed or increment", "kind");
  const auto digest = parse_sha256(text_member(point.document, "chunks_digest"));
  if (!digest || sha256_of(point.chunks) != *digest)
    return refuse("chunks_digest is not the SHA-256 of the ids behind the line", "chunks_digest");
  const auto catalog = point.document.find("catalog");
  if (catalog == point.document.end() || !catalog->is_array())
    return refuse("catalog is a list of chunk ids", "catalog");
  for (const json& text : *catalog) {
    auto id = text.is_string() ? chunk_id_of_text(text.get_ref<const std::string&>()) : std::nullopt;
    if (!id) return refuse("catalog is a list of chunk ids", "catalog");
    point.catalog.push_back(std::move(*id));
  }
  return point;
}

}  // namespace

HttpResponse VaultService::points(const Call& call) {
  if (call.path.size() == 6 && !is_vault_word(call.path[5]))
    return json_error(400, "InvalidName", "this is no name for a point", "point");
  if (call.path.size() == 6 && call.is("PUT")) return put_point(call);
  const auto list = [&]() -> Result<HttpResponse> {
    Locked held(*state_.lock);
    Statement rows = TRY(state_.database->prepare(
        "SELECT document, length(chunks) FROM vault_points WHERE item=?1 ORDER BY row"));
    rows.bind(1, call.item);
    json points = json::array();
    while (TRY(rows.step())) {
      json document = json::parse(rows.text(0));
      document["chunks"] = rows.integer(1) / static_cast<int64_t>(kIdBytes);
      points.push_back(std::move(document));
    }
    return json_answer(200, {{"points", std::move(points)}});
  };
  const auto get = [&]() -> Result<HttpResponse> {
    Locked held(*state_.lock);
    Statement row =
        TRY(state_.database->prepare("SELECT document, chunks FROM vault_points WHERE item=?1 AND name=?2"));
    row.bind(1, call.item).bind(2, call.path[5]);
    if (!TRY(row.step())) return json_error(404, "PointNotFound", "the item has no such point");
    const std::string line = row.text(0) + "\n";
    Bytes body(line.begin(), line.end());
    append(body, row.blob(1));
    return vault_octets(std::move(body));
  };
  const auto remove = [&]() -> Result<HttpResponse> {
    Locked held(*state_.lock);
    Transaction transaction = TRY(state_.database->begin());
    {
      Statement references =
          TRY(state_.database->prepare("DELETE FROM vault_references WHERE point=(SELECT row FROM "
                                       "vault_points WHERE item=?1 AND name=?2)"));
      TRY(references.bind(1, call.item).bind(2, call.path[5]).run());
      Statement point = TRY(state_.database->prepare("DELETE FROM vault_points WHERE item=?1 AND name=?2"));
      TRY(point.bind(1, call.item).bind(2, call.path[5]).run());
    }
    const bool was_there = state_.database->changes() > 0;
    TRY(transaction.commit());
    if (!was_there) return json_error(404, "PointNotFound", "the item has no such point");
    return json_answer(200, {{"id", call.path[5]}});
  };
  Result<HttpResponse> answer = json_error(405, "MethodNotAllowed", "points know GET, PUT and DELETE");
  if (call.path.size() == 5 && call.is("GET")) answer = list();
  if (call.path.size() == 6 && call.is("GET")) answer = get();
  if (call.path.size() == 6 && call.is("DELETE")) answer = remove();
  return answer ? std::move(*answer) : json_failure(answer.error());
}

HttpResponse VaultService::put_point(const Call& call) {
  const auto wanted = point_of(call.request.body, call.path[5]);
  if (!wanted) return vault_answer_of(wanted.error());
  const std::string text = wanted->document.dump();
  std::vector<ByteSpan> needed;
  for (size_t at = 0; at < wanted->chunks.size(); at += kIdBytes)
    needed.push_back(wanted->chunks.subspan(at, kIdBytes));
  for (const Bytes& id : wanted->catalog) needed.push_back(id);

  const auto put = [&]() -> Result<HttpResponse> {
    Locked held(*state_.lock);
    Transaction transaction = TRY(state_.database->begin());
    {
      Statement old = TRY(
          state_.database->prepare("SELECT document, chunks FROM vault_points WHERE item=?1 AND name=?2"));
      old.bind(1, call.item).bind(2, call.path[5]);
      if (TRY(old.step())) {
        if (old.text(0) == text && std::ranges::equal(old.blob(1), wanted->chunks))
          return json_answer(200, {{"id", call.path[5]}});
        return json_error(409, "PointExists", "a point of this name with other content is there");
      }
    }
    const bool open = TRY(upload_is_open(call));
    if (!open)
      return json_error(409, "UploadNotOpen", "the upload is not open: open it (POST uploads) and repeat");
    json missing = json::array();
    {
      Statement row = TRY(state_.database->prepare("SELECT 1 FROM vault_chunks WHERE item=?1 AND id=?2"));
      for (const ByteSpan id : needed) {
        row.bind(1, call.item).bind_blob(2, id);
        const bool there = TRY(row.step());
        if (!there && missing.size() < kMissingShown) missing.push_back(hex_lower(id));
      }
    }
    if (!missing.empty()) {
      HttpResponse refused = json_answer(409, {{"error",
                                                {{"code", "ChunksMissing"},
                                                 {"message", "the vault has not all chunks of the point"},
                                                 {"missing", missing}}}});
      return refused;
    }
    {
      Statement point = TRY(state_.database->prepare(
          "INSERT INTO vault_points(item, name, document, chunks) VALUES (?1,?2,?3,?4)"));
      TRY(point.bind(1, call.item).bind(2, call.path[5]).bind(3, text).bind_blob(4, wanted->chunks).run());
    }
    const int64_t row = state_.database->last_insert_row();
    {
      Statement reference = TRY(state_.database->prepare(
          "INSERT INTO vault_references(item, chunk, point) VALUES (?1,?2,?3) ON CONFLICT DO NOTHING"));
      for (const ByteSpan id : needed) TRY(reference.bind(1, call.item).bind_blob(2, id).bind(3, row).run());
    }
    TRY(transaction.commit());
    return json_answer(201, {{"id", call.path[5]}});
  };
  auto answer = put();
  return answer ? std::move(*answer) : json_failure(answer.error());
}

// A mark looks for chunks that no point needs. What was marked in the same epoch before goes now; an upload
// that opens begins a new epoch, so what it found in the vault stays at least until the second mark after it.
HttpResponse VaultService::sweep(const Call& call) {
  std::vector<int64_t> packs;
  const auto run = [&]() -> Result<HttpResponse> {
    Locked held(*state_.lock);
    Transaction transaction = TRY(state_.database->begin());
    Database& database = *state_.database;
    const auto count = [&](std::string_view sql, int64_t a, int64_t b) -> Result<int64_t> {
      Statement statement = TRY(database.prepare(sql));
      statement.bind(1, a);
      if (sql.find("?2") != std::string_view::npos) statement.bind(2, b);
      const bool row = TRY(statement.step());
      return row ? statement.integer(0) : database.changes();
    };
    const int64_t open = TRY(count("SELECT COUNT(*) FROM vault_uploads WHERE vault=?1", call.vault, 0));
    int64_t removed = 0, marked = 0;
    if (open > 0) {
      TRY(count("UPDATE vault_vaults SET epoch=epoch+1 WHERE row=?1", call.vault, 0));
    } else {
      const int64_t epoch = TRY(count("SELECT epoch FROM vault_vaults WHERE row=?1", call.vault, 0));
      static constexpr std::string_view kUnneeded =
          "item IN (SELECT row FROM vault_items WHERE vault=?1) AND NOT EXISTS (SELECT 1 FROM "
          "vault_references r "
          "WHERE r.item=vault_chunks.item AND r.chunk=vault_chunks.id)";
      removed = TRY(count(fmt::format("DELETE FROM vault_chunks WHERE marked=?2 AND {}", kUnneeded),
                          call.vault, epoch));
      TRY(
          count("UPDATE vault_chunks SET marked=0 WHERE marked<>0 AND item IN (SELECT row FROM vault_items "
                "WHERE vault=?1)",
                call.vault, 0));
      marked =
          TRY(count(fmt::format("UPDATE vault_chunks SET marked=?2 WHERE {}", kUnneeded), call.vault, epoch));
      packs = TRY(packs_.forget_unnamed());
    }
    TRY(transaction.commit());
    return json_answer(200, {{"open_uploads", open}, {"marked", marked}, {"removed", removed}});
  };
  auto answer = run();
  if (!answer) return json_failure(answer.error());
  packs_.remove_files(packs);
  return std::move(*answer);
}

}  // namespace seedbed
