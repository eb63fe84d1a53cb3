#include "fakes/reference/drive_judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "fakes/reference/manifest.h"
#include "fakes/reference/ntfs_check.h"
#include "fakes/reference/source_mapping.h"

namespace seedbed::reference {

namespace {

constexpr uint64_t kPieceMax = 4 * MiB;
constexpr size_t kBlocksMax = 50'000;
constexpr std::string_view kSystemFolder = "\\System Volume Information\\";

Result<Md5> md5_of_source(ByteSource& source) {
  Digest digest(DigestKind::md5);
  Bytes chunk(1 * MiB);
  for (uint64_t at = 0; at < source.size_bytes(); at += chunk.size()) {
    const auto part =
        MutableByteSpan(chunk).first(std::min<uint64_t>(chunk.size(), source.size_bytes() - at));
    TRY(source.read(at, part));
    digest.update(part);
  }
  const Bytes value = digest.snapshot();
  Md5 md5;
  std::copy_n(value.begin(), md5.size(), md5.begin());
  return md5;
}

// One run over a drive. Every step adds its findings and goes on as far as it can.
class Judge {
 public:
  Judge(Drive& drive, const Expectations& expected) : drive_(drive), expected_(expected) {}

  Judgement run() {
    for (const auto& finding : drive_.findings()) judgement_.add(finding.place, finding.what);
    if (expected_.check_bookkeeping) judge_bookkeeping();
    if (auto status = judge_files(); !status) judgement_.add("drive", status.error().message());
    return std::move(judgement_);
  }

 private:
  void judge_bookkeeping() {
    std::vector<Extent> reserved = {drive_.bitlocker().relocated_header()};
    for (const uint64_t offset : drive_.bitlocker().metadata_offset_bytes())
      reserved.push_back({offset, kFveMetadataBytes});
    const auto accounting = check_ntfs(drive_.ntfs(), reserved);
    if (!accounting) return judgement_.add("NTFS", accounting.error().message());
    for (const auto& finding : accounting->findings) judgement_.add(finding.place, finding.what);
  }

  Status judge_files() {
    on_drive_ = TRY(drive_.ntfs().walk());
    if (!expected_.sources.empty()) {
      sources_ = TRY(SourceMapping::list(*expected_.files, expected_.sources));
      judgement_.source_files = sources_.size();
    }
    const auto found = on_drive_.find(std::string(kManifestPath));
    if (found == on_drive_.end())
      return fail(ErrorCode::not_found, "there is no manifest", std::string(kManifestPath));
    listed_.insert(found->first);
    const auto manifest = TRY(drive_.ntfs().open_file(found->second));
    compare_listed_size(found->first, found->second, *manifest);
    judgement_.manifest_md5 = TRY(md5_of_source(*manifest));
    if (expected_.manifest_hash && *expected_.manifest_hash != judgement_.manifest_md5)
      judgement_.add(std::string(kManifestPath),
                     fmt::format("its MD5 is {}, expected {}", hex_upper(judgement_.manifest_md5),
                                 hex_upper(*expected_.manifest_hash)));

    const auto head = TRY(read_manifest(*manifest, [&](ManifestEntry&& blob) {
      judge_blob(blob);
      return Status();
    }));
    judge_head(head);
    for (const auto& blob_path : sources_.untaken())
      judgement_.add("source " + blob_path, "no blob of this path is in the manifest");
    for (const auto& [path, entry] : on_drive_) {
      if (entry.directory || listed_.contains(path) || path.starts_with(kSystemFolder)) continue;
      if (judgement_.unlisted_files.size() < Judgement::kFindingsMax)
        judgement_.unlisted_files.push_back(path);
    }
    return {};
  }

  void judge_head(const ManifestHead& head) {
    const std::string place(kManifestPath);
    judgement_.drive_id = head.drive_id;
    if (head.drive_id.empty()) judgement_.add(place, "no DriveId");
    if (!expected_.drive_id.empty() && head.drive_id != expected_.drive_id)
      judgement_.add(place, fmt::format("its DriveId is \"{}\", the drive's serial \"{}\"", head.drive_id,
                                        expected_.drive_id));
    if (head.has_account_key == head.has_container_sas)
      judgement_.add(place, "exactly one of StorageAccountKey and ContainerSas must be there");
    judge_attachments(place, head.attachments);
  }

