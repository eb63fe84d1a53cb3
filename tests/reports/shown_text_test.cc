// Text made fit to be shown.
#include "reports/shown_text.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "engine/base/text.h"
#include "tests/reports/record_samples.h"

namespace seedbed {
namespace {

TEST(ShownText, WhatPrintsStaysAsItIs) {
  EXPECT_EQ(one_line("plain, Größe, 文件 🗄"), "plain, Größe, 文件 🗄");
  EXPECT_EQ(markup_text("two\nlines"), "two\nlines");
}

TEST(ShownText, WhatDoesNotPrintIsSpelledOut) {
  EXPECT_EQ(one_line("a\nb\tc\x1b[31m\x7f"), "a\\x0Ab\\x09c\\x1B[31m\\u{7F}");
  EXPECT_EQ(one_line("\u0085 \u202e \ufeff"), "\\u{85} \\u{202E} \ufeff");
  EXPECT_EQ(one_line(std::string("a\0b", 3)), "a\\x00b");
}

TEST(ShownText, BytesThatAreNoUtf8AreSpelledOutOneByOne) {
  EXPECT_EQ(one_line("\xff"), "\\xFF");
  EXPECT_EQ(one_line("\xc0\xaf"), "\\xC0\\xAF");  // not the shortest form
  EXPECT_EQ(one_line("\xe0\x80\xaf"), "\\xE0\\x80\\xAF");
  EXPECT_EQ(one_line("\xed\xa0\x80"), "\\xED\\xA0\\x80");  // a surrogate
  EXPECT_EQ(one_line("\xf4\x90\x80\x80"), "\\xF4\\x90\\x80\\x80");
  EXPECT_EQ(one_line("a\xe6\x96"), "a\\xE6\\x96");  // cut short
}

TEST(ShownText, MarkupIsEscaped) {
  EXPECT_EQ(markup_text("<a href=\"x\">&'"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
  EXPECT_EQ(markup_attribute("a\nb"), "a&#10;b");
}

TEST(ShownText, ShellWordsAreQuotedWhenTheyMustBe) {
  EXPECT_EQ(shell_word("suites/kill.toml@7"), "suites/kill.toml@7");
  EXPECT_EQ(shell_word("a b; $(c)"), "'a b; $(c)'");
  EXPECT_EQ(shell_word("it's"), "'it'\\''s'");
  EXPECT_EQ(shell_word(""), "''");
}

RC_GTEST_PROP(ShownText, AnyBytesBecomeTextInOneLine, ()) {
  const std::string shown = one_line(*any_bytes());
  RC_ASSERT(utf16_of(shown).has_value());
  for (const char c : shown) RC_ASSERT(static_cast<uint8_t>(c) >= 0x20);
  RC_ASSERT(one_line(shown) == shown);
}

}  // namespace
}  // namespace seedbed
