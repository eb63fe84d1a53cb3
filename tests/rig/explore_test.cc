// Explorations, merged sweeps and shrinking as processes: what is stopped goes on, parts make the whole, and
// what is handed out can be taken up again.
#include <regex>

#include "tests/rig/rig_process.h"

namespace seedbed {
namespace {

using testing_support::CommandResult;
using testing_support::run_command;

constexpr const char* kWriteThrough = "volatile_cache = false\n";  // of the drive: fewer states

class RigExploring : public testing_support::Rig {
 protected:
  // The number before that word in the last line of the totals.
  static uint64_t told(const CommandResult& result, const std::string& word) {
    std::smatch found;
    const std::string text = result.output;
    if (!std::regex_search(text, found, std::regex("seedbed: .*?(\\d+) " + word))) {
      ADD_FAILURE() << "no " << word << " in " << result.text();
      return 0;
    }
    return std::stoull(found[1]);
  }
  std::string state() const { return file("states"); }
  size_t states_in_file() const { return std::size(lines(read(state()))); }
};

TEST_F(RigExploring, several_scenarios_are_explored_in_one_call_and_what_was_judged_is_not_judged_again) {
  put_scenario("a/one", kWriteThrough);
  put_scenario("a/two", std::string(kWriteThrough) + kKilled);
  const std::vector<std::string> words = {"explore",  file("a"), "--pairs", "0",
                                          "--budget", "3",       "--state", state()};
  const CommandResult first = seedbed(words);
  expect(first, 4, "the same command goes on");
  EXPECT_NE(first.output.find("??   the a/one: "), std::string::npos) << first.text();
  EXPECT_EQ(told(first, "judged"), 6u) << "three of each";
  EXPECT_EQ(states_in_file(), 3u + 6u);
  std::ofstream(state(), std::ios::app) << "1 0123";  // torn
  std::vector<std::string> two_jobs = words;
  two_jobs.insert(two_jobs.end(), {"--jobs", "2"});
  const CommandResult second = seedbed(two_jobs);
  expect(second, 4, "6 of them had been judged before");
  EXPECT_EQ(told(second, "judged"), 6u + 4u) << "one by each of two workers, of each scenario";
  std::set<std::string> known;
  for (const std::string& line : lines(read(state()))) EXPECT_TRUE(known.insert(line).second) << line;
}

TEST_F(RigExploring, a_record_of_other_worlds_is_refused) {
  const std::string one = put_scenario("one", kWriteThrough), two = put_scenario("two", kWriteThrough);
  const auto explore = [&](std::vector<std::string> words) {
    words.insert(words.begin(), "explore");
    words.insert(words.end(), {"--budget", "1", "--pairs", "0", "--state", state()});
    return seedbed(words);
  };
  expect(explore({one}), 4);
  expect(explore({two}), 2, "begun with other scenarios");
  expect(explore({one, "--seed", "5"}), 2, "begun with seed 1");
  put_scenario("one", std::string(kWriteThrough) + kKilled);
  expect(explore({one}), 2, "has changed since");
  put("states", "mine\n");
  expect(explore({one}), 2, "no record of explored states");
  EXPECT_EQ(read(state()), "mine\n");
}

TEST_F(RigExploring, told_to_stop_it_says_what_is_left_and_keeps_what_it_has) {
  const std::string path = put_scenario("one");
  const CommandResult stopped =
      run_command({"/usr/bin/timeout", "--preserve-status", "-s", "TERM", "2",
                   std::string(SEEDBED_BIN) + "/seedbed", "explore", path, "--state", state()});
  expect(stopped, 4, "are left");
  EXPECT_EQ(states_in_file(), 2 + told(stopped, "judged"));
}

TEST_F(RigExploring, failures_that_are_known_are_told_again) {
  const std::string path = put_scenario("one", std::string(kWriteThrough) + kJournalLies);
  const std::vector<std::string> words = {"explore", path, "--budget", "60",
                                          "--pairs", "0",  "--state",  state()};
  const CommandResult first = seedbed(words);
  ASSERT_EQ(first.exit_code, 1) << first.text();
  const CommandResult second = seedbed(words);
  EXPECT_EQ(second.exit_code, 1);
  std::smatch found;
  const std::string text = second.output;
  ASSERT_TRUE(std::regex_search(text, found, std::regex("failed before\\n *seedbed replay '([^']+)'")))
      << text;
  expect(seedbed({"replay", found[1]}), 1);

  // What it names shrinks to a line that fails likewise, and to a file that does, too.
  const CommandResult small = seedbed({"shrink", found[1], "--out", file("small.toml")});
  expect(small, 0, "seedbed: ");
  std::smatch line;
  ASSERT_TRUE(std::regex_search(small.output, line, std::regex("seedbed replay '([^']+)'"))) << small.text();
  expect(seedbed({"replay", line[1]}), 1, "expected survived");
  expect(seedbed({"run", file("small.toml"), "--out", out()}), 1, "expected survived");
  const CommandResult again = seedbed({"shrink", line[1], "--json"});
  EXPECT_EQ(again.exit_code, 0) << again.text();
  EXPECT_NE(again.errors.find("'" + line[1].str() + "'"), std::string::npos) << again.text();
  expect(seedbed({"shrink", out() + "/run.json"}), 0, "seedbed replay '");
}

TEST_F(RigExploring, what_does_not_fail_is_not_shrunk) {
  const std::string path = put_scenario("one");
  expect(seedbed({"shrink", path + "@1"}), 2, "does not fail");
  expect(seedbed({"shrink", path}), 2, "no @SEED");
  expect(run({path}), 0);
  expect(seedbed({"shrink", out() + "/run.json"}), 2, "no run of it failed");
}

TEST_F(RigExploring, parts_of_a_sweep_merge_to_the_whole_and_other_parts_do_not) {
  put_scenario("a/one", "[[fault]]\nwhat = \"kill\"\nwhen = { phase = \"data\", nth = [1, 400] }\n");
  put_scenario("a/two", kUnexpected);
  const auto sweep = [&](const std::string& to, std::vector<std::string> words) {
    words.insert(words.begin(), {"sweep", file("a"), "--seeds", "1..5", "--out", file(to)});
    return seedbed(words);
  };
  const auto counts = [&](const std::string& from) {
    std::smatch found;
    const std::string text = read(file(from) + "/sweep.json");
    EXPECT_TRUE(std::regex_search(text, found, std::regex("\"sweep\": (\\{.*\\}),\\n"))) << text;
    return found[1].str();
  };
  expect(sweep("whole", {}), 1, "5 failed");
  for (const char* part : {"1/3", "2/3", "3/3"})
    EXPECT_NE(sweep(std::string("part-") + part[0], {"--shard", part, "--jobs", "2"}).exit_code, 5);
  expect(seedbed({"merge", file("part-2"), file("part-3"), file("part-1"), "--out", file("merged")}), 1,
         "seedbed: 10 runs");
  EXPECT_EQ(counts("merged"), counts("whole"));
  expect(seedbed({"merge", file("part-2"), file("part-3"), "--out", file("x")}), 2, "parts are missing: 1/3");
  expect(seedbed({"merge", file("part-2"), file("part-2"), "--out", file("x")}), 2, "part 2/3 is in");
  expect(seedbed({"merge", file("part-1"), file("whole"), "--out", file("x")}), 2, "another sweep");
  EXPECT_FALSE(std::filesystem::exists(file("x")));
  expect(seedbed({"replay", file("merged") + "/sweep.json"}), 0, "5 replayed bit for bit, 0 differ");
}

}  // namespace
}  // namespace seedbed
