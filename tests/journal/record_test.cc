// Records as text: round trip, the golden text, and every way in which a file can be cut, overwritten or
// damaged.
#include "engine/journal/record.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "engine/base/random.h"
#include "engine/base/text.h"

namespace seedbed {
namespace {

constexpr int64_t kTime_ns = 1'478'111'054'735'000'000;  // 2016/11/02 18:24:14.735

// Values that try to look like the grammar, beside plain and random ones.
rc::Gen<std::string> any_value() {
  const auto piece = rc::gen::oneOf(
      rc::gen::element<std::string>(
          "[BeginUpdateRecord][", "[BeginUpdateRecord][2016/11/02 18:24:14.735][Type:ActivityRecord]",
          "[EndUpdateRecord]", "[BeginValue]", "[EndValue]", "Checksum: 1 00000000 00000000", "Name: value",
          "\r\n", "\n", "\r", "\\", "\\x5B", "[", "]", " ", "\t", "ü", "漢字", "😀", std::string(1, '\0'),
          "\x7f", "\xff", "\xc3"),
      rc::gen::arbitrary<std::string>());
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(piece),
                      [](const std::vector<std::string>& pieces) {
                        std::string value;
                        for (const auto& p : pieces) value += p;
                        return value;
                      });
}

Record any_record() {
  Record record{.utc_ns = kTime_ns + *rc::gen::inRange<int64_t>(0, 1'000'000) * 1'000'000,
                .type = "ActivityRecord",
                .fields = {}};
  const int count = *rc::gen::inRange(0, 6);
  for (int i = 0; i < count; i++) record.fields.emplace_back("Field" + std::to_string(i), *any_value());
  return record;
}

// A journal's text and where each of its records ends.
struct Text {
  std::string text;
  std::vector<Record> records;
  std::vector<size_t> ends;

