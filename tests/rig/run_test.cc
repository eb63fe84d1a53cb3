// `seedbed run` as its users call it: hashes that come again, exit codes, reports, and words on the right
// stream.
#include <nlohmann/json.hpp>

#include "reports/run_json.h"
#include "tests/rig/rig_process.h"

namespace seedbed {
namespace {

using testing_support::CommandResult;
using testing_support::run_command;

class RigRun : public testing_support::Rig {
 protected:
  RunRecord record() const {
    const auto record = parse_run_json(read(out() + "/run.json"), "run.json");
    EXPECT_TRUE(record) << record.error().message();
    return record.value_or(RunRecord{});
  }
};

TEST_F(RigRun, the_core_suite_gives_the_same_hashes_from_the_same_seed_and_is_as_expected) {
  const std::string core = std::string(SEEDBED_SOURCE_DIR) + "/scenarios/suites/core";
  expect(run({core, "--seed", "1", "--jobs", "2"}), 0, " 0 failed, 0 not measured, 0 not applicable");
  const RunRecord first = record();
  EXPECT_GT(first.scenarios.size(), 50u);
  for (const ScenarioRecord& scenario : first.scenarios) {
    EXPECT_EQ(scenario.second_hash, scenario.event_log_hash) << scenario.name;
    EXPECT_EQ(scenario.event_log_hash.size(), 16u) << scenario.name;
  }
  expect(run({core, "--seed", "1", "--jobs", "3"}), 0);
  const RunRecord second = record();
  EXPECT_EQ(event_log_hash_of(first), event_log_hash_of(second));
  ASSERT_EQ(first.scenarios.size(), second.scenarios.size());
  for (size_t i = 0; i < first.scenarios.size(); i++)
    EXPECT_EQ(first.scenarios[i].event_log_hash, second.scenarios[i].event_log_hash)
        << first.scenarios[i].name;
}

TEST_F(RigRun, another_seed_is_another_run) {
  const std::string scenario = put_scenario("one");
  std::set<std::string> hashes;
  for (const char* seed : {"1", "2"}) {
    expect(run({scenario, "--seed", seed}), 0, std::string("seed ") + seed);
    hashes.insert(record().scenarios.at(0).event_log_hash);
  }
  expect(run({scenario}), 0, "seed of each file");
  hashes.insert(record().scenarios.at(0).event_log_hash);
  EXPECT_EQ(hashes.size(), 3u);
}

TEST_F(RigRun, every_exit_code_is_some_scenarios) {
  expect(run({put_scenario("zero", kSurvives)}), 0, "1 as expected, 0 failed");
  expect(run({put_scenario("one", kUnexpected)}), 1, "expected refused");
  expect(run({put("two.toml", "name = \"the two\"\nproves = 7\n")}), 2, "two.toml:2:10");
  expect(run({put_scenario("three", kStuck)}), 3, "not done after 3 boots");
  expect(run({put_scenario("four", kNeverReached)}), 4, "never reached: ");
  std::filesystem::remove(file("two.toml"));
  expect(run({file("")}), 1, "seedbed: 1 as expected, 2 failed, 1 not measured, 0 not applicable");
}

// The system ends a worker that has used a second of processor time, as it ends one that has no memory left.
TEST_F(RigRun, a_worker_that_dies_breaks_the_harness) {
  const std::string endless = put("endless.toml",
                                  "name = \"endless\"\nproves = \"nothing\"\nvirtual_s_max = 31622400\n"
                                  "[operator]\nboots_max = 100\n[source]\nrandom_files = 3000\n[[drive]]\n"
                                  "capacity = \"1GiB\"\n[[fault]]\nwhat = \"kill\"\ntimes = \"always\"\n"
                                  "when = { event = \"drive.write\", nth = 3000 }\n");
  const CommandResult result =
      run_command({"sh", "-c", "ulimit -t 1; exec \"$0\" \"$@\"", std::string(SEEDBED_BIN) + "/seedbed",
                   "run", endless, "--out", out()});
  expect(result, 5, "the worker ended with signal");
  EXPECT_EQ(record().scenarios.at(0).verdict, Verdict::harness_broken);
}

TEST_F(RigRun, with_json_standard_output_is_json_lines_alone) {
  put_scenario("a");
  put_scenario("b", kStuck);
  const CommandResult result = run({file(""), "--json"});
  EXPECT_EQ(result.exit_code, 3) << result.text();
  std::vector<nlohmann::json> events;
  for (const std::string& line : lines(result.output)) {
    events.push_back(nlohmann::json::parse(line, nullptr, false));
    ASSERT_TRUE(events.back().is_object()) << line;
  }
  ASSERT_EQ(events.size(), 3u) << result.output;
  EXPECT_EQ(events[0]["name"], "the a");
  EXPECT_EQ(events[1]["verdict"], "stuck");
  EXPECT_EQ(events[2]["event"], "end");
  EXPECT_EQ(events[2]["exit_code"], 3);
  EXPECT_EQ(events[2]["event_log_hash"], event_log_hash_of(record()));
  EXPECT_NE(result.errors.find("1 as expected, 1 failed"), std::string::npos) << "people read standard error";
}

TEST_F(RigRun, quiet_leaves_the_results) {
  const CommandResult loud = run({put_scenario("a")}), quiet = run({file("a.toml"), "--quiet"});
  EXPECT_NE(loud.output.find("rung sim"), std::string::npos);
  EXPECT_EQ(quiet.output.find("rung sim"), std::string::npos);
  EXPECT_NE(quiet.output.find("1 as expected"), std::string::npos);
}

TEST_F(RigRun, a_run_leaves_its_reports) {
  expect(run({put_scenario("a", kKilled)}), 0);
  EXPECT_EQ(record().scenarios.at(0).name, "the a");
  EXPECT_EQ(record().scenarios.at(0).faults.at(0).fired, 1u);
  EXPECT_NE(read(out() + "/junit.xml").find("<testsuite"), std::string::npos);
  EXPECT_NE(read(out() + "/report.html").find("the a"), std::string::npos);
}

TEST_F(RigRun, what_failed_keeps_its_events_when_asked_to) {
  const auto kept = [&] {
    size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(out()))
      files += entry.path().extension() == ".events" ? 1 : 0;
    return files;
  };
  put_scenario("a");
  expect(run({put_scenario("b", kUnexpected)}), 1);
  EXPECT_EQ(kept(), 0u);
  expect(run({file("a.toml"), file("b.toml"), "--keep-failed"}), 1);
  EXPECT_EQ(kept(), 1u);
}

TEST_F(RigRun, a_failed_scenario_tells_how_to_replay_it) {
  const std::string path = put_scenario("a", kUnexpected);
  expect(run({path}), 1, "seedbed replay '" + path + "@1'");
}

TEST_F(RigRun, tags_choose) {
  put_scenario("a", "", "tags = [\"red\"]\n");
  put_scenario("b", "", "tags = [\"blue\", \"red\"]\n");
  put_scenario("c");
  expect(run({file(""), "--tag", "red"}), 0, "2 as expected");
  expect(run({file(""), "--tag", "blue"}), 0, "1 as expected");
  expect(run({file(""), "--tag", "green"}), 2, "no scenario has the tag \"green\"");
}

TEST_F(RigRun, on_a_rung_that_is_not_there_nothing_passes) {
  put_scenario("a");
  for (const char* rung : {"process", "file", "loop", "sata"}) {
    expect(run({file("a.toml"), "--rung", rung}), 4,
           "0 as expected, 0 failed, 0 not measured, 1 not applicable");
    EXPECT_EQ(record().scenarios.at(0).verdict, Verdict::not_applicable);
  }
  EXPECT_EQ(run({file("a.toml"), "--rung", "moon"}).exit_code, 2);
}

TEST_F(RigRun, wrong_words_are_usage) {
  put_scenario("a");
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{},
                                             {"nonsense"},
                                             {"run"},
                                             {"run", "--nonsense"},
                                             {"explore"},
                                             {"sweep", file("a.toml")},
                                             {"replay"},
                                             {"diff", "one"},
                                             {"list", "--nonsense"},
                                             {"report"},
                                             {"run", file("a.toml"), "--jobs", "0"},
                                             {"run", file("a.toml"), "--seed", "x"},
                                             {"run", file("a.toml"), "--seed", "1..2"},
                                             {"run", file("absent")},
                                             {"explore", file("absent")},
                                             {"list", file("absent")}}) {
    const CommandResult result = seedbed(words);
    EXPECT_EQ(result.exit_code, 2) << result.text();
    EXPECT_NE(result.errors + result.output, "");
  }
}

TEST_F(RigRun, errors_of_scenario_files_have_a_place_and_are_usage) {
  const std::string path = put("s/bad.toml", "name = \"bad\"\nproves = \"nothing\"\n\nsead = 7\n");
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"run", file("s")},
                                             {"explore", path},
                                             {"sweep", file("s"), "--seeds", "1"},
                                             {"list", file("s")},
                                             {"replay", path + "@1"}}) {
    const CommandResult result = seedbed(words);
    EXPECT_EQ(result.exit_code, 2) << result.text();
    EXPECT_NE(result.errors.find("bad.toml:4:1"), std::string::npos) << result.text();
    EXPECT_NE(result.errors.find("seed"), std::string::npos) << "the likely word is told: " << result.text();
  }
}

TEST_F(RigRun, every_command_has_help_with_the_exit_codes) {
  for (const char* command : {"run", "explore", "sweep", "replay", "diff", "list", "report"})
    expect(seedbed({command, "--help"}), 0, "Exit codes, strongest first: 5 ");
  expect(seedbed({"--help"}), 0, "Exit codes, strongest first: 5 ");
  expect(seedbed({"--version"}), 0, "seedbed ");
}

}  // namespace
}  // namespace seedbed