  void judge_blob(const ManifestEntry& blob) {
    const std::string place = fmt::format("blob {}", blob.blob_path);
    judgement_.blobs++;
    judgement_.page_blobs += blob.page_blob;
    const size_t slash = blob.blob_path.find('/');
    if (slash == std::string::npos || slash == 0 || slash + 1 == blob.blob_path.size())
      judgement_.add(place, "its path is not container/name");
    if (!blob_paths_.insert(blob.blob_path).second) judgement_.add(place, "is in the manifest twice");
    if (!blob.disposition.empty() && blob.disposition != "rename" && blob.disposition != "no-overwrite" &&
        blob.disposition != "overwrite")
      judgement_.add(place, fmt::format("its import disposition is \"{}\"", blob.disposition));
    judge_pieces_shape(place, blob);
    judge_attachments(place, blob.attachments);

    const auto found = on_drive_.find(blob.file_path);
    if (found == on_drive_.end() || found->second.directory)
      return judgement_.add(place, fmt::format("its file {} is not on the drive", blob.file_path));
    if (!listed_.insert(found->first).second)
      judgement_.add(place, fmt::format("its file {} is in the manifest twice", blob.file_path));
    const auto file = drive_.ntfs().open_file(found->second);
    if (!file) return judgement_.add(place, file.error().message());
    compare_listed_size(found->first, found->second, **file);
    if ((*file)->size_bytes() != blob.length_bytes)
      judgement_.add(place, fmt::format("its file has {} bytes, the manifest says {}", (*file)->size_bytes(),
                                        blob.length_bytes));
    const auto source = open_source(place, blob);
    for (const auto& piece : blob.pieces) judge_piece(place, piece, **file, source.get());
  }

  // A directory that shows a stale size is not what NTFS promises to whoever lists it.
  void compare_listed_size(const std::string& path, const NtfsEntry& entry, ByteSource& file) {
    if (entry.listed_bytes != file.size_bytes())
      judgement_.add(path, fmt::format("its directory lists {} bytes, the file has {}", entry.listed_bytes,
                                       file.size_bytes()));
  }

  void judge_pieces_shape(const std::string& place, const ManifestEntry& blob) {
    if (!blob.has_pieces_list) judgement_.add(place, "has neither a PageRangeList nor a BlockList");
    if (!blob.page_blob && blob.pieces.size() > kBlocksMax)
      judgement_.add(place, fmt::format("has {} blocks, 50,000 are allowed", blob.pieces.size()));
    if (blob.page_blob && blob.length_bytes % 512 != 0)
      judgement_.add(place, fmt::format("a page blob of {} bytes, not a multiple of 512", blob.length_bytes));
    const auto with_id =
        static_cast<size_t>(std::count_if(blob.pieces.begin(), blob.pieces.end(),
                                          [](const ManifestPiece& piece) { return !piece.id.empty(); }));
    if (with_id != 0 && with_id != blob.pieces.size())
      judgement_.add(place, "some blocks have an Id and some have none");
    uint64_t end_bytes = 0;
    for (const auto& piece : blob.pieces) {
      const std::string at =
          fmt::format("{}, {} at {}", place, blob.page_blob ? "page range" : "block", piece.offset_bytes);
      if (piece.length_bytes == 0 || piece.length_bytes > kPieceMax)
        judgement_.add(at, fmt::format("has {} bytes, 1 to 4 MiB are allowed", piece.length_bytes));
      if (blob.page_blob && (piece.offset_bytes % 512 != 0 || piece.length_bytes % 512 != 0))
        judgement_.add(at, "is not made of 512-byte pages");
      if (piece.offset_bytes != end_bytes)
        judgement_.add(
            at, fmt::format("{} (the one before ends at {})",
                            piece.offset_bytes < end_bytes ? "overlaps or is out of order" : "leaves a gap",
                            end_bytes));
      if (__builtin_add_overflow(piece.offset_bytes, piece.length_bytes, &end_bytes))
        end_bytes = ~uint64_t{0};
      if (piece.hash.size() != 32 || piece.hash != hex_upper(parse_hex(piece.hash).value_or(Bytes())))
        judgement_.add(at, "its Hash is not 32 upper-case hex digits");
    }
    if (blob.has_pieces_list && end_bytes != blob.length_bytes)
      judgement_.add(place,
                     fmt::format("its pieces end at {}, its Length is {}", end_bytes, blob.length_bytes));
  }

