// Both sources of entropy: they fill, GUIDs are of version 4, and incarnations never repeat each other.
#include <gtest/gtest.h>

#include <set>

#include "engine/linux/os_entropy.h"
#include "simulator/seeded_entropy.h"

namespace seedbed {
namespace {

Bytes drawn(Entropy& entropy, size_t count) {
  Bytes out(count);
  entropy.fill(out);
  return out;
}

void expect_guids_of_version_4(Entropy& entropy) {
  std::set<std::string> seen;
  for (int i = 0; i < 200; i++) {
    const std::string text = entropy.guid().text();
    EXPECT_EQ(text[14], '4') << text;                                          // version
    EXPECT_NE(std::string("89ab").find(text[19]), std::string::npos) << text;  // variant of RFC 4122
    seen.insert(text);
  }
  EXPECT_EQ(seen.size(), 200u);
}

TEST(OsEntropy, FillsEveryByte) {
  OsEntropy entropy;
  Bytes ever(300'000);  // more than one getrandom call gives at once
  for (int i = 0; i < 16; i++) {
    const Bytes once = drawn(entropy, ever.size());
    for (size_t at = 0; at < ever.size(); at++) ever[at] |= once[at];
  }
  EXPECT_EQ(std::count(ever.begin(), ever.end(), 0), 0);  // by chance: 300,000 / 256^16
  entropy.fill({});
  EXPECT_NE(drawn(entropy, 16), drawn(entropy, 16));
  expect_guids_of_version_4(entropy);
}

TEST(SeededEntropy, IsDecidedBySeedAndIncarnation) {
  SeededEntropy one(7, 1), same(7, 1), rebooted(7, 2), other(8, 1);
  const Bytes first = drawn(one, 64);
  EXPECT_EQ(first, drawn(same, 64));
  EXPECT_NE(first, drawn(rebooted, 64));
  EXPECT_NE(first, drawn(other, 64));
  EXPECT_NE(first, drawn(one, 64));
  expect_guids_of_version_4(one);
}

TEST(SeededEntropy, IncarnationsShareNothing) {
  std::set<uint64_t> words;
  for (uint64_t incarnation = 0; incarnation < 50; incarnation++) {
    SeededEntropy entropy(7, incarnation);
    for (int i = 0; i < 100; i++) words.insert(load_le<uint64_t>(drawn(entropy, 8), 0));
  }
  EXPECT_EQ(words.size(), 5'000u);
}

TEST(SeededEntropy, GoldenValue) {  // what a recorded scenario draws must not change
  SeededEntropy entropy(1, 1);
  EXPECT_EQ(entropy.guid().text(), "5c689342-986a-43cf-ad01-d7c4f7b896d9");
}

}  // namespace
}  // namespace seedbed
