// A copy log: what the data centre tells of one drive: its status, and of each blob whether it arrived, under
// which name, and which ranges did not. DriveLog 2014-11-01. [azure-import-export facts, 2.3]. An error log
// names only what went wrong, a verbose one everything. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/result.h"

namespace seedbed {

struct CopyLogRange {
  uint64_t offset_bytes = 0, length_bytes = 0;
  std::string status;  // "Completed", "Committed", "Corrupted", …
};

struct CopyLogBlob {
  std::string status;     // "Completed", "FileNotFound", …
  std::string blob_path;  // the new name, if it was renamed
  std::string file_path;  // on the drive
  uint64_t length_bytes = 0;
  std::string disposition, disposition_status;  // "rename", "Renamed"; "" when not told
  std::string metadata_status, properties_status;
  std::vector<CopyLogRange> ranges;  // pages or blocks
  bool completed() const noexcept { return status == "Completed"; }
};

struct CopyLog {
  std::string drive_id;
  std::string status;  // "Completed", "CompletedWithErrors", "ManifestCorrupted", …
  std::vector<CopyLogBlob> blobs;
};

struct CopyLogLimits {
  uint64_t document_bytes_max = 256 * MiB;
  size_t blobs_max = 1'000'000;
  size_t ranges_max = 4'000'000;  // of all blobs together
};

// corrupt, with `where`, line and column; unsupported when it is of another version.
Result<CopyLog> parse_copy_log(std::string_view text, const std::string& where, CopyLogLimits limits = {});

// "box/a_001.BaseBlob: CompletedWithErrors (2 ranges Corrupted, first at 65536)" for each blob that failed.
std::vector<std::string> failures_of(const CopyLog& log);

}  // namespace seedbed
