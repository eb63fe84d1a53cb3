// What people do to a world, rightly and wrongly: commands and settings that are no faults. Each world is
// written as a scenario file says it, and ends as it must.
#include <gtest/gtest.h>

#include "scenarios/scenario_file.h"
#include "scenarios/scenario_run.h"

namespace seedbed {
namespace {

struct PeopleCase {
  const char* name;
  const char* text;  // after name, purpose, source and verdict
  const char* verdict;
  const char* says;  // part of the refusal
};

ScenarioRecord end_of(const std::string& text) {
  const auto scenario = parse_scenario(text, "people.toml");
  EXPECT_TRUE(scenario) << scenario.error().message();
  if (!scenario) return {};
  const auto run = run_scenario(std::make_shared<const Scenario>(*scenario), 1, {});
  EXPECT_TRUE(run) << run.error().message();
  return run ? run->record : ScenarioRecord{};
}

class People : public testing::TestWithParam<PeopleCase> {};

TEST_P(People, come_to_the_end_that_they_must) {
  const PeopleCase& one = GetParam();
  const std::string rest = one.text;
  const ScenarioRecord record = end_of(
      "name = \"people\"\nproves = \"it ends so\"\nvirtual_s_max = 20000000\n[expect]\nverdict = \"" +
      std::string(one.verdict) +
      "\"\n[source]\nusual = false\nfiles = [ { path = \"a.bin\", size = \"60KiB\" }, { path = \"b.bin\", "
      "size = \"9KiB\" }, { path = \"c.bin\", size = 77 } ]\n" +
      rest);
  EXPECT_EQ(verdict_name(record.verdict), one.verdict) << record.why;
  EXPECT_NE(record.why.find(one.says), std::string::npos) << record.why;
}

#define DO(command) "[[command]]\ndo = \"" command "\"\n"
INSTANTIATE_TEST_SUITE_P(
    OneDrive, People,
    testing::Values(PeopleCase{"say_no", "[operator]\nformatting = \"no\"\n", "refused", "declined"},
                    PeopleCase{"read_the_question", "[operator]\nformatting = \"reads\"\n", "survived", ""},
                    PeopleCase{"type_a_letter_that_is_none", "[[command]]\nletter = \"q\"\n", "survived", ""},
                    PeopleCase{"type_another_drives_letter_and_read",
                               "[[drive]]\n[[drive]]\nname = \"other\"\n[[command]]\nletter = \"other\"\n"
                               "[operator]\nformatting = \"reads\"\n",
                               "refused", "declined"},
                    PeopleCase{"type_another_drives_letter_and_do_not_read",
                               "[[drive]]\n[[drive]]\nname = \"other\"\n[[command]]\nletter = \"other\"\n",
                               "broke-contract", "not chosen"},
                    PeopleCase{"give_a_drive_in_use", "[[drive]]\nflaw = \"in use\"\n", "refused", "in use"},
                    PeopleCase{"unmount_it_then",
                               "[[drive]]\nflaw = \"in use\"\n[operator]\nheals_refusals = true\n", "refused",
                               "in use"},
                    PeopleCase{"give_a_drive_without_serial", "[[drive]]\nflaw = \"no serial number\"\n",
                               "refused", "serial"},
                    PeopleCase{"give_the_sources_own_drive", "[[drive]]\nflaw = \"holds source\"\n",
                               "refused", "lies on the target"},
                    PeopleCase{"give_a_drive_of_another_session", "[[drive]]\nflaw = \"another session\"\n",
                               "refused", "unfinished on this drive"},
                    PeopleCase{"format_somebodys_files_when_asked",
                               "[[drive]]\nflaw = \"file system\"\n[operator]\nformatting = \"reads\"\n",
                               "survived", ""},
                    PeopleCase{"buy_a_drive_smaller_than_it_says", "[[drive]]\nreal_capacity = \"47MiB\"\n",
                               "refused", "another volume than was built"}),
    [](const auto& tested) { return std::string(tested.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Chain, People,
    testing::Values(
        PeopleCase{"delete_the_job_before_it_ships",
                   "[chain]\n" DO("backup") DO("diskprep") DO("backup") DO("delete job") DO("backup"),
                   "refused", "is gone"},
        PeopleCase{"make_the_job_anew",
                   "[chain]\n[operator]\nboots_max = 20\n" DO("backup") DO("diskprep") DO("delete job")
                       DO("diskprep") DO("ship") DO("deliver") DO("import") DO("send back") DO("backup")
                           DO("restore"),
                   "survived", ""},
        PeopleCase{"let_the_job_expire",
                   "[chain]\n" DO("backup")
                       DO("diskprep") "[[command]]\ndo = \"wait\"\nwait_s = 1300000\n" DO("ship"),
                   "refused", "has expired"},
        PeopleCase{"cancel_the_job",
                   "[chain]\n" DO("backup") DO("diskprep") DO("ship") DO("cancel job") DO("deliver")
                       DO("import") DO("send back") DO("backup"),
                   "refused", "was cancelled"},
        PeopleCase{"find_the_name_taken", "[chain]\n" DO("backup") DO("take name") DO("diskprep"), "refused",
                   "already"},
        PeopleCase{
            "find_the_tracking_number_taken",
            "[chain]\n" DO("backup")
                DO("diskprep") "[[command]]\ndo = \"stranger job\"\ntracking = \"794600000001\"\n" DO("ship"),
            "refused", "is in use by job stranger-1"},
        PeopleCase{"swap_two_labels",
                   "[chain]\n[operator]\nboots_max = 20\n" DO("backup") DO("diskprep") DO("ship")
                       DO("stranger job") "[[command]]\ndo = \"deliver\"\ntracking = \"794600000002\"\n" DO(
                           "deliver") DO("import") DO("send back") DO("backup") DO("restore"),
                   "survived", ""},
        PeopleCase{"mistype_the_recovery_key",
                   "[chain]\n" DO("backup")
                       DO("diskprep") "[[command]]\ndo = \"edit job\"\nwrong = \"key\"\n" DO("ship")
                           DO("deliver") DO("import") DO("send back") DO("backup"),
                   "refused", "BitLockerKeyInvalid"},
        PeopleCase{"name_a_manifest_that_is_not_there",
                   "[chain]\n" DO("backup")
                       DO("diskprep") "[[command]]\ndo = \"edit job\"\nwrong = \"manifest file\"\n" DO("ship")
                           DO("deliver") DO("import") DO("send back") DO("backup"),
                   "refused", "ManifestNotFound"},
        PeopleCase{"give_too_few_drives_and_name_more_when_asked",
                   "[[drive]]\nname = \"a\"\ncapacity = \"16MiB\"\n[[drive]]\nname = \"b\"\n[chain]\n"
                   "[operator]\nformatting = \"reads\"\noffers = [\"a\"]\n",
                   "survived", ""},
        PeopleCase{"name_no_container", "[chain]\ncontainer = \"No Such\"\n", "stuck", "lower-case"},
        PeopleCase{"renew_a_token",
                   "[chain]\n[operator]\nboots_max = 20\n" DO("backup") DO("renew token") DO("diskprep")
                       DO("ship") DO("deliver") DO("import") DO("send back") DO("backup") DO("restore"),
                   "survived", ""}),
    [](const auto& tested) { return std::string(tested.param.name); });
#undef DO

TEST(PeopleName, that_is_no_text_is_left_out_of_the_drive_and_told) {
  const ScenarioRecord record = end_of(
      "name = \"an odd name\"\nproves = \"it is left out\"\n[source]\nusual = false\nunreadable_name = true\n"
      "files = [ { path = \"a.bin\", size = \"60KiB\" } ]\n");
  EXPECT_EQ(verdict_name(record.verdict), "survived") << record.why;
  EXPECT_EQ(record.source_bytes, 60 * KiB);
}

}  // namespace
}  // namespace seedbed
