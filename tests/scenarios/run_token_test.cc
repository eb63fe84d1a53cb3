// Run tokens: what is written is read, and what is no token names the part that is wrong.
#include "scenarios/run_token.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace seedbed {
namespace {

RC_GTEST_PROP(RunTokenProperty, what_is_written_is_read, ()) {
  RunToken token;
  token.file = "suites/" + *rc::gen::nonEmpty(rc::gen::container<std::string>(
                               rc::gen::element('a', 'Z', '7', '.', '-', '_', '+', '@', ' ', ':', '/')));
  token.seed = *rc::gen::arbitrary<uint64_t>();
  const auto faults = *rc::gen::inRange(0, 4);
  for (int i = 0; i < faults; i++) {
    Survivors survivors;
    survivors.shape = static_cast<Survivors::Shape>(*rc::gen::inRange(0, 6));  // seeded is the last of them
    survivors.event = *rc::gen::inRange<uint64_t>(0, 1'000'000);
    survivors.units = *rc::gen::inRange<uint64_t>(0, 1'000'000);
    survivors.seed = *rc::gen::arbitrary<uint64_t>();
    token.faults.push_back(fault_before(
        *rc::gen::inRange<uint64_t>(1, ~uint64_t{0}),
        static_cast<FaultAction>(*rc::gen::inRange(0, static_cast<int>(kLastFaultAction) + 1)), survivors));
  }
  token.defect = *rc::gen::container<std::string>(rc::gen::element('a', 'N', '7', '-'));
  const auto read = RunToken::parse(token.text());
  RC_ASSERT(read.has_value());
  RC_ASSERT(read->defect == token.defect);
  RC_ASSERT(read->file == token.file && read->seed == token.seed &&
            read->faults.size() == token.faults.size());
  for (size_t i = 0; i < token.faults.size(); i++) {
    RC_ASSERT(read->faults[i].action == token.faults[i].action);
    RC_ASSERT(read->faults[i].when.event_number == token.faults[i].when.event_number);
    RC_ASSERT(read->faults[i].when.side == EventSide::before);
    RC_ASSERT(read->faults[i].survivors.text() == token.faults[i].survivors.text());
  }
  RC_ASSERT(read->text() == token.text());
}

TEST(RunToken, the_text_is_as_the_format_says) {
  const Survivors prefix{.shape = Survivors::Shape::prefix, .event = 417};
  EXPECT_EQ((RunToken{"a/b.toml", 1, {}}).text(), "a/b.toml@1");
  EXPECT_EQ((RunToken{"a/b.toml", 1, {fault_before(431, FaultAction::host_power_cut, prefix)}}).text(),
            "a/b.toml@1+host-power-cut:431:prefix:417");
  EXPECT_EQ(fault_before(431, FaultAction::host_power_cut, prefix).name,
            "host-power-cut before event 431, survivors prefix:417");
}

TEST(RunToken, what_is_no_token_is_refused_with_the_part_that_is_wrong) {
  const std::pair<const char*, const char*> corpus[] = {
      {"", "no @SEED"},
      {"a.toml", "no @SEED"},
      {"@1", "no @SEED"},
      {"a.toml@", "\"\" is no seed"},
      {"a.toml@x", "\"x\" is no seed"},
      {"a.toml@-1", "\"-1\" is no seed"},
      {"a.toml@1x", "\"1x\" is no seed"},
      {"a.toml@18446744073709551616", "is no seed"},
      {"a.toml@1+", "\"\" is no ACTION:EVENT:SURVIVORS"},
      {"a.toml@1+kill", "\"kill\" is no ACTION:EVENT:SURVIVORS"},
      {"a.toml@1+kill:3", "\"kill:3\" is no ACTION:EVENT:SURVIVORS"},
      {"a.toml@1+murder:3:none", "\"murder\" is no fault"},
      {"a.toml@1+:3:none", "\"\" is no fault"},
      {"a.toml@1+kill::none", "has no event number"},
      {"a.toml@1+kill:0:none", "has no event number"},
      {"a.toml@1+kill:x:none", "has no event number"},
      {"a.toml@1+kill:3:", "names no survivors"},
      {"a.toml@1+kill:3:some", "names no survivors"},
      {"a.toml@1+kill:3:torn:1", "names no survivors"},
      {"a.toml@1+kill:3:none+", "is no ACTION:EVENT:SURVIVORS"},
      {"a.toml@1+kill:3:none++kill:4:none", "is no ACTION:EVENT:SURVIVORS"},
      {"a.toml@1 +kill:3:none", "\"1 \" is no seed"},
  };
  for (const auto& [text, wrong] : corpus) {
    const auto parsed = RunToken::parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::invalid_argument) << text;
    EXPECT_NE(parsed.error().what.find(wrong), std::string::npos) << text << ": " << parsed.error().what;
    EXPECT_NE(parsed.error().remedy, "") << text;
  }
}

RC_GTEST_PROP(RunTokenProperty, no_text_is_too_odd_to_be_answered, ()) {
  const auto text = *rc::gen::container<std::string>(
      rc::gen::oneOf(rc::gen::element('@', '+', ':', '1', '0', 'k', '/'), rc::gen::arbitrary<char>()));
  const auto parsed = RunToken::parse("a@1" + text);
  RC_ASSERT(parsed.has_value() || parsed.error().code == ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace seedbed
