// What uses a drive: mounts, swap, loop devices, and holders (device mapper, md) of it or of its partitions.
//
// Read from procfs and sysfs, in the mount namespace of this process; what another namespace has mounted
// shows only as "busy" when the drive is opened exclusively. The parsers take text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"

namespace seedbed {

// Where the kernel's trees are; tests put their own here.
struct SystemTrees {
  std::string proc = "/proc";
  std::string sys = "/sys";
};

struct MountEntry {
  uint64_t device_number = 0;  // as st_dev
  std::string mount_point;
  std::string source;  // "/dev/sda1", "overlay", …
};

// /proc/self/mountinfo (proc(5)); lines that are not of its form are passed over.
std::vector<MountEntry> parse_mountinfo(std::string_view text);
// /proc/swaps: the paths.
std::vector<std::string> parse_swaps(std::string_view text);

// A block device node as sysfs knows it.
struct BlockNode {
  std::string name;       // "sda", "loop3"
  std::string directory;  // /sys/…/block/sda, symlinks resolved
  bool partition = false;
};
std::optional<BlockNode> find_block_node(uint64_t device_number, const SystemTrees& trees = {});

struct DriveUse {
  std::vector<std::string> in_use;
  std::vector<uint64_t> device_numbers;  // of the drive, its partitions and what holds them: what a file on
                                         // the drive has as st_dev
};
Result<DriveUse> use_of_drive(const BlockNode& node, const SystemTrees& trees = {});

// Loop devices that a file or device is attached to: "/dev/loop3".
std::vector<std::string> loops_over(const std::string& real_path, const SystemTrees& trees = {});

}  // namespace seedbed
