// The table of requirements: which rows a page has, what a scenario may name, and that no hole goes unseen.
#include "scenarios/requirements.h"

#include <gtest/gtest.h>

#include "scenarios/scenario_file.h"

namespace seedbed {
namespace {

std::shared_ptr<const Scenario> scenario_that_shows(std::vector<std::string> ids) {
  auto scenario = std::make_shared<Scenario>();
  scenario->name = "the one";
  scenario->file = "one.toml";
  scenario->requirements = std::move(ids);
  return scenario;
}

TEST(Requirements, the_rows_of_a_page) {
  const auto rows = parse_requirements(
      "# Title\n| id | requirement | shown by |\n|---|---|---|\n"
      "| R-STAGE-1 | The first thing holds. | |\nprose\n"
      "| R-JOB-CLIENT-12 | Another thing holds. | `Suite.one_thing`, `Other.two` |\n",
      "r.md");
  ASSERT_TRUE(rows) << rows.error().message();
  ASSERT_EQ(rows->size(), 2u);
  EXPECT_EQ((*rows)[0].id, "R-STAGE-1");
  EXPECT_EQ((*rows)[0].sentence, "The first thing holds.");
  EXPECT_TRUE((*rows)[0].tests.empty());
  EXPECT_EQ((*rows)[1].tests, (std::vector<std::string>{"Suite.one_thing", "Other.two"}));
}

TEST(Requirements, what_is_no_row_is_named_with_its_line) {
  for (const char* line : {"| R-STAGE-1 | Too few columns. |", "| R-STAGE-1 | no full stop at the end | |",
                           "| R-stage-1 | A small letter it has. | |", "| R-STAGE-01 | A nought it has. | |",
                           "| R-STAGE-1 | A test without quotes. | Suite.name |",
                           "| R-STAGE-1 | A test without a suite. | `name` |"}) {
    const auto rows = parse_requirements(std::string("\n") + line + "\n", "r.md");
    ASSERT_FALSE(rows) << line;
    EXPECT_EQ(rows.error().where, "r.md:2") << line;
  }
  EXPECT_FALSE(parse_requirements("| R-A-1 | It holds once. | |\n| R-A-1 | It holds twice. | |\n", "r.md"));
  EXPECT_FALSE(parse_requirements("# nothing\n", "r.md"));
}

TEST(Requirements, every_kind_of_hole_is_told) {
  const std::vector<Requirement> two = {{"R-A-1", "It holds.", {}}, {"R-A-2", "It holds too.", {"T.t"}}};
  const auto fine = table_of(two, {scenario_that_shows({"R-A-1"})});
  EXPECT_TRUE(fine.holes.empty());
  EXPECT_EQ(fine.rows[0].scenarios, std::vector<std::string>{"the one"});
  EXPECT_TRUE(fine.rows[1].scenarios.empty());
  const auto unshown = table_of(two, {scenario_that_shows({"R-A-2"})});
  EXPECT_EQ(unshown.holes, std::vector<std::string>{"R-A-1 is shown by no scenario and no test"});
  const auto unknown = table_of(two, {scenario_that_shows({"R-A-1", "R-A-3"})});
  EXPECT_EQ(unknown.holes, std::vector<std::string>{"one.toml names R-A-3, which is no requirement"});
  const auto nameless = table_of(two, {scenario_that_shows({"R-A-1"}), scenario_that_shows({})});
  EXPECT_EQ(nameless.holes, std::vector<std::string>{"one.toml names no requirement that it shows"});
}

TEST(Requirements, a_scenario_names_them_each_once) {
  const auto read = [](const std::string& list) {
    return parse_scenario("name = \"a name\"\nproves = \"a sentence\"\nrequirements = " + list + "\n",
                          "s.toml");
  };
  const auto good = read("[\"R-STAGE-1\", \"R-JOB-2\"]");
  ASSERT_TRUE(good) << good.error().message();
  EXPECT_EQ(good->requirements, (std::vector<std::string>{"R-STAGE-1", "R-JOB-2"}));
  for (const char* list : {"[\"R-STAGE-1\", \"R-STAGE-1\"]", "[\"stage\"]", "[\"R-1\"]", "[\"R-A-\"]"}) {
    const auto bad = read(list);
    ASSERT_FALSE(bad) << list;
    EXPECT_TRUE(bad.error().where.starts_with("s.toml:3:16")) << bad.error().message();
  }
}

}  // namespace
}  // namespace seedbed
