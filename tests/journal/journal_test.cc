// The journal over files that crash: what append() returned from is there, in order, whatever happens in
// between.
#include "engine/journal/journal.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <rapidcheck/state.h>

#include <algorithm>
#include <optional>

#include "engine/base/text.h"
#include "tests/journal/crashing_files.h"
#include "tests/journal/set_clock.h"

namespace seedbed {
namespace {

using test::CrashingFiles;
using test::SetClock;

constexpr const char* kPath = "drive.jrn";

Record numbered(uint64_t id, const std::string& text = "x") {
  return {.utc_ns = 0,
          .type = "ActivityRecord",
          .fields = {{"ActivityId", "Test"}, {"Id", std::to_string(id)}, {"Text", text}}};
}

std::vector<uint64_t> ids_of(const Journal& journal) {
  std::vector<uint64_t> ids;
  for (size_t i = 1; i < journal.records().size(); i++) ids.push_back(journal.records()[i].number("Id"));
  return ids;
}

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
  EXPECT_EQ(journal.append(numbered(1, std::string(kRecordBytesMax, 'x'))).error().code,
            ErrorCode::invalid_argument);
  Record reserved = numbered(1);
  reserved.fields.emplace_back("Checksum", "1");
  EXPECT_EQ(journal.append(reserved).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(files.content(kPath), before);
  EXPECT_TRUE(journal.append(numbered(2, std::string(kRecordBytesMax - 500, 'x'))));
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

// ---- The state machine: any order of appends, compactions, kills, power cuts and failed syncs
// -----------------------------------

struct Model {
  bool open = true;  // whether the process holds a journal
};

struct Machine {
  explicit Machine(uint64_t seed) : files(seed) {
    journal = Journal::create(files, clock, kPath, "id").value();
  }

  CrashingFiles files;
  SetClock clock;
  std::optional<Journal> journal;
  bool failed = false;  // an append or compaction failed: in doubt until reopened
  uint64_t next_id = 1;
  std::vector<std::vector<uint64_t>> legal = {
      {}};  // what the file may hold; one entry but while something is in doubt

  void check_open() const { RC_ASSERT(ids_of(*journal) == legal[0]); }
  void reopen() {
    files.no_crash();
    files.no_failure();
    journal.reset();
    auto opened = Journal::open(files, clock, kPath);
    if (!opened) RC_FAIL(opened.error().message());
    journal = std::move(*opened);
    const auto found = ids_of(*journal);
    RC_ASSERT(std::find(legal.begin(), legal.end(), found) != legal.end());
    legal = {found};  // what a reader has seen must stay
    failed = false;
  }
  // Runs a change that ends in `after`; true when it returned well.
  template <typename Change>
  void change(std::vector<uint64_t> after, Change change) {
    const bool was_failed = failed;
    try {
      const Status done = change();
      RC_ASSERT(!(was_failed && done));
      if (done)
        legal = {after};
      else if (!was_failed)
        doubt(after);
    } catch (const Killed&) {
      if (!was_failed) doubt(after);
      files.kill();
      journal.reset();
    }
  }
  void doubt(std::vector<uint64_t> after) {
    legal.push_back(std::move(after));
    failed = true;
  }
};

using Command = rc::state::Command<Model, Machine>;

enum class Trouble : uint8_t { none, sync_fails, killed, power_cut };

struct Troubled : Command {
  Trouble trouble = *rc::gen::weightedElement<Trouble>(
      {{6, Trouble::none}, {1, Trouble::sync_fails}, {2, Trouble::killed}, {3, Trouble::power_cut}});
  uint64_t at = *rc::gen::inRange<uint64_t>(0, 12);

  void arm(Machine& machine) const {
    if (trouble == Trouble::sync_fails) machine.files.fail_sync_at(at % 2);
    if (trouble == Trouble::killed || trouble == Trouble::power_cut) machine.files.crash_at(at);
  }
  // A compaction that fails before its rename leaves the journal usable, a failed append never does.
  void settle(Machine& machine) const {
    machine.files.no_crash();
    machine.files.no_failure();
    if (trouble == Trouble::power_cut) {
      machine.journal.reset();
      machine.files.power_cut();
    }
    if (!machine.journal) machine.reopen();
  }
  void describe(std::ostream& out, const char* name) const {
    out << name << " trouble=" << int(trouble) << " at=" << at;
  }
};

struct Append : Troubled {
  size_t length = *rc::gen::weightedOneOf<size_t>(
      {{3, rc::gen::inRange<size_t>(0, 50)}, {1, rc::gen::inRange<size_t>(0, 9000)}});
  void run(const Model&, Machine& machine) const override {
    auto after = machine.legal[0];
    const uint64_t id = machine.next_id++;
    after.push_back(id);
    arm(machine);
    machine.change(after, [&] { return machine.journal->append(numbered(id, std::string(length, 'x'))); });
    settle(machine);
  }
  void show(std::ostream& out) const override { describe(out, "Append"); }
};

struct Compact : Troubled {
  uint64_t mask = *rc::gen::arbitrary<uint64_t>();
  void run(const Model&, Machine& machine) const override {
    const auto keep = [this](size_t index) { return (mask >> (index % 64) & 1) == 1; };
    const auto before = ids_of(*machine.journal);
    std::vector<uint64_t> after;
    for (size_t i = 0; i < before.size(); i++)
      if (keep(i + 1)) after.push_back(before[i]);
    arm(machine);
    if (machine.failed) return settle(machine);
    machine.change(after, [&] { return machine.journal->compact(keep); });
    settle(machine);
    if (machine.failed) machine.reopen();
  }
  void show(std::ostream& out) const override { describe(out, "Compact"); }
};

struct Reopen : Troubled {
  void run(const Model&, Machine& machine) const override {
    machine.journal.reset();
    if (trouble != Trouble::none) {  // opening is cut short itself
      arm(machine);
      try {
        (void)Journal::open(machine.files, machine.clock, kPath);
      } catch (const Killed&) {
        machine.files.kill();
      }
      if (trouble == Trouble::power_cut) machine.files.power_cut();
    }
    machine.reopen();
  }
  void show(std::ostream& out) const override { describe(out, "Reopen"); }
};

struct Look : Command {
  void run(const Model&, Machine& machine) const override {
    if (!machine.failed) machine.check_open();
  }
  void show(std::ostream& out) const override { out << "Look"; }
};

RC_GTEST_PROP(JournalStates, WhatAppendReturnedFromIsThereInOrder, ()) {
  Machine machine(*rc::gen::arbitrary<uint64_t>());
  rc::state::check(Model{}, machine,
                   rc::state::gen::execOneOfWithArgs<Append, Append, Compact, Reopen, Look>());
  machine.reopen();
  machine.journal.reset();
  machine.files.power_cut();
  machine.reopen();
}

}  // namespace
}  // namespace seedbed
