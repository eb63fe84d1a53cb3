// ATA IDENTIFY DEVICE: what a SATA drive says of itself. Words as in ACS-3 (T13/2161-D), 7.12.7.
#pragma once

#include <optional>
#include <string>

#include "engine/base/bytes.h"
#include "engine/base/result.h"

namespace seedbed {

struct AtaIdentity {
  std::string serial;               // words 10-19, without spaces
  std::string firmware;             // words 23-26
  std::string model;                // words 27-46
  std::optional<bool> write_cache;  // word 85 bit 5: on now; nothing when the drive does not report features
};

// From the 512 bytes as the drive sent them; corrupt for what is no ATA device, has a wrong checksum or
// unprintable strings.
Result<AtaIdentity> parse_ata_identity(ByteSpan sector, const std::string& path);
// Asks the drive by SG_IO; fails where the device or its driver does not speak ATA (loop, NVMe, virtio).
Result<AtaIdentity> identify_ata(int descriptor, const std::string& path);
// SCSI vital product data page 80h as sysfs keeps it: the unit serial number, or "".
std::string parse_vpd_serial(ByteSpan page);

}  // namespace seedbed
