// engine/base/secret: key material is gone from memory before its storage is given back. The global operator
// delete of this binary looks.
#include "engine/base/secret.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <new>
#include <type_traits>

namespace {
// What the next deletion of one watched block shows.
const void* watched_block = nullptr;
size_t watched_bytes = 0;
bool watched_was_freed = false;
bool watched_was_wiped = false;

void release(void* block) noexcept {
  if (block != nullptr && block == watched_block) {
    watched_was_freed = true;
    watched_was_wiped = seedbed::all_zero({static_cast<const uint8_t*>(block), watched_bytes});
    watched_block = nullptr;
  }
  std::free(block);
}

void watch(seedbed::ByteSpan bytes) {
  watched_block = bytes.data();
  watched_bytes = bytes.size();
  watched_was_freed = watched_was_wiped = false;
}
}  // namespace

void* operator new(size_t size_bytes) {
  void* const block = std::malloc(size_bytes == 0 ? 1 : size_bytes);
  if (block == nullptr) throw std::bad_alloc();
  return block;
}
void operator delete(void* block) noexcept {
  release(block);
}
void operator delete(void* block, size_t) noexcept {
  release(block);
}

namespace seedbed {
namespace {

TEST(Secret, WipeClears) {
  Bytes bytes(100, 0xaa);
  wipe(bytes);
  EXPECT_TRUE(all_zero(bytes));
  wipe({});
}

TEST(Secret, DestructionWipes) {
  {
    const Bytes plain = {1, 2, 3};
    watch(plain);
  }
  ASSERT_TRUE(watched_was_freed);
  ASSERT_FALSE(watched_was_wiped);  // the watch can tell the difference
  {
    const SecretBytes secret = SecretBytes::of_text("correct horse");
    watch(secret.span());
  }
  EXPECT_TRUE(watched_was_freed);
  EXPECT_TRUE(watched_was_wiped);
}

TEST(Secret, AssignmentWipesWhatWasThere) {
  SecretBytes secret = SecretBytes::of_text("correct horse");
  watch(secret.span());
  secret = SecretBytes::of_text("battery staple");
  EXPECT_TRUE(watched_was_freed);
  EXPECT_TRUE(watched_was_wiped);
  EXPECT_EQ(secret.text(), "battery staple");
}

TEST(Secret, MovingLeavesNothingBehind) {
  SecretBytes secret = SecretBytes::of_text("correct horse");
  const SecretBytes copy = secret.clone();
  const uint8_t* const storage = secret.span().data();
  const SecretBytes moved = std::move(secret);
  EXPECT_TRUE(secret.empty());  // NOLINT(bugprone-use-after-move): that is the question
  EXPECT_EQ(moved.span().data(), storage);
  EXPECT_EQ(moved.text(), copy.text());
}

TEST(Secret, IsNotCopiedByAccident) {
  static_assert(!std::is_copy_constructible_v<SecretBytes>);
  static_assert(!std::is_copy_assignable_v<SecretBytes>);
  static_assert(std::is_nothrow_move_constructible_v<SecretBytes>);
}

}  // namespace
}  // namespace seedbed
