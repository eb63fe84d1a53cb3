// Scenario files that are wrong: each mistake is named at its line and column, and no text, however spoiled,
// does worse than an error that names a line.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstdio>

#include "scenarios/scenario_file.h"
#include "scenarios/toml_reader.h"
#include "tests/scenarios/whole_file.h"

namespace seedbed {
namespace {

using test::kWholeFile;

struct Mistake {
  const char* text;   // after the two lines of the head, so from line 3
  const char* where;  // "line:column"
  const char* says;   // a part of the message
};

class WrongScenario : public testing::TestWithParam<Mistake> {};

void expect_mistake(const std::string& text, const Mistake& mistake) {
  const auto scenario = parse_scenario(text, "s.toml");
  ASSERT_FALSE(scenario) << text;
  EXPECT_EQ(scenario.error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(scenario.error().where, std::string("s.toml:") + mistake.where) << scenario.error().message();
  EXPECT_NE(scenario.error().message().find(mistake.says), std::string::npos) << scenario.error().message();
  EXPECT_FALSE(scenario.error().what.empty());
  EXPECT_EQ(scenario.error().message().find('\n'), std::string::npos);
}

TEST_P(WrongScenario, is_named_at_its_place) {
  expect_mistake(std::string("name = \"a name\"\nproves = \"a sentence\"\n") + GetParam().text, GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    World, WrongScenario,
    testing::Values(
        Mistake{"sede = 1", "3:1", "Did you mean \"seed\"?"},
        Mistake{"[sauce]\n", "3:2", "Did you mean \"source\"?"},
        Mistake{"zzz = 1", "3:1", "may be \"name\", \"proves\""}, Mistake{"seed = -1", "3:8", "from 0 to"},
        Mistake{"seed = \"1\"", "3:8", "seed is \"1\""}, Mistake{"seed = 1.5", "3:8", "whole number"},
        Mistake{"seed = what", "3:8", "no TOML"}, Mistake{"seed = 1\nseed = 2", "4:8", "no TOML"},
        Mistake{"seed = 99999999999999999999", "3:28", "no TOML"},
        Mistake{"virtual_s_max = 0", "3:17", "from 1 to 31622400"},
        Mistake{"tags = \"power\"", "3:8", "list"}, Mistake{"tags = [\"power\", 7]", "3:18", "holds 7"},
        Mistake{"tags = [\"Power\"]", "3:8", "a-z"},
        Mistake{"tags = [\"a\", \"a\"]", "3:8", "\"a\" stands twice"},
        Mistake{"source = 7", "3:10", "must be a table"},
        Mistake{"[source]\nusual = \"yes\"", "4:9", "true or false"},
        Mistake{"[source]\nusul = true", "4:1", "Did you mean \"usual\"?"},
        Mistake{"[source]\nrandom_files = 10001", "4:16", "from 0 to 10000"},
        Mistake{"[source]\nrandom_bytes_max = \"2GiB\"", "4:20", "from 1B to 1GiB"},
        Mistake{"[source]\nfiles = [ { path = \"../x\" } ]", "4:20", "relative"},
        Mistake{"[source]\nfiles = [ { path = \"/x\" } ]", "4:20", "\"/x\""},
        Mistake{"[source]\nfiles = [ { path = \"x//y\" } ]", "4:20", "empty parts"},
        Mistake{"[source]\nfiles = [ { size = 1 } ]", "4:11", "source.files.path is absent"},
        Mistake{"[source]\nfiles = [ { path = \"ä\", size = \"1 MiB\" } ]", "4:32", "digits and B, KiB"},
        Mistake{"[source]\nfiles = [ { path = \"a\" }, { path = \"a/b\" } ]", "4:36", "there already"},
        Mistake{"[source]\nfiles = [ 7 ]", "4:11", "must be a table"},
        Mistake{"[copy_computer]\nworkers = 65", "4:11", "from 1 to 64"},
        Mistake{"[copy_computer]\nchunk = 4097", "4:9", "multiple of 4KiB"},
        Mistake{"[copy_computer]\nchunk = \"8MiB\"", "4:9", "to 4MiB"},
        Mistake{"[copy_computer]\nchunk = \"128KiB\"\nbuffers = \"512KiB\"\nredo = \"192KiB\"", "6:8",
                "redo = \"256KiB\" or more"},
        Mistake{"[copy_computer]\nchunk = \"256KiB\"\nredo = \"512KiB\"\nbuffers = \"512KiB\"", "6:11",
                "four chunks (1MiB)"},
        Mistake{"[copy_computer]\ncheckpoint = \"1MiB\"", "4:14", "redo (256KiB)"},
        Mistake{"[copy_computer]\nchunk = \"1MiB\"", "4:9", "redo"}));

INSTANTIATE_TEST_SUITE_P(
    Drives, WrongScenario,
    testing::Values(Mistake{"[drive]\nname = \"x\"", "3:1", "[[drive]]"},
                    Mistake{"drive = []", "3:9", "at least one drive"},
                    Mistake{"[[drive]]\nname = \"a b\"", "4:8", "letters"},
                    Mistake{"[[drive]]\n[[drive]]\n", "4:1", "already"},
                    Mistake{"[[drive]]\ncapacity = \"4MiB\"", "4:12", "from 5MiB to 64TiB"},
                    Mistake{"[[drive]]\ncapacity = 16777217", "4:12", "multiple of 4096"},
                    Mistake{"[[drive]]\nsectors = \"512\"", "4:11", "\"512n\", \"512e\", \"4Kn\" or \"any\""},
                    Mistake{"[[drive]]\nsectors = 512", "4:11", "drive.sectors is 512"},
                    Mistake{"[[drive]]\nvolatile = true", "4:1", "drive knows no key \"volatile\""},
                    Mistake{"[[command]]\ndo = \"prep\"", "4:6", "Did you mean \"prepare\"?"},
                    Mistake{"[[command]]\ndrive = \"other\"", "4:9", "must be \"drive\""},
                    Mistake{"[[command]]\nsource = \"/desk\"", "4:10", "/source"},
                    Mistake{"[[command]]\nsource = \"/source/../desk\"", "4:10", "\"..\""},
                    Mistake{"[[command]]\nblobs = \"append\"", "4:9", "\"block\" or \"page\""},
                    Mistake{"[[command]]\nsession = \"a\\nb\"", "4:11", "one line"},
                    Mistake{"command = []", "3:11", "at least one command"},
                    Mistake{"[operator]\nafter_interruption = \"cry\"", "4:22",
                            "\"same command\", \"resume\" or \"abort\""},
                    Mistake{"[operator]\nboots_max = 101", "4:13", "from 1 to 100"},
                    Mistake{"[expect]\nverdict = \"harness-broken\"", "4:11",
                            "\"stuck\" or \"not-applicable\""},
                    Mistake{"[expect]\nverdict = \"not-measured\"", "4:11", "must be"},
                    Mistake{"[expect]\nverdict = \"refusd\"", "4:11", "Did you mean \"refused\"?"},
                    Mistake{"[expect]\nrefusal = \"x\"", "4:11", "verdict = \"refused\""}));

INSTANTIATE_TEST_SUITE_P(
    Faults, WrongScenario,
    testing::Values(
        Mistake{"[[fault]]\nwhen = { nth = 1 }", "3:1", "fault.what is absent"},
        Mistake{"[[fault]]\nwhat = \"kil\"", "4:8", "Did you mean \"kill\"?"},
        Mistake{"[[fault]]\nwhat = \"kill\"", "3:1", "moment"},
        Mistake{"[[fault]]\nwhat = \"kill\"\nwhen = { evnt = \"drive.write\" }", "5:10",
                "Did you mean \"event\"?"},
        Mistake{"[[fault]]\nwhat = \"kill\"\nwhen = { event = \"drive.writ\" }", "5:18",
                "Did you mean \"drive.write\"?"},
        Mistake{"[[fault]]\nwhat = \"kill\"\nwhen = { phase = \"copy\" }", "5:18", "\"start\", \"intent\""},
        Mistake{"[[fault]]\nwhat = \"kill\"\nwhen = { side = \"between\" }", "5:17",
                "\"before\" or \"after\""},
        Mistake{"[[fault]]\nwhat = \"kill\"\nwhen = { boot = 13 }", "5:17", "from 1 to 12"},
        Mistake{"[[fault]]\nwhat = \"kill\"\nwhen = { nth = 0 }", "5:16", "from 1 to"},
        Mistake{"[[fault]]\nwhat = \"kill\"\nwhen = { nth = [3] }", "5:16", "[from, to]"},
        Mistake{"[[fault]]\nwhat = \"kill\"\nwhen = { nth = [3, 2] }", "5:16", "no range"},
        Mistake{"[[fault]]\nwhat = \"kill\"\nwhen = { number = 3, nth = 2 }", "5:19", "no nth"},
        Mistake{"[[fault]]\nwhat = \"kill\"\nwhen = { virtual_s = 86401 }", "5:22", "from 0 to 86400"},
        Mistake{"[[fault]]\nwhat = \"kill\"\nwhen = { virtual_s = nan }", "5:22", "seconds"},
        Mistake{"[[fault]]\nwhat = \"kill\"\nwhen = { machine = \"servce\" }", "5:20", "service"},
        Mistake{"[[fault]]\nwhat = \"kill\"\nwhen = { event = \"drive.write\", machine = \"service\" }",
                "5:43", "does not happen on the service"},
        Mistake{"[[fault]]\nwhat = \"kill\"\nwhen = { event = \"http.handled\", machine = \"computer\" }",
                "5:44", "does not happen on the computer"},
        Mistake{"[[fault]]\nwhat = \"disk-full\"\nwhen = { machine = \"service\" }", "5:20",
                "the computer only"},
        Mistake{"[[fault]]\nwhat = \"answer-503\"\nwhen = { event = \"http.answer\" }", "5:18",
                "http.request"},
        Mistake{"[[fault]]\nwhat = \"timeout-after\"\nwhen = { side = \"after\" }", "5:17", "too late"},
        Mistake{"[[fault]]\nwhat = \"service-kill\"\nsurvivors = \"none\"\nwhen = { nth = 2 }", "5:13",
                "survive"},
        Mistake{"[[fault]]\nwhat = \"kill\"\nwhen = { lba = 7 }", "5:16", "touch bytes"},
        Mistake{"[[fault]]\nwhat = \"kill\"\nwhen = { event = \"drive.flush\", lba = 7 }", "5:39",
                "touch bytes"},
        Mistake{"[[fault]]\nwhat = \"bit-rot\"\nwhen = { lba = 98304 }", "5:16", "from 0 to 98303"},
        Mistake{"[[fault]]\nwhat = \"bit-rot\"\nwhen = { lba = 7, offset = 0, length = 1 }", "5:16",
                "either"},
        Mistake{"[[fault]]\nwhat = \"bit-rot\"\nwhen = { offset = 0 }", "5:19", "needs its length"},
        Mistake{"[[fault]]\nwhat = \"bit-rot\"\nwhen = { length = 1 }", "5:19", "needs its offset"},
        Mistake{"[[fault]]\nwhat = \"kill\"\ntimes = \"often\"", "5:9", "\"always\""},
        Mistake{"[[fault]]\nwhat = \"kill\"\ntimes = 0", "5:9", "from 1 to"},
        Mistake{"[[fault]]\nwhat = \"kill\"\nsurvivors = \"some\"", "5:13", "prefix:EVENT"},
        Mistake{"[[fault]]\nwhat = \"disk-full\"\nsurvivors = \"all\"", "5:13", "takes nothing away"},
        Mistake{"[[fault]]\nwhat = \"kill\"\nplace = \"drive\"\nwhen = { nth = 2 }", "5:9",
                "where its event does"},
        Mistake{"[[fault]]\nwhat = \"unplug\"\nplace = \"other\"\nwhen = { nth = 2 }", "5:9",
                "must be \"drive\""},
        Mistake{"[[drive]]\n[[drive]]\nname = \"b\"\n[[fault]]\nwhat = \"replug\"\nwhen = { nth = 2 }", "6:1",
                "\"drive\" or \"b\""},
        Mistake{"[[fault]]\nwhat = \"source-changed\"\nplace = \"/desk/x\"\nwhen = { nth = 2 }", "5:9",
                "/source"},
        Mistake{"[[fault]]\nwhat = \"source-grown\"\nwhen = { nth = 2 }", "3:1", "/source"},
        Mistake{"[[fault]]\nwhat = \"share-gone\"\nwhen = { nth = 2 }", "3:1", "absolute path"},
        Mistake{"[[fault]]\nname = \"one\"\nwhat = \"kill\"\nwhen = { nth = 2 }\n[[fault]]\nname = "
                "\"one\"\nwhat = "
                "\"kill\"\nwhen = { nth = 3 }",
                "8:8", "another fault"}));

INSTANTIATE_TEST_SUITE_P(
    Nonsense, WrongScenario,
    testing::Values(
        Mistake{"[[fault]]\nwhat = \"write-error\"\nwhen = { event = \"drive.flush\" }", "5:18",
                "\"drive.write\" only"},
        Mistake{"[[fault]]\nwhat = \"read-error\"\nwhen = { event = \"file.read\" }", "5:18",
                "\"drive.read\" only"},
        Mistake{"[[fault]]\nwhat = \"flush-lie\"\nwhen = { event = \"drive.flush.done\" }", "5:18",
                "\"drive.flush\" only"},
        Mistake{"[[fault]]\nwhat = \"flush-error\"\nwhen = { event = \"file.sync\" }", "5:18",
                "\"drive.flush\" only"},
        Mistake{"[[fault]]\nwhat = \"sync-lie\"\nwhen = { event = \"file.write\" }", "5:18",
                "\"file.sync\" or \"directory.sync\" only"},
        Mistake{"[[fault]]\nwhat = \"sync-lie\"\nwhen = { nth = 2 }", "5:8", "Say on which"},
        Mistake{"[[fault]]\nwhat = \"file-error\"\nwhen = { event = \"drive.write\" }", "5:18",
                "may stand on"},
        Mistake{"[[fault]]\nwhat = \"file-error\"\nwhen = { nth = 2 }", "5:8", "Say on which"},
        Mistake{"[[fault]]\nwhat = \"disk-full\"\nwhen = { event = \"journal.commit\" }", "5:18",
                "\"file.write\" only"},
        Mistake{"[[fault]]\nwhat = \"bit-rot\"\nwhen = { event = \"drive.read\" }", "5:18",
                "\"drive.write.done\""},
        Mistake{"[[fault]]\nwhat = \"bad-sectors\"\nwhen = { event = \"said\" }", "5:18", "bad-sectors"},
        Mistake{"[[fault]]\nwhat = \"write-error\"\nwhen = { side = \"after\" }", "5:17", "too late"}));

INSTANTIATE_TEST_SUITE_P(
    Words, WrongScenario,
    testing::Values(
        Mistake{"[[fault]]\nwhat = \"clock-jump\"\nwhen = { nth = 2 }", "3:1", "by some seconds"},
        Mistake{"[[fault]]\nwhat = \"kill\"\nby_s = 3\nwhen = { nth = 2 }", "5:8", "moves no clock"},
        Mistake{"[[fault]]\nwhat = \"clock-jump\"\nby_s = 0\nwhen = { nth = 2 }", "5:8", "no jump"},
        Mistake{"[[fault]]\nwhat = \"clock-jump\"\nby_s = 999999999\nwhen = { nth = 2 }", "5:8",
                "from -316224000 to 316224000"},
        Mistake{"[[fault]]\nwhat = \"file-rot\"\nplace = \"/source/x\"\nwhen = { nth = 2 }", "5:9",
                "not under /source"},
        Mistake{"[[fault]]\nwhat = \"lost-in-shipment\"\nwhen = { nth = 2 }", "4:8", "needs the whole chain"},
        Mistake{"[[fault]]\nwhat = \"kill\"\nwhen = { state = \"Shipping\" }", "5:18",
                "without the whole chain"},
        Mistake{"[chain]\n[[fault]]\nwhat = \"kill\"\nwhen = { state = \"Shiping\" }", "6:18",
                "Did you mean \"Shipping\"?"},
        Mistake{"[[fault]]\nwhat = \"kill\"\nwhen = { any = [ { nth = 2 } ] }", "5:16", "at least two"},
        Mistake{"[[fault]]\nwhat = \"kill\"\nwhen = { nth = 2, any = [ { nth = 2 }, { nth = 3 } ] }", "5:16",
                "nothing but after"},
        Mistake{"[[fault]]\nwhat = \"kill\"\nwhen = { any = [ ], all = [ ] }", "5:27", "either any or all"},
        Mistake{"[[fault]]\nwhat = \"kill\"\nwhen = { any = [ { nth = 2 }, { nht = 3 } ] }", "5:33",
                "Did you mean \"nth\"?"},
        Mistake{"[[fault]]\nwhat = \"kill\"\nwhen = { any = [ { nth = 2 }, { any = [] } ] }", "5:33",
                "knows no key \"any\""},
        Mistake{
            "[[fault]]\nwhat = \"write-error\"\nwhen = { any = [ { nth = 2 }, { event = \"drive.read\" } ] }",
            "5:41", "\"drive.write\" only"},
        Mistake{"[[fault]]\nwhat = \"kill\"\nwhen = { after = \"nothing\" }", "5:18",
                "no fault has that name"},
        Mistake{"[[fault]]\nname = \"one\"\nwhat = \"kill\"\nwhen = { after = \"two\" }\n[[fault]]\nname = "
                "\"two\"\nwhat = \"kill\"\nwhen = { after = \"one\" }",
                "6:18", "wait for each other"},
        Mistake{"[[drive]]\nflaw = \"in us\"", "4:8", "Did you mean \"in use\"?"},
        Mistake{"[[drive]]\nreal_capacity = \"49MiB\"", "4:17", "to 48MiB"},
        Mistake{"[operator]\noffers = [\"other\"]", "4:10", "there is no drive"},
        Mistake{"[[command]]\nwrong = \"key\"", "4:9", "only \"edit job\""},
        Mistake{"[[command]]\ntracking = \"1\"", "4:12", "another number"},
        Mistake{"[[command]]\ndo = \"abort\"\nletter = \"x\"", "5:10", "prepares drives"},
        Mistake{"[chain]\ncontainer = \"a\\\"b\"", "4:13", "could not hold it"}));

TEST(ScenarioErrors, name_and_purpose_are_required) {
  expect_mistake("", {"", "1:1", "name is absent"});
  expect_mistake("name = \"abc\"", {"", "1:1", "proves is absent"});
  expect_mistake("name = \"ab\"\nproves = \"abc\"", {"", "1:8", "3 to 100 characters, not 2"});
  expect_mistake("name = \"" + std::string(101, 'x') + "\"\nproves = \"abc\"", {"", "1:8", "…"});
  expect_mistake("nam = \"abc\"", {"", "1:1", "Did you mean \"name\"?"});
}

TEST(ScenarioErrors, texts_are_utf8_and_bounded) {
  expect_mistake("name = \"a\"\n# \xc3\xa4\xff", {"", "2:4", "UTF-8"});
  expect_mistake("name = \"\xed\xa0\x80\"", {"", "1:9", "UTF-8"});
  expect_mistake("\n# " + std::string(5000, 'x'), {"", "2:1", "Break the line"});
  expect_mistake(std::string(kTomlBytesMax + 1, '\n'), {"", "1:1", "allowed are 1048576"});
  EXPECT_TRUE(
      parse_scenario(std::string(kWholeFile) + std::string(kTomlBytesMax - kWholeFile.size(), '\n'), "s"));
}

TEST(ScenarioErrors, the_first_mistake_of_a_table_is_the_one_named) {
  expect_mistake("name = \"abc\"\nproves = \"abc\"\nzz = 1\naa = 2\n", {"", "3:1", "\"zz\""});
}

// toml++ 3.3 knows no answer to these.
TEST(ScenarioErrors, characters_that_stray_are_errors) {
  expect_mistake("a = 1\xc3\xa4", {"", "1:6", "only texts and comments"});
  expect_mistake("a = {\xc3\xa4 = 1}", {"", "1:6", "only texts and comments"});
  expect_mistake("a = \"\xc3\xa4\"\xc3\xa4", {"", "1:8", "only texts and comments"});
  expect_mistake("a = '\\' # \xc3\xa4\nb = \"\\\"\" \xc3\xa4", {"", "2:10", "only texts and comments"});
  expect_mistake("a = \"\"\"\\\n\xc3\xa4\"\"\"", {"", "1:5", "in one line"});
  expect_mistake("a = 1\"\xc3\xa4\"", {"", "1:6", "Quote all"});
  expect_mistake("a = 1.\"\xc3\xa4\"", {"", "1:7", "Quote all"});
  expect_mistake("a = '''b'''", {"", "1:5", "in one line"});
  expect_mistake("a = \"\x01\"", {"", "1:6", "control character"});
  expect_mistake(std::string("a = 1\0", 6), {"", "1:6", "control character"});
}

// toml++ 3.3 has assertions for these; the distribution's library is built without and must stay so.
TEST(ScenarioErrors, malformed_texts_that_toml_asserts_on_are_errors) {
  for (const char* text : {"[=]",
                           "[[[a]]]",
                           "[[ {a]]",
                           "[\n",
                           "[[\n",
                           "[",
                           "[[",
                           "[[]]",
                           "a = # b",
                           "a = ]",
                           "a = }",
                           "a = ,",
                           "a =",
                           "a =\n",
                           "a = [}]",
                           "a = [,]",
                           "a = { b = }",
                           "a = { b = # c",
                           "a = 1979-05-27 0\n",
                           "a = 1979-05-27 0 \n",
                           "a = +_",
                           "a = 0__",
                           "a.",
                           "a. = 1",
                           "= 1",
                           "a = { , }"}) {
    const auto scenario = parse_scenario(text, "s.toml");
    ASSERT_FALSE(scenario) << text;
    EXPECT_TRUE(scenario.error().where.starts_with("s.toml:1:") ||
                scenario.error().where.starts_with("s.toml:2:"))
        << scenario.error().message();
  }
}

TEST(ScenarioErrors, deep_nesting_is_an_error) {
  std::string dots = "a", lists = "a = ";
  for (int i = 0; i < 2000; i++) dots += ".a";
  for (int i = 0; i < 2000; i++) lists += "[";
  EXPECT_FALSE(parse_scenario(dots + " = 1", "s.toml"));
  EXPECT_FALSE(parse_scenario("[" + dots + "]", "s.toml"));
  EXPECT_FALSE(parse_scenario(lists, "s.toml"));
}

void check_sane(std::string_view text) {
  const auto scenario = parse_scenario(text, "s.toml");
  if (!scenario) {
    RC_ASSERT(scenario.error().code == ErrorCode::invalid_argument);
    unsigned line = 0, column = 0;
    RC_ASSERT(std::sscanf(scenario.error().where.c_str(), "s.toml:%u:%u", &line, &column) == 2);
    RC_ASSERT(line >= 1u && line <= static_cast<unsigned>(std::ranges::count(text, '\n')) + 1);
    RC_ASSERT(column >= 1u);
    RC_ASSERT(!scenario.error().what.empty());
    return;
  }
  RC_ASSERT(!scenario->drives.empty() && !scenario->commands.empty());
  for (const CommandSpec& command : scenario->commands)
    RC_ASSERT(std::ranges::count(scenario->drives, command.drive, &DriveSpec::name) == 1);
  for (const PlannedFault& fault : scenario->faults) RC_ASSERT(!fault.name.empty() && fault.when.nth >= 1);
}

TEST(ScenarioErrors, every_truncation_is_refused_or_sane) {
  for (size_t length = 0; length <= kWholeFile.size(); length++) check_sane(kWholeFile.substr(0, length));
}

RC_GTEST_PROP(ScenarioErrorsProperty, spoiled_files_are_refused_or_sane, ()) {
  std::string text(kWholeFile);
  const auto times = *rc::gen::inRange(1, 6);
  for (int i = 0; i < times && !text.empty(); i++) {
    const auto at = *rc::gen::inRange<size_t>(0, text.size());
    switch (*rc::gen::inRange(0, 4)) {
      case 0:
        text[at] = *rc::gen::arbitrary<char>();
        break;
      case 1:
        text.erase(at, *rc::gen::inRange<size_t>(1, 40));
        break;
      case 2:
        text.insert(at,
                    text.substr(*rc::gen::inRange<size_t>(0, text.size()), *rc::gen::inRange<size_t>(1, 40)));
        break;
      default:
        text.insert(
            at, *rc::gen::element<std::string>("\"", "'''", "=", "\n", "0", "[", "]", "{", "}", ".", ",", "#",
                                               "\x80", "ä", "\\u0000", "-1", "1e999", "inf", "1979-05-27",
                                               "[[fault]]\n", "[drive.x]\n", "9223372036854775807", "\r"));
        break;
    }
  }
  check_sane(text);
}

RC_GTEST_PROP(ScenarioErrorsProperty, random_bytes_are_refused_or_sane, (const std::string& text)) {
  check_sane(text);
}

}  // namespace
}  // namespace seedbed
