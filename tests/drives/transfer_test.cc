// A request served in pieces: whatever the kernel answers, it ends, with every byte moved or with an error
// that says where.
#include "engine/linux/transfer.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cerrno>

namespace seedbed {
namespace {

using Next = Transfer::Next;

Transfer write_of(uint64_t length_bytes) {
  static uint8_t nowhere;
  return {
      {.kind = IoKind::write, .offset_bytes = 8192, .length_bytes = length_bytes, .data = &nowhere, .tag = 4},
      4096};
}

TEST(Transfer, continues_a_short_write_where_it_ended) {
  Transfer transfer = write_of(16384);
  EXPECT_EQ(transfer.step(4096), Next::again);
  EXPECT_EQ(transfer.offset_bytes(), 8192u + 4096u);
  EXPECT_EQ(transfer.data(), transfer.request().data + 4096);
  EXPECT_EQ(transfer.left_bytes(), 12288u);
  EXPECT_EQ(transfer.step(12288), Next::done);
  EXPECT_TRUE(transfer.completion("/dev/x").outcome);
}

TEST(Transfer, repeats_what_a_short_write_put_beyond_a_sector) {
  Transfer transfer = write_of(16384);
  EXPECT_EQ(transfer.step(4096 + 512), Next::again);
  EXPECT_EQ(transfer.offset_bytes(), 8192u + 4096u);
}

TEST(Transfer, tells_the_byte_at_which_it_failed) {
  Transfer transfer = write_of(16384);
  EXPECT_EQ(transfer.step(8192), Next::again);
  EXPECT_EQ(transfer.step(-ENOSPC), Next::failed);
  const IoCompletion completion = transfer.completion("/dev/x");
  ASSERT_FALSE(completion.outcome);
  EXPECT_EQ(completion.tag, 4u);
  EXPECT_EQ(completion.kind, IoKind::write);
  EXPECT_EQ(completion.outcome.error().code, ErrorCode::out_of_space);
  EXPECT_EQ(completion.outcome.error().where, "/dev/x @ byte 16384");
}

TEST(Transfer, takes_an_early_end_for_a_lost_drive) {
  Transfer transfer = write_of(8192);
  EXPECT_EQ(transfer.step(4096), Next::again);
  EXPECT_EQ(transfer.step(0), Next::failed);
  EXPECT_EQ(transfer.completion("/dev/x").outcome.error().code, ErrorCode::device_gone);
}

TEST(Transfer, survives_interruptions_but_not_for_ever) {
  Transfer transfer = write_of(4096);
  for (const int interruption : {EINTR, EAGAIN, ECANCELED})
    EXPECT_EQ(transfer.step(-interruption), Next::again);
  int steps = 0;
  while (transfer.step(-EINTR) == Next::again) ASSERT_LT(++steps, 1000);
  EXPECT_FALSE(transfer.completion("/dev/x").outcome);
}

TEST(Transfer, a_flush_is_done_when_it_returns) {
  Transfer good({.kind = IoKind::flush}, 4096);
  EXPECT_EQ(good.step(0), Next::done);
  Transfer bad({.kind = IoKind::flush}, 4096);
  EXPECT_EQ(bad.step(-EIO), Next::failed);
  EXPECT_EQ(bad.completion("/dev/x").outcome.error().code, ErrorCode::io_error);
}

RC_GTEST_PROP(TransferProperty, any_answers_end_and_never_skip_a_byte, ()) {
  const uint64_t length_bytes = *rc::gen::inRange<uint64_t>(1, 20) * 4096;
  Transfer transfer = write_of(length_bytes);
  uint64_t reached = transfer.offset_bytes();
  Next next = Next::again;
  for (int steps = 0; next == Next::again; ++steps) {
    RC_ASSERT(steps < 20 * 64 + 1);
    const auto result =
        *rc::gen::oneOf(rc::gen::inRange<int64_t>(0, static_cast<int64_t>(transfer.left_bytes()) + 1),
                        rc::gen::element<int64_t>(-EINTR, -EAGAIN, -EIO, 512, 4096));
    const uint64_t before = transfer.offset_bytes();
    next = transfer.step(result);
    RC_ASSERT(transfer.offset_bytes() >= before);
    if (result > 0) reached = std::max(reached, before + static_cast<uint64_t>(result));
    RC_ASSERT(transfer.offset_bytes() <= reached);  // never past what was moved
    if (next == Next::again) RC_ASSERT(transfer.left_bytes() % 4096 == 0);
  }
  RC_ASSERT(transfer.completion("x").outcome.has_value() == (next == Next::done));
  if (next == Next::done) RC_ASSERT(transfer.left_bytes() == 0u);
}

}  // namespace
}  // namespace seedbed
