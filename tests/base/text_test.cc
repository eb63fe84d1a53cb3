// engine/base/text: every conversion both ways, and what is ill-formed refused.
#include "engine/base/text.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace seedbed {
namespace {

TEST(Hex, WritesBothCasesAndReadsEither) {
  const Bytes bytes = {0x00, 0x0f, 0xa5, 0xff};
  EXPECT_EQ(hex_upper(bytes), "000FA5FF");
  EXPECT_EQ(hex_lower(bytes), "000fa5ff");
  EXPECT_EQ(parse_hex("000fA5Ff"), bytes);
  EXPECT_EQ(parse_hex(""), Bytes{});
  EXPECT_FALSE(parse_hex("0"));
  EXPECT_FALSE(parse_hex("0g"));
  EXPECT_FALSE(parse_hex(" 0"));
}

RC_GTEST_PROP(Hex, RoundTrips, (const Bytes& bytes)) {
  RC_ASSERT(parse_hex(hex_lower(bytes)) == bytes);
  RC_ASSERT(parse_hex(hex_upper(bytes)) == bytes);
}

TEST(Base64, VectorsOfRfc4648) {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : vectors) {
    EXPECT_EQ(base64(as_bytes(plain)), encoded);
    const auto back = parse_base64(encoded);
    ASSERT_TRUE(back) << encoded;
    EXPECT_EQ(as_text(*back), plain);
  }
}

TEST(Base64, RefusesWhatIsNoCanonicalText) {
  for (const char* text :
       {"Zg", "Zg=", "Z===", "====", "=g==", "Zg==Zg==", "Zm 9", "Zm9\n", "Zm9-", "Zm9_", "Zh==", "Zm9="})
    EXPECT_FALSE(parse_base64(text)) << text;
}

RC_GTEST_PROP(Base64, RoundTrips, (const Bytes& bytes)) {
  RC_ASSERT(parse_base64(base64(bytes)) == bytes);
}

RC_GTEST_PROP(Base64, AcceptsOneTextPerValue, ()) {
  const auto text = *rc::gen::container<std::string>(rc::gen::elementOf(std::string("ABQgZmw/+09==")));
  if (const auto bytes = parse_base64(text)) RC_ASSERT(base64(*bytes) == text);
}

TEST(Utf16, ConvertsEveryLengthOfSequence) {
  EXPECT_EQ(utf16_of("aé€😀"), u"aé€😀");
  EXPECT_EQ(utf8_of(u"aé€😀"), "aé€😀");
  EXPECT_EQ(utf16_of(std::string("\0x", 2)), std::u16string(u"\0x", 2));
  EXPECT_EQ(utf16_of("\U0010FFFF"), u"\U0010FFFF");
}

TEST(Utf16, RefusesIllFormedUtf8) {
  const char* const ill_formed[] = {
      "\x80",              // continuation without a lead
      "\xc0\x80",          // overlong NUL
      "\xc1\xbf",          // overlong
      "\xe0\x9f\xbf",      // overlong
      "\xf0\x8f\xbf\xbf",  // overlong
      "\xed\xa0\x80",      // surrogate
      "\xf4\x90\x80\x80",  // beyond U+10FFFF
      "\xf5\x80\x80\x80",
      "\xff",
      "\xc3",  // cut off
      "\xe2\x82",
      "\xf0\x9f\x98",
      "\xc3(",
  };
  for (const char* text : ill_formed) EXPECT_FALSE(utf16_of(text)) << hex_lower(as_bytes(text));
}

TEST(Utf16, RefusesLoneSurrogates) {
  for (const char16_t lone : {u'\xd800', u'\xdbff', u'\xdc00', u'\xdfff'}) {
    EXPECT_FALSE(utf8_of(std::u16string(1, lone)));
    EXPECT_FALSE(utf8_of(std::u16string(1, lone) + u"a"));
  }
  EXPECT_FALSE(utf8_of(u"\xd800\xd800"));
}

RC_GTEST_PROP(Utf16, EveryScalarValueRoundTrips, ()) {
  const auto points = *rc::gen::container<std::u32string>(rc::gen::suchThat(
      rc::gen::oneOf(rc::gen::inRange<char32_t>(0, 0x800), rc::gen::inRange<char32_t>(0, 0x110000)),
      [](char32_t point) { return point < 0xd800 || point >= 0xe000; }));
  std::u16string utf16;
  for (const char32_t point : points) {
    if (point >= 0x10000) {
      utf16 += static_cast<char16_t>(0xd7c0 + (point >> 10));
      utf16 += static_cast<char16_t>(0xdc00 + (point & 0x3ff));
    } else {
      utf16 += static_cast<char16_t>(point);
    }
  }
  const auto utf8 = utf8_of(utf16);
  RC_ASSERT(utf8.has_value());
  RC_ASSERT(utf16_of(*utf8) == utf16);
}

RC_GTEST_PROP(Utf16, WhatIsAcceptedConvertsBackUnchanged, (const std::string& text)) {
  if (const auto utf16 = utf16_of(text)) RC_ASSERT(utf8_of(*utf16) == text);
}

TEST(ParseU64, TakesDigitsOnly) {
  EXPECT_EQ(parse_u64("0"), 0u);
  EXPECT_EQ(parse_u64("18446744073709551615"), UINT64_MAX);
  for (const char* text : {"", "-1", "+1", " 1", "1 ", "0x1", "18446744073709551616", "1.0"})
    EXPECT_FALSE(parse_u64(text)) << text;
}