  void add(const Record& record) {
    checksum = encode_record(record, records.size() + 1, checksum, text);
    records.push_back(record);
    ends.push_back(text.size());
  }
  uint32_t checksum = 0;
};

Text sample() {
  Text journal;
  journal.add({kTime_ns, "NewJournalFile", {{"VocabularyVersion", "seedbed-1"}, {"JournalId", "one"}}});
  journal.add(
      {kTime_ns, "ActivityRecord", {{"ActivityId", "Checkpoint"}, {"Note", "two\n[EndValue]\nlines"}}});
  journal.add({kTime_ns + 1'000'000,
               "ActivityRecord",
               {{"ActivityId", "Checkpoint"}, {"Path", "\\a\\b"}, {"Empty", ""}}});
  journal.add({kTime_ns + 2'000'000, "ActivityRecord", {{"ActivityId", "Checkpoint"}, {"LastValue", "x"}}});
  return journal;
}

std::vector<Record> first(const std::vector<Record>& records, size_t count) {
  return {records.begin(), records.begin() + static_cast<ptrdiff_t>(count)};
}

TEST(RecordText, IsTheDocumentedOne) {
  std::string text;
  const uint32_t first = encode_record(
      {kTime_ns, "NewJournalFile", {{"VocabularyVersion", "seedbed-1"}, {"JournalId", "9WM35C2V"}}}, 1, 0,
      text);
  encode_record(
      {kTime_ns + 14'000'000,
       "ActivityRecord",
       {{"ActivityId", "DriveInfo"},
        {"DriveState",
         "<?xml version=\"1.0\"?>\n<Drive>\n  <ManifestFile>\\DriveManifest.xml</ManifestFile>\n</Drive>"},
        {"Odd", "[EndValue]\n\\server\nbell\a"}}},
      2, first, text);
  EXPECT_EQ(text,
            "[BeginUpdateRecord][2016/11/02 18:24:14.735][Type:NewJournalFile]\r\n"
            "VocabularyVersion: seedbed-1\r\n"
            "JournalId: 9WM35C2V\r\n"
            "Checksum: 1 00000000 22C8ED5F\r\n"
            "[EndUpdateRecord]\r\n"
            "[BeginUpdateRecord][2016/11/02 18:24:14.749][Type:ActivityRecord]\r\n"
            "ActivityId: DriveInfo\r\n"
            "DriveState: [BeginValue]\r\n"
            "<?xml version=\"1.0\"?>\r\n"
            "<Drive>\r\n"
            "  <ManifestFile>\\DriveManifest.xml</ManifestFile>\r\n"
            "</Drive>\r\n"
            "[EndValue]\r\n"
            "Odd: [BeginValue]\r\n"
            "\\\\x5BEndValue]\r\n"
            "\\\\\\server\r\n"
            "\\bell\\x07\r\n"
            "[EndValue]\r\n"
            "Checksum: 2 22C8ED5F F19FA82A\r\n"
            "[EndUpdateRecord]\r\n");
}

RC_GTEST_PROP(RecordProperty, AnyFieldsComeBack, ()) {
  Text journal;
  const int count = *rc::gen::inRange(1, 5);
  for (int i = 0; i < count; i++) journal.add(any_record());
  const auto parsed = parse_records(journal.text);
  RC_ASSERT(parsed.has_value());
  RC_ASSERT(parsed->records == journal.records);
  RC_ASSERT(parsed->good_bytes == journal.text.size());
  RC_ASSERT(parsed->last_checksum == journal.checksum);
  RC_ASSERT(!parsed->torn_tail);
}

RC_GTEST_PROP(RecordProperty, TextIsUtf8WithoutControlsWhateverTheValues, ()) {
  Text journal;
  journal.add(any_record());
  for (size_t i = 0; i < journal.text.size(); i++) {
    const auto c = static_cast<uint8_t>(journal.text[i]);
    RC_ASSERT((c >= 0x20 && c != 0x7f) || c == '\r' || c == '\n');
  }
  RC_ASSERT(utf16_of(journal.text).has_value());
}

RC_GTEST_PROP(RecordProperty, EveryCutIsAPrefix, ()) {
  Text journal;
  const int count = *rc::gen::inRange(1, 4);
  for (int i = 0; i < count; i++) journal.add(any_record());
  const size_t cut = *rc::gen::inRange<size_t>(0, journal.text.size() + 1);
  const auto parsed = parse_records(std::string_view(journal.text).substr(0, cut));
  RC_ASSERT(parsed.has_value());
  const auto whole = static_cast<size_t>(std::upper_bound(journal.ends.begin(), journal.ends.end(), cut) -
                                         journal.ends.begin());
  RC_ASSERT(parsed->records == first(journal.records, whole));
  RC_ASSERT(parsed->good_bytes == (whole == 0 ? 0 : journal.ends[whole - 1]));
  RC_ASSERT(parsed->torn_tail == (parsed->good_bytes != cut));
}

TEST(RecordDamage, EveryCutOfTheSampleIsAPrefix) {
  const Text journal = sample();
  for (size_t cut = 0; cut <= journal.text.size(); cut++) {
    const auto parsed = parse_records(std::string_view(journal.text).substr(0, cut));
    ASSERT_TRUE(parsed) << cut << parsed.error().message();
    ASSERT_EQ(parsed->records, first(journal.records, parsed->records.size()));
    const bool at_an_end = cut == 0 || std::count(journal.ends.begin(), journal.ends.end(), cut) == 1;
    ASSERT_EQ(parsed->torn_tail, !at_an_end) << cut;
  }
}

TEST(RecordDamage, EveryFlippedBitBeforeTheLastRecordIsCorrupt) {
  const Text journal = sample();
  for (size_t at = 0; at < journal.ends[2]; at++) {
    for (int bit = 0; bit < 8; bit++) {
      std::string text = journal.text;
      text[at] = static_cast<char>(text[at] ^ 1 << bit);
      const auto parsed = parse_records(text);
      ASSERT_FALSE(parsed) << "byte " << at << " bit " << bit;
      ASSERT_EQ(parsed.error().code, ErrorCode::corrupt);
      ASSERT_TRUE(parsed.error().where.starts_with("line ")) << parsed.error().where;
    }
  }
}

TEST(RecordDamage, EveryFlippedBitOfTheLastRecordIsATornTail) {
  const Text journal = sample();
  for (size_t at = journal.ends[2]; at < journal.text.size(); at++) {
    for (int bit = 0; bit < 8; bit++) {
      std::string text = journal.text;
      text[at] = static_cast<char>(text[at] ^ 1 << bit);
      const auto parsed = parse_records(text);
      ASSERT_TRUE(parsed) << "byte " << at << " bit " << bit;
      ASSERT_TRUE(parsed->torn_tail);
      ASSERT_EQ(parsed->good_bytes, journal.ends[2]);
      ASSERT_EQ(parsed->records, first(journal.records, 3));
    }
  }
}

RC_GTEST_PROP(RecordProperty, TheLastRecordOverwrittenIsATornTail, ()) {
  Text journal = sample();
  journal.add(any_record());
  const size_t begin = journal.ends[journal.ends.size() - 2], length = journal.text.size() - begin;
  const size_t from = *rc::gen::inRange<size_t>(0, length),
               count = *rc::gen::inRange<size_t>(1, length - from + 1);
  Random random(*rc::gen::arbitrary<uint64_t>());
  const bool zeros = *rc::gen::arbitrary<bool>();
  std::string text = journal.text;
  for (size_t i = 0; i < count; i++) text[begin + from + i] = zeros ? '\0' : static_cast<char>(random.next());
  RC_PRE(text != journal.text);
  text.append(*rc::gen::inRange<size_t>(0, 5000),
              zeros ? '\0' : 'g');  // a file may have grown by whole pages
  const auto parsed = parse_records(text);
  RC_ASSERT(parsed.has_value());
  RC_ASSERT(parsed->torn_tail);
  RC_ASSERT(parsed->good_bytes == begin);
}

RC_GTEST_PROP(RecordProperty, AnyDamageBeforeTheLastRecordIsCorrupt, ()) {
  Text journal;
  const auto count = *rc::gen::inRange<size_t>(2, 6);
  for (size_t i = 0; i < count; i++) journal.add(any_record());
  const size_t bound = journal.ends[count - 2];
  const size_t from = *rc::gen::inRange<size_t>(0, bound),
               length = *rc::gen::inRange<size_t>(1, bound - from + 1);
  Random random(*rc::gen::arbitrary<uint64_t>());
  std::string text = journal.text;
  for (size_t i = 0; i < length; i++) text[from + i] = static_cast<char>(random.next());
  RC_PRE(text != journal.text);
  const auto parsed = parse_records(text);
  RC_ASSERT(!parsed.has_value());
  RC_ASSERT(parsed.error().code == ErrorCode::corrupt);
}

RC_GTEST_PROP(RecordProperty, RemovedSwappedAndDoubledRecordsAreCorrupt, ()) {
  Text journal;
  const auto count = *rc::gen::inRange<size_t>(3, 7);
  for (size_t i = 0; i < count; i++) {
    Record record = any_record();
    record.fields.insert(record.fields.begin(), {"Number", std::to_string(i)});
    journal.add(record);
  }
  std::vector<std::string> pieces;
  for (size_t i = 0, at = 0; i < count; at = journal.ends[i++])
    pieces.push_back(journal.text.substr(at, journal.ends[i] - at));
  const auto at = *rc::gen::inRange<size_t>(0, count - 1);
  switch (*rc::gen::inRange(0, 3)) {
    case 0:
      pieces.erase(pieces.begin() + static_cast<ptrdiff_t>(at));
      break;
    case 1:
      std::swap(pieces[at], pieces[at + 1]);
      break;
    default:
      pieces.insert(pieces.begin() + static_cast<ptrdiff_t>(at), pieces[at]);
  }
  std::string text;
  for (const auto& piece : pieces) text += piece;
  const auto parsed = parse_records(text);
  RC_ASSERT(!parsed.has_value());
  RC_ASSERT(parsed.error().code == ErrorCode::corrupt);
}

RC_GTEST_PROP(RecordProperty, RandomBytesNeverParseAsRecords, ()) {
  const auto parsed = parse_records(*any_value());
  RC_ASSERT((!parsed.has_value() || parsed->records.empty()));
}

TEST(RecordDamage, SaysTheLineAndByte) {
  const Text journal = sample();
  std::string text = journal.text;
  const size_t checksum_line = text.find("Checksum: 2");
  text[text.find("two")] = 'T';
  const auto parsed = parse_records(text);
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().where, "line 13, byte " + std::to_string(checksum_line));
  EXPECT_NE(parsed.error().remedy, "");
}

