// Where on a world's drive the things lie that befall it by name: the boot sector of its NTFS volume, the
// bytes of its manifest. Found by the independent reader, with the key from the journal. Nothing is changed.
#pragma once

#include <vector>

#include "scenarios/world.h"

namespace seedbed {

struct DrivePlaces {
  Extent volume_header;          // the first sectors of the NTFS volume, where BitLocker keeps them
  std::vector<Extent> manifest;  // its bytes, in order
};
// Errors: no journal, no volume, no manifest.
Result<DrivePlaces> find_drive_places(const World& world, const std::string& drive);

}  // namespace seedbed
