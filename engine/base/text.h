// Text in and out of bytes: hex, base64, UTF-8 and UTF-16, UTC time stamps, GUIDs. Pure functions; any
// thread.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/bytes.h"
#include "engine/base/result.h"

namespace seedbed {

std::string hex_upper(ByteSpan bytes);
std::string hex_lower(ByteSpan bytes);
// Even number of hex digits of either case; anything else is nothing.
std::optional<Bytes> parse_hex(std::string_view text);

std::string base64(ByteSpan bytes);
// Padded standard alphabet, no white space, unused bits zero: one text for one value.
std::optional<Bytes> parse_base64(std::string_view text);

// Strict both ways: ill-formed input is nothing.
std::optional<std::u16string> utf16_of(std::string_view utf8);
std::optional<std::string> utf8_of(std::u16string_view utf16);

// Decimal, no sign, no blanks, no overflow.
std::optional<uint64_t> parse_u64(std::string_view text);

// A GUID in its on-disk (mixed-endian) byte order and as Windows writes it:
// 4967d63b-2e29-4ad8-8399-f6a339e3d001
struct Guid {
  std::array<uint8_t, 16> bytes{};
  std::string text() const;
  static std::optional<Guid> parse(std::string_view text);
  friend auto operator<=>(const Guid&, const Guid&) = default;
};

// UTC from nanoseconds since 1970: "2016/11/02 18:24:14.735", the journal's form; and back (real dates of
// 1678 to 2261 only).
std::string utc_journal_text(int64_t unix_ns);
std::optional<int64_t> parse_utc_journal_text(std::string_view text);
// 100 ns units since 1601, as NTFS and BitLocker store time.
uint64_t filetime_of(int64_t unix_ns) noexcept;

// Bytes for people: "999 B", "12.3 MB", "1.25 GB" (powers of 1000, three digits)
std::string human_bytes(uint64_t bytes);
// "1,234,567"
std::string with_commas(uint64_t value);

}  // namespace seedbed
