#include "engine/linux/ata_power.h"

#include <numeric>

#include "engine/linux/ata_command.h"

namespace seedbed {

static constexpr size_t kFirstAttribute = 2;
static constexpr size_t kAttributes = 30;
static constexpr size_t kAttributeBytes = 12;  // id, flags (2), value, worst, raw (6), reserved
static constexpr uint8_t kPowerCycleCount = 12;

std::optional<uint64_t> parse_power_cycles(ByteSpan sector) {
  if (sector.size() != kAtaSectorBytes) return std::nullopt;
  if ((std::accumulate(sector.begin(), sector.end(), 0u) & 0xff) != 0) return std::nullopt;
  for (size_t i = 0; i < kAttributes; ++i) {
    const ByteSpan attribute = sector.subspan(kFirstAttribute + i * kAttributeBytes, kAttributeBytes);
    if (attribute[0] == kPowerCycleCount)
      return load_le<uint32_t>(attribute, 5) | static_cast<uint64_t>(load_le<uint16_t>(attribute, 9)) << 32;
  }
  return std::nullopt;
}

std::optional<uint64_t> read_power_cycles(int descriptor, const std::string& path) {
  // SMART READ DATA: ACS-3 7.48.8
  const auto sector = read_ata_sector(
      descriptor, {.command = 0xb0, .feature = 0xd0, .lba_mid = 0x4f, .lba_high = 0xc2}, path);
  return sector ? parse_power_cycles(*sector) : std::nullopt;
}

}  // namespace seedbed
