#include "engine/volume/ntfs_name.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "engine/base/text.h"

namespace seedbed {
namespace {

TEST(NtfsName, TakesWhatNtfsAndWindowsHold) {
  for (const char* name : {"a", "file.txt", "größe – 日本語 😀", ".hidden", "a b", "$x", "..a", "CON1",
                           "a'b;c=d,e+f[g]{h}!#%&@^~`"})
    EXPECT_TRUE(ntfs_name(name)) << name;
  EXPECT_TRUE(ntfs_name(std::string(255, 'x')));
  std::string pairs;
  for (int i = 0; i < 127; ++i) pairs += "😀";  // two units each
  EXPECT_TRUE(ntfs_name(pairs + "x"));
  EXPECT_FALSE(ntfs_name(pairs + "xy"));
}

TEST(NtfsName, RefusesWhatEitherDoesNotHold) {
  for (const char* name : {"", ".", "..", "a.", "a ", " ", "a\"", "a*b", "a/b", "a:b", "<", ">", "?", "a\\b",
                           "a|b", "a\tb", "\x01", "\xff", "\xed\xa0\x80"}) {
    const auto result = ntfs_name(name);
    ASSERT_FALSE(result) << name;
    EXPECT_EQ(result.error().code, ErrorCode::invalid_argument);
  }
  EXPECT_FALSE(ntfs_name(std::string_view("a\0b", 3)));
  EXPECT_FALSE(ntfs_name(std::string(256, 'x')));
}

TEST(NtfsPath, TakesPathsApart) {
  const auto path = ntfs_path("/a/bc/d.e");
  ASSERT_TRUE(path);
  EXPECT_EQ(path->names, (std::vector<std::u16string>{u"a", u"bc", u"d.e"}));
  EXPECT_EQ(path->last(), "d.e");
  EXPECT_EQ(path->parent().text, "/a/bc");
  EXPECT_EQ(path->parent().parent().parent().text, "/");
  EXPECT_TRUE(path->parent().parent().parent().root());
  for (const char* text : {"", "a", "//", "/a/", "/a//b", "/a/./b", "/a/../b", "a/b"})
    EXPECT_FALSE(ntfs_path(text)) << text;
}

RC_GTEST_PROP(NtfsName, WhatItTakesComesBackUnchanged, (const std::string& text)) {
  const auto name = ntfs_name(text);
  if (!name) return;
  RC_ASSERT(utf8_of(*name) == text);
  RC_ASSERT(text.find_first_of("\"*/:<>?\\|") == std::string::npos);
  const auto path = ntfs_path("/" + text + "/" + text);
  RC_ASSERT((path.has_value() && path->names.size() == 2 && path->names[1] == *name));
}

}  // namespace
}  // namespace seedbed
