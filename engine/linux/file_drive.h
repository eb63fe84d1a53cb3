// An image file as a *rehearsal* drive: everything is real but nothing can be shipped.
//
// Direct I/O where the file system allows it (a note says where not), flock for the time it is open for
// writing, identity from the sidecar (image_identity), which is made on first use. The image is a multiple of
// 4096 bytes and keeps its size.
#pragma once

#include <memory>

#include "engine/linux/descriptor_drive.h"
#include "engine/linux/drive_use.h"
#include "engine/ports/entropy.h"

namespace seedbed {

// busy: another process has it; refused: wrong size, attached to a loop device (for writing), or the sidecar
// speaks of another size; corrupt: the sidecar.
Result<std::unique_ptr<DescriptorDrive>> open_file_drive(const std::string& path, const DriveOptions& options,
                                                         Entropy& entropy, const SystemTrees& trees = {});

// A new sparse image and its sidecar, both durable on return; already_exists when there is one or the other.
Status create_image(const std::string& path, uint64_t capacity_bytes, uint32_t logical_sector_bytes,
                    Entropy& entropy);

}  // namespace seedbed
