#include "engine/journal/record.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/checksum.h"
#include "engine/base/text.h"
#include "engine/journal/record_markers.h"

namespace seedbed {

std::string_view Record::get(std::string_view name) const noexcept {
  for (const auto& [key, value] : fields)
    if (key == name) return value;
  return {};
}

bool Record::has(std::string_view name) const noexcept {
  return std::any_of(fields.begin(), fields.end(), [name](const auto& field) { return field.first == name; });
}

uint64_t Record::number(std::string_view name) const noexcept {
  return parse_u64(get(name)).value_or(0);
}

Status check_record(const Record& record) {
  if (!is_record_name(record.type))
    return fail(ErrorCode::invalid_argument, "a journal record's type must be letters and digits",
                record.type);
  if (record.fields.size() > kRecordFieldsMax)
    return fail(ErrorCode::invalid_argument,
                fmt::format("a journal record has {} fields, more than the {} it may have",
                            record.fields.size(), kRecordFieldsMax),
                record.type);
  for (const auto& [name, value] : record.fields)
    if (!is_record_name(name) || name == kChecksum)
      return fail(ErrorCode::invalid_argument,
                  "a journal record's field has a name that is reserved or not letters and digits",
                  record.type);
  if (!parse_utc_journal_text(utc_journal_text(record.utc_ns)))
    return fail(ErrorCode::invalid_argument, "the time is outside the years 1601 to 2200 a journal can tell",
                utc_journal_text(record.utc_ns), "Set the computer's clock.");
  return {};
}

// A plain value stands on its line as it is. Any other becomes a block, one line for each of its own; a line
// of a block that is not plain, or begins with a backslash, is written escaped: a backslash, then the line
// with \\ for a backslash and \xHH for '[', control bytes and bytes that are no UTF-8. So no marker ever
// occurs inside a value.

static bool is_control(char c) noexcept {
  return static_cast<uint8_t>(c) < 0x20 || c == 0x7f;
}

static bool is_ascii(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<uint8_t>(c) < 0x80; });
}

static bool is_plain(std::string_view text) {
  return !text.starts_with('[') && std::none_of(text.begin(), text.end(), is_control) &&
         text.find(kBeginRecord) == std::string_view::npos && (is_ascii(text) || utf16_of(text));
}

static void append_escaped(std::string_view line, std::string& out) {
  const bool is_utf8 = is_ascii(line) || utf16_of(line);
  out += '\\';
  for (const char c : line) {
    if (c == '\\')
      out += "\\\\";
    else if (c == '[' || is_control(c) || (!is_utf8 && static_cast<uint8_t>(c) >= 0x80))
      fmt::format_to(std::back_inserter(out), "\\x{:02X}", static_cast<uint8_t>(c));
    else
      out += c;
  }
}

static void append_value(std::string_view value, std::string& out) {
  if (is_plain(value)) {
    out.append(value).append(kLineEnd);
    return;
  }
  out.append(kBeginValue).append(kLineEnd);
  for (size_t at = 0;;) {
    const size_t feed = value.find('\n', at);
    const std::string_view line = value.substr(at, feed == std::string_view::npos ? feed : feed - at);
    if (is_plain(line) && !line.starts_with('\\'))
      out.append(line);
    else
      append_escaped(line, out);
    out.append(kLineEnd);
    if (feed == std::string_view::npos) break;
    at = feed + 1;
  }
  out.append(kEndValue).append(kLineEnd);
}

uint32_t encode_record(const Record& record, uint64_t number, uint32_t previous_checksum, std::string& out) {
  const size_t begin = out.size();
  out.append(kBeginRecord)
      .append(utc_journal_text(record.utc_ns))
      .append(kType)
      .append(record.type)
      .append("]")
      .append(kLineEnd);
  for (const auto& [name, value] : record.fields) {
    out.append(name).append(kSeparator);
    append_value(value, out);
  }
  fmt::format_to(std::back_inserter(out), "{}: {} {:08X} ", kChecksum, number, previous_checksum);
  const uint32_t checksum = crc32_of(as_bytes(std::string_view(out).substr(begin)), previous_checksum);
  fmt::format_to(std::back_inserter(out), "{:08X}{}{}{}", checksum, kLineEnd, kEndRecord, kLineEnd);
  return checksum;
}

}  // namespace seedbed