TEST(RecordDamage, ARecordOfAnotherJournalIsCorruptEvenInItsPlace) {
  const Text journal = sample();
  Text other;
  other.add({kTime_ns, "NewJournalFile", {{"VocabularyVersion", "seedbed-1"}, {"JournalId", "other"}}});
  other.add(journal.records[1]);
  ASSERT_EQ(other.ends[0] - journal.ends[0], 2u);
  EXPECT_FALSE(parse_records(journal.text.substr(0, journal.ends[0]) + other.text.substr(other.ends[0])));
}

TEST(RecordDamage, AStaleRecordBeyondATearIsRefusedNotCut) {
  const Text journal = sample();
  const std::string torn = journal.text.substr(0, journal.ends[2]) + "[BeginUpdateRecord][2016/" +
                           journal.text.substr(0, journal.ends[0]);
  EXPECT_FALSE(parse_records(torn));
}

TEST(RecordDamage, ATailLongerThanARecordIsNoTornAppend) {
  std::string text = sample().text;
  text.append(kJournalRecordBytesMax, 'x');
  EXPECT_TRUE(parse_records(text));
  text += 'x';
  EXPECT_FALSE(parse_records(text));
}

TEST(RecordDamage, ManyFalseBeginningsAreReadInLinearTime) {
  std::string text = sample().text;
  const std::string beginning =
      "x[BeginUpdateRecord][2016/11/02 18:24:14.735][Type:A]\r\nA: [BeginValue]\r\n";
  while (text.size() + beginning.size() < kJournalRecordBytesMax) text += beginning;
  const auto parsed = parse_records(text);
  ASSERT_TRUE(parsed);
  EXPECT_TRUE(parsed->torn_tail);
}

