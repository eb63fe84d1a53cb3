// Verifies a prepared drive by itself: every page range and block of \DriveManifest.xml is read from the
// drive, hashed and compared. Needs a key, no journal. Writes nothing. Owned by the main task.
#pragma once

#include <string>
#include <vector>

#include "engine/ports/operator.h"
#include "engine/ports/runtime.h"
#include "engine/prep/drive_volume.h"

namespace seedbed {

struct DriveFinding {
  std::string place;  // file on the drive and byte range
  std::string what;
};

struct DriveVerdict {
  std::string drive_id, manifest_md5;
  uint64_t blobs = 0, ranges = 0, bytes = 0, elapsed_ns = 0;
  std::vector<DriveFinding> findings;  // empty: everything is as the manifest says
  uint64_t findings_dropped = 0;       // beyond the first 1000
};

// expected_drive_id "": not checked. A manifest that cannot be read at all is an error (corrupt), single
// flaws are findings.
Result<DriveVerdict> verify_drive(Runtime& runtime, BlockDevice& device, const OpenDrive& drive,
                                  Operator& person, const std::string& expected_drive_id);

}  // namespace seedbed
