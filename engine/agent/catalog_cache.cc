#include "engine/agent/catalog_cache.h"

#include <fmt/format.h>

#include "engine/base/checksum.h"

namespace seedbed {

static constexpr const char* kCacheFile = "last.catalog";
static constexpr std::string_view kMagic = "seedbed-catalog 1\n";  // then: point, '\n', parts, SHA-256
static constexpr uint64_t kCacheBytesMax = 4 * GiB;

Status keep_catalog(const StateDirectory& directory, FileStore& files, const std::string& point,
                    const Catalog& catalog) {
  Bytes bytes;
  append(bytes, as_bytes(kMagic));
  append(bytes, as_bytes(point));
  bytes.push_back('\n');
  for (const Bytes& part : encode_catalog(catalog)) {
    append_le(bytes, static_cast<uint32_t>(part.size()));
    append(bytes, part);
  }
  append(bytes, sha256_of(bytes));
  return replace_file(files, directory.file(kCacheFile), bytes);
}

static std::optional<Catalog> cached(const StateDirectory& directory, FileStore& files,
                                     const std::string& point) {
  const auto read = read_file(files, directory.file(kCacheFile), kCacheBytesMax);
  const std::string head = std::string(kMagic) + point + '\n';
  constexpr size_t kDigestBytes = sizeof(Sha256);
  if (!read || read->size() < head.size() + kDigestBytes || !as_text(*read).starts_with(head))
    return std::nullopt;
  const ByteSpan body = ByteSpan(*read).first(read->size() - kDigestBytes);
  if (!std::ranges::equal(sha256_of(body), ByteSpan(*read).last(kDigestBytes))) return std::nullopt;
  std::vector<Bytes> parts;
  for (size_t at = head.size(); at < body.size();) {
    if (body.size() - at < 4) return std::nullopt;
    const auto length = load_le<uint32_t>(body, at);
    at += 4;
    if (body.size() - at < length) return std::nullopt;
    parts.emplace_back(body.begin() + static_cast<ptrdiff_t>(at),
                       body.begin() + static_cast<ptrdiff_t>(at + length));
    at += length;
  }
  auto catalog = decode_catalog(parts);
  if (!catalog) return std::nullopt;
  return std::move(*catalog);
}

Result<Catalog> fetch_catalog(VaultClient& vault, const std::string& item, const ChunkKeys& keys,
                              const std::string& point) {
  const auto content = TRY(vault.get_point(item, point));
  if (!content)
    return fail(ErrorCode::not_found, fmt::format("the vault has no recovery point {}", point), item,
                "offseed points lists those that there are");
  return open_catalog(keys, content->point.catalog,
                      [&](const ChunkId& id) { return vault.get_chunk(item, id); });
}

Result<Catalog> catalog_of_point(AgentRun& run, VaultClient& vault, const std::string& point) {
  if (auto catalog = cached(run.directory, run.ports.files, point)) return std::move(*catalog);
  if (run.state.increments == 0) {  // the point is the seed's
    const auto staged = find_staging_job(run.ports.files, run.policy.staging, run.state.job);
    if (staged && *staged && (*staged)->complete && (*staged)->inputs.backup_id == run.state.backup_id) {
      auto catalog = read_staged_catalog(run.ports.files, run.policy.staging, **staged, run.keys);
      if (catalog) return catalog;
    }
  }
  return fetch_catalog(vault, run.policy.name, run.keys, point);
}

}  // namespace seedbed
