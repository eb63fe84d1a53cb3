// parse_records(): a journal's text to records, and where it stops being one.
#include <fmt/format.h>

#include <algorithm>

#include "engine/base/checksum.h"
#include "engine/base/text.h"
#include "engine/journal/record.h"
#include "engine/journal/record_markers.h"

namespace seedbed {

// The escapes are told in record.cc.
static bool append_unescaped(std::string_view line, std::string& out) {
  for (size_t i = 1; i < line.size(); i++) {  // line[0] is the backslash that says "escaped"
    if (line[i] != '\\') {
      out += line[i];
    } else if (line.substr(i + 1, 1) == "\\") {
      out += '\\';
      i++;
    } else {
      const auto byte = line.substr(i + 1, 1) == "x" ? parse_hex(line.substr(i + 2, 2)) : std::nullopt;
      if (!byte || byte->size() != 1) return false;
      out += static_cast<char>((*byte)[0]);
      i += 3;
    }
  }
  return true;
}

namespace {

struct WholeRecord {
  Record record;
  uint64_t number = 0;
  uint32_t previous_checksum = 0, checksum = 0;
};

// Reads one record from the front of `text`; bytes beyond it are of no concern.
class RecordParser {
 public:
  explicit RecordParser(std::string_view text) : text_(text.substr(0, kJournalRecordBytesMax)) {}

  // Nothing when no whole, verified record begins here; what() and at() then say why and where.
  std::optional<WholeRecord> parse() {
    WholeRecord whole;
    if (!parse_header(whole.record)) return std::nullopt;
    while (next_line()) {
      const size_t separator = line_.find(kSeparator);
      if (separator == std::string_view::npos || !is_record_name(line_.substr(0, separator)))
        return refuse("a line is no field");
      const std::string_view name = line_.substr(0, separator);
      const std::string_view rest = line_.substr(separator + kSeparator.size());
      if (name == kChecksum) return parse_end(rest, whole) ? std::optional(std::move(whole)) : std::nullopt;
      if (whole.record.fields.size() == kRecordFieldsMax) return refuse("a record has too many fields");
      std::string value(rest);
      if (rest == kBeginValue) {
        if (!parse_block(value)) return std::nullopt;
      } else if (rest.starts_with('[')) {
        return refuse("a value has an unknown marker");
      }
      whole.record.fields.emplace_back(name, std::move(value));
    }
    return std::nullopt;
  }

  size_t at() const noexcept { return at_; }  // the end of the record, or the line that is wrong
  const char* what() const noexcept { return what_; }

 private:
  std::nullopt_t refuse(const char* what) {
    what_ = what;
    at_ = line_at_;
    return std::nullopt;
  }

  bool next_line() {
    line_at_ = at_;
    const size_t end = text_.find(kLineEnd, at_);
    if (end == std::string_view::npos) {
      refuse("a record is cut short or longer than 1 MiB");
      return false;
    }
    line_ = text_.substr(at_, end - at_);
    at_ = end + kLineEnd.size();
    return true;
  }

  bool parse_header(Record& record) {
    if (!next_line()) return false;
    const size_t type_at = kBeginRecord.size() + kTimeChars;
    if (!line_.starts_with(kBeginRecord) || line_.size() < type_at ||
        !line_.substr(type_at).starts_with(kType) || !line_.ends_with(']')) {
      refuse("no record begins here");
      return false;
    }
    const auto utc_ns = parse_utc_journal_text(line_.substr(kBeginRecord.size(), kTimeChars));
    std::string_view type = line_.substr(type_at + kType.size());
    type.remove_suffix(1);
    if (!utc_ns || !is_record_name(type)) {
      refuse("a record's time or type is damaged");
      return false;
    }
    record.utc_ns = *utc_ns;
    record.type = type;
    return true;
  }

  bool parse_block(std::string& value) {
    value.clear();
    for (bool first = true; next_line(); first = false) {
      if (line_ == kEndValue) return true;
      if (!first) value += '\n';
      if (line_.starts_with('[')) {
        refuse("a value has an unknown marker");
        return false;
      }
      if (!line_.starts_with('\\')) {
        value += line_;
      } else if (!append_unescaped(line_, value)) {
        refuse("an escaped line is damaged");
        return false;
      }
    }
    return false;
  }

  // "7 5B0C11D2 3F2A9C01" and the end marker. Digits are compared as text: upper case only, so that every
  // flipped bit shows.
  bool parse_end(std::string_view rest, WholeRecord& whole) {
    constexpr size_t kDigits = 8;
    const size_t space = rest.find(' ');
    const auto number = parse_u64(rest.substr(0, space));
    if (!number || rest.size() != space + 1 + kDigits + 1 + kDigits || rest[space + 1 + kDigits] != ' ') {
      refuse("a checksum line is damaged");
      return false;
    }
    const auto previous = parse_hex(rest.substr(space + 1, kDigits));
    if (!previous || previous->size() != 4) {
      refuse("a checksum line is damaged");
      return false;
    }
    for (const uint8_t byte : *previous) whole.previous_checksum = whole.previous_checksum << 8 | byte;
    const size_t covered_bytes = at_ - kLineEnd.size() - kDigits;
    whole.checksum = crc32_of(as_bytes(text_.substr(0, covered_bytes)), whole.previous_checksum);
    whole.number = *number;
    if (fmt::format("{:08X}", whole.checksum) != rest.substr(rest.size() - kDigits)) {
      refuse("a record does not match its checksum");
      return false;
    }
    if (!next_line()) return false;
    if (line_ != kEndRecord) {
      refuse("a record's end marker is damaged");
      return false;
    }
    return true;
  }

  std::string_view text_, line_;
  size_t at_ = 0, line_at_ = 0;
  const char* what_ = "";
};

// Does a whole record begin anywhere in `text`? Linear: no record contains the begin marker of another.
bool holds_whole_record(std::string_view text) {
  for (size_t at = text.find(kBeginRecord); at != std::string_view::npos;) {
    const size_t next = text.find(kBeginRecord, at + 1);
    if (RecordParser(text.substr(at, next == std::string_view::npos ? next : next - at)).parse()) return true;
    at = next;
  }
  return false;
}

}  // namespace

static std::unexpected<Error> damaged(std::string_view text, size_t at_bytes, std::string_view what) {
  const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<ptrdiff_t>(at_bytes), '\n');
  return fail(ErrorCode::corrupt, fmt::format("the journal is damaged: {}", what),
              fmt::format("line {}, byte {}", line, at_bytes),
              "Restore the journal from a copy, or prepare the drive again with a new journal.");
}

Result<ParsedRecords> parse_records(std::string_view text) {
  ParsedRecords parsed;
  while (parsed.good_bytes < text.size()) {
    RecordParser parser(text.substr(parsed.good_bytes));
    auto whole = parser.parse();
    if (!whole) {
      // An unfinished append is the last thing in the file and no longer than a record; whatever whole record
      // comes later proves that this one had been finished.
      const std::string_view tail = text.substr(parsed.good_bytes);
      if (tail.size() > kJournalRecordBytesMax || holds_whole_record(tail.substr(1)))
        return damaged(text, parsed.good_bytes + parser.at(), parser.what());
      parsed.torn_tail = true;
      return parsed;
    }
    if (whole->number != parsed.records.size() + 1 || whole->previous_checksum != parsed.last_checksum)
      return damaged(text, parsed.good_bytes, "a record is missing, doubled or out of its place");
    parsed.records.push_back(std::move(whole->record));
    parsed.last_checksum = whole->checksum;
    parsed.good_bytes += parser.at();
  }
  return parsed;
}

}  // namespace seedbed
