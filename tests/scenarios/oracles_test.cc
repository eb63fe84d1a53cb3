// Each oracle can fail: worlds in which nothing is wrong, and the same ones with one thing wrong.
#include "scenarios/oracles.h"

#include <fmt/format.h>

#include "engine/journal/record.h"
#include "tests/scenarios/tiny_world.h"

namespace seedbed {
namespace {

using test::boot_once;
using test::tiny;
using test::world_of;

const std::string kJournal = "/desk/drive.jrn";

// Findings of one oracle; every other has none.
std::vector<std::string> only_findings_of(const Oracles& oracles, int number) {
  std::vector<std::string> findings;
  for (const OracleRecord& record : oracles.records()) {
    if (record.number == number) {
      EXPECT_TRUE(record.ran) << number;
      findings = record.findings;
    } else {
      EXPECT_TRUE(record.findings.empty()) << record.number << ": " << record.findings.front();
    }
  }
  return findings;
}

void expect_only(const Oracles& oracles, int number, std::string_view what, Verdict verdict) {
  const auto findings = only_findings_of(oracles, number);
  ASSERT_FALSE(findings.empty()) << what;
  EXPECT_NE(findings.front().find(what), std::string::npos) << findings.front();
  std::string why;
  const auto worst = oracles.verdict(why);
  ASSERT_TRUE(worst);
  EXPECT_EQ(verdict_name(*worst), verdict_name(verdict));
  EXPECT_EQ(why, findings.front());
}

void expect_fine(const Oracles& oracles) {
  std::string why;
  EXPECT_FALSE(oracles.verdict(why)) << why;
}

Oracles after_death(const World& world) {
  Oracles oracles;
  oracles.after_death(world);
  return oracles;
}
Oracles at_end(const World& world, const std::string& stuck = "") {
  Oracles oracles;
  oracles.at_end(world, stuck);
  return oracles;
}

const World& completed() {
  static const World world = test::completed(tiny());
  return world;
}

// The same, and nobody was told anything: what is wrong is nobody's loss.
World unpromised() {
  World world = completed();
  world.promises = {};
  return world;
}

// Dead by a power cut that left nothing, while bytes were promised.
World dead_with_a_promise() {
  test::Caught late = test::caught(tiny(), [](const World& world, const Event& event) {
    return world.promises.durable_bytes > 0 && world.phase == "data" && event.kind == EventKind::drive_flush;
  });
  die_at(late.world, {.power = true, .survivors = {.shape = Survivors::Shape::none}}, late.event.time_ns);
  return std::move(late.world);
}

void write_file(World& world, const std::string& path, std::string_view text, uint32_t mode = 0600) {
  if (world.files.stat(path)) {
    ASSERT_TRUE(world.files.remove(path, 0));
  }
  ASSERT_TRUE(world.files.plant_file(path, as_bytes(text), mode));
}

std::vector<Record> journal_of(const World& world) {
  const Bytes text = world.file(kJournal).value();
  return parse_records(as_text(text))->records;
}
void write_journal(World& world, const std::vector<Record>& records) {
  std::string text;
  uint32_t checksum = 0;
  for (size_t i = 0; i < records.size(); i++) checksum = encode_record(records[i], i + 1, checksum, text);
  write_file(world, kJournal, text);
}
// The journal without its last records, from the last one of that activity on.
void cut_journal_at(World& world, std::string_view activity) {
  auto records = journal_of(world);
  while (records.back().get("ActivityId") != activity) records.pop_back();
  records.pop_back();
  write_journal(world, records);
}

Extent first_data_write() {
  static const Extent extent = [] {
    const Event event = test::caught(tiny(), [](const World& world, const Event& one) {
                          return world.phase == "data" && one.kind == EventKind::drive_write;
                        }).event;
    return Extent{event.offset_bytes, event.length_bytes};
  }();
  return extent;
}
void write_drive(World& world, uint64_t offset_bytes, ByteSpan data) {
  WriteCache& cache = world.drive_in("drive").cache;
  cache.complete(cache.submit_write(offset_bytes, data));
  cache.settle(cache.completed());
}

TEST(Oracles, nothing_is_found_where_nothing_is_wrong) {
  expect_fine(after_death(dead_with_a_promise()));
  expect_fine(after_death(completed()));
  const Oracles oracles = at_end(completed());
  expect_fine(oracles);
  for (const OracleRecord& record : oracles.records())
    EXPECT_TRUE(record.ran) << record.number << " " << record.name;
}

// --- 2: nothing promised that is not there ---

TEST(Oracle2, a_journal_that_is_behind_a_promise_has_lost_it) {
  World world = dead_with_a_promise();
  cut_journal_at(world, "Checkpoint");
  expect_only(after_death(world), 2, "bytes were said to be durable, the journal knows of 0", Verdict::lost);
}

TEST(Oracle2, a_journal_that_cannot_be_read_or_has_no_session_has_lost_it) {
  World world = dead_with_a_promise();
  cut_journal_at(world, "SessionBegin");
  expect_only(after_death(world), 2, "the journal has lost the session session-1", Verdict::lost);
  std::string text(as_text(world.file(kJournal).value()));
  text[30] ^= 1;  // in the first record
  write_file(world, kJournal, text);
  expect_only(after_death(world), 2, "the journal that promises rest on cannot be read", Verdict::lost);
  ASSERT_TRUE(world.files.remove(kJournal, 0));
  expect_only(after_death(world), 2, "the journal that promises rest on cannot be read", Verdict::lost);
}

TEST(Oracle2, where_nothing_was_promised_nothing_is_lost) {
  World world = dead_with_a_promise();
  ASSERT_TRUE(world.files.remove(kJournal, 0));
  world.promises.durable_bytes = 0;
  expect_fine(after_death(world));
}

TEST(Oracle2, a_completed_session_whose_journal_does_not_know_is_lost) {
  World world = completed();
  cut_journal_at(world, "SessionComplete");
  expect_only(after_death(world), 2, "was said to be complete, and the journal does not know", Verdict::lost);
  world = completed();
  world.promises.manifest_hash[0] ^= 1;
  expect_only(after_death(world), 2, "was said to be complete, and the journal does not know", Verdict::lost);
}

TEST(Oracle2, a_completed_promise_with_a_drive_that_lost_a_data_block_is_lost) {
  World world = completed();
  write_drive(world, first_data_write().offset_bytes, Bytes(4096, 0));
  expect_only(after_death(world), 2, "a.bin", Verdict::lost);
}

TEST(Oracle2, a_drive_that_holds_something_and_not_whose_it_is_is_lost) {
  World world = completed();
  write_drive(world, 64 * KiB, Bytes(4096, 0));  // the marker
  Oracles oracles;
  oracles.after_death(world);
  std::string why;
  EXPECT_EQ(oracles.verdict(why), Verdict::lost);
  EXPECT_NE(why.find("no marker that says whose it is"), std::string::npos) << why;
}

TEST(Oracle2, a_completed_session_without_its_drive_info_is_lost) {
  World world = completed();
  const auto entries = world.files.list("/desk");
  for (const DirectoryEntry& entry : *entries)
    if (entry.name.find("_DriveInfo_") != std::string::npos) {
      ASSERT_TRUE(world.files.remove("/desk/" + entry.name, 0));
    }
  expect_only(after_death(world), 2, "is not what the journal says", Verdict::lost);
}

// --- 3: nothing silently wrong ---

TEST(Oracle3, one_flipped_byte_of_a_shipped_file_is_silently_wrong) {
  World world = unpromised();
  Bytes sector(512);
  world.drive_in("drive").cache.read(first_data_write().offset_bytes + 512, sector);
  sector[100] ^= 1;
  write_drive(world, first_data_write().offset_bytes + 512, sector);
  expect_only(at_end(world), 3, "a.bin", Verdict::silently_wrong);
}

TEST(Oracle3, a_rotten_sector_counts_as_it_reads) {
  World world = unpromised();
  world.drive_in("drive").rot({first_data_write().offset_bytes, 512});
  expect_only(at_end(world), 3, "a.bin", Verdict::silently_wrong);
}

TEST(Oracle3, what_the_drive_has_only_in_its_cache_is_not_shipped) {
  World world = unpromised();
  Bytes sector(512);
  world.drive_in("drive").cache.read(first_data_write().offset_bytes, sector);
  write_drive(world, first_data_write().offset_bytes, Bytes(512, 0));
  WriteCache& cache = world.drive_in("drive").cache;
  cache.complete(cache.submit_write(first_data_write().offset_bytes, sector));  // right, but not flushed
  expect_only(at_end(world), 3, "a.bin", Verdict::silently_wrong);
  cache.settle(cache.completed());
  expect_fine(at_end(world));
}

TEST(Oracle3, a_file_of_the_source_that_is_not_on_the_drive_is_silently_wrong) {
  World world = unpromised();
  ASSERT_TRUE(world.files.plant_file("/source/dir/forgotten.bin", as_bytes("x")));
  world.source_hash = world.files.hash_under("/source");  // as if it had been there from the start
  expect_only(at_end(world), 3, "forgotten.bin", Verdict::silently_wrong);
}

TEST(Oracle3, a_source_that_a_fault_changed_after_it_was_copied_is_compared_as_it_was) {
  World world = completed();
  ASSERT_TRUE(world.remember_source("/source/a.bin"));
  ASSERT_TRUE(world.files.remove("/source/a.bin", 0));
  expect_fine(at_end(world));
  EXPECT_FALSE(world.files.stat("/source/a.bin")) << "the judge leaves the world as it is";
}

TEST(Oracle3, a_share_that_is_away_is_no_excuse_and_no_finding) {
  World world = completed();
  world.files.unreach("/source/dir");
  expect_fine(at_end(world));
}

TEST(Oracle3, a_completed_session_whose_journal_is_gone_is_not_fine) {
  World world = completed();
  ASSERT_TRUE(world.files.remove(kJournal, 0));
  std::string why;
  EXPECT_EQ(at_end(world).verdict(why), Verdict::silently_wrong)
      << "gone, though a power cut would bring it back";
  EXPECT_NE(why.find("said to be complete, and the journal cannot be read"), std::string::npos) << why;
  world.files.settle();
  EXPECT_EQ(at_end(world).verdict(why), Verdict::lost);
  EXPECT_NE(why.find("the journal that promises rest on cannot be read"), std::string::npos) << why;
}

TEST(Oracle3, an_aborted_session_leaves_a_whole_and_empty_volume) {
  World world = world_of(test::with_fault(tiny(), test::fault(FaultAction::kill, test::nth_in("data", 9))));
  boot_once(world);
  EventLog log(false, world.events);
  ASSERT_TRUE(boot(world, world.words_of({.action = CommandAction::abort}), log, {}).done());
  expect_fine(at_end(world));
  write_drive(world, 1 * MiB, Bytes(64 * KiB, 0));  // the head of the volume
  std::string why;
  EXPECT_EQ(at_end(world).verdict(why), Verdict::silently_wrong) << why;
}

// --- 4: nothing touched that was not chosen ---

TEST(Oracle4, writes_to_what_was_not_chosen_break_the_contract) {
  const auto write = [](const World& world, const std::string& slot, uint64_t offset_bytes,
                        const char* phase) {
    World now = world;
    now.phase = phase;
    Event event;
    event.kind = EventKind::drive_write;
    event.place = now.drive_in(slot).identity.serial;
    event.offset_bytes = offset_bytes;
    event.length_bytes = 4096;
    Oracles oracles;
    oracles.see(now, event, EventSide::before);
    oracles.at_end(world, "");
    return oracles;
  };
  expect_fine(write(completed(), "drive", 2 * MiB, "data"));
  expect_only(write(completed(), "bystander", 2 * MiB, "data"), 4, "not chosen", Verdict::broke_contract);
  expect_only(write(completed(), "drive", 512, "data"), 4, "outside of the partition",
              Verdict::broke_contract);
  expect_only(write(completed(), "drive", 2 * MiB, "start"), 4, "before the intent", Verdict::broke_contract);
  expect_only(write(completed(), "drive", 0, "data"), 5, "formatted again", Verdict::broke_contract);
}

TEST(Oracle4, a_source_or_a_bystander_that_changed_breaks_the_contract) {
  World world = completed();
  write_file(world, "/elsewhere/precious.bin", "gone");
  expect_only(at_end(world), 4, "nothing to do with the session", Verdict::broke_contract);
  world = completed();
  ASSERT_TRUE(world.files.set_mode("/source/dir", 0700));
  expect_only(at_end(world), 4, "the source is not as it was", Verdict::broke_contract);
}

}  // namespace
}  // namespace seedbed
