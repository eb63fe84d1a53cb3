// The simulated drive's crash model is the contract, no less and no more: for random work of up to ten
// requests every subset that the contract allows is named by some survivors and gives exactly that state, and
// no survivors, nor the bound of exploration, give another.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "scenarios/crash_states.h"
#include "simulator/simulated_drive.h"
#include "tests/runtime/runtime_host.h"
#include "tests/soundness/brute_contract.h"

namespace seedbed::soundness {
namespace {

constexpr size_t kRequestsMax = 10;
constexpr size_t kOpenMax = 8;             // units in the balance: 256 subsets
constexpr uint64_t kSeedsMax = 4'000'000;  // tried for one state before it counts as unreachable

struct Step {
  unsigned kind = 0;            // 0 to 5 a write, 6 a discard, 7 and 8 a flush
  size_t first = 0, count = 1;  // in physical sectors
  unsigned reaps = 0;
};

enum class Sectors : uint8_t { n512, e512, n4k };

DeviceContract contract_of(Sectors sectors, uint64_t capacity_bytes) {
  switch (sectors) {
    case Sectors::n512:
      return contract_512n(capacity_bytes);
    case Sectors::e512:
      return contract_512e(capacity_bytes);
    default:
      return contract_4kn(capacity_bytes);
  }
}

struct Worked {
  Worked(const DriveState& drive_then, BruteContract contract_then)
      : drive(drive_then), contract(std::move(contract_then)) {}
  DriveState drive;  // with the requests in flight
  BruteContract contract;
  size_t requests = 0;
};

// The steps through the port, as a machine takes them, and what came of them.
Worked work(const std::vector<Step>& steps, const DeviceContract& contract, size_t units, uint64_t seed) {
  const size_t units_each = contract.physical_sector_bytes / contract.atomic_write_bytes;
  DriveState state("S1", contract, seed);
  BruteContract brute(units, contract.volatile_cache, contract.power_loss_protected);
  EventLog log(false);
  VirtualHost host;
  std::deque<AlignedBuffer> buffers;
  std::optional<Worked> worked;
  size_t requests = 0;
  host.run([&] {
    SimulatedDrive device(host.runtime(), state, &log);
    for (const Step& step : steps) {
      if (requests == kRequestsMax) break;
      const uint64_t tag = ++requests;
      IoRequest request{.kind = step.kind < 6    ? IoKind::write
                                : step.kind == 6 ? IoKind::discard
                                                 : IoKind::flush,
                        .tag = tag};
      const size_t count = step.count * units_each;
      const uint8_t value = request.kind == IoKind::discard ? 0 : static_cast<uint8_t>(tag);
      if (request.kind != IoKind::flush) {
        if (brute.open().size() + count > kOpenMax) continue;
        request.offset_bytes = step.first * contract.physical_sector_bytes;
        request.length_bytes = step.count * contract.physical_sector_bytes;
      }
      if (request.kind == IoKind::write) {
        buffers.emplace_back(request.length_bytes);
        std::ranges::fill(buffers.back().span(), value);
        request.data = buffers.back().data();
      }
      const Status taken = device.submit(request);
      EXPECT_TRUE(taken) << taken.error().message();
      if (request.kind == IoKind::flush)
        brute.flush_submitted(tag);
      else
        brute.write_submitted(tag, log.count(), step.first * units_each, count, value);
      std::vector<IoCompletion> done;
      EXPECT_TRUE(device.reap(done, step.reaps));
      for (const IoCompletion& completion : done) {
        EXPECT_TRUE(completion.outcome);
        brute.reaped(completion.tag);
      }
    }
    worked.emplace(state, brute);  // before the handle goes, and what is in flight with it
  });
  worked->requests = requests;
  return std::move(*worked);
}

Values values_of(const Medium& medium, size_t units, uint64_t unit_bytes) {
  Values values;
  for (size_t unit = 0; unit < units; ++unit) {
    Bytes bytes(unit_bytes);
    medium.read(unit * unit_bytes, bytes);
    EXPECT_EQ(bytes, Bytes(unit_bytes, bytes[0])) << "unit " << unit << " is torn";
    values.push_back(bytes[0]);
  }
  return values;
}

// Every subset, each by the first seed that names it; the real drive must then hold what brute force says.
uint64_t expect_every_subset(const Worked& worked, size_t units, bool kill) {
  const auto open = worked.contract.open(kill);
  const uint64_t wanted = uint64_t{1} << open.size(), unit_bytes = worked.drive.contract.atomic_write_bytes;
  std::set<uint64_t> found;
  for (uint64_t seed = 1; found.size() < wanted && seed < kSeedsMax; seed++) {
    const Survivors survivors{.shape = Survivors::Shape::seeded, .seed = seed};
    uint64_t mask = 0;
    Kept kept = Kept::none();
    for (size_t bit = 0; bit < open.size(); bit++) {
      if (open[bit].unit == 0) kept = survivors.of(open[bit].event, open[bit].units);
      if (kept.unit(open[bit].unit)) mask |= uint64_t{1} << bit;
    }
    if (!found.insert(mask).second) continue;
    DriveState drive = worked.drive;
    kill ? drive.kill(survivors) : drive.power_cut(survivors);
    const Medium& medium = kill ? drive.cache.visible() : drive.cache.durable();
    RC_ASSERT(values_of(medium, units, unit_bytes) == worked.contract.after(mask, kill));
  }
  RC_ASSERT(found.size() == wanted);  // all that the contract allows can happen
  return wanted;
}

std::vector<Survivors> every_shape(const Worked& worked) {
  using Shape = Survivors::Shape;
  std::vector<Survivors> all = {{.shape = Shape::none}, {.shape = Shape::all}};
  for (const auto& open : worked.contract.open()) {
    for (const Shape shape : {Shape::prefix, Shape::all_but_one})
      all.push_back({.shape = shape, .event = open.event});
    all.push_back({.shape = Shape::torn, .event = open.event, .units = open.unit});
  }
  // What exploration tries is said to be a part of it.
  for (const BoundedSurvivors& bounded : survivors_within_bound(worked.drive.pending(), {.samples = 5}))
    all.push_back(bounded.survivors);
  return all;
}

struct Measured {
  uint64_t sequences = 0, subsets = 0, states = 0, shapes = 0;
};

void check_one(Measured& measured) {
  const auto sectors = *rc::gen::element(Sectors::n512, Sectors::n512, Sectors::e512, Sectors::n4k);
  const uint64_t unit_bytes = sectors == Sectors::n4k ? 4096 : 512;
  const size_t places = sectors == Sectors::e512 ? 2 : 4;  // physical sectors of the drive
  const size_t units = sectors == Sectors::e512 ? 16 : 4;
  DeviceContract contract = contract_of(sectors, units * unit_bytes);
  contract.discards = true;
  contract.volatile_cache = *rc::gen::weightedElement<bool>({{5, true}, {1, false}});
  contract.power_loss_protected = *rc::gen::weightedElement<bool>({{5, false}, {1, true}});
  const auto numbers =
      *rc::gen::container<std::vector<uint32_t>>(14, rc::gen::inRange<uint32_t>(0, 1u << 16));
  std::vector<Step> steps;
  for (const uint32_t number : numbers) {
    Step step{.kind = number % 9, .first = number / 9 % places, .count = 1, .reaps = 0};
    step.count = 1 + number / 64 % (places - step.first);
    step.reaps = number / 1024 % 4;  // 3: all of them, mostly
    steps.push_back(step);
  }
  const Worked worked = work(steps, contract, units, *rc::gen::inRange<uint64_t>(0, 1000));
  measured.sequences++;
  measured.subsets += expect_every_subset(worked, units, false);
  measured.subsets += expect_every_subset(worked, units, true);
  const std::set<Values> allowed = worked.contract.every_state();
  measured.states += allowed.size();
  for (const Survivors& survivors : every_shape(worked)) {
    DriveState drive = worked.drive;
    drive.power_cut(survivors);
    measured.shapes++;
    RC_ASSERT(allowed.contains(values_of(drive.cache.durable(), units, unit_bytes)));
  }
}

// RC_PARAMS="max_success=N" for more than a hundred.
TEST(WriteCacheSoundness, crashes_give_every_state_of_the_contract_and_no_other) {
  Measured measured;
  EXPECT_TRUE(rc::check([&] { check_one(measured); }));
  std::cout << measured.sequences << " sequences, " << measured.subsets << " subsets each cut and compared, "
            << measured.states << " different states, " << measured.shapes << " survivors of other shapes\n";
  EXPECT_GT(measured.subsets, 10 * measured.sequences) << "most sequences left nothing in the balance";
}

// The comparison can fail: a drive whose flush lies does not keep the contract.
TEST(WriteCacheSoundness, a_drive_that_breaks_the_contract_is_found) {
  DriveState drive("S1", contract_512n(4 * 512));
  BruteContract brute(4, true, false);
  brute.write_submitted(1, 1, 0, 1, 7);
  drive.complete(drive.cache.submit_write(0, Bytes(512, 7), 1));
  brute.reaped(1);
  brute.flush_submitted(2);
  brute.reaped(2);  // said so, and did nothing
  drive.power_cut();
  EXPECT_FALSE(brute.every_state().contains(values_of(drive.cache.durable(), 4, 512)));
}

}  // namespace
}  // namespace seedbed::soundness
