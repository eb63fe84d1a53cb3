// The seed: chunks that the vault copies from a storage account by itself (VaultService::copy).
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "engine/base/text.h"
#include "fakes/store/json_answer.h"
#include "fakes/vault_service/vault_call.h"
#include "fakes/vault_service/vault_chunk_rows.h"

namespace seedbed {

using nlohmann::json;

namespace {

constexpr size_t kCopyChunksMax = 1024;
constexpr uint64_t kCopyBytesMax = 256 * MiB;
constexpr uint64_t kReadBytesMax = 8 * MiB;  // of one GET; one chunk fits
constexpr uint64_t kOffsetMax = 1ULL << 50;
constexpr unsigned kTriesMax = 4;
constexpr uint64_t kWait_ns = 500'000'000;

struct Wanted {
  Bytes id;
  uint64_t offset_bytes = 0, length_bytes = 0;
  Sha256 sha256{};
  const char* status = nullptr;
  std::string detail;
};

std::optional<uint64_t> number_of(const json& object, const char* name, uint64_t most) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_number_unsigned() || found->get<uint64_t>() > most)
    return std::nullopt;
  return found->get<uint64_t>();
}

std::optional<Wanted> wanted_of(const json& value) {
  if (!value.is_object()) return std::nullopt;
  const auto id = chunk_id_of_text(text_member(value, "id"));
  const auto sha256 = parse_sha256(text_member(value, "sha256"));
  const auto offset = number_of(value, "offset_bytes", kOffsetMax);
  const auto length = number_of(value, "length_bytes", kVaultedRecordBytesMax);
  if (!id || !sha256 || !offset || !length || *length == 0) return std::nullopt;
  return Wanted{.id = *id, .offset_bytes = *offset, .length_bytes = *length, .sha256 = *sha256, .detail = {}};
}

// The bytes of a range of the blob; a text: why not. Transient trouble is waited for a little.
std::expected<Bytes, std::string> read_range(Runtime& runtime, HttpTransport& inside,
                                             const std::string& source, uint64_t offset_bytes,
                                             uint64_t length_bytes) {
  HttpRequest request;
  request.target = source;
  request.headers = {
      {"x-ms-version", "2021-12-02"},
      {"x-ms-range", fmt::format("bytes={}-{}", offset_bytes, offset_bytes + length_bytes - 1)}};
  std::string trouble;
  for (unsigned tries = 0; tries < kTriesMax; tries++) {
    if (tries > 0) runtime.sleep_ns(kWait_ns << (tries - 1));
    HttpResult answer = inside.send(request);
    if (!answer) {
      trouble = "the storage account cannot be reached: " + answer.error().what;
      continue;
    }
    if (answer->status == 200 || answer->status == 206) {
      if (answer->body.size() == length_bytes) return std::move(answer->body);
      return std::unexpected(fmt::format("the blob has {} of the {} bytes at {}", answer->body.size(),
                                         length_bytes, offset_bytes));
    }
    trouble = fmt::format("the storage account answered {} {}", answer->status,
                          header_of(answer->headers, "x-ms-error-code"));
    if (answer->status != 429 && answer->status < 500) break;
  }
  return std::unexpected(trouble);
}

}  // namespace

