// The grammar's fixed words, for the writer and the parser of records.
#pragma once

#include <algorithm>
#include <string_view>

namespace seedbed {

// The markers are those of the published samples of WAImportExport journals (docs/formats/journal.md);
// Checksum and escapes are ours.
inline constexpr std::string_view kBeginRecord = "[BeginUpdateRecord][";
inline constexpr std::string_view kType = "][Type:";
inline constexpr std::string_view kEndRecord = "[EndUpdateRecord]";
inline constexpr std::string_view kBeginValue = "[BeginValue]";
inline constexpr std::string_view kEndValue = "[EndValue]";
inline constexpr std::string_view kChecksum = "Checksum";
inline constexpr std::string_view kLineEnd = "\r\n";
inline constexpr std::string_view kSeparator = ": ";
inline constexpr size_t kTimeChars = 23;

inline bool is_record_name(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  });
}

}  // namespace seedbed
