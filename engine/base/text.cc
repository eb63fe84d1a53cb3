#include "engine/base/text.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

namespace seedbed {

static std::string hex(ByteSpan bytes, const char* digits) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const uint8_t b : bytes) {
    out += digits[b >> 4];
    out += digits[b & 15];
  }
  return out;
}
std::string hex_upper(ByteSpan bytes) {
  return hex(bytes, "0123456789ABCDEF");
}
std::string hex_lower(ByteSpan bytes) {
  return hex(bytes, "0123456789abcdef");
}

static int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<Bytes> parse_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  Bytes out(text.size() / 2);
  for (size_t i = 0; i < out.size(); i++) {
    const int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out[i] = static_cast<uint8_t>(high << 4 | low);
  }
  return out;
}

static constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string base64(ByteSpan bytes) {
  std::string out;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t have = std::min<size_t>(3, bytes.size() - i);
    uint32_t group = 0;
    for (size_t k = 0; k < 3; k++) group = group << 8 | (k < have ? bytes[i + k] : 0);
    for (size_t k = 0; k < 4; k++) out += k <= have ? kBase64[group >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

std::optional<Bytes> parse_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  Bytes out;
  for (size_t i = 0; i < text.size(); i += 4) {
    uint32_t group = 0;
    int padding = 0;
    for (size_t k = 0; k < 4; k++) {
      const char c = text[i + k];
      if (c == '=' && i + 4 == text.size() && k >= 2) {
        padding++;
        group <<= 6;
        continue;
      }
      const size_t value = kBase64.find(c);
      if (value == std::string_view::npos || padding > 0) return std::nullopt;
      group = group << 6 | static_cast<uint32_t>(value);
    }
    if ((padding == 1 && (group & 0xff) != 0) || (padding == 2 && (group & 0xffff) != 0)) return std::nullopt;
    for (int k = 0; k < 3 - padding; k++) out.push_back(static_cast<uint8_t>(group >> (16 - 8 * k)));
  }
  return out;
}

std::optional<std::u16string> utf16_of(std::string_view utf8) {
  std::u16string out;
  for (size_t i = 0; i < utf8.size();) {
    const auto lead = static_cast<uint8_t>(utf8[i]);
    const int length = lead < 0x80                   ? 1
                       : lead >= 0xc2 && lead < 0xe0 ? 2
                       : lead >= 0xe0 && lead < 0xf0 ? 3
                       : lead >= 0xf0 && lead < 0xf5 ? 4
                                                     : 0;
    if (length == 0 || i + length > utf8.size()) return std::nullopt;
    uint32_t point = length == 1 ? lead : lead & (0x7f >> length);
    for (int k = 1; k < length; k++) {
      const auto c = static_cast<uint8_t>(utf8[i + k]);
      if ((c & 0xc0) != 0x80) return std::nullopt;
      point = point << 6 | (c & 0x3f);
    }
    constexpr uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
    if (point < kLeast[length] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
      return std::nullopt;
    if (point >= 0x10000) {
      out += static_cast<char16_t>(0xd800 + ((point - 0x10000) >> 10));
      out += static_cast<char16_t>(0xdc00 + ((point - 0x10000) & 0x3ff));
    } else {
      out += static_cast<char16_t>(point);
    }
    i += length;
  }
  return out;
}

std::optional<std::string> utf8_of(std::u16string_view utf16) {
  std::string out;
  for (size_t i = 0; i < utf16.size(); i++) {
    uint32_t point = utf16[i];
    if (point >= 0xdc00 && point < 0xe000) return std::nullopt;
    if (point >= 0xd800 && point < 0xdc00) {
      if (i + 1 >= utf16.size() || utf16[i + 1] < 0xdc00 || utf16[i + 1] >= 0xe000) return std::nullopt;
      point = 0x10000 + ((point - 0xd800) << 10) + (utf16[++i] - 0xdc00);
    }
    if (point < 0x80) {
      out += static_cast<char>(point);
    } else if (point < 0x800) {
      out += static_cast<char>(0xc0 | point >> 6);
      out += static_cast<char>(0x80 | (point & 0x3f));
    } else if (point < 0x10000) {
      out += static_cast<char>(0xe0 | point >> 12);
      out += static_cast<char>(0x80 | (point >> 6 & 0x3f));
      out += static_cast<char>(0x80 | (point & 0x3f));
    } else {
      out += static_cast<char>(0xf0 | point >> 18);
      out += static_cast<char>(0x80 | (point >> 12 & 0x3f));
      out += static_cast<char>(0x80 | (point >> 6 & 0x3f));
      out += static_cast<char>(0x80 | (point & 0x3f));
    }
  }
  return out;
}

std::optional<uint64_t> parse_u64(std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

// The first three fields of a GUID are little-endian on disk, the last two as written.
static constexpr std::array<int, 16> kGuidOrder = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};

std::string Guid::text() const {
  std::string out;
  for (int i = 0; i < 16; i++) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    out += hex_lower({&bytes[kGuidOrder[i]], 1});
  }
  return out;
}

std::optional<Guid> Guid::parse(std::string_view text) {
  if (text.size() != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-')
    return std::nullopt;
  std::string digits;
  for (const char c : text)
    if (c != '-') digits += c;
  const auto raw = parse_hex(digits);
  if (!raw || raw->size() != 16) return std::nullopt;
  Guid guid;
  for (int i = 0; i < 16; i++) guid.bytes[kGuidOrder[i]] = (*raw)[i];
  return guid;
}

// Civil date from days since 1970 and back (proleptic Gregorian, eras of 400 years).
static void civil_of_days(int64_t days, int64_t& year, unsigned& month, unsigned& day) noexcept {
  days += 719468;
  const int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const auto day_of_era = static_cast<unsigned>(days - era * 146097);
  const unsigned year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const unsigned shifted_month = (5 * day_of_year + 2) / 153;
  day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
  month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  year = static_cast<int64_t>(year_of_era) + era * 400 + (month <= 2);
}

static int64_t days_of_civil(int64_t year, unsigned month, unsigned day) noexcept {
  year -= month <= 2;
  const int64_t era = (year >= 0 ? year : year - 399) / 400;
  const auto year_of_era = static_cast<unsigned>(year - era * 400);
  const unsigned day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  const unsigned day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + static_cast<int64_t>(day_of_era) - 719468;
}

std::string utc_journal_text(int64_t unix_ns) {
  int64_t ms = unix_ns / 1'000'000;
  if (unix_ns < 0 && unix_ns % 1'000'000 != 0) ms--;
  int64_t days = ms / 86'400'000;
  int64_t rest_ms = ms % 86'400'000;
  if (rest_ms < 0) {
    rest_ms += 86'400'000;
    days--;
  }
  int64_t year;
  unsigned month, day;
  civil_of_days(days, year, month, day);
  return fmt::format("{:04}/{:02}/{:02} {:02}:{:02}:{:02}.{:03}", year, month, day, rest_ms / 3'600'000,
                     rest_ms / 60'000 % 60, rest_ms / 1000 % 60, rest_ms % 1000);
}

std::optional<int64_t> parse_utc_journal_text(std::string_view text) {
  if (text.size() != 23 || text[4] != '/' || text[7] != '/' || text[10] != ' ' || text[13] != ':' ||
      text[16] != ':' || text[19] != '.')
    return std::nullopt;
  const auto year = parse_u64(text.substr(0, 4)), month = parse_u64(text.substr(5, 2)),
             day = parse_u64(text.substr(8, 2)), hour = parse_u64(text.substr(11, 2)),
             minute = parse_u64(text.substr(14, 2)), second = parse_u64(text.substr(17, 2)),
             ms = parse_u64(text.substr(20, 3));
  if (!year || !month || !day || !hour || !minute || !second || !ms) return std::nullopt;
  // 1678 to 2261 are the whole years that nanoseconds in 64 bits can tell.
  if (*year < 1678 || *year > 2261 || *month < 1 || *month > 12 || *day < 1 || *hour > 23 || *minute > 59 ||
      *second > 59)
    return std::nullopt;
  const int64_t days =
      days_of_civil(static_cast<int64_t>(*year), static_cast<unsigned>(*month), static_cast<unsigned>(*day));
  int64_t same_year;
  unsigned same_month, same_day;  // differ for the 31st of April and its like
  civil_of_days(days, same_year, same_month, same_day);
  if (same_month != *month || same_day != *day) return std::nullopt;
  const int64_t seconds = days * 86'400 + static_cast<int64_t>(*hour * 3600 + *minute * 60 + *second);
  return (seconds * 1000 + static_cast<int64_t>(*ms)) * 1'000'000;
}

uint64_t filetime_of(int64_t unix_ns) noexcept {
  constexpr int64_t kEpochDifference_100ns = 116'444'736'000'000'000;  // 1601-01-01 to 1970-01-01
  const int64_t whole_100ns = unix_ns / 100 - (unix_ns % 100 < 0);     // rounds down before 1970 too
  return static_cast<uint64_t>(whole_100ns + kEpochDifference_100ns);
}

std::string human_bytes(uint64_t bytes) {
  if (bytes < 1000) return fmt::format("{} B", bytes);
  constexpr const char* kUnits[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
  double value = static_cast<double>(bytes) / 1000;
  int unit = 0;
  while (value >= 999.5 && unit < 5) {
    value /= 1000;
    unit++;
  }
  const int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;  // three digits, after rounding
  return fmt::format("{:.{}f} {}", value, decimals, kUnits[unit]);
}

std::string with_commas(uint64_t value) {
  std::string digits = std::to_string(value);
  for (int at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<size_t>(at), ",");
  return digits;
}

}  // namespace seedbed