HttpResponse VaultService::copy(const Call& call) {
  const auto body = parse_json(call.request.body, kVaultJsonMax);
  if (!body) return vault_answer_of(body.error());
  const std::string source = text_member(*body, "source");
  const auto url = parse_url(source);
  const auto list = body->is_object() ? body->find("chunks") : body->end();
  if (!url || url->scheme.empty() || source.size() > 8 * KiB)
    return json_error(400, "InvalidRequest", "source is the URL of a blob, with a SAS", "source");
  if (list == body->end() || !list->is_array() || list->size() > kCopyChunksMax)
    return json_error(400, "InvalidRequest", "chunks are at most 1024", "chunks");
  std::vector<Wanted> wanted;
  uint64_t total_bytes = 0;
  for (const json& value : *list) {
    auto each = wanted_of(value);
    if (!each)
      return json_error(400, "InvalidRequest", "a chunk has id, offset_bytes, length_bytes, sha256",
                        "chunks");
    total_bytes += each->length_bytes;
    wanted.push_back(std::move(*each));
  }
  if (total_bytes > kCopyBytesMax)
    return json_error(400, "InvalidRequest", fmt::format("one copy is at most {} bytes", kCopyBytesMax),
                      "chunks");

  // One pack for all: 64 MiB of chunks cost two syncs and two commits.
  const auto run = [&]() -> Result<HttpResponse> {
    std::vector<Wanted*> missing;
    {
      Locked held(*state_.lock);
      const bool open = TRY(upload_is_open(call));
      if (!open)
        return json_error(409, "UploadNotOpen", "the upload is not open: open it (POST uploads) and repeat");
      std::set<Bytes> asked;
      for (Wanted& each : wanted) {
        const auto there = TRY(find_chunk(*state_.database, call.item, each.id));
        if (there || !asked.insert(each.id).second) {
          each.status = "present";
        } else {
          missing.push_back(&each);
        }
      }
    }
    if (!missing.empty()) {
      ChunkPacks::Writer pack = TRY(packs_.begin());
      std::vector<ChunkRow> rows;
      const auto fetch = [&]() -> Status {
        for (size_t i = 0; i < missing.size();) {
          // neighbours in the blob come in one GET
          size_t end = i + 1;
          uint64_t length_bytes = missing[i]->length_bytes;
          while (end < missing.size() &&
                 missing[end]->offset_bytes == missing[i]->offset_bytes + length_bytes &&
                 length_bytes + missing[end]->length_bytes <= kReadBytesMax)
            length_bytes += missing[end++]->length_bytes;
          const auto bytes =
              read_range(state_.runtime, inside_, source, missing[i]->offset_bytes, length_bytes);
          uint64_t at = 0;
          for (; i < end; i++) {
            Wanted& each = *missing[i];
            if (!bytes) {
              each.status = "unreadable";
              each.detail = bytes.error();
              continue;
            }
            const ByteSpan record = ByteSpan(*bytes).subspan(at, each.length_bytes);
            at += each.length_bytes;
            const Sha256 found = sha256_of(record);
            state_.runtime.spend(Work::hash_sha256, record.size());
            if (found != each.sha256) {
              each.status = "mismatch";
              each.detail =
                  fmt::format("the bytes at {} have the SHA-256 {}", each.offset_bytes, hex_lower(found));
              continue;
            }
            ChunkRow row{.id = each.id, .pack = pack.pack(), .sha256 = found};
            row.offset_bytes = TRY(pack.append(record));
            row.length_bytes = record.size();
            rows.push_back(std::move(row));
            each.status = "copied";
          }
        }
        return rows.empty() ? Status() : pack.finish();
      };
      if (const Status fetched = fetch(); !fetched) {
        packs_.discard(pack.pack());
        return std::unexpected(fetched.error());
      }
      size_t kept = 0;
      bool open = false;
      {
        Locked held(*state_.lock);
        Transaction transaction = TRY(state_.database->begin());
        open = TRY(upload_is_open(call));
        if (open) kept = TRY(add_chunks(*state_.database, call.item, rows, "seed"));
        if (kept > 0) TRY(packs_.keep(pack.pack()));
        TRY(transaction.commit());
      }
      if (kept == 0) packs_.discard(pack.pack());
      if (!open)
        return json_error(409, "UploadNotOpen", "the upload was closed meanwhile: open it and repeat");
    }
    json results = json::array();
    for (const Wanted& each : wanted)
      results.push_back({{"id", hex_lower(each.id)}, {"status", each.status}, {"detail", each.detail}});
    return json_answer(200, {{"results", std::move(results)}});
  };
  auto answer = run();
  return answer ? std::move(*answer) : json_failure(answer.error());
}

}  // namespace seedbed
