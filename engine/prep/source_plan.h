// The plan of one copy session: which source files go where on the drive and under which blob name, in
// writing order. A pure function of the source tree and the options: the same tree gives the same plan and
// digest, which is how a resume notices that the source has changed.
//
// Owned by the session; immutable once made. Reads the source, writes nothing.
#pragma once

#include <string>
#include <vector>

#include "engine/base/checksum.h"
#include "engine/documents/drive_manifest.h"
#include "engine/ports/file_store.h"

namespace seedbed {

struct SourceOptions {
  std::string source_directory;  // absolute
  std::string session_id;        // the directory on the drive
  std::string destination;       // "container/dir/" or "$root/"
  BlobType blob_type = BlobType::block_blob;
  // Names in the source directory itself, sorted; the others are left out without a word. Empty: all. Part of
  // the command, not of the journal: the digest tells whether it is the same again.
  std::vector<std::string> only = {};
};

struct PlannedFile {
  std::string relative;        // to the source directory: "dir/name"; the blob's name after the destination
  std::string drive_relative;  // the same under safe names; empty when nothing changed
  uint64_t size_bytes = 0;
  int64_t modified_ns = 0;
};

struct SourcePlan {
  SourceOptions options;
  std::vector<std::string> directories;  // drive-relative, parents first
  std::vector<PlannedFile> files;
  std::vector<std::pair<std::string, std::string>> skipped;  // path, reason
  std::vector<std::pair<std::string, std::string>> renamed;  // path, drive path
  uint64_t total_bytes = 0;
  uint64_t source_device = 0;  // st_dev of the source directory
  std::string digest;          // SHA-256 over everything above but skipped, upper-case hex

  std::string source_path(const PlannedFile& file) const;
  std::string drive_path(const PlannedFile& file) const;  // "/session/dir/name"
  std::string blob_path(const PlannedFile& file) const;   // "container/dir/name"
};

// Where the source directory really is.
Result<std::string> find_source(FileStore& files, const std::string& source_directory);

// Errors: not_found / permission_denied (names the entry), invalid_argument (a page blob that is no multiple
// of 512, a block blob over 50,000 blocks of 4 MiB). Symlinks, special files and names that no blob can have
// are skipped and reported.
Result<SourcePlan> plan_source(FileStore& files, const SourceOptions& options);

}  // namespace seedbed
