// engine/base/result: messages a person can act on, errno codes, TRY.
#include "engine/base/result.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>

namespace seedbed {
namespace {

TEST(Error, MessageSaysWhatWhereAndTheRemedy) {
  EXPECT_EQ((Error{ErrorCode::busy, "the drive is mounted", "", ""}).message(), "the drive is mounted");
  EXPECT_EQ((Error{ErrorCode::busy, "the drive is mounted", "/dev/sdb", ""}).message(),
            "the drive is mounted (/dev/sdb)");
  EXPECT_EQ((Error{ErrorCode::busy, "the drive is mounted", "/dev/sdb", "Unmount it."}).message(),
            "the drive is mounted (/dev/sdb). Unmount it.");
}

TEST(Error, EveryCodeHasAName) {
  for (int code = 0; code <= static_cast<int>(ErrorCode::internal); code++)
    EXPECT_STRNE(error_code_name(static_cast<ErrorCode>(code)), "unknown") << code;
}

TEST(Error, ErrnosGetTheirCodes) {
  const std::pair<int, ErrorCode> cases[] = {{ENOENT, ErrorCode::not_found},
                                             {EEXIST, ErrorCode::already_exists},
                                             {ENOTEMPTY, ErrorCode::already_exists},
                                             {EACCES, ErrorCode::permission_denied},
                                             {EROFS, ErrorCode::permission_denied},
                                             {ENOSPC, ErrorCode::out_of_space},
                                             {EDQUOT, ErrorCode::out_of_space},
                                             {ENODEV, ErrorCode::device_gone},
                                             {EWOULDBLOCK, ErrorCode::busy},
                                             {EISDIR, ErrorCode::invalid_argument},
                                             {ELOOP, ErrorCode::invalid_argument},
                                             {EXDEV, ErrorCode::invalid_argument},
                                             {EOPNOTSUPP, ErrorCode::unsupported},
                                             {EBADF, ErrorCode::internal},
                                             {EIO, ErrorCode::io_error}};
  for (const auto& [number, code] : cases)
    EXPECT_EQ(fail_errno(number, "call", "/x").error().code, code) << number;
  EXPECT_EQ(fail_errno(ENOENT, "open", "/x").error().message(), "open: No such file or directory (/x)");
}

Result<std::unique_ptr<int>> boxed(int value) {
  if (value < 0) return fail(ErrorCode::invalid_argument, "negative");
  return std::make_unique<int>(value);
}
Status positive(int value) {
  if (value <= 0) return fail(ErrorCode::refused, "not positive");
  return {};
}
Result<int> sum(int a, int b) {
  TRY(positive(a));
  const std::unique_ptr<int> left = TRY(boxed(a));  // moves what cannot be copied
  return *left + *TRY(boxed(b));
}

TEST(Try, TakesTheValueOrReturnsTheError) {
  EXPECT_EQ(sum(1, 2), 3);
  EXPECT_EQ(sum(0, 2).error().code, ErrorCode::refused);
  EXPECT_EQ(sum(1, -2).error().what, "negative");
}

Result<int> nested(int value) {
  return *TRY(boxed(*TRY(boxed(value)) - 1));
}

TEST(Try, Nests) {
  EXPECT_EQ(nested(5), 4);
  EXPECT_EQ(nested(0).error().what, "negative");
}

}  // namespace
}  // namespace seedbed
