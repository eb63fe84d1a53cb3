// One ATA command that brings one sector from the drive, by SG_IO.
#pragma once

#include <array>
#include <string>

#include "engine/base/bytes.h"
#include "engine/base/result.h"

namespace seedbed {

inline constexpr size_t kAtaSectorBytes = 512;
using AtaSector = std::array<uint8_t, kAtaSectorBytes>;

struct AtaCommand {
  uint8_t command = 0;
  uint8_t feature = 0;
  uint8_t lba_mid = 0;
  uint8_t lba_high = 0;
};

// Fails where the device or its driver does not speak ATA (loop, NVMe, virtio), or where the drive aborts the
// command.
Result<AtaSector> read_ata_sector(int descriptor, const AtaCommand& command, const std::string& path);

}  // namespace seedbed
