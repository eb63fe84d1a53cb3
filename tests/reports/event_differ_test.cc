// Where two event logs part, and how that is shown.
#include "reports/event_differ.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/reports/record_samples.h"

namespace seedbed {
namespace {

using Lines = std::vector<std::string>;

TEST(EventDiffer, EqualLogsDoNotPart) {
  EXPECT_EQ(first_divergence(Lines{}, Lines{}), std::nullopt);
  EXPECT_EQ(first_divergence(Lines{"a", "b"}, Lines{"a", "b"}), std::nullopt);
}

TEST(EventDiffer, TheFirstLineThatDiffersIsFound) {
  EXPECT_EQ(first_divergence(Lines{"a", "b", "c"}, Lines{"a", "x", "y"}), (Divergence{1, 3, 3}));
  EXPECT_EQ(first_divergence(Lines{"a"}, Lines{"b"}), (Divergence{0, 1, 1}));
}

TEST(EventDiffer, ALogThatEndsEarlierParts) {
  EXPECT_EQ(first_divergence(Lines{"a", "b"}, Lines{"a"}), (Divergence{1, 2, 1}));
  EXPECT_EQ(first_divergence(Lines{}, Lines{"a"}), (Divergence{0, 0, 1}));
}

TEST(EventDiffer, BothSidesAreShownWithTheirContext) {
  const Lines a{"1 boot", "2 write", "3 flush", "4 write", "5 write", "6 write"};
  const Lines b{"1 boot", "2 write", "3 flush", "4 read", "5 halt"};
  EXPECT_EQ(divergence_text(a, b, *first_divergence(a, b), 1),
            "The runs part at event 4: the first has 6 events, the second 5 events.\n"
            "both:\n"
            "  3 flush\n"
            "first run:\n"
            "> 4 write\n"
            "  5 write\n"
            "second run:\n"
            "> 4 read\n"
            "  5 halt\n"
            "  (ends here)\n");
}

TEST(EventDiffer, AMissingEndIsShown) {
  const Lines a{"1 boot"}, b{"1 boot", "2\twrite\x1b"};
  EXPECT_EQ(divergence_text(a, b, *first_divergence(a, b), 3),
            "The runs part at event 2: the first has 1 event, the second 2 events.\n"
            "both:\n"
            "  1 boot\n"
            "first run:\n"
            "> (ends here)\n"
            "second run:\n"
            "> 2\\x09write\\x1B\n"
            "  (ends here)\n");
}

RC_GTEST_PROP(EventDiffer, ADivergenceIsWhereLinesDifferAndNoneBefore, ()) {
  const auto a = *rc::gen::container<Lines>(rc::gen::element(std::string("x"), std::string("y")));
  const auto b = *rc::gen::container<Lines>(rc::gen::element(std::string("x"), std::string("y")));
  const auto found = first_divergence(a, b);
  RC_ASSERT(found.has_value() == (a != b));
  if (!found) return;
  for (size_t i = 0; i < found->index; i++) RC_ASSERT(a[i] == b[i]);
  const bool both = found->index < a.size() && found->index < b.size();
  if (both) RC_ASSERT(a[found->index] != b[found->index]);  // RC_ASSERT(x || y) would evaluate both
  RC_ASSERT(!divergence_text(a, b, *found, *rc::gen::inRange<size_t>(0, 4)).empty());
}

}  // namespace
}  // namespace seedbed
