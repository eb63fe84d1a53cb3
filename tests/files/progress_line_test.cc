// How progress reads, and how often it is told.
#include "engine/linux/progress_line.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "engine/linux/printable_text.h"

namespace seedbed {
namespace {

constexpr uint64_t kSecond_ns = 1'000'000'000;
constexpr uint64_t TB = 1'000'000'000'000, GB = 1'000'000'000;

Progress copied(uint64_t done_bytes, uint64_t elapsed_ns, uint64_t resumed_bytes = 0) {
  return {"copy", done_bytes, 10 * TB, elapsed_ns, resumed_bytes};
}

TEST(ProgressRate, CountsThisRunOnly) {
  EXPECT_EQ(progress_rate(copied(4 * TB, 10'000 * kSecond_ns)), 400'000'000u);
  EXPECT_EQ(progress_rate(copied(4 * TB, 10'000 * kSecond_ns, 3 * TB)), 100'000'000u);
  EXPECT_EQ(progress_left_s(copied(4 * TB, 10'000 * kSecond_ns, 3 * TB)), 60'000u);
}

TEST(ProgressRate, IsNothingWithoutTimeAndHasNoEndWithoutProgress) {
  EXPECT_FALSE(progress_rate(copied(1, 0)));
  EXPECT_EQ(progress_rate(copied(3 * TB, kSecond_ns, 3 * TB)), 0u);
  EXPECT_FALSE(progress_left_s(copied(3 * TB, kSecond_ns, 3 * TB)));
  EXPECT_FALSE(progress_rate(copied(1, kSecond_ns, 2)));
}

TEST(ProgressLine, ForALog) {
  EXPECT_EQ(progress_line(copied(4'500 * GB, 25'000 * kSecond_ns)),
            "copy: 45 %, 4.50 TB of 10.0 TB, 180 MB/s, 8:29:16 left");
  EXPECT_EQ(progress_line(copied(0, 0)), "copy: 0 %, 0 B of 10.0 TB");
  EXPECT_EQ(progress_line(copied(10 * TB, 90'061 * kSecond_ns)),
            "copy: 100 %, 10.0 TB of 10.0 TB, 111 MB/s, took 1 d 01:01");
  EXPECT_EQ(progress_line(copied(10 * TB - 1, 0)),
            "copy: 99 %, 10.0 TB of 10.0 TB");  // all but a byte is not all
  EXPECT_EQ(progress_line({"build", 0, 0, 0, 0}), "build: 100 %, 0 B of 0 B, took 0:00");
  EXPECT_EQ(progress_line({"ingest", 3 * TB, 0, 1000 * kSecond_ns, 0}),
            "ingest: 3.00 TB, 3.00 GB/s");  // no known end
}

TEST(ProgressBar, ForATerminal) {
  EXPECT_EQ(progress_bar(copied(4'500 * GB, 25'000 * kSecond_ns), 79),
            "copy   [#########            ]  45 %  4.50 TB of 10.0 TB  180 MB/s  ETA 8:29:16");
  EXPECT_EQ(progress_bar(copied(0, 0), 40), "copy   [         ]   0 %  0 B of 10.0 TB");
  EXPECT_EQ(progress_bar(copied(4'500 * GB, 25'000 * kSecond_ns), 60),
            "copy     45 %  4.50 TB of 10.0 TB  180 MB/s  ETA 8:29:16");  // no room for a bar
  EXPECT_EQ(progress_bar({"ingest", 3 * TB, 0, 1000 * kSecond_ns, 0}, 79), "ingest  3.00 TB  3.00 GB/s");
}

RC_GTEST_PROP(ProgressBar, FitsItsColumns, ()) {
  Progress progress;
  progress.stage =
      *rc::gen::elementOf(std::vector<std::string>{"build", "copy", "proof", "", "averyverylongstagename"});
  progress.done_bytes = *rc::gen::arbitrary<uint64_t>() >> *rc::gen::inRange(0, 64);
  progress.total_bytes = *rc::gen::arbitrary<uint64_t>() >> *rc::gen::inRange(0, 64);
  progress.resumed_bytes = *rc::gen::arbitrary<uint64_t>() >> *rc::gen::inRange(0, 64);
  progress.elapsed_ns = *rc::gen::arbitrary<uint64_t>() >> *rc::gen::inRange(0, 64);
  const unsigned columns = *rc::gen::inRange(20u, 200u);
  RC_ASSERT(progress_bar(progress, columns).size() <= columns);
  RC_ASSERT(progress_percent(progress) <= 100);
  RC_ASSERT((progress_percent(progress) == 100) == (progress.done_bytes >= progress.total_bytes));
  RC_ASSERT(!progress_line(progress).empty());
}

TEST(Duration, InTheUnitsThatMatter) {
  EXPECT_EQ(seconds_text(0), "0:00");
  EXPECT_EQ(seconds_text(7), "0:07");
  EXPECT_EQ(seconds_text(720), "12:00");
  EXPECT_EQ(seconds_text(30'190), "8:23:10");
  EXPECT_EQ(seconds_text(4 * 86'400 + 30'190), "4 d 08:23");
}

TEST(ProgressPace, TellsFirstStepsTimesAndTheLast) {
  ProgressPace pace(2 * kSecond_ns, 10);
  EXPECT_TRUE(pace.due(copied(0, 0)));
  EXPECT_FALSE(pace.due(copied(0, kSecond_ns)));
  EXPECT_TRUE(pace.due(copied(1, 2 * kSecond_ns)));  // 2 s later
  EXPECT_FALSE(pace.due(copied(999 * GB, 3 * kSecond_ns)));
  EXPECT_TRUE(pace.due(copied(1'000 * GB, 3 * kSecond_ns)));  // 10 % more
  EXPECT_FALSE(pace.due(copied(1'100 * GB, 4 * kSecond_ns)));
  EXPECT_TRUE(pace.due(copied(10 * TB, 4 * kSecond_ns)));    // the last, always
  EXPECT_FALSE(pace.due(copied(10 * TB, 60 * kSecond_ns)));  // and once
  EXPECT_TRUE(pace.due({"proof", 0, 10 * TB, 0, 0}));        // a new stage
  EXPECT_FALSE(pace.due({"proof", 1, 10 * TB, 1, 0}));
  EXPECT_TRUE(pace.due({"proof", 2, 10 * TB, 2 * kSecond_ns, 0}));
  EXPECT_TRUE(pace.due({"proof", 0, 10 * TB, 0, 0}));  // began anew
}

TEST(Printable, KeepsTextAndDisarmsTheRest) {
  EXPECT_EQ(printable_text("café € 😀 ~"), "café € 😀 ~");
  EXPECT_EQ(printable_text("a\x1b[2Jb\r\n\t\x7f"), "a\\x1b[2Jb\\x0d\\x0a\\x09\\x7f");
  EXPECT_EQ(printable_text("\xc2\x9b"
                           "31m"),
            "\\xc2\\x9b31m");                           // CSI as one C1 character
  EXPECT_EQ(printable_text("\xff\xc3"), "\\xff\\xc3");  // no UTF-8
  EXPECT_EQ(printable_text("gpj.\xe2\x80\xae"
                           "exe"),
            "gpj.\\xe2\\x80\\xaeexe");  // written backwards
  EXPECT_EQ(printable_text(std::string("\0", 1)), "\\x00");
}

RC_GTEST_PROP(Printable, LeavesNoControlCharacters, (const std::string& text)) {
  for (const char c : printable_text(text)) RC_ASSERT(static_cast<uint8_t>(c) >= 0x20 && c != 0x7f);
}

}  // namespace
}  // namespace seedbed
