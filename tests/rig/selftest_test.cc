// The rig proves that it can fail, in the part that is cheap enough for every commit; scripts/proof has it
// all.
#include <nlohmann/json.hpp>

#include "tests/rig/rig_process.h"

namespace seedbed::testing_support {
namespace {

class Selftest : public Rig {
 protected:
  static CommandResult selftest(std::vector<std::string> words) {
    words.insert(words.begin(), {"selftest", "--scenarios", std::string(SEEDBED_SOURCE_DIR) + "/scenarios"});
    return seedbed(words);
  }
};

TEST_F(Selftest, every_cheap_defect_is_caught_by_what_must_catch_it) {
  const CommandResult result = selftest({"--quick", "--jobs", "2", "--out", out()});
  expect(result, 0, " 0 survived, 0 not judged");
  size_t planted = 0, dropped = 0, redundant = 0;
  for (const std::string& line : lines(read(out() + "/selftest.jsonl"))) {
    const auto json = nlohmann::json::parse(line);
    EXPECT_LE(json["states"], json["states_max"]) << line;
    EXPECT_NE(json["verdict"], "") << line;
    (std::string(json["name"]).starts_with("drop-") ? dropped : planted)++;
    if (json["redundant"]) redundant++;
  }
  EXPECT_GE(planted, 30u);
  EXPECT_GE(dropped, 30u);
  EXPECT_LE(redundant, 3u) << "whatever is dropped and missed by nobody is to be explained, or to go";
  std::cout << read(out() + "/selftest.md");
}

TEST_F(Selftest, a_defect_that_does_nothing_is_not_caught_and_breaks_the_harness) {
  const CommandResult result = selftest({"--only", "nothing-wrong"});
  expect(result, 5, "SURVIVED");
  expect(result, 5, "everything was as expected");
}

TEST_F(Selftest, names_nobody_bears_are_usage_errors) {
  expect(selftest({"--only", "gremlins"}), 2, "no planted defect is called");
}

TEST_F(Selftest, the_token_of_a_catch_replays_to_it) {
  expect(selftest({"--only", "second-format", "--out", out()}), 0, "1 caught");
  const auto json = nlohmann::json::parse(read(out() + "/selftest.jsonl"));
  const std::string token = json["token"];
  EXPECT_NE(token.find("%second-format"), std::string::npos) << token;
  expect(seedbed({"replay", token}), 1, json["why"]);
  expect(seedbed({"replay", token.substr(0, token.find('%'))}), 0);
}

}  // namespace
}  // namespace seedbed::testing_support