  std::unique_ptr<FileSource> open_source(const std::string& place, const ManifestEntry& blob) {
    if (expected_.sources.empty()) return nullptr;
    const std::string* path = sources_.take(blob.blob_path);
    if (!path) {
      judgement_.add(place, "comes from no source file");
      return nullptr;
    }
    auto source = FileSource::open(*expected_.files, *path);
    if (!source) {
      judgement_.add(place, source.error().message());
      return nullptr;
    }
    if ((*source)->size_bytes() != blob.length_bytes)
      judgement_.add(place, fmt::format("its source {} has {} bytes, the manifest says {}", *path,
                                        (*source)->size_bytes(), blob.length_bytes));
    return std::move(*source);
  }

  void judge_piece(const std::string& place, const ManifestPiece& piece, ByteSource& file,
                   ByteSource* source) {
    const std::string at = fmt::format("{}, piece at {}", place, piece.offset_bytes);
    if (piece.length_bytes == 0 || piece.length_bytes > kPieceMax) return;  // told already
    buffer_.resize(piece.length_bytes);
    if (const auto got = file.read(piece.offset_bytes, buffer_); !got)
      return judgement_.add(at, got.error().message());
    judgement_.pieces++;
    judgement_.hashed_bytes += piece.length_bytes;
    const std::string md5 = hex_upper(md5_of(buffer_));
    if (md5 != piece.hash)
      judgement_.add(at, fmt::format("its bytes have MD5 {}, the manifest says {}", md5, piece.hash));
    if (!source) return;
    source_buffer_.resize(piece.length_bytes);
    if (const auto got = source->read(piece.offset_bytes, source_buffer_); !got)
      return judgement_.add(at, got.error().message());
    judgement_.compared_bytes += piece.length_bytes;
    const auto differ = std::mismatch(buffer_.begin(), buffer_.end(), source_buffer_.begin());
    if (differ.first != buffer_.end())
      judgement_.add(at,
                     fmt::format("differs from its source first at byte {}",
                                 piece.offset_bytes + static_cast<uint64_t>(differ.first - buffer_.begin())));
  }

  void judge_attachments(const std::string& place, const std::vector<ManifestAttachment>& attachments) {
    for (const auto& attachment : attachments) {
      const auto found = on_drive_.find(attachment.path);
      if (found == on_drive_.end()) {
        judgement_.add(place,
                       fmt::format("its {} {} is not on the drive", attachment.element, attachment.path));
        continue;
      }
      listed_.insert(found->first);  // many blobs may share one
      const auto file = drive_.ntfs().open_file(found->second);
      const auto md5 = file ? md5_of_source(**file) : Result<Md5>(std::unexpected(file.error()));
      if (!md5) {
        judgement_.add(place, md5.error().message());
      } else if (hex_upper(*md5) != attachment.hash) {
        judgement_.add(place, fmt::format("its {} {} has MD5 {}, the manifest says {}", attachment.element,
                                          attachment.path, hex_upper(*md5), attachment.hash));
      }
    }
  }

  Drive& drive_;
  const Expectations& expected_;
  Judgement judgement_;
  std::map<std::string, NtfsEntry> on_drive_;
  SourceMapping sources_;
  std::set<std::string> listed_, blob_paths_;
  Bytes buffer_, source_buffer_;
};

}  // namespace

void Judgement::add(std::string place, std::string what) {
  if (findings.size() < kFindingsMax) {
    findings.push_back({std::move(place), std::move(what)});
  } else {
    findings_dropped++;
  }
}

Judgement judge_drive(Drive& drive, const Expectations& expected) {
  return Judge(drive, expected).run();
}

}  // namespace seedbed::reference
