// What stands in a staging location, for whoever has no keys; and whether it still is what was staged.
#include <fmt/format.h>

#include <algorithm>

#include "engine/staging/base_blob.h"
#include "engine/staging/staging_area.h"

namespace seedbed {

namespace {

constexpr std::string_view kBaseEnding = ".BaseBlob", kAibEnding = ".AIBBlob";

Status add_blob(FileStore& files, const std::string& path, const std::string& name, const AibHead& head,
                StagingJob& job) {
  if (job.blobs.empty()) {
    job.inputs = head.inputs;
    job.kdf = head.kdf;
    job.key_check = head.key_check;
  } else if (job.inputs != head.inputs || job.kdf != head.kdf || job.key_check != head.key_check) {
    return fail(ErrorCode::corrupt, "the index belongs to another backup than the one before it", path,
                "Two backups are mixed up in this staging location: keep each in its own");
  }
  if (head.number != job.blobs.size() + 1 || name != blob_name(head.inputs.job, head.number))
    return fail(
        ErrorCode::corrupt,
        fmt::format("blob {} of the job stands where blob {} is due", head.number, job.blobs.size() + 1),
        path, "Files are missing or were renamed: put them back, or stage again");
  const FileStat stat = TRY(files.stat(path));
  BlobSummary blob{name, head.base_bytes, stat.size_bytes, 0};
  if (!head.closed)
    blob.base_bytes =
        TRY(files.stat(path.substr(0, path.size() - kAibEnding.size()) + std::string(kBaseEnding)))
            .size_bytes;
  job.blobs.push_back(std::move(blob));
  job.complete = head.complete;
  job.source_bytes = std::max(job.source_bytes, head.source_bytes);
  return {};
}

}  // namespace

std::string blob_name(const std::string& job, uint32_t number) {
  return fmt::format("{}_{:03}", job, number);
}
std::string base_blob_path(const std::string& staging_path, const std::string& name) {
  return join_path(staging_path, name) + std::string(kBaseEnding);
}
std::string aib_path(const std::string& staging_path, const std::string& name) {
  return join_path(staging_path, name) + std::string(kAibEnding);
}

Result<std::vector<StagingJob>> find_staging_jobs(FileStore& files, const std::string& staging_path) {
  struct Found {
    std::string name;
    AibHead head;
  };
  std::vector<Found> found;
  const std::vector<DirectoryEntry> entries = TRY(files.list(staging_path));
  for (const DirectoryEntry& entry : entries) {
    if (entry.kind != FileKind::file || !entry.name.ends_with(kAibEnding)) continue;
    AibHead head = TRY(read_aib_head(files, join_path(staging_path, entry.name)));
    found.push_back({entry.name.substr(0, entry.name.size() - kAibEnding.size()), std::move(head)});
  }
  std::ranges::stable_sort(found, [](const Found& a, const Found& b) {
    return std::tie(a.head.inputs.job, a.head.number) < std::tie(b.head.inputs.job, b.head.number);
  });
  std::vector<StagingJob> jobs;
  for (const Found& one : found) {
    if (jobs.empty() || jobs.back().inputs.job != one.head.inputs.job) jobs.emplace_back();
    TRY(add_blob(files, aib_path(staging_path, one.name), one.name, one.head, jobs.back()));
  }
  return jobs;
}

Result<std::optional<StagingJob>> find_staging_job(FileStore& files, const std::string& staging_path,
                                                   const std::string& job) {
  StagingJob found;
  for (uint32_t number = 1;; number++) {
    const std::string name = blob_name(job, number), path = aib_path(staging_path, name);
    const auto stat = files.stat(path);
    if (!stat && stat.error().code == ErrorCode::not_found) break;
    if (!stat) return std::unexpected(stat.error());
    const AibHead head = TRY(read_aib_head(files, path));
    TRY(add_blob(files, path, name, head, found));
  }
  if (found.blobs.empty()) return std::nullopt;
  return found;
}

Result<StagingCheck> check_staging(Runtime& runtime, FileStore& files, const std::string& staging_path,
                                   const std::string& job) {
  const auto found = TRY(find_staging_job(files, staging_path, job));
  if (!found) return fail(ErrorCode::not_found, "no such job is staged here: " + job, staging_path);
  StagingCheck check;
  for (const BlobSummary& blob : found->blobs) {
    const Aib aib = TRY(read_aib(files, aib_path(staging_path, blob.name)));
    const std::string path = base_blob_path(staging_path, blob.name);
    if (!aib.head.closed)
      return fail(ErrorCode::refused, "the job is not complete yet", path, "Run the backup until it is");
    const auto file = TRY(files.open(path, OpenMode::read));
    if (const uint64_t size_bytes = TRY(file->size()); size_bytes != aib.head.base_bytes)
      check.damage.push_back({path, std::min(size_bytes, aib.head.base_bytes), 0,
                              fmt::format("the file has {} bytes where its index tells of {}", size_bytes,
                                          aib.head.base_bytes)});
    Bytes bytes;
    for (const IndexEntry& entry : aib.entries) {
      bytes.resize(entry.length_bytes);
      const auto got = file->read_at(entry.offset_bytes, bytes);
      if (!got && got.error().code == ErrorCode::device_gone) return std::unexpected(got.error());
      runtime.spend(Work::hash_sha256, bytes.size());
      check.records++;
      check.bytes += bytes.size();
      if (!got) {
        check.damage.push_back(
            {path, entry.offset_bytes, entry.length_bytes, "cannot be read: " + got.error().what});
      } else if (*got != bytes.size() || sha256_of(bytes) != entry.sha256) {
        check.damage.push_back({path, entry.offset_bytes, entry.length_bytes, "is not what was staged"});
      }
    }
  }
  return check;
}

Result<Aib> rebuild_aib(FileStore& files, const std::string& base_path, const ChunkKeys& keys) {
  BlobScan scan = TRY(scan_base_blob(files, base_path, keys, true));
  Aib aib{std::move(scan.head), std::move(scan.entries)};
  aib.head.closed = true;
  aib.head.base_bytes = scan.end_bytes;
  aib.head.source_bytes = scan.source_bytes;
  aib.head.entries = aib.entries.size();
  return aib;
}

Result<Catalog> read_staged_catalog(FileStore& files, const std::string& staging_path, const StagingJob& job,
                                    const ChunkKeys& keys) {
  TRY(check_keys(keys, job.key_check, staging_path));
  CatalogLog log;
  Opener opener(keys);
  for (const BlobSummary& blob : job.blobs) {
    const Aib aib = TRY(read_aib(files, aib_path(staging_path, blob.name)));
    const std::string path = base_blob_path(staging_path, blob.name);
    const auto file = TRY(files.open(path, OpenMode::read));
    for (const IndexEntry& entry : aib.entries) {
      if (!entry.is(RecordKind::catalog)) continue;
      const OpenedRecord part = TRY(read_record(*file, path, entry, opener));
      TRY(log.apply_part(part.plain, path));
    }
  }
  return std::move(log).take();
}

}  // namespace seedbed
