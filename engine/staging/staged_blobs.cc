#include "engine/staging/staged_blobs.h"

#include <fmt/format.h>

#include "engine/staging/blob_layout.h"

namespace seedbed {

namespace {

constexpr uint64_t kTornHeadBytesMax = 64 * KiB;

class JobReader {
 public:
  JobReader(FileStore& files, const std::string& staging_path, const SeedInputs& inputs, const KdfSpec& kdf,
            const ChunkKeys& keys)
      : files_(files), staging_path_(staging_path), inputs_(inputs), kdf_(kdf), keys_(keys) {}

  Result<StagedJob> run() {
    for (uint32_t number = 1; !job_.growing && !job_.complete; number++) {
      const bool more = TRY(read_blob(number));
      if (!more) break;
    }
    return std::move(job_);
  }

 private:
  Result<bool> exists(const std::string& path) {
    const auto stat = files_.stat(path);
    if (stat) return true;
    if (stat.error().code == ErrorCode::not_found) return false;
    return std::unexpected(stat.error());
  }

  Status check(const AibHead& head, const std::string& path, uint32_t number) {
    if (head.inputs.backup_id != inputs_.backup_id || head.inputs.job != inputs_.job)
      return fail(ErrorCode::already_exists, "another backup is staged here under this job's name", path,
                  "Give the import job another name, or another staging location");
    if (head.kdf != kdf_)
      return fail(ErrorCode::permission_denied, "this job was staged with another salt", path,
                  "Take the key stretching that the job's index tells of");
    TRY(check_keys(keys_, head.key_check, path));
    if (head.number != number)
      return fail(ErrorCode::corrupt,
                  fmt::format("this is blob {} of the job, under the name of another", head.number), path,
                  "Give the staging location's files their names back");
    return {};
  }

  // False: there is none of this number that holds anything.
  Result<bool> read_blob(uint32_t number) {
    StagedBlob blob;
    blob.name = blob_name(inputs_.job, number);
    const std::string aib_file = aib_path(staging_path_, blob.name);
    const std::string base_file = base_blob_path(staging_path_, blob.name);
    const bool has_aib = TRY(exists(aib_file)), has_base = TRY(exists(base_file));
    if (!has_aib && !has_base) return false;
    bool index_is_sound = false;
    if (has_aib) {
      auto aib = read_aib(files_, aib_file);
      if (aib) {
        TRY(check(aib->head, aib_file, number));
        index_is_sound = true;
        if (aib->head.closed) return take_closed(std::move(blob), *std::move(aib), base_file);
      } else if (aib.error().code != ErrorCode::corrupt) {
        return std::unexpected(std::move(aib).error());
      }
    }
    if (!has_base) {
      TRY(begin_again(aib_file, base_file));
      return false;
    }
    return take_growing(std::move(blob), number, base_file, aib_file, index_is_sound);
  }

  Result<bool> take_closed(StagedBlob blob, Aib aib, const std::string& base_file) {
    const FileStat stat = TRY(files_.stat(base_file));
    if (stat.size_bytes != aib.head.base_bytes)
      return fail(ErrorCode::corrupt,
                  fmt::format("the base blob has {} bytes where its index tells of {}", stat.size_bytes,
                              aib.head.base_bytes),
                  base_file, "Remove the job's files from the staging location and run the backup again");
    blob.head = std::move(aib.head);
    blob.entries = std::move(aib.entries);
    TRY(take_content(blob, base_file));
    job_.complete = blob.head.complete;
    job_.closed.push_back(std::move(blob));
    return true;
  }

  // A blob that grows, or one whose index is damaged: the blob itself tells.
  Result<bool> take_growing(StagedBlob blob, uint32_t number, const std::string& base_file,
                            const std::string& aib_file, bool index_is_sound) {
    auto scan = scan_base_blob(files_, base_file, keys_);
    if (!scan) {
      const FileStat stat = TRY(files_.stat(base_file));
      // The index is made after the head is durable: without one, a torn head is a blob that was never begun.
      if (scan.error().code != ErrorCode::corrupt || index_is_sound || stat.size_bytes > kTornHeadBytesMax)
        return std::unexpected(std::move(scan).error());
      TRY(begin_again(aib_file, base_file));
      return false;
    }
    TRY(check(scan->head, base_file, number));
    if (scan->durable_bytes == 0) {  // nothing in it was promised, and perhaps its name is not durable
      TRY(begin_again(aib_file, base_file));
      return false;
    }
    blob.head = scan->head;
    blob.entries = scan->entries;
    TRY(take_content(blob, base_file));
    const std::string next = blob_name(inputs_.job, blob.head.number + 1);
    if (TRY(exists(base_blob_path(staging_path_, next)))) {  // it was closed, and only its index is damaged
      blob.head.closed = true;
      blob.head.base_bytes = scan->end_bytes;
      blob.head.source_bytes = scan->source_bytes;
      blob.head.entries = blob.entries.size();
      job_.closed.push_back(std::move(blob));
      return true;
    }
    blob.scan = *std::move(scan);
    job_.growing = std::move(blob);
    return true;
  }

  Status take_content(const StagedBlob& blob, const std::string& base_file) {
    const auto file = TRY(files_.open(base_file, OpenMode::read));
    Opener opener(keys_);
    for (const IndexEntry& entry : blob.entries) {
      if (entry.is(RecordKind::data)) job_.chunks.insert(entry.id);
      if (!entry.is(RecordKind::catalog)) continue;
      const OpenedRecord part = TRY(read_record(*file, base_file, entry, opener));
      TRY(job_.log.apply_part(part.plain, base_file));
    }
    return {};
  }

  // The index goes first: while it is there, the base blob's head is durable.
  Status begin_again(const std::string& aib_file, const std::string& base_file) {
    for (const std::string& path : {aib_file, base_file}) {
      if (!TRY(exists(path))) continue;
      TRY(files_.remove(path));
      TRY(files_.sync_directory(staging_path_));
    }
    job_.begun_again = true;
    return {};
  }

  FileStore& files_;
  const std::string& staging_path_;
  const SeedInputs& inputs_;
  const KdfSpec& kdf_;
  const ChunkKeys& keys_;
  StagedJob job_;
};

}  // namespace

Result<StagedJob> read_staged_job(FileStore& files, const std::string& staging_path, const SeedInputs& inputs,
                                  const KdfSpec& kdf, const ChunkKeys& keys) {
  return JobReader(files, staging_path, inputs, kdf, keys).run();
}

}  // namespace seedbed
