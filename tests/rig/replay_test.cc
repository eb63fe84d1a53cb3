// The same run again: from a run.json, from a token, as event logs that can be compared; lists and reports of
// runs.
#include <nlohmann/json.hpp>

#include "reports/run_json.h"
#include "tests/rig/rig_process.h"

namespace seedbed {
namespace {

using testing_support::CommandResult;

class RigReplay : public testing_support::Rig {};

TEST_F(RigReplay, a_run_is_replayed_bit_for_bit_and_a_hash_that_differs_is_told) {
  put_scenario("a", kKilled);
  put_scenario("b");
  expect(run({file(""), "--seed", "5"}), 0);
  const CommandResult same = seedbed({"replay", out() + "/run.json"});
  expect(same, 0, "seedbed: 2 replayed bit for bit, 0 differ");
  EXPECT_EQ(same.output.find("DIFFERENT"), std::string::npos);
  auto record = parse_run_json(read(out() + "/run.json"), "run.json");
  ASSERT_TRUE(record);
  record->scenarios[1].event_log_hash = "0123456789abcdef";
  put("run.json", encode_run_json(*record));
  expect(seedbed({"replay", file("run.json")}), 5, "seedbed: 1 replayed bit for bit, 1 differ");
}

TEST_F(RigReplay, event_logs_of_one_token_are_the_same_and_of_other_seeds_part_somewhere) {
  const std::string path = put_scenario("a", kKilled);
  for (const auto& [token, name] : std::initializer_list<std::pair<std::string, std::string>>{
           {path + "@1", "one"}, {path + "@1", "again"}, {path + "@2", "two"}})
    expect(seedbed({"replay", token, "--events", file(name)}), 0, "fired         kill");
  expect(seedbed({"diff", file("one"), file("again")}), 0, "the same in both");
  EXPECT_GT(lines(read(file("one"))).size(), 300u);
  expect(seedbed({"diff", file("one"), file("two")}), 1, "drive.open");
  expect(seedbed({"diff", file("one"), file("absent")}), 2, "absent");
}

TEST_F(RigReplay, a_token_adds_faults_and_its_verdict_is_the_exit_code) {
  const std::string path = put_scenario("a", kSurvives), lies = put_scenario("b", kJournalLies);
  expect(seedbed({"replay", path + "@1+host-power-cut:200:none"}), 0, "2 boots");
  expect(seedbed({"replay", lies + "@1"}), 0);
  expect(seedbed({"replay", lies + "@1+host-power-cut:60:none"}), 1, "expected survived");
  expect(seedbed({"replay", put_scenario("c", kStuck) + "@1"}), 3);
  expect(seedbed({"replay", path + "@1+kill:999999:none"}), 4, "never reached");
}

TEST_F(RigReplay, events_may_go_to_standard_output) {
  const CommandResult result = seedbed({"replay", put_scenario("a") + "@1", "--events", "-"});
  expect(result, 0, "drive.flush.done");
}

TEST_F(RigReplay, what_cannot_be_replayed_is_usage) {
  const std::string path = put_scenario("a");
  expect(seedbed({"replay", path}), 2, "no @SEED");
  expect(seedbed({"replay", path + "@x"}), 2, "is no seed");
  expect(seedbed({"replay", path + "@1+murder:3:none"}), 2, "\"murder\" is no fault");
  expect(seedbed({"replay", file("absent.toml") + "@1"}), 2, "absent.toml");
  expect(seedbed({"replay", file("absent.json")}), 2, "absent.json");
  expect(seedbed({"replay", put("broken.json", "{")}), 2, "broken.json");
  expect(seedbed({"replay", put("x.json", "{}"), "--events", file("e")}), 2, "--events and --block-log go with a token");
}

TEST_F(RigReplay, lists_have_a_line_for_each_scenario) {
  put_scenario("a", kUnexpected, "tags = [\"red\"]\n");
  put_scenario("b", kKilled);
  expect(seedbed({"list", file("")}), 0, "2 scenarios");
  expect(seedbed({"list", file(""), "--tag", "red"}), 0, "1 scenarios");
  const CommandResult result = seedbed({"list", file(""), "--json"});
  const auto rows = lines(result.output);
  ASSERT_EQ(rows.size(), 2u) << result.text();
  const auto a = nlohmann::json::parse(rows[0]), b = nlohmann::json::parse(rows[1]);
  EXPECT_EQ(a["name"], "the a");
  EXPECT_EQ(a["expected"], "refused");
  EXPECT_EQ(a["tags"], nlohmann::json({"red"}));
  EXPECT_EQ(b["faults"], 1);
  EXPECT_EQ(b["file"], file("b.toml"));
}

TEST_F(RigReplay, a_report_joins_runs_and_has_the_exit_code_of_both) {
  expect(seedbed({"run", put_scenario("a"), "--out", file("first")}), 0);
  expect(seedbed({"run", put_scenario("b", kStuck), "--out", file("second")}), 3);
  expect(seedbed({"report", file("first"), "-o", file("one.html")}), 0, "1 as expected, 0 failed");
  expect(seedbed(
             {"report", file("first"), file("second"), "-o", file("both.html"), "--junit", file("both.xml")}),
         3, "1 as expected, 1 failed");
  for (const char* name : {"the a", "the b"}) {
    EXPECT_NE(read(file("both.html")).find(name), std::string::npos);
    EXPECT_NE(read(file("both.xml")).find(name), std::string::npos);
  }
  expect(seedbed({"report", file("absent"), "-o", file("x.html")}), 2, "absent");
}

}  // namespace
}  // namespace seedbed
