// The XML of one prepared drive, as the journal's DriveInfo record carries it and as a job is created from
// it: identity, key, manifest. [WAImportExport V2's <DriveID>.xml; docs/formats/journal.md]. Pure functions
// over text; the text holds the drive's key.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/checksum.h"
#include "engine/base/result.h"
#include "engine/base/secret.h"

namespace seedbed {

struct DriveInfo {
  std::string drive_id;       // the serial number, without blanks
  SecretBytes bitlocker_key;  // the 48-digit recovery password
  std::string manifest_file;  // "\DriveManifest.xml"
  Md5 manifest_hash{};        // of the manifest file's bytes; upper-case hex in the text
};

// invalid_argument when a part is empty or has characters that XML cannot hold.
Result<std::string> encode_drive_info(const DriveInfo& info);
// corrupt, with `where`, line and column.
Result<DriveInfo> parse_drive_info(std::string_view text, const std::string& where);

}  // namespace seedbed
