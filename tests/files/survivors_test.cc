// Survivors: each shape keeps what it says, the seeded one keeps everything in its way sooner or later, and a
// line names each.
#include "simulator/survivors.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>

namespace seedbed {
namespace {

using Shape = Survivors::Shape;

// Units 0 to 3 of an effect, as 1 and 0.
std::string kept(const Survivors& survivors, uint64_t event, uint64_t units = 4) {
  const Kept rule = survivors.of(event, units);
  std::string text;
  for (uint64_t i = 0; i < units; i++) text += rule.unit(i) ? '1' : '0';
  return text;
}

Survivors of_text(std::string_view text) {
  const auto parsed = Survivors::parse(text);
  EXPECT_TRUE(parsed) << text;
  return parsed.value_or(Survivors{});
}

TEST(Survivors, each_shape_keeps_what_it_says) {
  struct Case {
    const char* text;
    std::map<uint64_t, std::string> units_of_events;
  };
  const Case cases[] = {
      {"none", {{9, "0000"}, {10, "0000"}, {11, "0000"}}},
      {"all", {{9, "1111"}, {10, "1111"}, {11, "1111"}}},
      {"prefix:10", {{9, "1111"}, {10, "1111"}, {11, "0000"}}},
      {"but:10", {{9, "1111"}, {10, "0000"}, {11, "1111"}}},
      {"but:9,11", {{8, "1111"}, {9, "0000"}, {10, "1111"}, {11, "0000"}, {12, "1111"}}},
      {"torn:10/3", {{9, "1111"}, {10, "1110"}, {11, "0000"}}},
      {"torn:10/0", {{9, "1111"}, {10, "0000"}, {11, "0000"}}},
      {"torn:10/99", {{10, "1111"}}},
  };
  for (const Case& one : cases)
    for (const auto& [event, units] : one.units_of_events)
      EXPECT_EQ(kept(of_text(one.text), event), units) << one.text << ", event " << event;
}

TEST(Survivors, seeded_ones_are_whole_lost_torn_at_either_end_and_scattered_by_the_seed_alone) {
  std::map<std::string, int> seen;
  for (uint64_t event = 1; event <= 4000; event++) {
    const Survivors survivors{.shape = Shape::seeded, .seed = 7};
    seen[kept(survivors, event)]++;
    ASSERT_EQ(kept(survivors, event), kept(survivors, event));
  }
  EXPECT_EQ(seen.size(), 16u) << "every subset of four units is found";
  for (const char* common : {"0000", "1111", "1000", "1110", "0001", "0111"})
    EXPECT_GT(seen[common], 100) << common;
  EXPECT_NE(
      kept({.shape = Shape::seeded, .seed = 1}, 5, 64) + kept({.shape = Shape::seeded, .seed = 1}, 6, 64),
      kept({.shape = Shape::seeded, .seed = 2}, 5, 64) + kept({.shape = Shape::seeded, .seed = 2}, 6, 64));
}

TEST(Survivors, what_has_one_unit_is_whole_or_lost) {
  std::map<std::string, int> seen;
  for (uint64_t event = 1; event <= 400; event++) seen[kept({.shape = Shape::seeded, .seed = 3}, event, 1)]++;
  EXPECT_GT(seen["0"], 50);
  EXPECT_GT(seen["1"], 50);
}

RC_GTEST_PROP(SurvivorsProperty, a_line_names_them, ()) {
  Survivors survivors;
  survivors.shape = static_cast<Shape>(*rc::gen::inRange(0, 7));
  const auto number = rc::gen::arbitrary<uint64_t>();
  if (survivors.shape == Shape::prefix || survivors.shape == Shape::all_but_one ||
      survivors.shape == Shape::torn)
    survivors.event = *number;
  if (survivors.shape == Shape::torn) survivors.units = *number;
  if (survivors.shape == Shape::seeded) survivors.seed = *number;
  if (survivors.shape == Shape::all_but)
    survivors = Survivors::all_but(*rc::gen::container<std::vector<uint64_t>>(number));
  const auto parsed = Survivors::parse(survivors.text());
  RC_ASSERT(parsed.has_value());
  RC_ASSERT(*parsed == survivors);
}

TEST(Survivors, other_lines_name_none) {
  for (const char* wrong : {"",           "some",
                            "none:",      "none:1",
                            "all:",       "ALL",
                            "prefix",     "prefix:",
                            "prefix:x",   "prefix:1x",
                            "prefix:-1",  "but:",
                            "but:1/2",    "torn:1",
                            "torn:1/",    "torn:/1",
                            "torn:1/2/3", "torn:1/2x",
                            "seeded",     "seeded:",
                            "seeded: 1",  "prefix:99999999999999999999999",
                            " none",      "none ",
                            "torn:1,2",   "but:1,",
                            "but:,1",     "but:2,1",
                            "but:1,1",    "but:1,2,x",
                            "prefix:1,2"}) {
    const auto parsed = Survivors::parse(wrong);
    ASSERT_FALSE(parsed) << wrong;
    EXPECT_EQ(parsed.error().code, ErrorCode::invalid_argument);
    EXPECT_NE(parsed.error().remedy, "");
  }
}

}  // namespace
}  // namespace seedbed
