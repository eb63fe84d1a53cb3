#include "engine/prep/drive_verify.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/documents/drive_manifest.h"
#include "engine/prep/drive_proof.h"
#include "engine/prep/session_layout.h"

namespace seedbed {

namespace {

constexpr size_t kBatchRanges = 4096;
constexpr size_t kFindingsMax = 1000;
constexpr uint64_t kUnitBytes = 4096;

// Reads the manifest's ranges in batches: those that lie in one run go deep through the reading pipeline, the
// few others through the file system.
class Verifier {
 public:
  Verifier(Runtime& runtime, BlockDevice& device, const OpenDrive& drive, NtfsVolume& ntfs, Operator& person,
           uint64_t total_bytes)
      : runtime_(runtime),
        device_(device),
        drive_(drive),
        ntfs_(ntfs),
        person_(person),
        total_bytes_(total_bytes),
        start_ns_(runtime.now_ns()) {}

  Status blob(const ManifestBlob& blob) {
    verdict.blobs++;
    std::string path = blob.file_path;
    std::ranges::replace(path, '\\', '/');
    extents_.clear();
    path_ = path;
    const auto entry = ntfs_.stat(path);
    missing_ = !entry;
    if (!entry) {
      if (entry.error().code != ErrorCode::not_found) return std::unexpected(entry.error());
      find(path, "the file is not on the drive");
      return {};
    }
    if (entry->size_bytes != blob.length_bytes)
      find(path,
           fmt::format("the file has {} bytes, the manifest says {}", entry->size_bytes, blob.length_bytes));
    extents_ = TRY(ntfs_.extents(path));
    return {};
  }

  Status range(const ManifestRange& range) {
    verdict.ranges++;
    verdict.bytes += range.length_bytes;
    if (missing_) return {};
    uint64_t file_at = 0;
    for (const Extent& extent : extents_) {
      if (range.offset_bytes >= file_at &&
          range.offset_bytes + range.length_bytes <= file_at + extent.length_bytes) {
        const uint64_t first = extent.offset_bytes + (range.offset_bytes - file_at);
        if (first % kUnitBytes != 0) break;
        chunks_.push_back({.index = chunks_.size(),
                           .volume_offset_bytes = first,
                           .length_bytes = static_cast<uint32_t>(round_up(range.length_bytes, kUnitBytes)),
                           .ranges = {{.range_index = chunks_.size(),
                                       .file_index = paths_.size(),
                                       .file_offset_bytes = range.offset_bytes,
                                       .chunk_offset_bytes = 0,
                                       .length_bytes = static_cast<uint32_t>(range.length_bytes)}}});
        expected_.push_back(range.hash);
        paths_.push_back(path_);
        return chunks_.size() >= kBatchRanges ? run_batch() : Status();
      }
      file_at += extent.length_bytes;
    }
    Bytes content(range.length_bytes);
    const size_t got_bytes = TRY(ntfs_.read(path_, range.offset_bytes, content));
    if (got_bytes != range.length_bytes || md5_of(content) != range.hash)
      differs(path_, range.offset_bytes, range.length_bytes);
    return {};
  }

  Status run_batch() {
    ChunkList source(std::move(chunks_));
    const SectorWriterOptions options = fitted_to({}, source.size());
    chunks_.clear();
    const auto verify = [&](const WriteChunk& chunk, std::span<const Md5> found) -> Status {
      const ChunkRange& range = chunk.ranges.front();
      if (found[0] != expected_[range.range_index])
        differs(paths_[range.range_index], range.file_offset_bytes, range.length_bytes);
      return {};
    };
    TRY(read_sectors(runtime_, device_, drive_.volume->partition_offset_bytes(), drive_.volume->cipher(),
                     source, verify, options));
    expected_.clear();
    paths_.clear();
    person_.progress({.stage = "verify",
                      .done_bytes = verdict.bytes,
                      .total_bytes = total_bytes_,
                      .elapsed_ns = runtime_.now_ns() - start_ns_,
                      .resumed_bytes = 0});
    return {};
  }

  void find(std::string place, std::string what) {
    if (verdict.findings.size() < kFindingsMax)
      verdict.findings.push_back({std::move(place), std::move(what)});
    else
      verdict.findings_dropped++;
  }

  DriveVerdict verdict;

 private:
  void differs(const std::string& path, uint64_t offset_bytes, uint64_t length_bytes) {
    find(fmt::format("{} [{}, +{}]", path, offset_bytes, length_bytes),
         "the bytes do not hash to what the manifest says");
  }

  Runtime& runtime_;
  BlockDevice& device_;
  const OpenDrive& drive_;
  NtfsVolume& ntfs_;
  Operator& person_;
  uint64_t total_bytes_, start_ns_;
  std::string path_;
  bool missing_ = false;
  std::vector<Extent> extents_;
  std::vector<WriteChunk> chunks_;
  std::vector<Md5> expected_;
  std::vector<std::string> paths_;
};

}  // namespace

Result<DriveVerdict> verify_drive(Runtime& runtime, BlockDevice& device, const OpenDrive& drive,
                                  Operator& person, const std::string& expected_drive_id) {
  const uint64_t start_ns = runtime.now_ns();
  auto ntfs = TRY(drive.file_system(runtime.utc_ns(), true));
  auto found = ntfs.stat(kManifestPath);
  if (!found && found.error().code == ErrorCode::not_found)
    return fail(ErrorCode::corrupt,
                "the drive holds no \\DriveManifest.xml: no copy session on it is complete",
                device.identity().path);
  if (!found) return std::unexpected(std::move(found).error());
  const auto read = [&](uint64_t offset_bytes, MutableByteSpan out) {
    return ntfs.read(kManifestPath, offset_bytes, out);
  };
  // The manifest is read twice: it is believed whole, and its total known, before the drive is read for
  // hours.
  std::string drive_id;
  uint64_t total_bytes = 0;
  ManifestHandler handler;
  handler.drive = [&](std::string_view id, std::string_view, std::string_view) -> Status {
    drive_id = id;
    return {};
  };
  handler.list = [](std::string_view) -> Status { return {}; };
  handler.blob = [](const ManifestBlob&) -> Status { return {}; };
  handler.range = [&](const ManifestRange& range) -> Status {
    total_bytes += range.length_bytes;
    return {};
  };
  handler.blob_end = []() -> Status { return {}; };
  TRY(read_manifest(read, handler, kManifestPath));

  Verifier verifier(runtime, device, drive, ntfs, person, total_bytes);
  handler.blob = [&](const ManifestBlob& blob) { return verifier.blob(blob); };
  handler.range = [&](const ManifestRange& range) { return verifier.range(range); };
  TRY(read_manifest(read, handler, kManifestPath));
  TRY(verifier.run_batch());
  if (!expected_drive_id.empty() && drive_id != expected_drive_id)
    verifier.find(kManifestPath,
                  fmt::format("the manifest is of the drive {}, this is {}", drive_id, expected_drive_id));
  DriveVerdict verdict = std::move(verifier.verdict);
  verdict.drive_id = drive_id;
  verdict.manifest_md5 = TRY(manifest_md5(ntfs));
  verdict.elapsed_ns = runtime.now_ns() - start_ns;
  return verdict;
}

}  // namespace seedbed
