// The medium is a value: copies share, and never see each other's writes.
#include "simulator/medium.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "engine/base/random.h"

namespace seedbed {
namespace {

Bytes filled(uint64_t length_bytes, uint64_t seed) {
  Bytes bytes(length_bytes);
  Random(seed).fill(bytes);
  return bytes;
}

Bytes content(const Medium& medium) {
  Bytes bytes(medium.capacity_bytes());
  medium.read(0, bytes);
  return bytes;
}

TEST(Medium, a_terabyte_costs_what_was_written) {
  Medium medium(10 * TiB);
  EXPECT_EQ(medium.pages(), 0u);
  medium.write(9 * TiB + 5, filled(4096, 1));  // across two pages
  EXPECT_EQ(medium.pages(), 2u);
  Bytes back(4096);
  medium.read(9 * TiB + 5, back);
  EXPECT_EQ(back, filled(4096, 1));
  medium.write(1 * TiB, Bytes(1 * MiB));  // zeros over nothing stay nothing
  EXPECT_EQ(medium.pages(), 2u);
  medium.discard({9 * TiB, 8192});
  EXPECT_EQ(medium.pages(), 0u);
}

TEST(Medium, copies_go_their_own_ways) {
  Medium original(4 * MiB);
  original.write(0, filled(64 * KiB, 1));
  const uint64_t hash = original.hash();
  Medium copy = original;
  EXPECT_EQ(copy.hash(), hash);
  copy.write(4096, filled(10, 2));
  EXPECT_EQ(original.hash(), hash);
  EXPECT_NE(copy.hash(), hash);
  const Medium second = copy;
  copy.discard({0, 4 * MiB});
  EXPECT_EQ(content(second)[4096], filled(10, 2)[0]);
  EXPECT_TRUE(all_zero(content(copy)));
}

TEST(Medium, the_hash_is_of_bytes_and_not_of_history) {
  Medium one(1 * MiB), other(1 * MiB);
  one.write(0, filled(8192, 1));
  one.write(100'000, filled(100, 2));
  other.write(100'000, filled(100, 2));
  other.write(500'000, filled(100, 3));
  other.write(500'000, Bytes(100));
  other.write(0, filled(8192, 1));
  EXPECT_EQ(one.hash(), other.hash());
  EXPECT_NE(one.hash(), Medium(1 * MiB).hash());
  EXPECT_NE(Medium(1 * MiB).hash(), Medium(2 * MiB).hash());
  Medium moved(1 * MiB);
  moved.write(4096, filled(8192, 1));
  Medium here(1 * MiB);
  here.write(0, filled(8192, 1));
  EXPECT_NE(moved.hash(), here.hash());
}

// Hashes are remembered: after any history, asked for at any time, they are those of a medium written at
// once.
RC_GTEST_PROP(MediumProperty, a_hash_asked_for_before_is_as_good_as_a_new_one, ()) {
  constexpr uint64_t kBytes = 3 * MiB;
  std::vector<Medium> media{Medium(kBytes)};
  const auto steps = *rc::gen::container<std::vector<uint32_t>>(rc::gen::arbitrary<uint32_t>());
  for (const uint32_t step : steps) {
    const size_t which = step % media.size();
    const uint64_t offset = uint64_t{step} * 7919 % (kBytes - 20'000);
    const uint64_t length = step % 20'000;
    switch (step % 5) {
      case 0:
        media[which].discard({offset, length});
        break;
      case 1:
        media.push_back(Medium(media[which]));
        break;
      case 2:
        (void)media[which].hash();
        break;
      case 3:
        media[which].write(offset, Bytes(length));
        break;
      default:
        media[which].write(offset, filled(length, step));
    }
  }
  for (const Medium& medium : media) {
    Medium at_once(kBytes);
    at_once.write(0, content(medium));
    RC_ASSERT(medium.hash() == at_once.hash());
  }
}

RC_GTEST_PROP(MediumProperty, behaves_as_an_array_of_bytes_through_copies, ()) {
  constexpr uint64_t kBytes = 3 * MiB;  // crosses the groups that pages come in
  struct Twin {
    Medium medium;
    Bytes model;
  };
  std::vector<Twin> twins{{Medium(kBytes), Bytes(kBytes)}};
  const auto steps = *rc::gen::inRange(1, 20);
  for (int i = 0; i < steps; ++i) {
    const auto which = *rc::gen::inRange<size_t>(0, twins.size());
    const auto offset = *rc::gen::inRange<uint64_t>(0, kBytes);
    const auto length = *rc::gen::inRange<uint64_t>(0, std::min<uint64_t>(kBytes - offset, 20'000) + 1);
    Twin& twin = twins[which];
    const auto place = twin.model.begin() + static_cast<std::ptrdiff_t>(offset);
    switch (*rc::gen::inRange(0, 4)) {
      case 0:
        twin.medium.discard({offset, length});
        std::fill_n(place, length, uint8_t{0});
        break;
      case 1: {
        Twin copied = twin;
        twins.push_back(std::move(copied));
        break;
      }
      default: {
        const Bytes data = filled(length, offset + length);
        twin.medium.write(offset, data);
        std::ranges::copy(data, place);
      }
    }
  }
  for (const Twin& twin : twins) RC_ASSERT(content(twin.medium) == twin.model);
}

}  // namespace
}  // namespace seedbed
