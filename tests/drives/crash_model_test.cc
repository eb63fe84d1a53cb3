// Whatever is done to a drive: what a cut or a kill leaves is what the contract allows, and everything that
// the contract allows can happen.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "simulator/drive_state.h"
#include "tests/drives/unit_model.h"

namespace seedbed {
namespace {

constexpr size_t kUnits = 6;
constexpr uint64_t kUnitBytes = 512;
using Values = std::vector<uint8_t>;

// Every byte of a unit must be the same: nothing tears a unit.
Values values_of(const Medium& medium) {
  Values values;
  for (size_t unit = 0; unit < kUnits; ++unit) {
    Bytes bytes(kUnitBytes);
    medium.read(unit * kUnitBytes, bytes);
    EXPECT_EQ(bytes, Bytes(kUnitBytes, bytes[0]));
    values.push_back(bytes[0]);
  }
  return values;
}

// A drive and its model, in step.
struct Pair {
  explicit Pair(const DeviceContract& contract) : drive("S1", contract), model(kUnits) {}

  size_t submit(size_t first, size_t count, uint8_t value) {
    const size_t id = writes.size();
    Write write{.first = first, .count = count, .event = 10 * (id + 1), .ticket = 0};
    const Extent extent{first * kUnitBytes, count * kUnitBytes};
    write.ticket = value == 0 ? drive.cache.submit_discard(extent, write.event)
                              : drive.cache.submit_write(extent.offset_bytes,
                                                         Bytes(extent.length_bytes, value), write.event);
    writes.push_back(write);
    model.submitted(id, first, count, value);
    return id;
  }
  void complete(size_t id) {
    drive.complete(writes[id].ticket);
    model.completed(id);
    if (!drive.contract.volatile_cache) model.flushed(model.completed());
  }
  void fail(size_t id) {
    drive.cache.abandon(writes[id].ticket);
    model.failed(id);
  }
  void kill(const Survivors& survivors) {
    model.killed([&](size_t id, size_t unit) {
      const Write& write = writes[id];
      return survivors.of(write.event, write.count).unit(unit - write.first);
    });
    if (!drive.contract.volatile_cache) model.flushed(model.completed());
    drive.kill(survivors);
  }

