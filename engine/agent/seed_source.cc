#include "engine/agent/seed_source.h"

#include <fmt/format.h>

namespace seedbed {

static constexpr uint64_t kAibBytesMax = 1 * GiB;

Status SeedSource::open() {
  auto found = find_staging_job(run_.ports.files, run_.policy.staging, run_.state.job);
  if (found && *found && (*found)->complete && (*found)->inputs.backup_id == run_.state.backup_id)
    staged_ = std::move(**found);
  return {};
}

Status SeedSource::check(const Aib& aib, uint32_t number, const std::string& where) const {
  if (aib.head.inputs.backup_id != run_.state.backup_id)
    return fail(ErrorCode::refused, "this index belongs to another backup", where,
                "Look into the container: another seed was imported under the same job name");
  if (aib.head.number != number || !aib.head.closed)
    return fail(ErrorCode::corrupt, "the index is not that of a complete base blob", where,
                "Prepare the drives again from the staging location and import them anew");
  return {};
}

Result<Aib> SeedSource::index(uint32_t number) {
  const std::string name = blob_name(run_.state.job, number);
  if (staged_) {
    const std::string path = aib_path(run_.policy.staging, name);
    auto aib = read_aib(run_.ports.files, path);
    if (aib && check(*aib, number, path)) return aib;
    run_.tell(NoticeLevel::warning,
              fmt::format("{} in the staging location cannot be used; the account's is", name + ".AIBBlob"));
  }
  const std::string blob = name + ".AIBBlob";
  BlobClient* blobs = TRY(run_.cloud.blobs());
  const std::string where = blobs->url_of(run_.state.container, blob);
  const auto bytes = blobs->read_all(run_.state.container, blob, kAibBytesMax);
  if (!bytes && bytes.error().code == ErrorCode::not_found)
    return fail(
        ErrorCode::corrupt, fmt::format("the import is complete, but the account has no {}", blob), where,
        "Look into the job's copy logs: the drive that held it was not copied whole. Import it again, "
        "or put the staging location back");
  if (!bytes) return std::unexpected(bytes.error());
  Aib aib = TRY(parse_aib(*bytes, where));
  TRY(check(aib, number, where));
  return aib;
}

Result<std::optional<Bytes>> SeedSource::staged_record(const std::string& blob, const IndexEntry& entry) {
  if (!staged_) return std::nullopt;
  if (open_name_ != blob) {
    auto file = run_.ports.files.open(base_blob_path(run_.policy.staging, blob), OpenMode::read);
    open_name_ = blob;
    open_file_ = file ? std::move(*file) : nullptr;
  }
  if (open_file_ == nullptr) return std::nullopt;
  Bytes record(entry.length_bytes);
  const auto got = open_file_->read_at(entry.offset_bytes, record);
  if (!got || *got != record.size()) return std::nullopt;
  run_.ports.runtime.spend(Work::hash_sha256, record.size());
  if (sha256_of(record) != entry.sha256) return std::nullopt;
  return record;
}

}  // namespace seedbed
