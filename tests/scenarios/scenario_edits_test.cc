// Edits of a scenario: what they change and what not, and that a document which was written by the rig is the
// one that was read.
#include "scenarios/scenario_edits.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "scenarios/scenario_file.h"
#include "scenarios/toml_text.h"
#include "tests/scenarios/whole_file.h"

namespace seedbed {
namespace {

TomlValue document(std::string_view text) {
  auto parsed = parse_toml(text, "d.toml");
  EXPECT_TRUE(parsed) << parsed.error().message();
  return parsed.value_or(TomlValue{});
}

// Values without their places.
std::string shape_of(const TomlValue& value) {
  std::string text = fmt::format("{}:{}|{}|{}|{}|{}[", static_cast<int>(value.kind), value.key, value.text,
                                 value.integer, value.real, value.flag);
  for (const TomlValue& item : value.items) text += shape_of(item) + ",";
  return text + "]";
}

TEST(TomlText, what_is_written_is_what_was_read) {
  const char* odd =
      "a = 'quote \" and \\ back'\nb = 1.5\nc = 2.0\nd = [ [1, 2], [], \"x\" ]\n\"odd key\" = true\n"
      "[t]\nempty = \"\"\n[t.below]\nx = -3\n[[l]]\n[[l]]\ny = { z = [ { w = 1 } ], v = {} }\n";
  for (const std::string_view text : {std::string_view(odd), std::string_view(test::kWholeFile)}) {
    const TomlValue read = document(text);
    const std::string written = toml_text(read);
    const TomlValue again = document(written);
    EXPECT_EQ(toml_text(again), written);
  }
  EXPECT_EQ(shape_of(document(toml_text(document("a = \"\\u0001\\\"\"\n[t]\nb = 1.25\n")))),
            shape_of(document("a = \"\\u0001\\\"\"\n[t]\nb = 1.25\n")));
  EXPECT_EQ(toml_text(document("f = [ { p = 1 }, { p = 2 } ]\n[s]\ng = [ { p = \"x\" } ]\n")),
            "\n[[f]]\np = 1\n\n[[f]]\np = 2\n\n[s]\ng = [\n  { p = \"x\" }\n]\n");
}

TEST(TomlText, a_scenario_that_was_written_is_the_same_scenario) {
  const auto before = parse_scenario(test::kWholeFile, "s.toml");
  ASSERT_TRUE(before);
  const auto after = parse_scenario(toml_text(document(test::kWholeFile)), "s.toml");
  ASSERT_TRUE(after) << after.error().message();
  EXPECT_EQ(after->name, before->name);
  EXPECT_EQ(after->seed, before->seed);
  EXPECT_EQ(after->source.files.size(), before->source.files.size());
  ASSERT_EQ(after->faults.size(), before->faults.size());
  for (size_t i = 0; i < after->faults.size(); i++) {
    EXPECT_EQ(after->faults[i].name, before->faults[i].name);
    EXPECT_EQ(after->faults[i].survivors, before->faults[i].survivors);
    EXPECT_EQ(after->faults[i].when.place, before->faults[i].when.place);
  }
  EXPECT_EQ(after->expect.verdict, before->expect.verdict);
}

std::string with(std::vector<ScenarioEdit> edits) {
  auto made = edited(document("seed = 7\n[source]\nfiles = [ { path = \"a\" }, { path = \"b\", size = 5 } ]\n"
                              "[[fault]]\nwhat = \"kill\"\n[[fault]]\nwhat = \"replug\"\n"),
                     edits);
  return made ? toml_text(*made) : "error: " + made.error().message();
}

TEST(ScenarioEdits, values_are_set_where_they_were_and_made_where_they_were_not) {
  EXPECT_NE(with({{"seed", "9"}}).find("seed = 9\n"), std::string::npos);
  EXPECT_NE(with({{"source.usual", "false"}}).find("usual = false\n"), std::string::npos);
  EXPECT_NE(with({{"operator.boots_max", "3"}}).find("[operator]\nboots_max = 3\n"), std::string::npos);
  EXPECT_NE(with({{"source.files.1.size", "0"}}).find("{ path = \"b\", size = 0 }"), std::string::npos);
  EXPECT_NE(with({{"fault.1.when.nth", "[1,6]"}}).find("when = { nth = [1, 6] }"), std::string::npos);
  EXPECT_NE(with({{"fault.2.what", "kill"}})
                .find("[[fault]]\nwhat = \"kill\"\n\n[[fault]]\nwhat = \"replug\"\n"
                      "\n[[fault]]\nwhat = \"kill\"\n"),
            std::string::npos);
  EXPECT_NE(with({{"fault.0.survivors", "but:417,431"}}).find("survivors = \"but:417,431\""),
            std::string::npos);
  EXPECT_NE(with({{"command.0.do", "send back"}}).find("[[command]]\ndo = \"send back\""), std::string::npos);
}

TEST(ScenarioEdits, places_are_those_of_the_file_whatever_goes) {
  const std::string both = with({{"fault.0", {}}, {"fault.1.times", "2"}});
  EXPECT_EQ(both, with({{"fault.1.times", "2"}, {"fault.0", {}}}));
  EXPECT_NE(both.find("[[fault]]\nwhat = \"replug\"\ntimes = 2\n"), std::string::npos);
  EXPECT_EQ(both.find("kill"), std::string::npos);
  EXPECT_EQ(with({{"source.files.0", {}}, {"source.files.1", {}}, {"fault", {}}}),
            "seed = 7\n\n[source]\nfiles = []\n");
}

TEST(ScenarioEdits, what_cannot_be_edited_is_told) {
  for (const ScenarioEdit& edit : std::vector<ScenarioEdit>{{"fault.3.what", "kill"},
                                                            {"fault.2", {}},
                                                            {"nothing", {}},
                                                            {"seed.deeper", "1"},
                                                            {"source.files.x", "1"}})
    EXPECT_TRUE(with({edit}).starts_with("error: ")) << edit_text(edit) << ": " << with({edit});
  for (const char* wrong : {"", "=1", "a..b=1", ".a", "a.=1", "a=b+c", "a=x@y", "a=b%c"})
    EXPECT_FALSE(parse_edit(wrong)) << wrong;
  for (const char* text : {"fault.1", "a.b=", "fault.0.when.nth=[1,6]", "command.0.do=send back"}) {
    const auto edit = parse_edit(text);
    ASSERT_TRUE(edit) << text;
    EXPECT_EQ(edit_text(*edit), text);
  }
}

}  // namespace
}  // namespace seedbed
