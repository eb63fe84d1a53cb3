// The oracles that read journals, counts and words: exactly once, little redone, secret, alive; and which
// verdict wins.
#include "engine/journal/record.h"
#include "scenarios/oracles.h"
#include "tests/scenarios/tiny_world.h"

namespace seedbed {
namespace {

using test::tiny;

const std::string kJournal = "/desk/drive.jrn";

const World& completed() {
  static const World world = test::completed(tiny());
  return world;
}

// The findings of an oracle at the end of the world, after these words were heard.
std::vector<std::string> findings_of(int number, const World& world,
                                     const std::vector<std::string>& heard = {},
                                     const std::string& stuck = "") {
  Oracles oracles;
  oracles.heard(heard);
  oracles.at_end(world, stuck);
  for (const OracleRecord& record : oracles.records())
    if (record.number == number) return record.findings;
  return {};
}

void expect_one(const std::vector<std::string>& findings, std::string_view what) {
  ASSERT_EQ(findings.size(), 1u) << what;
  EXPECT_NE(findings[0].find(what), std::string::npos) << findings[0];
}

void write_file(World& world, const std::string& path, std::string_view text, uint32_t mode) {
  if (world.files.stat(path)) {
    ASSERT_TRUE(world.files.remove(path, 0));
  }
  ASSERT_TRUE(world.files.plant_file(path, as_bytes(text), mode));
}

// A completed world whose journal holds one record twice, the second time with a field changed.
World with_record_twice(std::string_view activity, const std::string& field = "",
                        const std::string& value = "") {
  World world = completed();
  const Bytes was = world.file(kJournal).value();
  auto records = parse_records(as_text(was))->records;
  const auto found =
      std::ranges::find_if(records, [&](const Record& r) { return r.get("ActivityId") == activity; });
  EXPECT_NE(found, records.end());
  Record again = *found;
  for (auto& [name, its_value] : again.fields)
    if (name == field) its_value = value;
  records.insert(found + 1, again);
  std::string text;
  uint32_t checksum = 0;
  for (size_t i = 0; i < records.size(); i++) checksum = encode_record(records[i], i + 1, checksum, text);
  write_file(world, kJournal, text, 0600);
  return world;
}

std::string recovery_key() {
  return std::string(completed().history("drive")->drive.recovery_password.text());
}

// --- 5: exactly once ---

TEST(Oracle5, nothing_is_used_twice_in_a_whole_journal) {
  EXPECT_TRUE(findings_of(5, completed()).empty());
}

TEST(Oracle5, the_same_recovery_key_for_two_buildings_is_found) {
  expect_one(findings_of(5, with_record_twice("DriveIntent", "VolumeGuid", "other")),
             "the same recovery key");
}

TEST(Oracle5, the_same_volume_guid_for_two_buildings_is_found) {
  expect_one(findings_of(5, with_record_twice("DriveIntent", "BitLockerKey", "other")), "the same GUID");
}

TEST(Oracle5, a_volume_built_twice_and_a_session_completed_twice_are_found) {
  expect_one(findings_of(5, with_record_twice("VolumeBuilt")), "built twice");
  expect_one(findings_of(5, with_record_twice("SessionComplete")), "session 1 is complete twice");
}

// --- 6: little redone ---

TEST(Oracle6, data_may_be_written_again_up_to_the_bound_and_not_a_byte_more) {
  World world = completed();
  const auto history = world.history("drive");
  const SessionHistory& session = history->sessions.at(0);
  ASSERT_EQ(session.files, 2u);
  world.work.interruptions = 3;
  world.work.data_bytes = session.bytes + session.files * 4096 + 3 * world.scenario->computer.redo_bytes;
  EXPECT_TRUE(findings_of(6, world).empty());
  world.work.data_bytes++;
  expect_one(findings_of(6, world), "the data phase wrote");
}

TEST(Oracle6, a_volume_may_be_built_anew_once_per_interruption) {
  World world = completed();
  world.work.interruptions = 1;
  world.work.build_bytes = 2 * world.work.most_build_bytes;
  EXPECT_TRUE(findings_of(6, world).empty());
  world.work.build_bytes++;
  expect_one(findings_of(6, world), "building wrote");
}

// --- 8: secrets stay secret ---

TEST(Oracle8, a_key_in_what_was_said_is_found_and_not_repeated) {
  EXPECT_TRUE(findings_of(8, completed(), {"notice: all is well", ""}).empty());
  for (const std::string& key : {completed().account_key(), recovery_key()}) {
    ASSERT_GT(key.size(), 20u);
    const auto findings = findings_of(8, completed(), {"notice: the key is " + key + ", take care"});
    expect_one(findings, "a key was shown to people or logs");
    EXPECT_EQ(findings[0].find(key), std::string::npos);
  }
}

TEST(Oracle8, a_key_in_a_file_that_must_not_hold_one_is_found) {
  for (const char* path : {"/desk/drive.jrn.log", "/desk/notes.txt"}) {
    World world = completed();
    write_file(world, path, "key " + recovery_key(), 0600);
    expect_one(findings_of(8, world), std::string(path) + " holds a key");
  }
}

TEST(Oracle8, a_key_that_others_can_read_is_found) {
  for (const uint32_t mode : {0644u, 0640u, 0604u}) {
    World world = completed();
    ASSERT_TRUE(world.files.set_mode(kJournal, mode));
    expect_one(findings_of(8, world), "drive.jrn holds a key and has mode");
  }
}

TEST(Oracle8, the_key_of_an_earlier_building_is_a_secret_too) {
  World world = with_record_twice("DriveIntent", "BitLockerKey", "111111-222222-333333");
  expect_one(findings_of(8, world, {"111111-222222-333333"}), "a key was shown");
  expect_one(findings_of(8, world, {recovery_key()}), "a key was shown");
}

// --- 9: alive ---

TEST(Oracle9, work_that_never_comes_to_an_end_is_found) {
  EXPECT_TRUE(findings_of(9, completed()).empty());
  expect_one(findings_of(9, completed(), {}, "not done after 12 boots"), "not done after 12 boots");
}

TEST(Oracle9, a_scenario_whose_machine_always_dies_is_stuck) {
  PlannedFault kill = test::fault(FaultAction::kill, test::nth(5, EventKind::drive_write));
  kill.times = 0;
  Scenario scenario = test::with_fault(tiny(), kill);
  scenario.operator_.boots_max = 4;
  const ScenarioRecord record = test::record_of(scenario);
  EXPECT_EQ(verdict_name(record.verdict), "stuck");
  EXPECT_TRUE(test::finds(record, 9, "not done after 4 boots"));
  EXPECT_FALSE(record.as_expected);
}

// --- which wins ---

TEST(Verdict, the_worst_finding_decides) {
  World world = completed();
  std::string stuck = "never done";
  std::vector<std::string> heard;
  bool dies = false;
  std::string why;
  const auto verdict = [&] {
    Oracles oracles;
    oracles.heard(heard);
    if (dies) oracles.after_death(world);
    oracles.at_end(world, stuck);
    return oracles.verdict(why);
  };
  EXPECT_EQ(verdict(), Verdict::stuck);
  world.work.data_bytes += 1 * GiB;
  EXPECT_EQ(verdict(), Verdict::broke_contract);
  EXPECT_NE(why.find("the data phase wrote"), std::string::npos);
  heard = {completed().account_key()};
  EXPECT_EQ(verdict(), Verdict::broke_contract);
  EXPECT_EQ(why, "a key was shown to people or logs");
  ASSERT_TRUE(world.files.set_mode("/source/a.bin", 0600));
  EXPECT_EQ(verdict(), Verdict::broke_contract);
  EXPECT_EQ(why, "the source is not as it was");
  WriteCache& cache = world.drive_in("drive").cache;
  cache.complete(cache.submit_write(2 * MiB, Bytes(12 * MiB, 0)));
  cache.settle(cache.completed());
  EXPECT_EQ(verdict(), Verdict::lost) << "it was said to be complete";
  world.promises = {};
  EXPECT_EQ(verdict(), Verdict::silently_wrong);
  world.promises = completed().promises;
  dies = true;
  EXPECT_EQ(verdict(), Verdict::lost);
}

}  // namespace
}  // namespace seedbed
