// Suites: files and directories to scenarios, in order, each name once; what is wrong is named with its
// place.
#include "scenarios/suite.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <optional>

#include "engine/linux/posix_files.h"
#include "tests/support/temp_directory.h"

namespace seedbed {
namespace {

class Suite : public testing::Test {
 protected:
  void put(const std::string& path, const std::string& text) {
    const std::filesystem::path whole = directory_.file(path);
    std::filesystem::create_directories(whole.parent_path());
    std::ofstream(whole) << text;
  }
  void put_scenario(const std::string& path, const std::string& name) {
    put(path, "name = \"" + name + "\"\nproves = \"a sentence\"\n");
  }
  std::vector<std::string> names(const std::vector<std::string>& paths) {
    std::vector<std::string> whole;
    for (const std::string& path : paths) whole.push_back(directory_.file(path));
    const auto suite = load_suite(files_, whole);
    if (!suite) return {suite.error().message()};
    std::vector<std::string> names;
    for (const auto& scenario : *suite) names.push_back(scenario->name);
    return names;
  }
  Error error(const std::string& path) {
    const auto suite = load_suite(files_, {directory_.file(path)});
    EXPECT_FALSE(suite) << path;
    return suite ? Error{} : suite.error();
  }
  testing_support::TempDirectory directory_;
  PosixFiles files_;
};

TEST_F(Suite, directories_with_all_in_them_sorted_by_path) {
  put_scenario("s/b.toml", "bbb");
  put_scenario("s/a.toml", "aaa");
  put_scenario("s/deep/er/c.toml", "ccc");
  put("s/readme.md", "no scenario");
  put_scenario("one.toml", "the one");
  EXPECT_EQ(names({"s"}), (std::vector<std::string>{"aaa", "bbb", "ccc"}));
  EXPECT_EQ(names({"one.toml", "s"}), (std::vector<std::string>{"the one", "aaa", "bbb", "ccc"}));
  const auto one = load_scenario(files_, directory_.file("one.toml"));
  EXPECT_EQ((*one)->file, directory_.file("one.toml"));
}

TEST_F(Suite, a_name_that_comes_twice_is_refused_with_both_places) {
  put_scenario("s/a.toml", "same");
  put_scenario("s/b.toml", "same");
  const Error wrong = error("s");
  EXPECT_EQ(wrong.code, ErrorCode::invalid_argument);
  EXPECT_NE(wrong.what.find("two scenarios are called \"same\""), std::string::npos) << wrong.what;
  EXPECT_NE(wrong.what.find("a.toml"), std::string::npos) << wrong.what;
  EXPECT_EQ(wrong.where, directory_.file("s/b.toml"));
  const auto twice = load_suite(files_, {directory_.file("s/a.toml"), directory_.file("s/a.toml")});
  EXPECT_FALSE(twice);
}

TEST_F(Suite, an_empty_directory_is_no_suite) {
  put("s/readme.md", "nothing");
  const Error wrong = error("s");
  EXPECT_EQ(wrong.code, ErrorCode::invalid_argument);
  EXPECT_NE(wrong.what.find("holds no scenario"), std::string::npos);
  EXPECT_EQ(wrong.where, directory_.file("s"));
}

TEST_F(Suite, what_is_not_there_is_not_found) {
  EXPECT_EQ(error("absent").code, ErrorCode::not_found);
  EXPECT_EQ(error("absent.toml").code, ErrorCode::not_found);
}

TEST_F(Suite, what_is_no_toml_is_named_with_line_and_column) {
  put("s/a.toml", "name = \"aaa\"\nproves = = 7\n");
  const Error wrong = error("s");
  EXPECT_EQ(wrong.code, ErrorCode::invalid_argument);
  EXPECT_NE(wrong.where.find("s/a.toml:2:"), std::string::npos) << wrong.message();
}

TEST_F(Suite, what_is_neither_file_nor_directory_is_refused) {
  ASSERT_EQ(::mkfifo(directory_.file("pipe").c_str(), 0600), 0);
  EXPECT_EQ(error("pipe").code, ErrorCode::invalid_argument);
}

TEST(SeedOf, a_given_seed_is_mixed_with_the_name) {
  Scenario a, b;
  a.name = "aaa";
  b.name = "bbb";
  a.seed = b.seed = 7;
  EXPECT_EQ(seed_of(a, std::nullopt), 7u);
  EXPECT_NE(seed_of(a, 7), 7u);
  EXPECT_EQ(seed_of(a, 7), seed_of(a, 7));
  EXPECT_NE(seed_of(a, 7), seed_of(b, 7));
  EXPECT_NE(seed_of(a, 7), seed_of(a, 8));
}

}  // namespace
}  // namespace seedbed
