// What a power cut leaves of one file, held against every outcome that the contract allows.
#include "simulator/cached_content.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>

namespace seedbed {
namespace {

using Shape = Survivors::Shape;

Bytes content_of(const CachedContent& content) {
  Bytes out(content.size_bytes());
  EXPECT_EQ(content.read(0, out), out.size());
  return out;
}

Bytes after_cut(CachedContent content, const Survivors& survivors) {
  content.cut(survivors);
  return content_of(content);
}

Bytes operator+(Bytes left, const Bytes& right) {
  append(left, right);
  return left;
}

void write(CachedContent& content, uint64_t offset_bytes, const Bytes& data, uint64_t event) {
  EXPECT_EQ(
      content.write(offset_bytes, data, PagedBytes::kUnlimited, {event, static_cast<int64_t>(event) * 10}),
      data.size());
}

TEST(CachedContent, AnAppendIsTornAtAlignedPiecesOfTheFile) {
  CachedContent content;
  write(content, 0, Bytes(300, 'o'), 1);
  content.sync();
  write(content, 300, Bytes(1'000, 'n'), 2);  // [300, 512), [512, 1024), [1024, 1300)
  std::vector<PendingEffect> pending;
  content.add_pending(pending);
  ASSERT_EQ(pending.size(), 1u);
  EXPECT_EQ(pending[0].event, 2u);
  EXPECT_EQ(pending[0].units, 3u);
  for (const auto& [units, size_bytes] :
       std::vector<std::pair<uint64_t, size_t>>{{0, 300}, {1, 512}, {2, 1'024}, {3, 1'300}})
    EXPECT_EQ(after_cut(content, {.shape = Shape::torn, .event = 2, .units = units}),
              Bytes(300, 'o') + Bytes(size_bytes - 300, 'n'));
}

TEST(CachedContent, ALostAppendBeforeASurvivingOneIsAHoleOfZeros) {
  CachedContent content;
  write(content, 0, Bytes(512, 'a'), 1);
  write(content, 512, Bytes(512, 'b'), 2);
  write(content, 1'024, Bytes(100, 'c'), 3);
  EXPECT_EQ(after_cut(content, {.shape = Shape::all_but_one, .event = 2}),
            Bytes(512, 'a') + Bytes(512, 0) + Bytes(100, 'c'));
  EXPECT_EQ(after_cut(content, {.shape = Shape::all_but_one, .event = 3}), Bytes(512, 'a') + Bytes(512, 'b'));
}

TEST(CachedContent, ATruncationSurvivesWholeOrNotAtAll) {
  CachedContent content;
  write(content, 0, Bytes(5'000, 'o'), 1);
  content.sync();
  content.truncate(0, {2, 20});
  write(content, 0, Bytes(10, 'n'), 3);
  EXPECT_EQ(after_cut(content, {.shape = Shape::all}), Bytes(10, 'n'));
  EXPECT_EQ(after_cut(content, {.shape = Shape::prefix, .event = 2}), Bytes());
  EXPECT_EQ(after_cut(content, {.shape = Shape::all_but_one, .event = 2}),
            Bytes(10, 'n') + Bytes(4'990, 'o'));
  EXPECT_EQ(after_cut(content, {.shape = Shape::none}), Bytes(5'000, 'o'));
}

TEST(CachedContent, WhatWasCutOffAndGrownAgainReadsAsZerosAfterTheNextCutToo) {
  CachedContent content;
  write(content, 0, Bytes(5'000, 'o'), 1);
  content.sync();
  content.truncate(100, {2, 20});
  content.truncate(5'000, {3, 30});
  content.sync();
  EXPECT_EQ(after_cut(content, {.shape = Shape::none}), Bytes(100, 'o') + Bytes(4'900, 0));
}

TEST(CachedContent, AfterAFailedSyncTheNextSyncMakesDurableOnlyWhatIsWrittenAgain) {
  CachedContent content;
  write(content, 0, Bytes(100, 'o'), 1);
  content.sync();
  write(content, 0, Bytes(100, 'n'), 2);
  content.lose_sync();
  EXPECT_EQ(content_of(content), Bytes(100, 'n'));
  content.sync();
  EXPECT_EQ(content_of(content), Bytes(100, 'n'));  // seen all the same
  EXPECT_EQ(after_cut(content, {.shape = Shape::none}), Bytes(100, 'o'));
  EXPECT_EQ(after_cut(content, {.shape = Shape::all}), Bytes(100, 'n'));
  write(content, 0, Bytes(100, 'n'), 3);
  content.sync();
  EXPECT_EQ(after_cut(content, {.shape = Shape::none}), Bytes(100, 'n'));
}

TEST(CachedContent, AnAppendAfterAnOrphanedOneMayLeaveAHole) {
  CachedContent content;
  write(content, 0, Bytes(100, 'a'), 1);
  content.lose_sync();
  write(content, 100, Bytes(100, 'b'), 2);
  content.sync();
  EXPECT_EQ(after_cut(content, {.shape = Shape::none}), Bytes(100, 0) + Bytes(100, 'b'));
  EXPECT_EQ(after_cut(content, {.shape = Shape::all}), Bytes(100, 'a') + Bytes(100, 'b'));
}

TEST(CachedContent, AnOrphanNeverComesOverNewerSyncedBytes) {
  CachedContent content;
  write(content, 0, Bytes(1'000, 'o'), 1);
  content.lose_sync();
  write(content, 200, Bytes(100, 'n'), 2);
  content.sync();
  content.truncate(600, {3, 30});
  content.sync();
  for (uint64_t seed = 0; seed < 200; seed++) {
    const Bytes left = after_cut(content, {.shape = Shape::seeded, .seed = seed});
    ASSERT_EQ(left.size(), 600u);
    for (size_t i = 200; i < 300; i++) ASSERT_EQ(left[i], 'n') << seed;
  }
  EXPECT_EQ(after_cut(content, {.shape = Shape::all}), Bytes(200, 'o') + Bytes(100, 'n') + Bytes(300, 'o'));
}

TEST(CachedContent, AFailedSyncDoesNotTouchWhatIsWrittenLater) {
  CachedContent content;
  write(content, 0, Bytes(100, 'a'), 1);
  content.lose_sync();
  write(content, 512, Bytes(100, 'b'), 2);
  EXPECT_EQ(after_cut(content, {.shape = Shape::none}), Bytes());
  content.settle();
  EXPECT_FALSE(content.touched());
  EXPECT_EQ(after_cut(content, {.shape = Shape::none}), Bytes(100, 'a') + Bytes(412, 0) + Bytes(100, 'b'));
}

TEST(CachedContent, ACutLeavesNothingPending) {
  CachedContent content;
  write(content, 0, Bytes(100, 'a'), 1);
  EXPECT_EQ(content.cut({.shape = Shape::all}).value().time_ns, 10);
  EXPECT_FALSE(content.touched());
  EXPECT_EQ(content.cut({.shape = Shape::none}), std::nullopt);
  EXPECT_EQ(content_of(content), Bytes(100, 'a'));
}

TEST(CachedContent, CopiesAreIndependent) {
  CachedContent content;
  write(content, 0, Bytes(5'000, 'o'), 1);
  content.sync();
  write(content, 0, Bytes(10, 'p'), 2);
  CachedContent copy = content;
  write(copy, 10, Bytes(10, 'q'), 3);
  copy.sync();
  content.cut({.shape = Shape::none});
  EXPECT_EQ(content_of(content), Bytes(5'000, 'o'));
  EXPECT_EQ(content_of(copy), Bytes(10, 'p') + Bytes(10, 'q') + Bytes(4'980, 'o'));
  EXPECT_EQ(after_cut(copy, {.shape = Shape::none}), content_of(copy));
}

// --- against every legal outcome ---

// Nothing clever: all operations since the beginning, each sure or not, played anew for every subset.
class Reference {
 public:
  void add(uint64_t event, uint64_t at_bytes, std::optional<Bytes> data) {
    steps_.push_back({event, at_bytes, std::move(data), Fate::pending});
  }
  void sync(bool fails) {
    for (Step& step : steps_)
      if (step.fate == Fate::pending) step.fate = fails ? Fate::orphaned : Fate::sure;
  }
  // `keeps(event, unit)` of what is not sure.
  template <typename Keeps>
  Bytes left(Keeps keeps) const {
    Bytes bytes;
    for (const Step& step : steps_) {
      if (!step.data) {
        if (step.fate == Fate::sure || keeps(step.event, uint64_t{0})) bytes.resize(step.at_bytes);
        continue;
      }
      for (size_t i = 0; i < step.data->size(); i++) {
        const size_t at = step.at_bytes + i;
        if (step.fate != Fate::sure && !keeps(step.event, at / 512 - step.at_bytes / 512)) continue;
        if (bytes.size() <= at) bytes.resize(at + 1);
        bytes[at] = (*step.data)[i];
      }
    }
    return bytes;
  }
  uint64_t unsure_units() const {
    uint64_t units = 0;
    for (const Step& step : steps_)
      if (step.fate != Fate::sure) units += units_of(step);
    return units;
  }
  std::set<Bytes> legal() const {
    std::set<Bytes> outcomes;
    std::map<uint64_t, uint64_t> first_bit;
    uint64_t bits = 0;
    for (const Step& step : steps_) {
      first_bit[step.event] = bits;
      if (step.fate != Fate::sure) bits += units_of(step);
    }
    for (uint64_t subset = 0; subset < uint64_t{1} << bits; subset++)
      outcomes.insert(left(
          [&](uint64_t event, uint64_t unit) { return (subset >> (first_bit.at(event) + unit) & 1) != 0; }));
    return outcomes;
  }

 private:
  enum class Fate : uint8_t { pending, orphaned, sure };
  struct Step {
    uint64_t event = 0, at_bytes = 0;
    std::optional<Bytes> data;
    Fate fate = Fate::pending;
  };
  static uint64_t units_of(const Step& step) {
    return step.data ? (step.at_bytes + step.data->size() - 1) / 512 - step.at_bytes / 512 + 1 : 1;
  }
  std::vector<Step> steps_;
};

RC_GTEST_PROP(CachedContentModel, EveryCutLeavesOneOfTheLegalOutcomes, ()) {
  CachedContent content;
  Reference reference;
  const int steps = *rc::gen::inRange(1, 12);
  uint64_t event = 0;
  for (int i = 0; i < steps; i++) {
    const auto at_bytes = *rc::gen::elementOf(std::vector<uint64_t>{0, 200, 512, 1'000, 3'800, 4'096, 4'500});
    const int what = *rc::gen::inRange(0, 8);
    if (what < 4) {
      const Bytes data(*rc::gen::inRange<size_t>(1, 1'100), static_cast<uint8_t>('a' + event));
      write(content, at_bytes, data, ++event);
      reference.add(event, at_bytes, data);
    } else if (what == 4) {
      content.truncate(at_bytes, {++event, 0});
      reference.add(event, at_bytes, std::nullopt);
    } else if (what == 5) {
      content.lose_sync();
      reference.sync(true);
    } else {
      content.sync();
      reference.sync(false);
    }
    if (reference.unsure_units() > 7) {  // keeps the number of outcomes small
      content.settle();
      const Bytes all = reference.left([](uint64_t, uint64_t) { return true; });
      reference = {};
      reference.add(++event, 0, all);
      if (all.empty()) reference = {};
      reference.sync(false);
    }
  }
  const auto kept = [](bool keeps) { return [keeps](uint64_t, uint64_t) { return keeps; }; };
  RC_ASSERT(content_of(content) == reference.left(kept(true)));
  RC_ASSERT(after_cut(content, {.shape = Shape::none}) == reference.left(kept(false)));
  RC_ASSERT(after_cut(content, {.shape = Shape::all}) == reference.left(kept(true)));
  const auto cut_event = *rc::gen::inRange<uint64_t>(0, event + 1);
  RC_ASSERT(after_cut(content, {.shape = Shape::prefix, .event = cut_event}) ==
            reference.left([&](uint64_t number, uint64_t) { return number <= cut_event; }));
  RC_ASSERT(after_cut(content, {.shape = Shape::all_but_one, .event = cut_event}) ==
            reference.left([&](uint64_t number, uint64_t) { return number != cut_event; }));
  const auto units = *rc::gen::inRange<uint64_t>(0, 4);
  RC_ASSERT(after_cut(content, {.shape = Shape::torn, .event = cut_event, .units = units}) ==
            reference.left([&](uint64_t number, uint64_t unit) {
              return number < cut_event || (number == cut_event && unit < units);
            }));
  const std::set<Bytes> legal = reference.legal();
  for (int i = 0; i < 20; i++) {
    const auto seed = *rc::gen::arbitrary<uint64_t>();
    RC_ASSERT(legal.contains(after_cut(content, {.shape = Shape::seeded, .seed = seed})));
  }
}

TEST(CachedContent, SeedsReachEveryLegalOutcome) {
  CachedContent content;
  Reference reference;
  const auto add = [&](uint64_t event, uint64_t at_bytes, const Bytes& data) {
    write(content, at_bytes, data, event);
    reference.add(event, at_bytes, data);
  };
  add(1, 0, Bytes(900, 'a'));
  reference.sync(true);
  content.lose_sync();
  add(2, 500, Bytes(700, 'b'));
  const std::set<Bytes> legal = reference.legal();
  std::set<Bytes> found;
  for (uint64_t seed = 0; seed < 2'000; seed++)
    found.insert(after_cut(content, {.shape = Shape::seeded, .seed = seed}));
  EXPECT_EQ(found, legal);
}

}  // namespace
}  // namespace seedbed
