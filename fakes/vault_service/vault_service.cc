#include "fakes/vault_service/vault_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/base/text.h"
#include "fakes/store/json_answer.h"
#include "fakes/vault_service/assertion.h"
#include "fakes/vault_service/vault_call.h"

namespace seedbed {

using nlohmann::json;

namespace {

constexpr std::string_view kVaultTables = R"sql(
CREATE TABLE IF NOT EXISTS vault_vaults(
  row INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, epoch INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS vault_certificates(
  vault INTEGER NOT NULL, sha256 BLOB NOT NULL, der BLOB NOT NULL, PRIMARY KEY(vault, sha256)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS vault_items(
  row INTEGER PRIMARY KEY AUTOINCREMENT, vault INTEGER NOT NULL, name TEXT NOT NULL, server TEXT NOT NULL,
  backup_id TEXT NOT NULL, kdf TEXT NOT NULL, key_check TEXT NOT NULL, UNIQUE(vault, name));
CREATE TABLE IF NOT EXISTS vault_chunks(
  item INTEGER NOT NULL, id BLOB NOT NULL, pack INTEGER NOT NULL, offset_bytes INTEGER NOT NULL,
  length_bytes INTEGER NOT NULL, sha256 BLOB NOT NULL, origin TEXT NOT NULL, marked INTEGER NOT NULL,
  PRIMARY KEY(item, id)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS vault_by_pack ON vault_chunks(pack);
CREATE TABLE IF NOT EXISTS vault_points(
  row INTEGER PRIMARY KEY AUTOINCREMENT, item INTEGER NOT NULL, name TEXT NOT NULL, document TEXT NOT NULL,
  chunks BLOB NOT NULL, UNIQUE(item, name));
CREATE TABLE IF NOT EXISTS vault_references(
  item INTEGER NOT NULL, chunk BLOB NOT NULL, point INTEGER NOT NULL, PRIMARY KEY(item, chunk, point)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS vault_by_point ON vault_references(point);
CREATE TABLE IF NOT EXISTS vault_uploads(
  vault INTEGER NOT NULL, id TEXT NOT NULL, item INTEGER NOT NULL, PRIMARY KEY(vault, id)) WITHOUT ROWID;
)sql";

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

bool is_vault_name(std::string_view name) {
  return name.size() >= 2 && name.size() <= 50 && std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
         });
}

bool is_hex_of(std::string_view text, size_t bytes_least, size_t bytes_most) {
  const auto bytes = parse_hex(text);
  return bytes && bytes->size() >= bytes_least && bytes->size() <= bytes_most;
}

bool is_count(const json& object, const char* name, int64_t most) {
  const auto found = object.find(name);
  return found != object.end() && found->is_number_unsigned() && found->get<uint64_t>() >= 1 &&
         found->get<uint64_t>() <= static_cast<uint64_t>(most);
}

// Nothing: the body is no item. The text of `kdf` is the same for the same values.
struct ItemBody {
  std::string server, backup_id, kdf, key_check;
};
std::optional<ItemBody> item_of(const json& body) {
  ItemBody item;
  item.server = text_member(body, "server");
  item.backup_id = lower(text_member(body, "backup_id"));
  item.key_check = lower(text_member(body, "key_check"));
  if (!body.is_object() || item.server.empty() || item.server.size() > 256 ||
      !is_hex_of(item.backup_id, 16, 16) || !is_hex_of(item.key_check, 1, 64))
    return std::nullopt;
  const auto kdf = body.find("kdf");
  if (kdf == body.end() || !kdf->is_object() || text_member(*kdf, "name") != "scrypt" ||
      !is_count(*kdf, "log2_n", 30) || !is_count(*kdf, "r", 64) || !is_count(*kdf, "p", 64) ||
      !is_hex_of(text_member(*kdf, "salt"), 8, 64))
    return std::nullopt;
  const json plain = {{"name", "scrypt"},
                      {"log2_n", kdf->at("log2_n").get<uint64_t>()},
                      {"r", kdf->at("r").get<uint64_t>()},
                      {"p", kdf->at("p").get<uint64_t>()},
                      {"salt", lower(text_member(*kdf, "salt"))}};
  item.kdf = plain.dump();
  return item;
}

}  // namespace

HttpResponse vault_answer_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::invalid_argument:
    case ErrorCode::corrupt:
      return json_error(400, "InvalidRequest", error.what, error.where);
    case ErrorCode::not_found:
      return json_error(404, "NotFound", error.what);
    case ErrorCode::refused:
      return json_error(409, "Conflict", error.what);
    default:
      return json_failure(error);
  }
}

