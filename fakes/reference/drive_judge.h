// The judgement of a prepared drive: is what lies on it what the manifest says, is the manifest the one the
// job names, and is it the source, byte for byte? Every disagreement is a Finding with its place. Reads only;
// used by one task.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/base/checksum.h"
#include "engine/ports/file_store.h"
#include "fakes/reference/drive.h"

namespace seedbed::reference {

// Where blobs came from: blob path = prefix + path under root with '/' ("container/dir/" + "a/b.bin"). A root
// that is a regular file stands for the one blob named exactly `prefix`.
struct SourceTree {
  std::string root, prefix;
};

struct Expectations {
  std::optional<Md5> manifest_hash;
  std::string drive_id;  // "": not checked
  std::vector<SourceTree>
      sources;  // not empty: every blob must come from one of them and every regular file must be there
  FileStore* files = nullptr;     // holds the sources
  bool check_bookkeeping = true;  // clusters against $Bitmap (check_ntfs)
};

struct Judgement {
  Findings findings;  // at most kFindingsMax are kept
  uint64_t findings_dropped = 0;
  Md5 manifest_md5{};
  std::string drive_id;
  uint64_t blobs = 0, page_blobs = 0, pieces = 0, hashed_bytes = 0;
  uint64_t source_files = 0, compared_bytes = 0;
  std::vector<std::string> unlisted_files;  // on the drive, not in the manifest, not BitLocker's own: told,
                                            // not blamed (at most kFindingsMax)
  bool fine() const noexcept { return findings.empty(); }

  static constexpr size_t kFindingsMax = 1000;
  void add(std::string place, std::string what);
};

inline constexpr std::string_view kManifestPath = "\\DriveManifest.xml";

Judgement judge_drive(Drive& drive, const Expectations& expected);

}  // namespace seedbed::reference
