// The Operator of tests: nobody there until answers are queued, and every word kept in order.
#include "simulator/scripted_operator.h"

#include <gtest/gtest.h>

namespace seedbed {
namespace {

TEST(ScriptedOperator, IsUnattendedUntilAnswersAreQueued) {
  ScriptedOperator script;
  EXPECT_FALSE(script.interactive());
  const auto refused = script.confirm("Erase?", "Use --yes.");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::refused);
  EXPECT_EQ(refused.error().remedy, "Use --yes.");
  script.answer("yes");
  EXPECT_TRUE(script.interactive());
  EXPECT_EQ(script.confirm("Erase?", "Use --yes."), true);
  EXPECT_FALSE(script.confirm("Erase again?", "Use --yes."));  // the script is at its end
}

TEST(ScriptedOperator, AnswersInOrder) {
  ScriptedOperator script;
  for (const char* answer : {"no", "/dev/sdb", "perhaps"}) script.answer(answer);
  EXPECT_EQ(script.confirm("Erase?", ""), false);
  EXPECT_EQ(script.ask("Which?", ""), "/dev/sdb");
  EXPECT_EQ(script.confirm("Sure?", "").error().code, ErrorCode::invalid_argument);
}

TEST(ScriptedOperator, KeepsEveryPromiseInOrder) {
  ScriptedOperator script;
  script.answer("yes");
  script.notice(NoticeLevel::warning, "slow");
  (void)script.confirm("Erase?", "Use --yes.");
  script.progress({"copy", 1, 2, 3, 0});
  script.event("complete", {{"drive_id", "WD-1"}});
  (void)script.ask("Which?", "Use --drive.");
  ASSERT_EQ(script.said().size(), 5u);
  EXPECT_EQ(std::get<ScriptedOperator::Notice>(script.said()[0]).text, "slow");
  EXPECT_EQ(std::get<ScriptedOperator::Question>(script.said()[1]).answer, "yes");
  EXPECT_EQ(std::get<Progress>(script.said()[2]).done_bytes, 1u);
  EXPECT_EQ(std::get<ScriptedOperator::Event>(script.said()[3]).fields[0].second, "WD-1");
  EXPECT_TRUE(std::get<ScriptedOperator::Question>(script.said()[4]).refused);
  EXPECT_EQ(script.said_as<ScriptedOperator::Question>().size(), 2u);
  EXPECT_EQ(script.said_as<Progress>().size(), 1u);
}

}  // namespace
}  // namespace seedbed
