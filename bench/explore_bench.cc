// Contents
//   DriveIo       requests/s through a simulated drive on fibres: writes of 64 KiB, a flush after each eighth
//   FileIo        calls/s of simulated files on fibres: a write of 4 KiB and a sync
//   CrashedWorld  crash worlds/s: a world in the middle of its data is copied, its power cut, and hashed
//   CrashState    target P5: crash states/s, each recovered by the engine and judged; kills and power cuts at
//                 every eighth event of an undisturbed session
//   ChainState    target P5: the same of the whole chain, to the restore and all ten oracles
//
// The scenarios are the default ones: one drive, a few small files. The first states of a process stretch its
// keys, before anything is timed. Nothing is remembered from state to state, as an exploration does: its own
// rate is what `seedbed explore` prints.
#include <benchmark/benchmark.h>

#include <stdexcept>

#include "engine/base/random.h"
#include "scenarios/scenario_file.h"
#include "scenarios/scenario_run.h"
#include "simulator/scheduler.h"
#include "simulator/simulated_drive.h"
#include "simulator/simulated_files.h"
#include "simulator/virtual_runtime.h"

namespace seedbed {
namespace {

void need(const Status& status) {
  if (!status) throw std::runtime_error(status.error().message());
}

template <typename T>
T value_of(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message());
  return std::move(*result);
}

// The loop of a benchmark as a task of a machine; the log counts and hashes as a world's does.
template <typename Body>
void on_a_fibre(Body body) {
  Scheduler scheduler({.seed = 1, .trace = {}});
  VirtualRuntime machine(scheduler, {.name = "bench", .workers = 1, .utc_ns = 0, .costs = CostTable::none()});
  EventLog log(false);
  Task task = machine.spawn("bench", [&] { body(machine, log); });
  need(scheduler.run());
}

void DriveIo(benchmark::State& state) {
  constexpr uint64_t kRequestBytes = 64 * KiB, kCapacityBytes = 64 * MiB;
  DriveState hardware("BENCH", contract_512e(kCapacityBytes), 1);
  AlignedBuffer data(kRequestBytes);
  Random(1).fill(data.span());
  int64_t requests = 0;
  on_a_fibre([&](Runtime& machine, EventLog& log) {
    SimulatedDrive drive(machine, hardware, &log);
    std::vector<IoCompletion> done;
    for (uint64_t at = 0; auto _ : state) {
      for (int i = 0; i < 8; i++, at = (at + kRequestBytes) % kCapacityBytes)
        need(drive.submit({.kind = IoKind::write,
                           .offset_bytes = at,
                           .length_bytes = kRequestBytes,
                           .data = data.data(),
                           .tag = 0}));
      done.clear();
      need(drive.reap(done, 8));
      need(flush_device(drive, drive.reset_epoch()));
      requests += 9;
    }
  });
  state.SetItemsProcessed(requests);
}
BENCHMARK(DriveIo);

void FileIo(benchmark::State& state) {
  constexpr uint64_t kPieceBytes = 4 * KiB, kFileBytes = 1 * MiB;
  const auto tree = std::make_shared<FileTree>();
  Bytes data(kPieceBytes);
  Random(1).fill(data);
  int64_t calls = 0;
  on_a_fibre([&](Runtime& machine, EventLog& log) {
    SimulatedFiles files(machine, tree, {.latency_ns = 0}, &log);
    const auto file = value_of(files.open("/file", OpenMode::create_new, 0600));
    for (uint64_t at = 0; auto _ : state) {
      need(file->write_at(at, data));
      need(file->sync());
      at = (at + kPieceBytes) % kFileBytes;
      calls += 2;
    }
  });
  state.SetItemsProcessed(calls);
}
BENCHMARK(FileIo);

struct Crash {
  World world;  // as the event finds it
  Event event;
  std::shared_ptr<const Journey::Memory> memory;  // of when the boot began
};

std::vector<Crash> crashes_of(std::string_view text) {
  const auto scenario = std::make_shared<const Scenario>(value_of(parse_scenario(text, "bench")));
  std::vector<Crash> crashes;
  uint64_t seen = 0;
  std::shared_ptr<const Journey::Memory> memory;
  ScenarioRunOptions options;
  options.at_start = [&](const World&, const Journey::Memory& now) {
    memory = std::make_shared<const Journey::Memory>(now);
  };
  options.watch = [&](const World& world, const Event& event, EventSide side) {
    if (side == EventSide::before && changes_state(event.kind) && seen++ % 8 == 0)
      crashes.push_back({world, event, memory});
  };
  const ScenarioRecord record = value_of(run_scenario(scenario, 1, options)).record;
  if (!record.as_expected) throw std::runtime_error("the undisturbed session goes wrong: " + record.why);
  return crashes;
}

const std::vector<Crash>& crashes() {
  static const std::vector<Crash> all = crashes_of("name = \"undisturbed\"\nproves = \"a rate\"\n");
  return all;
}
const std::vector<Crash>& crashes_of_the_chain() {
  static const std::vector<Crash> all = crashes_of("name = \"undisturbed\"\nproves = \"a rate\"\n[chain]\n");
  return all;
}

World dead(const Crash& crash, bool power) {
  World world = crash.world;
  die_at(world, {power, {.shape = Survivors::Shape::none}, crash.event.number}, crash.event.time_ns);
  return world;
}

void CrashedWorld(benchmark::State& state) {
  size_t next = 0;
  for (auto _ : state) benchmark::DoNotOptimize(dead(crashes()[next++ % crashes().size()], true).hash());
  state.SetItemsProcessed(static_cast<int64_t>(next));
}
BENCHMARK(CrashedWorld);

void judge_states(benchmark::State& state, const std::vector<Crash>& crashes) {
  ScenarioRunOptions options;
  options.every_fault_must_fire = false;
  const auto judge = [&](size_t number) {
    const Crash& crash = crashes[number / 2 % crashes.size()];
    const ScenarioRecord record =
        play_out(dead(crash, number % 2 == 1), options, true, crash.memory.get()).record;
    if (!record.as_expected) throw std::runtime_error(record.why);
  };
  for (size_t number = 0; number < 2; number++) judge(number);
  size_t next = 0;
  for (auto _ : state) judge(next++);
  state.SetItemsProcessed(static_cast<int64_t>(next));
}

void CrashState(benchmark::State& state) {
  judge_states(state, crashes());
}
BENCHMARK(CrashState)->Unit(benchmark::kMillisecond);

void ChainState(benchmark::State& state) {
  judge_states(state, crashes_of_the_chain());
}
BENCHMARK(ChainState)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace seedbed
