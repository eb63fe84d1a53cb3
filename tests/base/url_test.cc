// engine/base/url: what is well-formed comes apart and together again, the rest is refused.
#include "engine/base/url.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace seedbed {
namespace {

RC_GTEST_PROP(PercentCoding, GivesBackWhatItTook, (const std::string& text)) {
  RC_ASSERT(percent_decode(percent_encode(text)) == text);
  RC_ASSERT(percent_decode(percent_encode(text, "/")) == text);
}

TEST(PercentCoding, KeepsWhatItIsToldAndRefusesHalfEscapes) {
  EXPECT_EQ(percent_encode("a b/ä+", "/"), "a%20b/%C3%A4%2B");
  EXPECT_EQ(percent_decode("a+b%2b"), "a+b+");
  for (const char* wrong : {"%", "a%4", "%zz", "%4 "}) EXPECT_FALSE(percent_decode(wrong)) << wrong;
}

TEST(Url, ComesApart) {
  const auto url = parse_url("HTTP://LocalHost:10000/account/box/a%20b?comp=page&restype&x=a%26b");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->origin(), "http://localhost:10000");
  EXPECT_EQ(url->path, "/account/box/a%20b");
  EXPECT_EQ(url->target(), "/account/box/a%20b?comp=page&restype&x=a%26b");
  EXPECT_EQ(query_value(*url, "comp"), "page");
  EXPECT_EQ(query_value(*url, "restype"), "");
  EXPECT_EQ(query_value(*url, "x"), "a&b");
  EXPECT_FALSE(query_value(*url, "y"));
  EXPECT_EQ(parse_url("https://h")->port, 443);
  EXPECT_EQ(parse_url("https://h?q=1")->target(), "/?q=1");
  EXPECT_EQ(parse_url("/path?x=1")->scheme, "");
  EXPECT_EQ(parse_url("http://[::1]:80/")->origin(), "http://[::1]");
}

TEST(Url, RefusesWhatIsIllFormed) {
  for (const char* wrong :
       {"", "ftp://h/", "http://", "http://u@h/", "http://h:0/", "http://h:65536/", "http://h:x/",
        "http://h/a b", "http://h/%zz", "/a?x=%4", "/a#b", "a/b", "http://[::1/", "/a\n"})
    EXPECT_FALSE(parse_url(wrong)) << wrong;
}

TEST(HttpDate, IsThatOfTheStandard) {
  EXPECT_EQ(http_date(784'111'777'000'000'000), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), 784'111'777'000'000'000);
  EXPECT_EQ(http_date(-1), "Wed, 31 Dec 1969 23:59:59 GMT");
  for (const char* wrong : {"", "Mon, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 CET",
                            "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08.49.37 GMT"})
    EXPECT_FALSE(parse_http_date(wrong)) << wrong;
}

RC_GTEST_PROP(Dates, ReadBack, ()) {
  const int64_t seconds = *rc::gen::inRange<int64_t>(-9'000'000'000, 9'000'000'000);
  const int64_t ms = *rc::gen::inRange<int64_t>(0, 1000);
  RC_ASSERT(parse_http_date(http_date(seconds * 1'000'000'000)) == seconds * 1'000'000'000);
  const int64_t time = seconds * 1'000'000'000 + ms * 1'000'000;
  RC_ASSERT(parse_iso_date(iso_date(time)) == time);
}

TEST(IsoDate, TakesAnyFractionOrNone) {
  EXPECT_EQ(iso_date(1'478'111'054'735'000'000), "2016-11-02T18:24:14.7350000Z");
  EXPECT_EQ(parse_iso_date("2016-11-02T18:24:14Z"), 1'478'111'054'000'000'000);
  EXPECT_EQ(parse_iso_date("2016-11-02T18:24:14.7Z"), 1'478'111'054'700'000'000);
  for (const char* wrong : {"", "2016-11-02 18:24:14Z", "2016-11-02T18:24:14.Z", "2016-11-02T18:24:14",
                            "2016-11-32T18:24:14Z", "2016-11-02T18:24:14.xZ"})
    EXPECT_FALSE(parse_iso_date(wrong)) << wrong;
}

}  // namespace
}  // namespace seedbed