  struct Write {
    size_t first, count;
    uint64_t event, ticket;
  };
  DriveState drive;
  UnitModel model;
  std::vector<Write> writes;
};

struct Flush {
  uint64_t covers;
  UnitModel::Ids ids;
};

Survivors any_survivors(size_t writes) {
  Survivors survivors;
  survivors.shape = static_cast<Survivors::Shape>(*rc::gen::inRange(0, 6));
  survivors.event = *rc::gen::inRange<uint64_t>(writes < 10 ? 0 : writes - 10, writes + 2) * 10;
  survivors.units = *rc::gen::inRange<uint64_t>(0, kUnits);
  survivors.seed = *rc::gen::inRange<uint64_t>(0, 1'000'000);
  return survivors;
}

size_t one_of(const UnitModel::Ids& ids) {
  const auto at = *rc::gen::inRange<size_t>(0, ids.size());
  return *std::next(ids.begin(), static_cast<std::ptrdiff_t>(at));
}

void expect_within_contract(const UnitModel& model, const Values& found) {
  for (size_t unit = 0; unit < kUnits; ++unit) RC_ASSERT(model.legal(unit).contains(found[unit]));
}

DeviceContract any_contract() {
  DeviceContract contract = contract_512n(kUnits * kUnitBytes);
  contract.power_loss_protected = *rc::gen::weightedElement<bool>({{3, false}, {1, true}});
  contract.volatile_cache = *rc::gen::weightedElement<bool>({{4, true}, {1, false}});
  return contract;
}

enum class Step : uint8_t { submit, complete, fail, begin_flush, end_flush, kill, cut };

Step any_step() {
  return *rc::gen::weightedElement<Step>({{6, Step::submit},
                                          {6, Step::complete},
                                          {1, Step::fail},
                                          {2, Step::begin_flush},
                                          {2, Step::end_flush},
                                          {1, Step::kill},
                                          {1, Step::cut}});
}

RC_GTEST_PROP(CrashModel, what_cuts_and_kills_leave_is_what_the_contract_allows, ()) {
  Pair pair(any_contract());
  std::vector<Flush> flushes;
  const auto steps = *rc::gen::inRange(1, 200);
  for (int step = 0; step < steps; ++step) {
    switch (any_step()) {
      case Step::submit: {
        if (pair.drive.cache.unsettled() == 10) break;
        const auto first = *rc::gen::inRange<size_t>(0, kUnits);
        const auto count = *rc::gen::inRange<size_t>(1, kUnits - first + 1);
        const bool discards = *rc::gen::weightedElement<bool>({{4, false}, {1, true}});
        pair.submit(first, count, discards ? 0 : static_cast<uint8_t>(pair.writes.size() + 1));
        break;
      }
      case Step::complete:
        if (!pair.model.in_flight().empty()) pair.complete(one_of(pair.model.in_flight()));
        break;
      case Step::fail:
        if (!pair.model.in_flight().empty()) pair.fail(one_of(pair.model.in_flight()));
        break;
      case Step::begin_flush:
        flushes.push_back({pair.drive.cache.completed(), pair.model.completed()});
        break;
      case Step::end_flush: {
        if (flushes.empty()) break;
        const Flush flush = flushes.front();
        flushes.erase(flushes.begin());
        const auto how = *rc::gen::inRange(0, 4);  // 3: a lie, which does nothing
        if (how < 2) {
          pair.drive.flush(flush.covers);
          pair.model.flushed(flush.ids);
        } else if (how == 2) {
          pair.drive.cache.orphan(flush.covers);
          pair.model.flush_failed(flush.ids);
        }
        break;
      }
      case Step::kill:
        pair.kill(any_survivors(pair.writes.size()));
        flushes.clear();
        break;
      case Step::cut: {
        pair.drive.power_cut(any_survivors(pair.writes.size()));
        if (pair.drive.contract.power_loss_protected) pair.model.flushed(pair.model.completed());
        const Values found = values_of(pair.drive.cache.durable());
        expect_within_contract(pair.model, found);
        pair.model.cut(found);
        flushes.clear();
        RC_ASSERT(pair.drive.pending().empty());
        break;
      }
    }
    const Values visible = values_of(pair.drive.cache.visible());
    const Values durable = values_of(pair.drive.cache.durable());
    for (size_t unit = 0; unit < kUnits; ++unit) {
      RC_ASSERT(visible[unit] == pair.model.visible(unit));
      RC_ASSERT(durable[unit] == pair.model.settled(unit));
    }
  }
}

// Every combination of what the units may hold, and what cuts by many survivors give.
void expect_everything_legal_happens(const Pair& pair, const UnitModel& model) {
  std::set<Values> legal{{}};
  for (size_t unit = 0; unit < kUnits; ++unit) {
    std::set<Values> longer;
    for (const Values& values : legal)
      for (const uint8_t value : model.legal(unit)) {
        Values more = values;
        more.push_back(value);
        longer.insert(more);
      }
    legal = std::move(longer);
  }
  std::set<Values> found;
  const auto cut = [&](const Survivors& survivors) {
    DriveState drive = pair.drive;
    drive.power_cut(survivors);
    found.insert(values_of(drive.cache.durable()));
  };
  cut({.shape = Survivors::Shape::none});
  cut({.shape = Survivors::Shape::all});
  for (const auto& write : pair.writes) {
    cut({.shape = Survivors::Shape::prefix, .event = write.event});
    cut({.shape = Survivors::Shape::all_but_one, .event = write.event});
    for (uint64_t units = 0; units <= kUnits; ++units)
      cut({.shape = Survivors::Shape::torn, .event = write.event, .units = units});
  }
  for (uint64_t seed = 0; seed < 40'000; ++seed) cut({.seed = seed});
  EXPECT_EQ(found, legal) << found.size() << " of " << legal.size();
}

TEST(CrashReach, every_legal_state_of_writes_in_flight_can_happen) {
  Pair pair(contract_512n(kUnits * kUnitBytes));
  pair.submit(0, 4, 1);
  pair.submit(2, 3, 2);
  expect_everything_legal_happens(pair, pair.model);
}

TEST(CrashReach, every_legal_state_of_a_cache_with_all_sorts_of_writes_can_happen) {
  Pair pair(contract_512n(kUnits * kUnitBytes));
  pair.complete(pair.submit(0, 6, 1));
  pair.drive.flush(1);
  pair.model.flushed(pair.model.completed());
  pair.complete(pair.submit(1, 2, 2));
  pair.drive.cache.orphan(2);
  pair.model.flush_failed(pair.model.completed());
  pair.complete(pair.submit(2, 3, 3));
  pair.submit(3, 2, 0);
  expect_everything_legal_happens(pair, pair.model);
}

TEST(CrashReach, capacitors_leave_only_what_is_in_flight_to_chance) {
  DeviceContract contract = contract_512n(kUnits * kUnitBytes);
  contract.power_loss_protected = true;
  Pair pair(contract);
  pair.complete(pair.submit(0, 4, 1));
  pair.submit(2, 3, 2);
  UnitModel saved = pair.model;
  saved.flushed(saved.completed());
  expect_everything_legal_happens(pair, saved);
}

TEST(CrashReach, a_unit_is_as_long_as_the_drive_cannot_tear) {
  constexpr uint64_t kSector = 4096;
  Bytes given(4 * kSector);
  Random(1).fill(given);
  DriveState drive("S1", contract_4kn(4 * kSector));
  drive.complete(drive.cache.submit_write(0, given));
  ASSERT_EQ(drive.pending().size(), 1u);
  EXPECT_EQ(drive.pending()[0].units, 4u);
  std::set<std::array<bool, 4>> found;
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    DriveState copy = drive;
    copy.power_cut({.seed = seed});
    Bytes bytes(4 * kSector);
    copy.cache.durable().read(0, bytes);
    std::array<bool, 4> survived{};
    for (size_t i = 0; i < 4; ++i) {
      const ByteSpan sector = ByteSpan(bytes).subspan(i * kSector, kSector);
      survived[i] = !all_zero(sector);
      if (survived[i]) {
        ASSERT_TRUE(std::ranges::equal(sector, ByteSpan(given).subspan(i * kSector, kSector)));
      }
    }
    found.insert(survived);
  }
  EXPECT_EQ(found.size(), 16u);
}

}  // namespace
}  // namespace seedbed
