// Parts of a work and ranges of seeds.
#include "scenarios/shard.h"

#include <gtest/gtest.h>

namespace seedbed {
namespace {

TEST(Shard, the_ith_of_n_counts_from_one_on_paper) {
  EXPECT_EQ(Shard::parse("1/1")->index, 0u);
  EXPECT_EQ(Shard::parse("1/1")->count, 1u);
  EXPECT_EQ(Shard::parse("2/8")->index, 1u);
  EXPECT_EQ(Shard::parse("8/8")->index, 7u);
  EXPECT_EQ(Shard::parse("8/8")->count, 8u);
}

TEST(Shard, what_is_no_part_of_a_whole_is_refused) {
  for (const char* wrong :
       {"", "1", "/", "1/", "/1", "0/1", "2/1", "1/0", "0/0", "-1/2", "1/2/3", "a/b", "1 / 2", "1/2 "}) {
    const auto parsed = Shard::parse(wrong);
    ASSERT_FALSE(parsed) << wrong;
    EXPECT_EQ(parsed.error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(parsed.error().where, "--shard");
  }
}

TEST(SeedRange, both_ends_are_in_it_and_one_number_is_a_range) {
  EXPECT_EQ(SeedRange::parse("1..200")->first, 1u);
  EXPECT_EQ(SeedRange::parse("1..200")->last, 200u);
  EXPECT_EQ(SeedRange::parse("7")->first, 7u);
  EXPECT_EQ(SeedRange::parse("7")->last, 7u);
  EXPECT_EQ(SeedRange::parse("0..0")->last, 0u);
  EXPECT_EQ(SeedRange::parse("18446744073709551615")->last, ~uint64_t{0});
}

TEST(SeedRange, what_is_no_range_is_refused) {
  for (const char* wrong : {"", "..", "1..", "..2", "2..1", "1...3", "1..2..3", "a..b", "-1..3", "1..3 ",
                            "0..100000000", "0..18446744073709551615"}) {
    const auto parsed = SeedRange::parse(wrong);
    ASSERT_FALSE(parsed) << wrong;
    EXPECT_EQ(parsed.error().code, ErrorCode::invalid_argument);
    EXPECT_NE(parsed.error().remedy, "");
  }
}

}  // namespace
}  // namespace seedbed
