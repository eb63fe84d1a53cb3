// engine/base/random: the numbers of a seed never change, or every recorded scenario would mean another run.
#include "engine/base/random.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "engine/base/text.h"

namespace seedbed {
namespace {

TEST(Random, GoldenValues) {
  Random random(1);
  EXPECT_EQ(random.next(), 12966619160104079557u);
  EXPECT_EQ(random.next(), 9600361134598540522u);
  EXPECT_EQ(random.below(1000), 900u);
  Bytes bytes(11);
  random.fill(bytes);
  EXPECT_EQ(hex_lower(bytes), "a7a366c27b1c2e64733623");
  EXPECT_EQ(sub_seed(1, "drive"), 3943040995800436856u);
  EXPECT_EQ(sub_seed(1, ""), 14488781648106483473u);
}

TEST(Random, SubSeedsDifferByNameAndSeed) {
  EXPECT_NE(sub_seed(1, "drive"), sub_seed(1, "drives"));
  EXPECT_NE(sub_seed(1, "drive"), sub_seed(2, "drive"));
}

RC_GTEST_PROP(Random, BelowStaysBelowAndBetweenBetween, (uint64_t seed, uint64_t one, uint64_t other)) {
  Random random(seed);
  const uint64_t low = std::min(one, other), high = std::max(one, other);
  for (int i = 0; i < 20; i++) {
    RC_ASSERT(random.below(high | 1) < (high | 1));
    const uint64_t value = random.between(low, high);
    RC_ASSERT(value >= low && value <= high);
  }
}

TEST(Random, TheWholeRangeIsARangeToo) {
  Random random(3), same(3);
  EXPECT_EQ(random.between(0, UINT64_MAX), same.next());
  EXPECT_EQ(random.between(7, 7), 7u);
  EXPECT_EQ(random.below(1), 0u);
}

TEST(Random, BelowIsEven) {
  Random random(5);
  std::array<int, 10> counts{};
  for (int i = 0; i < 100'000; i++) counts[random.below(10)]++;
  for (const int count : counts) EXPECT_NEAR(count, 10'000, 500);
}

TEST(Random, ChanceOfNothingAndOfEverything) {
  Random random(6);
  for (int i = 0; i < 100; i++) {
    EXPECT_FALSE(random.chance(0, 7));
    EXPECT_TRUE(random.chance(7, 7));
  }
}

}  // namespace
}  // namespace seedbed
