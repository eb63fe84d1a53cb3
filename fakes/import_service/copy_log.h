// The copy log that the Import/Export service leaves in the account: DriveLog 2014-11-01, an error log of
// what did not go well and a verbose one of everything. Owned by one task; it grows with what it tells (about
// 90 bytes for each page range of the verbose log). [Azure Import/Export service log file format]
#pragma once

#include <string>
#include <vector>

#include "fakes/reference/manifest.h"

namespace seedbed {

struct AttachmentLog {
  bool there = false, global = false;  // global: the list's, not the blob's own
  std::string path, hash;
  const char* status = "Completed";
};

// What became of one blob of the manifest.
struct BlobLog {
  std::string blob_path;  // the new name when it was renamed
  const char* status = "Completed";
  const char* disposition_status = "Created";
  std::vector<const char*> pieces;  // one status for each of the manifest's
  AttachmentLog metadata, properties;
  bool good() const;
};

class CopyLogText {
 public:
  CopyLogText(std::string drive_id, bool verbose);
  void add(const reference::ManifestEntry& entry, const BlobLog& blob);
  // At least one blob did not go well.
  bool has_errors() const noexcept { return has_errors_; }
  std::string error_text(std::string_view drive_status) const { return whole(errors_, drive_status); }
  std::string verbose_text(std::string_view drive_status) const { return whole(everything_, drive_status); }

 private:
  std::string whole(const std::string& blobs, std::string_view drive_status) const;
  std::string head_, errors_, everything_;
  bool verbose_;
  bool has_errors_ = false;
};

}  // namespace seedbed
