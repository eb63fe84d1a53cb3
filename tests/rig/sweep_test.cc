// Sweeps and explorations as processes: parts make the whole, budgets and failures show in the exit code.
#include <regex>

#include "tests/rig/rig_process.h"

namespace seedbed {
namespace {

using testing_support::CommandResult;

class RigSweep : public testing_support::Rig {
 protected:
  struct Swept {
    uint64_t runs = 0, events = 0;
  };
  // The totals of the last line.
  static Swept totals(const CommandResult& result) {
    std::smatch found;
    const std::string text = result.output;
    if (!std::regex_search(text, found, std::regex("seedbed: (\\d+) runs .*, (\\d+) events,"))) {
      ADD_FAILURE() << result.text();
      return {};
    }
    return {std::stoull(found[1]), std::stoull(found[2])};
  }
  CommandResult sweep(std::vector<std::string> words) const {
    words.insert(words.begin(), "sweep");
    words.insert(words.end(), {"--out", out()});
    return seedbed(words);
  }
};

TEST_F(RigSweep, parts_cover_the_runs_of_the_whole) {
  put_scenario("a", kKilled);
  put_scenario("b");
  put_scenario("c", "[[fault]]\nwhat = \"host-power-cut\"\nwhen = { nth = [1, 300] }\n");
  const CommandResult whole = sweep({file(""), "--seeds", "1..3"});
  expect(whole, 0, "0 failed, 0 faults never fired");
  EXPECT_EQ(totals(whole).runs, 9u);
  Swept parts;
  for (const char* shard : {"1/2", "2/2"}) {
    const CommandResult part = sweep({file(""), "--seeds", "1..3", "--shard", shard, "--jobs", "2"});
    EXPECT_EQ(part.exit_code, 0) << part.text();
    EXPECT_GE(totals(part).runs, 4u);
    parts.runs += totals(part).runs;
    parts.events += totals(part).events;
  }
  EXPECT_EQ(parts.runs, totals(whole).runs);
  EXPECT_EQ(parts.events, totals(whole).events);
  EXPECT_TRUE(std::filesystem::exists(out() + "/sweep.json"));
}

TEST_F(RigSweep, a_fault_that_fires_in_some_runs_is_measured_and_one_that_never_does_is_not) {
  expect(
      sweep({put_scenario("a", "[[fault]]\nwhat = \"kill\"\nwhen = { phase = \"data\", nth = [1, 400] }\n"),
             "--seeds", "1..12"}),
      0, "0 faults never fired");
  expect(sweep({put_scenario("b", kNeverReached), "--seeds", "1..2"}), 4,
         "never fired in any run: the b: kill");
}

TEST_F(RigSweep, every_sixteenth_run_is_made_twice) {
  expect(sweep({put_scenario("a"), "--seeds", "1..33"}), 0, "33 runs (2 of them twice");
}

TEST_F(RigSweep, a_failing_seed_is_told_with_its_token) {
  const CommandResult result = sweep({put_scenario("a", kUnexpected), "--seeds", "4"});
  expect(result, 1, "1 failed");
  EXPECT_NE(result.output.find("seedbed replay '" + file("a.toml") + "@"), std::string::npos)
      << result.text();
  EXPECT_NE(read(out() + "/sweep.json").find("the a"), std::string::npos);
}

TEST_F(RigSweep, wrong_seeds_and_parts_are_usage) {
  put_scenario("a");
  for (const char* seeds : {"x", "3..1", ""})
    EXPECT_EQ(sweep({file("a.toml"), "--seeds", seeds}).exit_code, 2) << seeds;
  for (const char* shard : {"0/2", "3/2", "x"})
    EXPECT_EQ(sweep({file("a.toml"), "--seeds", "1", "--shard", shard}).exit_code, 2) << shard;
  expect(sweep({file("a.toml"), "--seeds", "1", "--tag", "red"}), 2, "no scenario has the tag \"red\"");
}

class RigExplore : public RigSweep {};

constexpr const char* kWriteThrough = "volatile_cache = false\n";  // of the drive: fewer states

TEST_F(RigExplore, what_a_budget_leaves_unjudged_is_not_measured) {
  const std::string path = put_scenario("a", kWriteThrough);
  expect(seedbed({"explore", path, "--budget", "3"}), 4, " 3 judged (");
  expect(seedbed({"explore", path, "--budget", "4", "--jobs", "2"}), 4, " 4 judged (");
}

TEST_F(RigExplore, a_scenario_that_fails_by_itself_is_not_explored_and_not_green) {
  const std::string path = put_scenario("a", "[expect]\nverdict = \"refused\"\n");
  const CommandResult result = seedbed({"explore", path, "--jobs", "2"});
  EXPECT_EQ(result.exit_code, 1) << result.text();
  EXPECT_NE(result.errors.find("ends as survived by itself"), std::string::npos) << result.text();
}

TEST_F(RigExplore, a_state_that_fails_is_told_with_a_token_that_replays_it) {
  const std::string path = put_scenario("a", std::string(kWriteThrough) + kJournalLies);
  const CommandResult result = seedbed({"explore", path, "--budget", "200"});
  ASSERT_EQ(result.exit_code, 1) << result.text();
  std::smatch found;
  ASSERT_TRUE(std::regex_search(result.output, found, std::regex("seedbed replay '([^']+)'")))
      << result.text();
  expect(seedbed({"replay", found[1]}), 1, "host-power-cut before event");
}

TEST_F(RigExplore, what_it_cannot_explore_is_usage) {
  const std::string path = put_scenario("a");
  expect(seedbed({"explore", path, "--depth", "3"}), 2, "depth 3 is not there yet");
  expect(seedbed({"explore", file("absent.toml")}), 2, "absent.toml");
}

}  // namespace
}  // namespace seedbed
