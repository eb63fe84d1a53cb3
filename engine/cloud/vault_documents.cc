#include "engine/cloud/vault_documents.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/base/text.h"
#include "engine/cloud/service_answer.h"
#include "engine/documents/json_reader.h"

namespace seedbed {

namespace {

constexpr size_t kListBytesMax = 64 * MiB;
constexpr size_t kCatalogMax = 100'000;
constexpr size_t kMissingMax = 10'000;

Result<std::array<uint8_t, 32>> digest_at(const JsonPlace& place) {
  const Bytes bytes = TRY(place.hex(32));
  std::array<uint8_t, 32> out;
  if (bytes.size() != out.size()) return place.fail_here("64 hex digits were expected");
  std::ranges::copy(bytes, out.begin());
  return out;
}

Result<std::vector<VaultChunkId>> ids_at(const JsonPlace& list, size_t count_max) {
  std::vector<VaultChunkId> out;
  for (const auto& element : TRY(list.elements(count_max))) out.push_back(TRY(digest_at(element)));
  return out;
}

Result<VaultPoint> point_at(const JsonPlace& place) {
  VaultPoint point;
  const auto id = TRY(place.member("id"));
  point.id = TRY(id.text(256));
  point.created_utc = TRY(place.text_of("created_utc"));
  point.kind = TRY(place.text_of("kind"));
  const auto catalog = TRY(place.member("catalog"));
  point.catalog = TRY(ids_at(catalog, kCatalogMax));
  const auto digest = TRY(place.member("chunks_digest"));
  point.chunks_digest = hex_lower(TRY(digest_at(digest)));
  return point;
}

}  // namespace

Result<VaultItem> parse_vault_item(std::string_view json, const std::string& where) {
  const auto document = TRY(parse_json(json, where, {.bytes_max = 64 * KiB}));
  const JsonPlace place(document, where);
  VaultItem item;
  item.server = TRY(place.text_of("server"));
  const auto backup_id = TRY(place.member("backup_id"));
  item.backup_id = TRY(backup_id.text(64));
  if (item.backup_id.size() != 32 || !parse_hex(item.backup_id))
    return backup_id.fail_here("32 hex digits were expected");
  const auto kdf = TRY(place.member("kdf"));
  item.kdf.name = TRY(kdf.text_of("name"));
  const std::pair<const char*, uint32_t*> numbers[] = {
      {"log2_n", &item.kdf.log2_n}, {"r", &item.kdf.r}, {"p", &item.kdf.p}};
  for (const auto& [name, into] : numbers) {
    const auto number = TRY(kdf.member(name));
    *into = static_cast<uint32_t>(TRY(number.number(1024)));
  }
  const auto salt = TRY(kdf.member("salt"));
  item.kdf.salt = TRY(salt.hex(64));
  const auto check = TRY(place.member("key_check"));
  item.key_check = TRY(check.hex(64));
  item.points = TRY(place.number_of("points"));
  return item;
}

Result<std::vector<VaultCopyResult>> parse_copy_results(std::string_view json,
                                                        std::span<const VaultCopyRange> asked,
                                                        const std::string& where) {
  const auto document = TRY(parse_json(json, where));
  const auto list = TRY(JsonPlace(document, where).member("results"));
  std::vector<VaultCopyResult> out;
  for (const auto& element : TRY(list.elements(kVaultCopyMax))) {
    VaultCopyResult one;
    const auto id = TRY(element.member("id"));
    one.id = TRY(digest_at(id));
    if (out.size() >= asked.size() || one.id != asked[out.size()].id)
      return id.fail_here("that chunk was not asked for here");
    const auto status = TRY(element.member("status"));
    const std::string word = TRY(status.text(64));
    using Status = VaultCopyResult::Status;
    const std::pair<const char*, Status> words[] = {{"copied", Status::copied},
                                                    {"present", Status::present},
                                                    {"mismatch", Status::mismatch},
                                                    {"unreadable", Status::unreadable}};
    const auto known = std::ranges::find_if(words, [&](const auto& entry) { return word == entry.first; });
    if (known == std::end(words)) return status.fail_here("the status is unknown");
    one.status = known->second;
    one.detail = text_for_people(TRY(element.text_of("detail")));
    out.push_back(std::move(one));
  }
  if (out.size() != asked.size())
    return list.fail_here(fmt::format("{} results came for {} chunks", out.size(), asked.size()));
  return out;
}

Result<std::vector<std::optional<Sha256>>> parse_proofs(std::string_view json, size_t count,
                                                        const std::string& where) {
  const auto document = TRY(parse_json(json, where));
  const auto list = TRY(JsonPlace(document, where).member("proofs"));
  std::vector<std::optional<Sha256>> out;
  for (const auto& element : TRY(list.elements(kVaultProofMax))) {
    if (element.is_null())
      out.emplace_back();
    else
      out.emplace_back(TRY(digest_at(element)));
  }
  if (out.size() != count)
    return list.fail_here(fmt::format("{} proofs came for {} chunks", out.size(), count));
  return out;
}

Result<std::vector<VaultPoint>> parse_vault_points(std::string_view json, const std::string& where) {
  const auto document = TRY(parse_json(json, where, {.bytes_max = kListBytesMax}));
  const auto list = TRY(JsonPlace(document, where).member("points"));
  std::vector<VaultPoint> out;
  for (const auto& element : TRY(list.elements())) out.push_back(TRY(point_at(element)));
  return out;
}

Result<VaultPointContent> parse_point_content(ByteSpan body, const std::string& where) {
  const auto feed = std::ranges::find(body, uint8_t{'\n'});
  if (feed == body.end())
    return fail(ErrorCode::corrupt, "the point is no line of JSON with chunk ids behind it", where);
  const auto line_bytes = static_cast<size_t>(feed - body.begin());
  const ByteSpan ids = body.subspan(line_bytes + 1);
  if (ids.size() % 32 != 0 || ids.size() / 32 > kVaultChunksPerPointMax)
    return fail(ErrorCode::corrupt, "the chunk ids of the point are no whole number of ids", where);
  const auto document = TRY(parse_json(as_text(body.first(line_bytes)), where, {.bytes_max = kListBytesMax}));
  VaultPointContent out;
  out.point = TRY(point_at(JsonPlace(document, where)));
  if (out.point.chunks_digest != hex_lower(sha256_of(ids)))
    return fail(ErrorCode::corrupt, "the chunk ids of the point are not those of its digest", where);
  out.chunks.resize(ids.size() / 32);
  for (size_t i = 0; i < out.chunks.size(); i++)
    std::ranges::copy(ids.subspan(i * 32, 32), out.chunks[i].begin());
  return out;
}

Result<std::vector<VaultChunkId>> parse_missing_chunks(std::string_view json, const std::string& where) {
  const auto document = TRY(parse_json(json, where));
  const JsonPlace root(document, where);
  const auto nested = TRY(root.find("error"));
  const auto list = TRY((nested ? *nested : root).member("missing"));
  return ids_at(list, kMissingMax);
}

}  // namespace seedbed