TEST(Guid, TextFollowsTheMixedEndianOrderOfWindows) {
  const auto guid =
      Guid::parse("4967D63B-2e29-4ad8-8399-f6a339e3d001");  // BitLocker's volume header signature
  ASSERT_TRUE(guid);
  EXPECT_EQ(hex_lower(guid->bytes), "3bd66749292ed84a8399f6a339e3d001");
  EXPECT_EQ(guid->text(), "4967d63b-2e29-4ad8-8399-f6a339e3d001");
  for (const char* text : {"", "4967d63b2e294ad88399f6a339e3d001", "4967d63b-2e29-4ad8-8399-f6a339e3d00",
                           "4967d63b-2e29-4ad8-8399-f6a339e3d00g", "{4967d63b-2e29-4ad8-8399-f6a339e3d001}",
                           "4967d63b-2e29-4ad8-8399--6a339e3d001"})
    EXPECT_FALSE(Guid::parse(text)) << text;
}

RC_GTEST_PROP(Guid, RoundTrips, (const std::array<uint8_t, 16>& bytes)) {
  RC_ASSERT(Guid::parse(Guid{bytes}.text()) == Guid{bytes});
}

TEST(JournalTime, KnownInstants) {
  EXPECT_EQ(utc_journal_text(0), "1970/01/01 00:00:00.000");
  EXPECT_EQ(utc_journal_text(1'478'111'054'735'999'999), "2016/11/02 18:24:14.735");
  EXPECT_EQ(utc_journal_text(-1), "1969/12/31 23:59:59.999");
  EXPECT_EQ(parse_utc_journal_text("2016/11/02 18:24:14.735"), 1'478'111'054'735'000'000);
  EXPECT_EQ(parse_utc_journal_text("2000/02/29 00:00:00.000"), 951'782'400'000'000'000);
}

TEST(JournalTime, RefusesWhatIsNoInstant) {
  for (const char* text : {"", "2016/11/02 18:24:14", "2016-11-02 18:24:14.735", "2016/13/01 00:00:00.000",
                           "2016/00/01 00:00:00.000", "2016/04/31 00:00:00.000", "2015/02/29 00:00:00.000",
                           "1900/02/29 00:00:00.000", "2016/01/00 00:00:00.000", "2016/01/01 24:00:00.000",
                           "2016/01/01 00:60:00.000", "2016/01/01 00:00:60.000", "1677/01/01 00:00:00.000",
                           "2262/01/01 00:00:00.000", "2016/01/01 00:00:00.0-1", "+016/01/01 00:00:00.000"})
    EXPECT_FALSE(parse_utc_journal_text(text)) << text;
  EXPECT_TRUE(parse_utc_journal_text("1678/01/01 00:00:00.000"));
  EXPECT_TRUE(parse_utc_journal_text("2261/12/31 23:59:59.999"));
}

RC_GTEST_PROP(JournalTime, RoundTripsEveryMillisecond, ()) {
  const int64_t ms = *rc::gen::inRange<int64_t>(-9'214'000'000'000, 9'214'000'000'000);
  RC_ASSERT(parse_utc_journal_text(utc_journal_text(ms * 1'000'000)) == ms * 1'000'000);
}

RC_GTEST_PROP(JournalTime, AnyTextIsRefusedOrRoundTrips, ()) {
  std::string text = "2016/02/28 18:24:14.735";
  const auto edits = *rc::gen::container<std::vector<std::pair<size_t, char>>>(
      rc::gen::pair(rc::gen::inRange<size_t>(0, 23), rc::gen::elementOf(std::string("0123456789/:. -"))));
  for (const auto& [at, c] : edits) text[at] = c;
  if (const auto instant = parse_utc_journal_text(text)) RC_ASSERT(utc_journal_text(*instant) == text);
}

TEST(Filetime, CountsFrom1601AndRoundsDown) {
  EXPECT_EQ(filetime_of(0), 116'444'736'000'000'000u);
  EXPECT_EQ(filetime_of(199), 116'444'736'000'000'001u);
  EXPECT_EQ(filetime_of(-1), 116'444'735'999'999'999u);
  EXPECT_EQ(filetime_of(-100), 116'444'735'999'999'999u);
}

TEST(HumanBytes, HasThreeDigitsInEveryUnit) {
  const std::pair<uint64_t, const char*> cases[] = {{0, "0 B"},
                                                    {999, "999 B"},
                                                    {1000, "1.00 kB"},
                                                    {9'994, "9.99 kB"},
                                                    {9'999, "10.0 kB"},
                                                    {12'340, "12.3 kB"},
                                                    {99'960, "100 kB"},
                                                    {999'499, "999 kB"},
                                                    {999'500, "1.00 MB"},
                                                    {1'250'000'000, "1.25 GB"},
                                                    {10'000'000'000'000, "10.0 TB"},
                                                    {UINT64_MAX, "18.4 EB"}};
  for (const auto& [bytes, text] : cases) EXPECT_EQ(human_bytes(bytes), text) << bytes;
}

RC_GTEST_PROP(HumanBytes, NeverShowsMoreThanThreeDigits, (uint64_t raw)) {
  const std::string text = human_bytes(raw >> *rc::gen::inRange(0, 64));
  RC_ASSERT(std::count_if(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; }) <= 3);
}

TEST(WithCommas, GroupsByThree) {
  EXPECT_EQ(with_commas(0), "0");
  EXPECT_EQ(with_commas(999), "999");
  EXPECT_EQ(with_commas(1000), "1,000");
  EXPECT_EQ(with_commas(1'234'567), "1,234,567");
  EXPECT_EQ(with_commas(UINT64_MAX), "18,446,744,073,709,551,615");
}

}  // namespace
}  // namespace seedbed
