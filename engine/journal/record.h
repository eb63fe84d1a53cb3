// One record of a journal: grammar in docs/formats/journal.md.
//
//   [BeginUpdateRecord][2016/11/02 18:24:14.735][Type:ActivityRecord]
//   ActivityId: Checkpoint
//   Name: value
//   Name: [BeginValue]
//   many lines
//   [EndValue]
//   Checksum: 7 3F2A9C01            ours: the record's number and a CRC-32 chained over this record and the previous checksum
//   [EndUpdateRecord]
//
// Pure functions over text. Parsing is bounded: a record has at most 64 fields and 1 MiB.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/result.h"

namespace seedbed {

struct Record {
  int64_t utc_ns = 0;               // millisecond precision on paper
  std::string type;                 // "NewJournalFile", "ActivityRecord"
  std::vector<std::pair<std::string, std::string>> fields;  // names [A-Za-z0-9]+, values of any printable text; line feeds are allowed

  std::string_view get(std::string_view name) const noexcept;  // "" when absent
  bool has(std::string_view name) const noexcept;
  uint64_t number(std::string_view name) const noexcept;       // 0 when absent or no number
  friend bool operator==(const Record&, const Record&) = default;
};

// Appends the record's text, CRLF line ends as the original's, to `out`; returns its chained checksum.
uint32_t encode_record(const Record& record, uint64_t number, uint32_t previous_checksum, std::string& out);

struct ParsedRecords {
  std::vector<Record> records;
  uint64_t good_bytes = 0;      // up to here everything verified
  uint32_t last_checksum = 0;
  bool torn_tail = false;       // bytes beyond good_bytes form no whole, verified record *at the very end*: a cut append, to be truncated
};
// corrupt (with line and byte) when something before the tail does not verify: a torn tail is only ever the last, unfinished record.
Result<ParsedRecords> parse_records(std::string_view text);

}  // namespace seedbed
