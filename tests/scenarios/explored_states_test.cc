// The record of explored states: what is written is known again, a torn tail is cut, and what is another's is
// left alone.
#include "scenarios/explored_states.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <fstream>

#include "engine/linux/posix_files.h"
#include "tests/support/temp_directory.h"

namespace seedbed {
namespace {

const ExploredScenario kFirst{"a b/first.toml", 0x1234, 7}, kSecond{"second.toml", 0xfedcba9876543210, 1};
const JudgedState kPlain{1, false, ""}, kPromised{2, true, ""},
    kFailed{~uint64_t{0}, true, "a b/first.toml@7~source.usual=false+kill:3:none"};

struct StateFile {
  testing_support::TempDirectory directory;
  PosixFiles files;
  std::string path = directory.file("states");

  Result<ExploredStates> open(const std::string& program = "p-1",
                              const std::vector<ExploredScenario>& scenarios = {kFirst, kSecond}) {
    return ExploredStates::open(files, path, program, scenarios);
  }
  std::string text() const {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void put(const std::string& text) const { std::ofstream(path, std::ios::binary) << text; }
};

TEST(ExploredStates, what_was_judged_is_known_again) {
  StateFile file;
  {
    auto states = file.open();
    ASSERT_TRUE(states) << states.error().message();
    EXPECT_TRUE(states->judged(0).empty());
    ASSERT_TRUE(states->append(0, {kPlain, kFailed}));
    ASSERT_TRUE(states->append(1, {kPromised}));
    ASSERT_TRUE(states->sync());
    EXPECT_EQ(file.open().error().code, ErrorCode::busy) << "one command at a time";
  }
  EXPECT_EQ(file.text(),
            "seedbed explored 1 p-1\nscenario 0000000000001234 7 a b/first.toml\n"
            "scenario fedcba9876543210 1 second.toml\n1 0000000000000001 -\n"
            "1 ffffffffffffffff p a b/first.toml@7~source.usual=false+kill:3:none\n2 0000000000000002 p\n");
  EXPECT_EQ(ExploredStates::read(file.files, file.path, kSecond).value(), std::vector{kPromised});
  auto states = file.open("p-1", {kSecond, kFirst});  // in another order; or fewer
  ASSERT_TRUE(states) << states.error().message();
  EXPECT_EQ(states->judged(0), std::vector{kPromised});
  EXPECT_EQ(states->judged(1), (std::vector{kPlain, kFailed}));
  ASSERT_TRUE(states->append(1, {kPromised}));
  EXPECT_TRUE(file.text().ends_with("1 0000000000000002 p\n"));
}

TEST(ExploredStates, wherever_it_was_torn_whole_lines_are_kept_and_it_goes_on) {
  StateFile file;
  ASSERT_TRUE(file.open()->append(0, {kPlain, kPromised}));
  const std::string whole = file.text(), head = whole.substr(0, whole.find("\n1 ") + 1);
  for (size_t length = head.size(); length <= whole.size(); length++)
    for (const std::string& tail : {std::string(), std::string(5, '\0'), std::string("\0\0\n\0", 4)}) {
      file.put(whole.substr(0, length) + tail);
      auto states = file.open();
      ASSERT_TRUE(states) << length << ": " << states.error().message();
      const size_t lines = length == whole.size() ? 2 : length < head.size() + 21 ? 0 : 1;
      ASSERT_EQ(states->judged(0).size(), lines) << length;
      ASSERT_TRUE(states->append(0, {kFailed}));
      EXPECT_EQ(file.text(),
                whole.substr(0, head.size() + 21 * lines) + "1 ffffffffffffffff p " + kFailed.failure + "\n");
    }
}

TEST(ExploredStates, what_is_another_programs_or_scenarios_or_no_record_is_refused_and_left) {
  StateFile file;
  ASSERT_TRUE(file.open()->append(0, {kPlain}));
  const std::string whole = file.text();
  const auto refused = [&](const Result<ExploredStates>& states, const char* says) {
    ASSERT_FALSE(states) << says;
    EXPECT_EQ(states.error().code, ErrorCode::refused) << states.error().message();
    EXPECT_NE(states.error().what.find(says), std::string::npos) << states.error().message();
    EXPECT_NE(states.error().remedy, "");
    EXPECT_EQ(file.text(), whole);
  };
  refused(file.open("p-2"), "begun by another program (p-1, this is p-2)");
  refused(file.open("p-1", {{"third.toml", 1, 1}}), "without third.toml");
  refused(file.open("p-1", {{kFirst.file, kFirst.text_digest, 8}}), "seed 7 of a b/first.toml, not 8");
  refused(file.open("p-1", {{kFirst.file, 1, kFirst.seed}}), "a b/first.toml has changed");
  file.put("something else\n");
  EXPECT_EQ(file.open().error().code, ErrorCode::refused);
  EXPECT_EQ(file.text(), "something else\n");
  file.put(whole + "1 nonsense -\n" + "1 0000000000000001 -\n");
  EXPECT_EQ(file.open().error().code, ErrorCode::corrupt);
  EXPECT_NE(file.open().error().where.find(":5"), std::string::npos) << file.open().error().message();
}

}  // namespace
}  // namespace seedbed
