// A block device node as a drive: a SATA disk (/dev/sdX), or a loop device as a rehearsal of one.
//
// For writing it is opened O_DIRECT | O_EXCL and refused while anything uses it; for inspection neither is
// asked. Identity comes from the drive itself (ATA IDENTIFY), else from sysfs. Every write is a multiple of
// the physical sector and of 4096 at least.
//
// Durability: a flush reaches the drive only if the kernel believes that the drive has a volatile cache.
// Where the drive says that its cache is on and sysfs says "write through", fdatasync would be a lie: that is
// refused for writing.
#pragma once

#include <memory>
#include <optional>

#include "engine/linux/descriptor_drive.h"
#include "engine/linux/drive_use.h"

namespace seedbed {

Result<std::unique_ptr<DescriptorDrive>> open_sata_drive(const std::string& path, const DriveOptions& options,
                                                         const SystemTrees& trees = {});

// What is known of the write cache, and whether flushes can be trusted.
struct CacheVerdict {
  bool volatile_cache = true;
  bool flushes_arrive = true;
};
// `drive_says`: IDENTIFY word 85 bit 5; `kernel_says`: the queue/write_cache attribute, "" when there is
// none.
CacheVerdict judge_write_cache(std::optional<bool> drive_says, const std::string& kernel_says);

}  // namespace seedbed
