// engine/base/bytes: loads and stores, rounding, aligned memory.
#include "engine/base/bytes.h"

#include <gtest/gtest.h>

namespace seedbed {
namespace {

TEST(Bytes, LittleEndianLoadsAndStoresMeet) {
  Bytes bytes(9);
  store_le<uint64_t>(bytes, 1, 0x0102030405060708u);
  EXPECT_EQ(bytes, (Bytes{0, 8, 7, 6, 5, 4, 3, 2, 1}));
  EXPECT_EQ(load_le<uint64_t>(bytes, 1), 0x0102030405060708u);
  EXPECT_EQ(load_le<uint16_t>(bytes, 1), 0x0708u);
  append_le<uint16_t>(bytes, 0xabcd);
  EXPECT_EQ(bytes.size(), 11u);
  EXPECT_EQ(bytes.back(), 0xab);
}

TEST(Bytes, Rounding) {
  EXPECT_EQ(round_up(0, 4096), 0u);
  EXPECT_EQ(round_up(1, 4096), 4096u);
  EXPECT_EQ(round_up(4096, 4096), 4096u);
  EXPECT_EQ(round_down(8191, 4096), 4096u);
}

TEST(Bytes, AllZeroLooksAtEveryByte) {
  EXPECT_TRUE(all_zero({}));
  for (size_t size = 1; size < 70; size++) {
    Bytes bytes(size);
    EXPECT_TRUE(all_zero(bytes));
    for (size_t at = 0; at < size; at++) {
      bytes[at] = 1;
      EXPECT_FALSE(all_zero(bytes)) << size << " " << at;
      bytes[at] = 0;
    }
  }
}

TEST(AlignedBuffer, IsAlignedZeroedAndEmptyAfterAMove) {
  AlignedBuffer buffer(5000);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(buffer.data()) % 4096, 0u);
  EXPECT_EQ(buffer.size(), 5000u);
  EXPECT_TRUE(all_zero(buffer.span()));
  AlignedBuffer taken = std::move(buffer);
  EXPECT_EQ(taken.size(), 5000u);
  EXPECT_TRUE(buffer.span().empty());  // NOLINT(bugprone-use-after-move): that is the question
  buffer = std::move(taken);
  EXPECT_EQ(buffer.size(), 5000u);
  EXPECT_TRUE(taken.span().empty());  // NOLINT(bugprone-use-after-move)
}

}  // namespace
}  // namespace seedbed
