// One record of a journal: grammar in docs/formats/journal.md.
//
//   [BeginUpdateRecord][2016/11/02 18:24:14.735][Type:ActivityRecord]
//   ActivityId: Checkpoint
//   Name: value
//   Name: [BeginValue]
//   many lines
//   [EndValue]
//   Checksum: 7 5B0C11D2 3F2A9C01   ours: the record's number (from 1), the previous record's checksum, and
//   this one's: a CRC-32 [EndUpdateRecord]               over the record's text up to its own digits,
//   continued from the previous
//
// The previous checksum stands in the record so that a whole record can be recognised beyond damaged ones:
// that tells an append cut short (nothing whole follows) from damage in the middle. Pure functions over text.
// Parsing is bounded: a record has at most 64 fields and 1 MiB.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/result.h"

namespace seedbed {

struct Record {
  int64_t utc_ns = 0;  // millisecond precision on paper
  std::string type;    // "NewJournalFile", "ActivityRecord"
  std::vector<std::pair<std::string, std::string>>
      fields;  // names [A-Za-z0-9]+ but not "Checksum"; values: any bytes

  std::string_view get(std::string_view name) const noexcept;  // "" when absent
  bool has(std::string_view name) const noexcept;
  uint64_t number(std::string_view name) const noexcept;  // 0 when absent or no number
  friend bool operator==(const Record&, const Record&) = default;
};

inline constexpr size_t kRecordFieldsMax = 64;
inline constexpr size_t kJournalRecordBytesMax = 1 << 20;

// invalid_argument when the record could not be read back: bad names, too many fields, a time outside the
// years 1601 to 2200.
Status check_record(const Record& record);

// Appends the record's text, CRLF line ends as the original's, to `out`; returns its chained checksum. The
// record has passed check_record(); the first has number 1 and previous checksum 0.
uint32_t encode_record(const Record& record, uint64_t number, uint32_t previous_checksum, std::string& out);

struct ParsedRecords {
  std::vector<Record> records;
  uint64_t good_bytes = 0;  // up to here everything verified
  uint32_t last_checksum = 0;
  bool torn_tail = false;  // bytes beyond good_bytes form no whole, verified record *at the very end*: a cut
                           // append, to be truncated
};
// corrupt (with line and byte) when something before the tail does not verify: a torn tail is only ever the
// last, unfinished record.
Result<ParsedRecords> parse_records(std::string_view text);

}  // namespace seedbed
