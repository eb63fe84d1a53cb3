#include "engine/linux/printable_text.h"

#include <algorithm>

#include "engine/base/text.h"

namespace seedbed {

// The length of the character at the front if it is well-formed and shows as something, else 0.
static size_t shown_length(std::string_view text) {
  const auto lead = static_cast<uint8_t>(text[0]);
  if (lead < 0x80) return lead >= 0x20 && lead != 0x7f ? 1 : 0;
  const size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  const auto units = utf16_of(text.substr(0, std::min(length, text.size())));
  if (!units) return 0;
  const char16_t unit = (*units)[0];
  const bool control = unit >= 0x80 && unit < 0xa0;  // C1: a terminal obeys these
  const bool reorders =
      (unit >= 0x202a && unit <= 0x202e) || (unit >= 0x2066 && unit <= 0x2069);  // bidirectional overrides
  const bool breaks = unit == 0x2028 || unit == 0x2029;
  return control || reorders || breaks ? 0 : length;
}

std::string printable_text(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t length = shown_length(text);
    if (length == 0) {
      out += "\\x" + hex_lower(as_bytes(text.substr(0, 1)));
      text.remove_prefix(1);
    } else {
      out += text.substr(0, length);
      text.remove_prefix(length);
    }
  }
  return out;
}

}  // namespace seedbed
