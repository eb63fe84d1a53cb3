#include "engine/prep/session_layout.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/text.h"

namespace seedbed {

namespace {

std::string manifest_file_path(const std::string& drive_path) {
  std::string path = drive_path;
  std::ranges::replace(path, '/', '\\');
  return path;
}

// The previous manifest's lists, blob by blob, into the new one.
Status copy_lists(NtfsVolume& ntfs, ManifestWriter& writer) {
  bool list_open = false;
  ManifestHandler handler;
  handler.drive = [](std::string_view, std::string_view, std::string_view) -> Status { return {}; };
  handler.list = [&](std::string_view id) -> Status {
    if (list_open) TRY(writer.end_list());
    list_open = true;
    return writer.begin_list(id);
  };
  handler.blob = [&](const ManifestBlob& blob) { return writer.begin_blob(blob); };
  handler.range = [&](const ManifestRange& range) { return writer.range(range); };
  handler.blob_end = [&] { return writer.end_blob(); };
  const auto read = [&](uint64_t offset_bytes, MutableByteSpan out) {
    return ntfs.read(kManifestPath, offset_bytes, out);
  };
  if (const Status copied = read_manifest(read, handler, kManifestPath); !copied) {
    Error error = copied.error();
    if (error.code == ErrorCode::corrupt)
      error.remedy =
          "The drive no longer holds the manifest of its earlier sessions: abort this one with /AbortSession "
          "and use another drive";
    return std::unexpected(std::move(error));
  }
  if (list_open) TRY(writer.end_list());
  return {};
}

}  // namespace

Result<SessionLayout> lay_out(NtfsVolume& ntfs, const SourcePlan& plan, ManifestParts parts) {
  SessionLayout layout;
  TRY(ntfs.make_directory('/' + plan.options.session_id));
  for (const std::string& directory : plan.directories)
    TRY(ntfs.make_directory('/' + plan.options.session_id + '/' + directory));
  layout.files.reserve(plan.files.size());
  for (const PlannedFile& file : plan.files) {
    // Bound first: a TRY that returns from within braces leaks what they hold already (g++ 12).
    auto extents = TRY(ntfs.create_file(plan.drive_path(file), file.size_bytes, file.modified_ns));
    layout.files.push_back({plan.source_path(file), file.size_bytes, file.modified_ns, std::move(extents)});
  }
  const ManifestParts measured{plan,
                               layout,
                               parts.drive_id,
                               parts.disposition,
                               parts.storage_account_key,
                               parts.container_sas,
                               parts.previous,
                               parts.chunk_bytes};
  uint64_t length_bytes = 0;
  TRY(write_manifest(
      ntfs, measured, [](uint64_t) -> Result<Md5> { return Md5{}; },
      [&](ByteSpan bytes) -> Status {
        length_bytes += bytes.size();
        return {};
      }));
  layout.manifest = {{}, length_bytes, -1, TRY(ntfs.create_file(kNewManifestPath, length_bytes, 0))};
  return layout;
}

Result<SessionLayout> read_layout(NtfsVolume& ntfs, const SourcePlan& plan,
                                  const std::string& manifest_path) {
  SessionLayout layout;
  layout.files.reserve(plan.files.size());
  for (const PlannedFile& file : plan.files) {
    const std::string path = plan.drive_path(file);
    const NtfsEntry entry = TRY(once_laid_out(ntfs.stat(path)));
    if (entry.directory || entry.size_bytes != file.size_bytes)
      return fail(ErrorCode::corrupt,
                  fmt::format("the drive holds {} bytes where the session laid out {}", entry.size_bytes,
                              file.size_bytes),
                  path, "Abort the session with /AbortSession and copy again");
    std::vector<Extent> extents = TRY(once_laid_out(ntfs.extents(path)));
    uint64_t laid_out_bytes = 0;
    for (const Extent& extent : extents) laid_out_bytes += extent.length_bytes;
    if (laid_out_bytes < file.size_bytes)
      return fail(ErrorCode::corrupt, "the drive holds less room than the session laid out", path);
    layout.files.push_back({plan.source_path(file), file.size_bytes, file.modified_ns, std::move(extents)});
  }
  const NtfsEntry manifest = TRY(once_laid_out(ntfs.stat(manifest_path)));
  std::vector<Extent> manifest_extents = TRY(once_laid_out(ntfs.extents(manifest_path)));
  layout.manifest = {{}, manifest.size_bytes, -1, std::move(manifest_extents)};
  return layout;
}

Status write_manifest(NtfsVolume& ntfs, const ManifestParts& parts,
                      const std::function<Result<Md5>(uint64_t)>& hash, const ManifestWriter::Sink& sink) {
  ManifestWriter writer(sink);
  TRY(writer.begin(parts.drive_id, parts.storage_account_key.text(), parts.container_sas.text()));
  if (parts.previous) TRY(copy_lists(ntfs, writer));
  TRY(writer.begin_list(parts.plan.options.session_id));
  uint64_t range = 0;
  for (size_t i = 0; i < parts.plan.files.size(); i++) {
    const PlannedFile& file = parts.plan.files[i];
    TRY(writer.begin_blob({parts.plan.blob_path(file), manifest_file_path(parts.plan.drive_path(file)),
                           file.size_bytes, parts.disposition, parts.plan.options.blob_type}));
    Status ranges;
    for_each_range(parts.layout.files[i], parts.chunk_bytes,
                   [&](uint64_t offset_bytes, uint32_t length_bytes) {
                     if (!ranges) return;
                     auto digest = hash(range++);
                     ranges = digest ? writer.range({offset_bytes, length_bytes, *digest})
                                     : Status(std::unexpected(digest.error()));
                   });
    TRY(ranges);
    TRY(writer.end_blob());
  }
  TRY(writer.end_list());
  return writer.finish();
}

Status write_temporary_manifest(FileStore& files, const std::string& path, NtfsVolume& ntfs,
                                const ManifestParts& parts, PageHashLog& hashes) {
  auto file = TRY(files.open(path, OpenMode::create, 0600));
  TRY(file->truncate(0));
  uint64_t at = 0;
  Bytes pending;
  const auto write_out = [&]() -> Status {
    TRY(file->write_at(at, pending));
    at += pending.size();
    pending.clear();
    return {};
  };
  std::vector<Md5> window;  // the log is read in steps
  uint64_t window_first = 0;
  const auto hash = [&](uint64_t range) -> Result<Md5> {
    if (range < window_first || range >= window_first + window.size()) {
      window_first = range;
      window = TRY(hashes.read(range, std::min<uint64_t>(4096, hashes.count() - range)));
    }
    return window.at(range - window_first);
  };
  TRY(write_manifest(ntfs, parts, hash, [&](ByteSpan bytes) -> Status {
    append(pending, bytes);
    return pending.size() >= 1 * MiB ? write_out() : Status();
  }));
  TRY(write_out());
  if (at != parts.layout.manifest.size_bytes)
    return fail(
        ErrorCode::internal,
        fmt::format("the manifest has {} bytes, {} were laid out", at, parts.layout.manifest.size_bytes),
        path);
  return {};  // not synced: a run after a power cut writes it again
}

Result<std::string> manifest_md5(NtfsVolume& ntfs) {
  Digest digest(DigestKind::md5);
  Bytes step(1 * MiB);
  for (uint64_t at = 0;;) {
    const size_t got_bytes = TRY(ntfs.read(kManifestPath, at, step));
    if (got_bytes == 0) return hex_upper(digest.snapshot());
    digest.update(ByteSpan(step).first(got_bytes));
    at += got_bytes;
  }
}

}  // namespace seedbed