HttpResponse vault_octets(Bytes bytes) {
  HttpResponse response;
  response.headers = {{"Content-Type", "application/octet-stream"}};
  response.body = std::move(bytes);
  return response;
}

bool is_vault_word(std::string_view text) {
  return !text.empty() && text.size() <= 64 && text[0] != '.' &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                  c == '_' || c == '.';
         });
}

std::optional<Bytes> chunk_id_of_text(std::string_view text) {
  auto id = parse_hex(text);
  if (!id || id->size() != kIdBytes) return std::nullopt;
  return id;
}

std::optional<Sha256> parse_sha256(std::string_view text) {
  const auto bytes = parse_hex(text);
  Sha256 sha256{};
  if (!bytes || bytes->size() != sha256.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), sha256.begin());
  return sha256;
}

Status VaultService::create_tables() {
  Locked held(*state_.lock);
  TRY(state_.database->execute(kVaultTables));
  return packs_.open();
}

Status VaultService::add_vault(const std::string& name, ByteSpan certificate_der) {
  if (!is_vault_name(name))
    return fail(ErrorCode::invalid_argument, "a vault's name is 2 to 50 letters, digits and '-'",
                name.substr(0, 100));
  const CertificateFacts facts = TRY(read_certificate(certificate_der));
  Locked held(*state_.lock);
  Transaction transaction = TRY(state_.database->begin());
  {
    Statement vault = TRY(state_.database->prepare(
        "INSERT INTO vault_vaults(name, epoch) VALUES (?1, 1) ON CONFLICT DO NOTHING"));
    TRY(vault.bind(1, lower(name)).run());
    Statement certificate = TRY(
        state_.database->prepare("INSERT INTO vault_certificates(vault, sha256, der) SELECT row, ?2, ?3 FROM "
                                 "vault_vaults WHERE name=?1 ON CONFLICT DO NOTHING"));
    TRY(certificate.bind(1, lower(name)).bind_blob(2, facts.sha256).bind_blob(3, certificate_der).run());
  }
  return transaction.commit();
}

HttpResponse VaultService::handle(const HttpRequest& request, const Url& url) {
  Call call{.request = request, .url = url, .path = {}};
  std::string_view rest = std::string_view(url.path).substr(1);
  while (call.path.size() < 8) {
    const size_t slash = rest.find('/');
    const auto segment = percent_decode(rest.substr(0, slash));
    if (!segment || segment->empty() || segment->size() > 260)
      return json_error(400, "InvalidUri", "the path is not well formed");
    call.path.push_back(*segment);
    if (slash == std::string_view::npos) break;
    rest.remove_prefix(slash + 1);
  }
  if (call.path.size() < 3 || call.path.size() > 6)
    return json_error(404, "NotFound", "the vault has no such resource");

  const auto admit = [&]() -> Status {
    int64_t now_ns = 0;
    GoodSignatures good;
    {
      Locked held(*state_.lock);
      good = good_signatures_;
      now_ns = state_.utc_ns();
      Statement vault = TRY(state_.database->prepare("SELECT row FROM vault_vaults WHERE name=?1"));
      vault.bind(1, lower(call.path[1]));
      if (TRY(vault.step())) call.vault = vault.integer(0);
    }
    constexpr std::string_view kScheme = "bearer ";
    const std::string_view authorization = header_of(request.headers, "Authorization");
    if (lower(authorization.substr(0, kScheme.size())) != kScheme)
      return fail(ErrorCode::permission_denied,
                  "the Authorization header is missing or holds no bearer token");
    std::vector<std::string> audiences = options_.origins;
    const std::string_view host = header_of(request.headers, "Host");
    if (!host.empty()) audiences.push_back(fmt::format("{}://{}", options_.scheme, host));
    const auto find = [&](const Sha256& sha256) -> Result<std::optional<Bytes>> {
      Locked held(*state_.lock);
      Statement row =
          TRY(state_.database->prepare("SELECT der FROM vault_certificates WHERE vault=?1 AND sha256=?2"));
      row.bind(1, call.vault).bind_blob(2, sha256);
      if (!TRY(row.step())) return std::optional<Bytes>();
      return std::optional<Bytes>(row.blob(0));
    };
    TRY(check_assertion(authorization.substr(kScheme.size()), find, audiences, now_ns, &good));
    Locked held(*state_.lock);
    good_signatures_ = std::move(good);
    return {};
  };
  // A vault that is not there answers as one that does not know the certificate.
  if (const Status admitted = admit(); !admitted)
    return admitted.error().code == ErrorCode::permission_denied
               ? json_error(401, "AuthenticationFailed", admitted.error().message())
               : json_failure(admitted.error());

  const std::string& what = call.path[2];
  if (what == "items" && call.path.size() >= 4) return item(call);
  if (what == "uploads" && call.path.size() <= 4) return uploads(call);
  if (what == "sweep" && call.path.size() == 3 && call.is("POST")) return sweep(call);
  return json_error(404, "NotFound", "the vault has no such resource");
}

