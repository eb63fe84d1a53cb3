// Where the files of a session lie on the drive, and the metadata set that puts them there. The layout is
// decided on an in-memory overlay before the first data byte; afterwards it is read back from the drive, so a
// resume needs nothing but the plan and the drive. Owned by the session.
#pragma once

#include <string>
#include <vector>

#include "engine/base/secret.h"
#include "engine/journal/page_hash_log.h"
#include "engine/prep/chunk_stream.h"
#include "engine/prep/source_plan.h"
#include "engine/volume/ntfs_volume.h"

namespace seedbed {

inline constexpr const char* kManifestPath = "/DriveManifest.xml";
inline constexpr const char* kNewManifestPath =
    "/DriveManifest.xml.new";  // until the session's manifest set renames it

struct SessionLayout {
  std::vector<LaidOutFile> files;  // as plan.files
  LaidOutFile manifest;            // source_path set by whoever writes it
};

struct ManifestParts {
  const SourcePlan& plan;
  const SessionLayout& layout;
  std::string drive_id, disposition;
  const SecretBytes& storage_account_key;
  const SecretBytes& container_sas;
  bool previous = false;           // the drive holds a manifest whose lists come first
  uint32_t chunk_bytes = 4 * MiB;  // how ranges are cut
};

// What a session has put into the file system and no longer finds there is damage, and no retry helps:
// not_found becomes corrupt.
template <typename T>
Result<T> once_laid_out(Result<T> found) {
  if (!found && found.error().code == ErrorCode::not_found)
    return fail(ErrorCode::corrupt,
                "the drive's file system has lost what was put there: " + found.error().what,
                found.error().where, "Abort the session with /AbortSession and use another drive");
  return found;
}

// Creates directories, files and the new manifest's place on the overlay (nothing reaches the drive) and
// returns where they lie.
Result<SessionLayout> lay_out(NtfsVolume& ntfs, const SourcePlan& plan,
                              ManifestParts parts_of_manifest_length);

// Reads the same layout from a file system that has it. manifest_path: where the manifest stands at this
// phase. corrupt when a file is missing or has another size than the plan says.
Result<SessionLayout> read_layout(NtfsVolume& ntfs, const SourcePlan& plan, const std::string& manifest_path);

// Writes the manifest: the drive's previous lists (read from ntfs) and this session's. hash(i) is range i's,
// counted through the session's data.
Status write_manifest(NtfsVolume& ntfs, const ManifestParts& parts,
                      const std::function<Result<Md5>(uint64_t range)>& hash,
                      const ManifestWriter::Sink& sink);

// The manifest as a file on the copy computer, from which it is copied to the drive like data; synced on
// return. Its length must be the one laid out.
Status write_temporary_manifest(FileStore& files, const std::string& path, NtfsVolume& ntfs,
                                const ManifestParts& parts, PageHashLog& hashes);

// The MD5 of the manifest that stands on the drive, upper-case hex.
Result<std::string> manifest_md5(NtfsVolume& ntfs);

}  // namespace seedbed
