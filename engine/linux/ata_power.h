// How often a SATA drive was powered on, from its SMART data. libata hides a short loss of power: it resets
// the link, finds the same drive and goes on, while what the drive's cache held is gone. A count that grew
// between two flushes tells.
#pragma once

#include <optional>
#include <string>

#include "engine/base/bytes.h"

namespace seedbed {

// Attribute 12, Power Cycle Count, of a SMART READ DATA sector; nothing when the checksum is wrong or the
// drive does not keep it. The attribute table is vendor specific by the standard and the same on all drives
// in practice (smartmontools atacmds.h).
std::optional<uint64_t> parse_power_cycles(ByteSpan sector);
// Asks the drive; nothing when it does not answer.
std::optional<uint64_t> read_power_cycles(int descriptor, const std::string& path);

}  // namespace seedbed
