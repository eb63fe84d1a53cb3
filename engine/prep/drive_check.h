// May this drive be written? Every reason against it is a fact that is named; nothing is touched. Pure but
// for reads of the drive's head.
#pragma once

#include <string>

#include "engine/ports/block_device.h"
#include "engine/ports/file_store.h"
#include "engine/prep/drive_volume.h"

namespace seedbed {

struct DriveCheckInput {
  std::string journal_path, log_directory,
      source_directory;    // what must not lie on the drive; empty: not checked
  std::string journal_id;  // "" for a first session
};

// refused with the fact: in use, mounted, holds the source, the journal or the log directory; an image inside
// the source; a marker of another journal that has not finished. Returns what the drive holds.
Result<DriveContent> check_drive(BlockDevice& device, FileStore& files, const DriveCheckInput& input);

}  // namespace seedbed
