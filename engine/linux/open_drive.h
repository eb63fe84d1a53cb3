// Opens what the user named as a drive: a block device, or an image file as a rehearsal.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/linux/descriptor_drive.h"
#include "engine/ports/entropy.h"

namespace seedbed {

struct OpenDriveOptions : DriveOptions {
  std::vector<std::string>* notes =
      nullptr;  // what the user should know of the opened drive is appended here
};

// refused or not_found, with the remedy, for what is no drive: a directory, a terminal, a pipe, nothing.
// Everything else as open_sata_drive and open_file_drive say. `entropy` draws the serial of an image that has
// none.
Result<std::unique_ptr<BlockDevice>> open_drive(const std::string& path, const OpenDriveOptions& options,
                                                Entropy& entropy);

}  // namespace seedbed