HttpResponse VaultService::item(const Call& given) {
  if (!is_vault_word(given.path[3]))
    return json_error(400, "InvalidName", "this is no name for an item", "item");
  if (given.path.size() == 4 && given.is("PUT")) return put_item(given);
  Call call = given;
  json shown;
  const auto find = [&]() -> Status {
    Locked held(*state_.lock);
    Statement row =
        TRY(state_.database->prepare("SELECT row, server, backup_id, kdf, key_check, (SELECT COUNT(*) FROM "
                                     "vault_points WHERE item=vault_items.row) "
                                     "FROM vault_items WHERE vault=?1 AND name=?2"));
    row.bind(1, call.vault).bind(2, call.path[3]);
    if (!TRY(row.step())) return {};
    call.item = row.integer(0);
    shown = {{"server", row.text(1)},
             {"backup_id", row.text(2)},
             {"kdf", json::parse(row.text(3))},
             {"key_check", row.text(4)},
             {"points", row.integer(5)}};
    return {};
  };
  if (const Status found = find(); !found) return json_failure(found.error());
  if (call.item == 0) return json_error(404, "ItemNotFound", "the vault has no such item");
  const auto& path = call.path;
  if (path.size() == 4)
    return call.is("GET") ? json_answer(200, shown) : json_error(405, "MethodNotAllowed", "GET or PUT");
  if (path[4] == "points") return points(call);
  if (path[4] == "chunks" && path.size() == 6) {
    const std::string& name = path[5];
    if (name == "query" && call.is("POST")) return query(call);
    if (name == "copy" && call.is("POST")) return copy(call);
    if (name == "proof" && call.is("POST")) return prove(call);
    if (call.is("PUT")) return put_chunk(call);
    if (call.is("GET")) return get_chunk(call);
    return json_error(405, "MethodNotAllowed", "a chunk knows PUT and GET");
  }
  return json_error(404, "NotFound", "an item has no such resource");
}

