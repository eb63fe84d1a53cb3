// The journal over files that crash: what append() returned from is there, in order, whatever happens in
// between.
#include "engine/journal/journal.h"

#include <gtest/gtest.h>

#include <optional>

#include "engine/base/text.h"
#include "tests/journal/crashing_files.h"
#include "tests/journal/numbered_records.h"
#include "tests/journal/set_clock.h"

namespace seedbed {
namespace {

using test::CrashingFiles;
using test::ids_of;
using test::numbered;
using test::SetClock;

constexpr const char* kPath = "drive.jrn";

struct Desk : testing::Test {
  CrashingFiles files{1};
  SetClock clock;
  Journal make() { return Journal::create(files, clock, kPath, "id").value(); }
  Result<Journal> open() { return Journal::open(files, clock, kPath); }
};

TEST_F(Desk, CreatesAppendsAndReadsBack) {
  std::vector<Record> written;
  {
    Journal journal = make();
    EXPECT_EQ(journal.path(), kPath);
    ASSERT_TRUE(journal.append(numbered(1, "[EndValue]\nü")));
    clock.now += 1'500'000'000;
    ASSERT_TRUE(journal.append(numbered(2)));
    written = journal.records();
    EXPECT_EQ(journal.size_bytes(), files.content(kPath).size());
  }
  EXPECT_EQ(files.mode(kPath), 0600u);
  const Journal journal = open().value();
  EXPECT_EQ(journal.records(), written);
  EXPECT_FALSE(journal.was_torn());
  EXPECT_EQ(written[0].type, "NewJournalFile");
  EXPECT_EQ(written[0].get("JournalId"), "id");
  EXPECT_EQ(written[2].utc_ns - written[1].utc_ns, 1'500'000'000);
}

TEST_F(Desk, TheFileIsTheRecordsText) {
  Journal journal = make();
  ASSERT_TRUE(journal.append(numbered(1)));
  std::string text;
  uint32_t checksum = 0;
  for (size_t i = 0; i < 2; i++) checksum = encode_record(journal.records()[i], i + 1, checksum, text);
  EXPECT_EQ(as_text(files.content(kPath)), text);
}

TEST_F(Desk, TimeNeverRunsBackwards) {
  Journal journal = make();
  clock.now += 5'000'999'999;
  ASSERT_TRUE(journal.append(numbered(1)));
  clock.now -= 4'000'000'000;
  ASSERT_TRUE(journal.append(numbered(2)));
  EXPECT_EQ(journal.records()[2].utc_ns, journal.records()[1].utc_ns);
  EXPECT_EQ(journal.records()[1].utc_ns, SetClock::kStart_ns + 5'000'000'000)
      << "whole milliseconds, as in the file";
  clock.now = INT64_MAX;
  EXPECT_EQ(journal.append(numbered(3)).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(journal.records().size(), 3u);
}

TEST_F(Desk, RefusesWhatIsNoJournal) {
  EXPECT_EQ(open().error().code, ErrorCode::not_found);
  {
    make();
  }
  EXPECT_EQ(Journal::create(files, clock, kPath, "id").error().code, ErrorCode::already_exists);
  const Bytes good = files.content(kPath);
  for (const std::string& text : {std::string(), std::string("hello"), std::string(4096, '\0'),
                                  std::string(as_text(good)).substr(0, 90)}) {
    files.set_content(kPath, as_bytes(text));
    const auto refused = open();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::corrupt);
    EXPECT_EQ(as_text(files.content(kPath)), text) << "a file that is no journal of ours stays as it is";
  }
  std::string other;
  encode_record({SetClock::kStart_ns, "NewJournalFile", {{"VocabularyVersion", "2013-02-01"}}}, 1, 0, other);
  files.set_content(kPath, as_bytes(other));
  EXPECT_EQ(open().error().code, ErrorCode::unsupported);
  files.set_content(kPath, Bytes(kJournalBoundBytes + 1));
  EXPECT_EQ(open().error().code, ErrorCode::corrupt);
}

TEST_F(Desk, DamageBeforeTheTailNamesFileLineAndByteAndChangesNothing) {
  {
    Journal journal = make();
    for (uint64_t id = 1; id < 4; id++) ASSERT_TRUE(journal.append(numbered(id)));
  }
  Bytes bytes = files.content(kPath);
  bytes[100] ^= 1;
  files.set_content(kPath, bytes);
  const auto refused = open();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::corrupt);
  EXPECT_TRUE(refused.error().where.starts_with("drive.jrn: line 4, byte ")) << refused.error().where;
  EXPECT_NE(refused.error().remedy, "");
  EXPECT_EQ(files.content(kPath), bytes);
}

TEST_F(Desk, CutsATornTailAndGoesOn) {
  {
    Journal journal = make();
    ASSERT_TRUE(journal.append(numbered(1)));
    ASSERT_TRUE(journal.append(numbered(2)));
  }
  Bytes bytes = files.content(kPath);
  bytes.resize(bytes.size() - 3);
  files.set_content(kPath, bytes);
  {
    Journal journal = open().value();
    EXPECT_TRUE(journal.was_torn());
    EXPECT_EQ(ids_of(journal), (std::vector<uint64_t>{1}));
    EXPECT_EQ(files.content(kPath).size(), journal.size_bytes());
    ASSERT_TRUE(journal.append(numbered(3)));
  }
  files.power_cut();
  const Journal journal = open().value();
  EXPECT_FALSE(journal.was_torn());
  EXPECT_EQ(ids_of(journal), (std::vector<uint64_t>{1, 3}));
}

TEST_F(Desk, OneProcessAtATime) {
  auto first = std::make_optional(make());
  EXPECT_EQ(open().error().code, ErrorCode::busy);
  ASSERT_TRUE(first->append(numbered(1)));
  ASSERT_TRUE(first->compact([](size_t) { return true; }));
  EXPECT_EQ(open().error().code, ErrorCode::busy) << "the compacted file is the locked one";
  first.reset();
  EXPECT_TRUE(open());
}

TEST_F(Desk, CompactionKeepsTheFirstRecordAndTheOrder) {
  {
    Journal journal = make();
    for (uint64_t id = 1; id < 8; id++) ASSERT_TRUE(journal.append(numbered(id)));
    ASSERT_TRUE(journal.compact([](size_t index) { return index % 3 == 2; }));
    EXPECT_EQ(ids_of(journal), (std::vector<uint64_t>{2, 5}));
    EXPECT_EQ(files.content(kPath).size(), journal.size_bytes());
    ASSERT_TRUE(journal.append(numbered(9)));
  }
  EXPECT_EQ(files.mode(kPath), 0600u);
  EXPECT_FALSE(files.exists("drive.jrn.new"));
  EXPECT_EQ(ids_of(open().value()), (std::vector<uint64_t>{2, 5, 9}));
}

TEST_F(Desk, AfterAFailedSyncNothingMoreIsAppended) {
  Journal journal = make();
  ASSERT_TRUE(journal.append(numbered(1)));
  files.fail_sync_at(0);
  EXPECT_EQ(journal.append(numbered(2)).error().code, ErrorCode::io_error);
  EXPECT_EQ(ids_of(journal), (std::vector<uint64_t>{1}));
  const auto again = journal.append(numbered(3));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::io_error);
  EXPECT_NE(again.error().remedy, "");
  EXPECT_FALSE(journal.compact([](size_t) { return true; }));
}

TEST_F(Desk, WhatOpenFoundAfterAFailedSyncIsWrittenAnew) {
  for (uint64_t seed = 0; seed < 50; seed++) {
    CrashingFiles files(seed);
    {
      Journal journal = Journal::create(files, clock, kPath, "id").value();
      files.fail_sync_at(0);
      ASSERT_FALSE(journal.append(numbered(1)));
    }
    files.kill();
    std::vector<uint64_t> found =
        ids_of(Journal::open(files, clock, kPath).value());  // the page cache still shows the record
    EXPECT_EQ(found, (std::vector<uint64_t>{1}));
    files.power_cut();
    EXPECT_EQ(ids_of(Journal::open(files, clock, kPath).value()), found);
  }
}

TEST_F(Desk, AFailedCompactionBeforeTheRenameLeavesTheJournalUsable) {
  Journal journal = make();
  ASSERT_TRUE(journal.append(numbered(1)));
  files.fail_sync_at(0);
  EXPECT_FALSE(journal.compact([](size_t) { return false; }));
  EXPECT_FALSE(files.exists("drive.jrn.new"));
  EXPECT_TRUE(journal.append(numbered(2)));
  EXPECT_EQ(ids_of(journal), (std::vector<uint64_t>{1, 2}));
  files.fail_sync_at(1);  // the directory's
  EXPECT_FALSE(journal.compact([](size_t) { return false; }));
  EXPECT_FALSE(journal.append(numbered(3))) << "which of the two files the name means is open";
}

TEST_F(Desk, RefusesARecordThatCouldNotBeReadBack) {
  Journal journal = make();
  const Bytes before = files.content(kPath);
  EXPECT_EQ(journal.append(numbered(1, std::string(kJournalRecordBytesMax, 'x'))).error().code,
            ErrorCode::invalid_argument);
  Record reserved = numbered(1);
  reserved.fields.emplace_back("Checksum", "1");
  EXPECT_EQ(journal.append(reserved).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(files.content(kPath), before);
  EXPECT_TRUE(journal.append(numbered(2, std::string(kJournalRecordBytesMax - 500, 'x'))));
}

TEST_F(Desk, CreationIsAllOrNothing) {
  for (uint64_t call = 0; call < 12; call++) {
    CrashingFiles files(call);
    files.crash_at(call);
    bool made = false;
    try {
      made = Journal::create(files, clock, kPath, "id").has_value();
    } catch (const Killed&) {
    }
    files.power_cut();
    const auto opened = Journal::open(files, clock, kPath);
    ASSERT_TRUE(opened || opened.error().code == ErrorCode::not_found) << call << opened.error().message();
    ASSERT_TRUE(opened || !made);
    ASSERT_TRUE(opened || Journal::create(files, clock, kPath, "id"));
  }
}

}  // namespace
}  // namespace seedbed
