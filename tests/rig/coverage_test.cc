// All suites once, at one seed: what is expected comes of each scenario, no row of the table of faults is
// left out, and no requirement. `seedbed run` and scripts/proof do more.
#include <nlohmann/json.hpp>

#include <algorithm>

#include "scenarios/coverage.h"
#include "tests/rig/rig_process.h"

namespace seedbed {
namespace {

namespace fs = std::filesystem;

const std::string kSource = SEEDBED_SOURCE_DIR;

class RigCoverage : public testing_support::Rig {
 protected:
  // What tests/ defines: "Suite.Name".
  static std::set<std::string> test_names() {
    std::set<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator(kSource + "/tests")) {
      if (entry.path().extension() != ".cc") continue;
      const std::string text = read(entry.path());
      for (const char* macro : {"\nTEST(", "\nTEST_F(", "\nTEST_P(", "\nRC_GTEST_PROP("})
        for (size_t at = text.find(macro); at != text.npos; at = text.find(macro, at + 1)) {
          const size_t open = text.find('(', at), comma = text.find(',', open);
          size_t begin = comma + 1;
          while (text[begin] == ' ' || text[begin] == '\n') begin++;
          names.insert(text.substr(open + 1, comma - open - 1) + "." +
                       text.substr(begin, text.find_first_of(",) ", begin) - begin));
        }
    }
    return names;
  }
};

// Chains through everything, twice and under two numbers of workers, are the business of scripts/run and
// scripts/proof.
TEST_F(RigCoverage, every_suite_is_as_expected_and_every_fault_of_the_table_is_exercised) {
  std::vector<std::string> words = {"coverage", "--seed", "1"};
  for (const auto& entry : fs::directory_iterator(kSource + "/scenarios/suites"))
    if (entry.path().filename() != "soak" && entry.path().filename() != "core")
      words.push_back(entry.path());  // the core suite is run by run_test
  words.push_back(kSource + "/scenarios/suites/core/undisturbed.toml");
  const auto result = seedbed(words);
  expect(result, 0, " 0 failed, 0 not measured, 0 not applicable");
  const std::string all = std::to_string(fault_rows().size());
  EXPECT_NE(result.text().find(all + " of " + all + " faults exercised"), std::string::npos) << result.text();
}

TEST_F(RigCoverage, a_fault_that_no_scenario_exercises_is_told_and_not_green) {
  const auto result = seedbed({"coverage", "--json", put_scenario("one", kKilled)});
  expect(result, 4, "exercised by nothing: drive: flush that lies");
  size_t rows = 0, kills = 0;
  for (const std::string& line : lines(result.output)) {
    const auto json = nlohmann::json::parse(line);
    rows += json.at("event") == "coverage" ? 1 : 0;
    if (json.value("fault", "") == "process killed") kills = json.at("fired_in_all");
  }
  EXPECT_EQ(rows, fault_rows().size());
  EXPECT_EQ(kills, 1u);
  expect(seedbed({"coverage", put_scenario("two", kUnexpected)}), 1, "seedbed replay");
}

TEST_F(RigCoverage, every_requirement_is_shown_by_a_scenario_or_a_test_that_exists) {
  const std::string page = kSource + "/docs/requirements.md", suites = kSource + "/scenarios/suites";
  const auto result = seedbed({"list", "--requirements", "--json", "--page", page, suites});
  expect(result, 0, " 0 holes");
  const std::set<std::string> known = test_names();
  EXPECT_GT(known.size(), 500u);
  for (const std::string& line : lines(result.output))
    for (const std::string name : nlohmann::json::parse(line).at("tests"))
      EXPECT_TRUE(known.contains(name)) << name;
}

TEST_F(RigCoverage, a_requirement_without_a_scenario_is_a_hole) {
  const std::string page = put("r.md", "| R-A-1 | It holds. | |\n| R-A-2 | It holds too. | |\n");
  const std::string scenario = put_scenario("one", kSurvives, "requirements = [\"R-A-1\"]");
  const auto result = seedbed({"list", "--requirements", "--page", page, scenario});
  expect(result, 4, "hole: R-A-2 is shown by no scenario and no test");
  expect(seedbed({"list", "--requirements", "--page", file("absent.md"), scenario}), 2);
}

TEST(FaultRows, name_actions_that_there_are) {
  for (const FaultRow& row : fault_rows()) {
    EXPECT_TRUE(!row.actions.empty() || row.arranged != nullptr) << row.fault;
    for (const std::string_view action : row.actions) EXPECT_TRUE(action_named(action)) << action;
  }
  // And no action is left out.
  for (int i = 0; i <= static_cast<int>(kLastFaultAction); i++) {
    const std::string_view name = action_name(static_cast<FaultAction>(i));
    const bool stands = std::ranges::any_of(fault_rows(), [&](const FaultRow& row) {
      return std::ranges::find(row.actions, name) != row.actions.end();
    });
    EXPECT_TRUE(stands || name == "sync-lie") << name;  // a lie of the computer's disk is no row of the table
  }
}

}  // namespace
}  // namespace seedbed