HttpResponse VaultService::put_item(const Call& call) {
  const auto body = parse_json(call.request.body, kVaultJsonMax);
  if (!body) return vault_answer_of(body.error());
  const auto wanted = item_of(*body);
  if (!wanted)
    return json_error(400, "InvalidRequest",
                      "an item has server, backup_id (32 hex digits), kdf {name: scrypt, log2_n, r, p, salt} "
                      "and key_check");
  const auto put = [&]() -> Result<HttpResponse> {
    Locked held(*state_.lock);
    Transaction transaction = TRY(state_.database->begin());
    bool there = false;
    {
      Statement row = TRY(state_.database->prepare(
          "SELECT backup_id, kdf, key_check FROM vault_items WHERE vault=?1 AND name=?2"));
      row.bind(1, call.vault).bind(2, call.path[3]);
      there = TRY(row.step());
      if (there && (row.text(0) != wanted->backup_id || row.text(1) != wanted->kdf ||
                    row.text(2) != wanted->key_check))
        return json_error(
            409, "ItemExists",
            "the item belongs to another backup (backup_id, salt or passphrase differ); protect under "
            "another name, or restore with the first one's passphrase");
    }
    Statement row =
        TRY(state_.database->prepare("INSERT INTO vault_items(vault, name, server, backup_id, kdf, "
                                     "key_check) VALUES (?1,?2,?3,?4,?5,?6) ON "
                                     "CONFLICT(vault, name) DO UPDATE SET server=excluded.server"));
    TRY(row.bind(1, call.vault)
            .bind(2, call.path[3])
            .bind(3, wanted->server)
            .bind(4, wanted->backup_id)
            .bind(5, wanted->kdf)
            .bind(6, wanted->key_check)
            .run());
    TRY(transaction.commit());
    return json_answer(there ? 200 : 201, *body);
  };
  auto answer = put();
  return answer ? std::move(*answer) : json_failure(answer.error());
}

Result<bool> VaultService::upload_is_open(const Call& call) {
  Statement row =
      TRY(state_.database->prepare("SELECT 1 FROM vault_uploads WHERE vault=?1 AND id=?2 AND item=?3"));
  row.bind(1, call.vault).bind(2, call.upload()).bind(3, call.item);
  return TRY(row.step());
}

HttpResponse VaultService::uploads(const Call& call) {
  const auto open = [&](const std::string& id, const std::string& item) -> Result<HttpResponse> {
    Locked held(*state_.lock);
    Transaction transaction = TRY(state_.database->begin());
    int64_t item_row = 0, there = 0;
    {
      Statement row = TRY(state_.database->prepare("SELECT row FROM vault_items WHERE vault=?1 AND name=?2"));
      row.bind(1, call.vault).bind(2, item);
      if (TRY(row.step())) item_row = row.integer(0);
      Statement old =
          TRY(state_.database->prepare("SELECT item FROM vault_uploads WHERE vault=?1 AND id=?2"));
      old.bind(1, call.vault).bind(2, id);
      if (TRY(old.step())) there = old.integer(0);
    }
    if (item_row == 0) return json_error(404, "ItemNotFound", "the vault has no such item");
    if (there != 0 && there != item_row)
      return json_error(409, "UploadExists", "the upload belongs to another item");
    if (there == 0) {
      Statement row =
          TRY(state_.database->prepare("INSERT INTO vault_uploads(vault, id, item) VALUES (?1,?2,?3)"));
      TRY(row.bind(1, call.vault).bind(2, id).bind(3, item_row).run());
      // What was marked before may be asked for and found now: it must not go at the next mark.
      Statement epoch = TRY(state_.database->prepare("UPDATE vault_vaults SET epoch=epoch+1 WHERE row=?1"));
      TRY(epoch.bind(1, call.vault).run());
    }
    TRY(transaction.commit());
    return json_answer(there == 0 ? 201 : 200, {{"id", id}, {"item", item}});
  };
  const auto close = [&](const std::string& id) -> Result<HttpResponse> {
    Locked held(*state_.lock);
    Statement row = TRY(state_.database->prepare("DELETE FROM vault_uploads WHERE vault=?1 AND id=?2"));
    TRY(row.bind(1, call.vault).bind(2, id).run());
    return json_answer(200, {{"id", id}});
  };
  Result<HttpResponse> answer =
      json_error(405, "MethodNotAllowed", "POST opens an upload, DELETE closes one");
  if (call.path.size() == 3 && call.is("POST")) {
    const auto body = parse_json(call.request.body, kVaultJsonMax);
    if (!body) return vault_answer_of(body.error());
    const std::string id = text_member(*body, "id"), item = text_member(*body, "item");
    if (!is_vault_word(id) || !is_vault_word(item))
      return json_error(400, "InvalidRequest", "an upload has an id and an item");
    answer = open(id, item);
  } else if (call.path.size() == 4 && call.is("DELETE")) {
    answer = close(call.path[3]);
  }
  return answer ? std::move(*answer) : json_failure(answer.error());
}

}  // namespace seedbed
