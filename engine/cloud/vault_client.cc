#include "engine/cloud/vault_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/base/text.h"
#include "engine/base/url.h"
#include "engine/cloud/service_answer.h"
#include "engine/cloud/vault_documents.h"

namespace seedbed {

namespace {

using nlohmann::ordered_json;

std::string chunk_path(const std::string& item, std::string_view rest) {
  return fmt::format("/items/{}/chunks/{}", percent_encode(item), rest);
}

std::string point_path(const std::string& item, const std::string& point) {
  return fmt::format("/items/{}/points{}{}", percent_encode(item), point.empty() ? "" : "/",
                     percent_encode(point));
}

void put_json(HttpRequest& request, const ordered_json& document) {
  const std::string text = document.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
  request.headers.emplace_back("Content-Type", "application/json");
  request.body.assign(text.begin(), text.end());
}

// 409 is a word about content that is there; what else a 409 says is an error of its own.
std::unexpected<Error> fail_conflict(const HttpRequest& request, const HttpResponse& response) {
  auto failed = fail_answer(request, response);
  if (service_error_of(response).code == "UploadNotOpen") {
    failed.error().code = ErrorCode::refused;
    failed.error().remedy = "Run the same command again: it opens its upload anew.";
  }
  return failed;
}

ordered_json hex_list(std::span<const VaultChunkId> ids) {
  ordered_json list = ordered_json::array();
  for (const auto& id : ids) list.push_back(hex_lower(id));
  return list;
}

}  // namespace

VaultClient::VaultClient(HttpCaller& caller, Runtime& runtime, std::string endpoint, std::string vault,
                         Authority authority)
    : caller_(caller),
      runtime_(runtime),
      endpoint_(std::move(endpoint)),
      vault_(std::move(vault)),
      authority_(std::move(authority)) {
  while (endpoint_.ends_with('/')) endpoint_.pop_back();
}

HttpRequest VaultClient::request(const char* method, const std::string& path) const {
  HttpRequest request;
  request.method = method;
  request.target = endpoint_ + "/vaults/" + percent_encode(vault_) + path;
  return request;
}

Result<HttpResponse> VaultClient::call(HttpRequest request, bool idempotent) {
  return caller_.call(std::move(request), idempotent, [this](HttpRequest& each) -> Status {
    const int64_t now_ns = runtime_.utc_ns();
    const std::string token = TRY(authority_(now_ns));
    std::erase_if(each.headers,
                  [](const auto& header) { return same_header(header.first, "Authorization"); });
    each.headers.emplace_back("Authorization", "Bearer " + token);
    return {};
  });
}

Result<bool> VaultClient::put_item(const std::string& item, const VaultItem& content) {
  HttpRequest put = request("PUT", "/items/" + percent_encode(item));
  put_json(put, {{"server", content.server},
                 {"backup_id", content.backup_id},
                 {"kdf",
                  {{"name", content.kdf.name},
                   {"log2_n", content.kdf.log2_n},
                   {"r", content.kdf.r},
                   {"p", content.kdf.p},
                   {"salt", hex_lower(content.kdf.salt)}}},
                 {"key_check", hex_lower(content.key_check)}});
  const HttpResponse answer = TRY(call(put));
  if (answer.status == 409)
    return fail(ErrorCode::already_exists,
                "the vault has an item of that name with another backup id or salt",
                url_for_people(put.target),
                "Give the policy another name, or register again as the computer that made the item.");
  if (answer.status >= 300) return fail_answer(put, answer);
  return answer.status == 201;
}

Result<std::optional<VaultItem>> VaultClient::get_item(const std::string& item) {
  const HttpRequest look = request("GET", "/items/" + percent_encode(item));
  const auto answer = call(look);
  if (!answer && answer.error().code == ErrorCode::not_found) return std::optional<VaultItem>();
  if (!answer) return std::unexpected(answer.error());
  if (answer->status >= 300) return fail_answer(look, *answer);
  auto found = TRY(parse_vault_item(as_text(answer->body), url_for_people(look.target)));
  return std::optional(std::move(found));
}

Result<std::vector<bool>> VaultClient::query_chunks(const std::string& item,
                                                    std::span<const VaultChunkId> ids) {
  std::vector<bool> known;
  known.reserve(ids.size());
  while (known.size() < ids.size()) {
    const auto part = ids.subspan(known.size(), std::min(kVaultQueryMax, ids.size() - known.size()));
    HttpRequest ask = request("POST", chunk_path(item, "query"));
    ask.headers.emplace_back("Content-Type", "application/octet-stream");
    for (const auto& id : part) append(ask.body, id);
    const HttpResponse answer = TRY(call(ask));
    if (answer.status >= 300) return fail_answer(ask, answer);
    if (answer.body.size() != part.size() ||
        std::ranges::any_of(answer.body, [](uint8_t byte) { return byte > 1; }))
      return fail(ErrorCode::corrupt, "the vault's answer does not fit the chunks asked for",
                  url_for_people(ask.target));
    for (const uint8_t byte : answer.body) known.push_back(byte == 1);
  }
  return known;
}

Result<bool> VaultClient::put_chunk(const std::string& item, const std::string& upload,
                                    const VaultChunkId& id, ByteSpan record) {
  HttpRequest put = request("PUT", chunk_path(item, hex_lower(id)) + "?upload=" + percent_encode(upload));
  if (record.empty() || record.size() > kVaultRecordBytesMax)
    return fail(ErrorCode::invalid_argument,
                fmt::format("a record has 1 to {} bytes, not {}", kVaultRecordBytesMax, record.size()),
                url_for_people(put.target));
  put.headers = {{"Content-Type", "application/octet-stream"},
                 {"x-seedbed-sha256", hex_lower(sha256_of(record))}};
  put.body.assign(record.begin(), record.end());
  const HttpResponse answer = TRY(call(put));
  if (answer.status >= 300) return fail_conflict(put, answer);
  return answer.status == 201;
}

Result<Bytes> VaultClient::get_chunk(const std::string& item, const VaultChunkId& id) {
  const HttpRequest look = request("GET", chunk_path(item, hex_lower(id)));
  auto answer = call(look);
  if (!answer) {
    // The vault says 500 of a record that rots: repeated in vain, but no trouble of the network.
    Error error = std::move(answer).error();
    if (error.code == ErrorCode::io_error && error.what.find("ChunkCorrupt") != std::string::npos) {
      error.code = ErrorCode::corrupt;
      error.remedy = "Restore from another recovery point.";
    }
    return std::unexpected(std::move(error));
  }
  if (answer->status >= 300) return fail_answer(look, *answer);
  if (answer->body.empty() || answer->body.size() > kVaultRecordBytesMax)
    return fail(ErrorCode::corrupt, "the vault gives a record of an impossible length",
                url_for_people(look.target));
  const auto told = header_of(answer->headers, "x-seedbed-sha256");
  if (!told.empty() && told != hex_lower(sha256_of(answer->body)))
    return fail(ErrorCode::corrupt, "the record is not what the vault's checksum says",
                url_for_people(look.target), "Run the same command again.");
  return std::move(answer->body);
}

Result<std::vector<VaultCopyResult>> VaultClient::copy_chunks(const std::string& item,
                                                              const std::string& upload,
                                                              const std::string& source_url,
                                                              std::span<const VaultCopyRange> ranges) {
  HttpRequest copy = request("POST", chunk_path(item, "copy") + "?upload=" + percent_encode(upload));
  if (ranges.size() > kVaultCopyMax)
    return fail(ErrorCode::invalid_argument, fmt::format("at most {} chunks at once", kVaultCopyMax),
                url_for_people(copy.target));
  ordered_json chunks = ordered_json::array();
  for (const auto& range : ranges)
    chunks.push_back({{"id", hex_lower(range.id)},
                      {"offset_bytes", range.offset_bytes},
                      {"length_bytes", range.length_bytes},
                      {"sha256", hex_lower(range.sha256)}});
  put_json(copy, {{"source", source_url}, {"chunks", std::move(chunks)}});
  const HttpResponse answer = TRY(call(copy));
  if (answer.status >= 300) return fail_conflict(copy, answer);
  return parse_copy_results(as_text(answer.body), ranges, url_for_people(copy.target));
}

Result<std::vector<std::optional<Sha256>>> VaultClient::prove_chunks(const std::string& item, ByteSpan nonce,
                                                                     std::span<const VaultChunkId> ids) {
  HttpRequest ask = request("POST", chunk_path(item, "proof"));
  if (ids.size() > kVaultProofMax)
    return fail(ErrorCode::invalid_argument, fmt::format("at most {} chunks at once", kVaultProofMax),
                url_for_people(ask.target));
  put_json(ask, {{"nonce", hex_lower(nonce)}, {"ids", hex_list(ids)}});
  const HttpResponse answer = TRY(call(ask));
  if (answer.status >= 300) return fail_answer(ask, answer);
  return parse_proofs(as_text(answer.body), ids.size(), url_for_people(ask.target));
}

Result<VaultPutPoint> VaultClient::put_point(const std::string& item, const std::string& upload,
                                             const VaultPoint& point, std::span<const VaultChunkId> chunks) {
  HttpRequest put = request("PUT", point_path(item, point.id) + "?upload=" + percent_encode(upload));
  if (point.id.empty() || chunks.size() > kVaultChunksPerPointMax)
    return fail(ErrorCode::invalid_argument, "a point has a name, and not that many chunks",
                url_for_people(put.target));
  Bytes octets;
  octets.reserve(chunks.size() * 32);
  for (const auto& id : chunks) append(octets, id);
  const ordered_json document = {{"id", point.id},
                                 {"created_utc", point.created_utc},
                                 {"kind", point.kind},
                                 {"catalog", hex_list(point.catalog)},
                                 {"chunks_digest", hex_lower(sha256_of(octets))}};
  const std::string line = document.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
  put.headers.emplace_back("Content-Type", "application/octet-stream");
  put.body.assign(line.begin(), line.end());
  append(put.body, octets);
  const HttpResponse answer = TRY(call(put));
  VaultPutPoint out;
  if (answer.status == 409 && service_error_of(answer).code == "ChunksMissing") {
    out.outcome = VaultPutPoint::Outcome::chunks_missing;
    out.missing = TRY(parse_missing_chunks(as_text(answer.body), url_for_people(put.target)));
    return out;
  }
  if (answer.status >= 300) return fail_conflict(put, answer);
  out.outcome = answer.status == 201 ? VaultPutPoint::Outcome::made : VaultPutPoint::Outcome::same;
  return out;
}

Result<std::vector<VaultPoint>> VaultClient::points(const std::string& item) {
  const HttpRequest look = request("GET", point_path(item, ""));
  const HttpResponse answer = TRY(call(look));
  if (answer.status >= 300) return fail_answer(look, answer);
  return parse_vault_points(as_text(answer.body), url_for_people(look.target));
}

Result<std::optional<VaultPointContent>> VaultClient::get_point(const std::string& item,
                                                                const std::string& point) {
  const HttpRequest look = request("GET", point_path(item, point));
  if (point.empty())
    return fail(ErrorCode::invalid_argument, "a point has a name", url_for_people(look.target));
  const auto answer = call(look);
  if (!answer && answer.error().code == ErrorCode::not_found) return std::optional<VaultPointContent>();
  if (!answer) return std::unexpected(answer.error());
  if (answer->status >= 300) return fail_answer(look, *answer);
  auto content = TRY(parse_point_content(answer->body, url_for_people(look.target)));
  return std::optional(std::move(content));
}

Status VaultClient::delete_point(const std::string& item, const std::string& point) {
  const HttpRequest away = request("DELETE", point_path(item, point));
  if (point.empty())
    return fail(ErrorCode::invalid_argument, "a point has a name", url_for_people(away.target));
  const auto answer = call(away);
  if (!answer && answer.error().code == ErrorCode::not_found) return {};
  if (!answer) return std::unexpected(answer.error());
  if (answer->status >= 300) return fail_answer(away, *answer);
  return {};
}

Status VaultClient::open_upload(const std::string& upload, const std::string& item) {
  HttpRequest open = request("POST", "/uploads");
  put_json(open, {{"id", upload}, {"item", item}});
  const HttpResponse answer = TRY(call(open));
  if (answer.status >= 300) return fail_answer(open, answer);
  return {};
}

Status VaultClient::close_upload(const std::string& upload) {
  const HttpRequest close = request("DELETE", "/uploads/" + percent_encode(upload));
  if (upload.empty())
    return fail(ErrorCode::invalid_argument, "an upload has a name", url_for_people(close.target));
  const auto answer = call(close);
  if (!answer && answer.error().code == ErrorCode::not_found) return {};
  if (!answer) return std::unexpected(answer.error());
  if (answer->status >= 300) return fail_answer(close, *answer);
  return {};
}

Status VaultClient::sweep() {
  const HttpRequest sweep = request("POST", "/sweep");
  const HttpResponse answer = TRY(call(sweep, false));
  if (answer.status >= 300) return fail_answer(sweep, answer);
  return {};
}

}  // namespace seedbed
