#include "engine/linux/ata_identity.h"

#include <numeric>

#include "engine/linux/ata_command.h"

namespace seedbed {

static std::string trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(' ') - first + 1));
}

// An ATA string: two characters a word, the first in the high byte. Nothing when it holds what is not
// printable ASCII; NULs pad on some bridges, where the standard asks for blanks.
static std::optional<std::string> ata_string(ByteSpan sector, size_t first_word, size_t words) {
  std::string text;
  for (size_t word = first_word; word < first_word + words; ++word)
    for (const size_t byte : {word * 2 + 1, word * 2}) {
      const char c = sector[byte] == 0 ? ' ' : static_cast<char>(sector[byte]);
      if (c < ' ' || c > '~') return std::nullopt;
      text += c;
    }
  return trimmed(text);
}

Result<AtaIdentity> parse_ata_identity(ByteSpan sector, const std::string& path) {
  const auto wrong = [&](std::string what) {
    return fail(ErrorCode::corrupt, "ATA IDENTIFY: " + std::move(what), path);
  };
  if (sector.size() != kAtaSectorBytes) return wrong("the answer is not one sector");
  const auto word = [&](size_t index) { return load_le<uint16_t>(sector, index * 2); };
  if ((word(0) & 0x8000) != 0) return wrong("the device is an ATAPI one, not a disk");
  // Word 255: with the signature A5h in the low byte, the sum of all bytes is zero.
  if ((word(255) & 0xff) == 0xa5 && (std::accumulate(sector.begin(), sector.end(), 0u) & 0xff) != 0)
    return wrong("the checksum does not match");

  const auto serial = ata_string(sector, 10, 10);
  const auto firmware = ata_string(sector, 23, 4);
  const auto model = ata_string(sector, 27, 20);
  if (!serial || !firmware || !model) return wrong("a string holds unprintable bytes");
  AtaIdentity identity{
      .serial = *serial, .firmware = *firmware, .model = *model, .write_cache = std::nullopt};
  std::erase(identity.serial, ' ');
  // Words 82 (supported) and 85 (enabled) speak only if words 83 and 87 begin with 01b.
  if ((word(83) & 0xc000) == 0x4000 && (word(87) & 0xc000) == 0x4000)
    identity.write_cache = (word(82) & (1u << 5)) != 0 && (word(85) & (1u << 5)) != 0;
  return identity;
}

Result<AtaIdentity> identify_ata(int descriptor, const std::string& path) {
  const AtaSector sector = TRY(read_ata_sector(descriptor, {.command = 0xec}, path));
  return parse_ata_identity(sector, path);
}

// SPC-4 7.8.14: peripheral, page code 80h, length (2 bytes, big-endian), serial.
std::string parse_vpd_serial(ByteSpan page) {
  if (page.size() < 4 || page[1] != 0x80) return {};
  const size_t length_bytes = static_cast<size_t>(page[2]) << 8 | page[3];
  if (length_bytes > page.size() - 4) return {};
  std::string serial;
  for (const uint8_t byte : page.subspan(4, length_bytes)) {
    if (byte == 0 || byte == ' ') continue;
    if (byte < ' ' || byte > '~') return {};
    serial += static_cast<char>(byte);
  }
  return serial;
}

}  // namespace seedbed