TEST(Record, ChecksWhatCouldNotBeReadBack) {
  const Record good{kTime_ns, "ActivityRecord", {{"Name", "value"}}};
  EXPECT_TRUE(check_record(good));
  for (const char* name : {"", "Checksum", "a b", "a:", "[x", "ü"}) {
    Record bad = good;
    bad.fields[0].first = name;
    EXPECT_FALSE(check_record(bad)) << name;
    bad = good;
    bad.type = name;
    EXPECT_EQ(check_record(bad).has_value(), bad.type == "Checksum") << name;
  }
  Record crowded = good;
  crowded.fields.assign(kRecordFieldsMax, {"Name", "value"});
  EXPECT_TRUE(check_record(crowded));
  crowded.fields.emplace_back("Name", "value");
  EXPECT_FALSE(check_record(crowded));
  Record distant = good;
  distant.utc_ns = INT64_MAX;  // 2262
  EXPECT_FALSE(check_record(distant));
}

TEST(Record, AnswersByName) {
  const Record record{kTime_ns, "ActivityRecord", {{"Length", "42"}, {"Text", "x"}}};
  EXPECT_EQ(record.get("Text"), "x");
  EXPECT_EQ(record.get("None"), "");
  EXPECT_TRUE(record.has("Length"));
  EXPECT_FALSE(record.has("None"));
  EXPECT_EQ(record.number("Length"), 42u);
  EXPECT_EQ(record.number("Text"), 0u);
}

}  // namespace
}  // namespace seedbed
