#include "scenarios/swarm.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "engine/base/random.h"
#include "scenarios/swarm_faults.h"

namespace seedbed {

namespace {

constexpr std::array<std::string_view, 3> kNames = {"swarm:drive", "swarm:chain", "swarm:services"};
constexpr uint64_t kVolumeBytes = 24 * MiB;  // what a file system of its own needs, amply
constexpr uint64_t kWeek_s = 7 * 24 * 3600;

// A power of two times 4 KiB, from 4 KiB to 4 KiB << steps.
uint64_t some_pages(Random& random, uint64_t steps) {
  return (4 * KiB) << random.below(steps + 1);
}

SourceSpec some_source(Random& random) {
  SourceSpec source;
  source.usual = random.chance(3, 4);
  source.random_files = random.chance(1, 3) ? 0 : random.below(25);
  source.random_bytes_max = random.chance(1, 2) ? 300'000 : 5'000;
  static constexpr uint64_t kEdges[] = {0, 1, 511, 512, 4095, 4096, 4097, 65'536, 1'048'576};
  for (uint64_t i = random.below(4); i > 0; i--) {
    const uint64_t edge = kEdges[random.below(std::size(kEdges))];
    source.files.push_back({fmt::format("edges/{}-{}", i, edge), edge});
  }
  if (!source.usual && source.random_files == 0 && source.files.empty())
    source.files.push_back({"edges/only", 1 + random.below(100'000)});
  return source;
}

uint64_t bytes_at_most(const SourceSpec& source) {
  uint64_t bytes = (source.usual ? 1 * MiB : 0) + source.random_files * (source.random_bytes_max + 4 * KiB);
  for (const SourceFile& file : source.files) bytes += round_up(file.size_bytes, 4 * KiB) + 4 * KiB;
  return bytes;
}

ComputerSpec some_computer(Random& random) {
  ComputerSpec computer;
  computer.workers = static_cast<unsigned>(1 + random.below(4));
  computer.chunk_bytes = static_cast<uint32_t>(some_pages(random, 6));
  computer.queue_bytes = some_pages(random, 7);
  computer.checkpoint_bytes = some_pages(random, 8);
  computer.redo_bytes = computer.checkpoint_bytes + computer.chunk_bytes * (1 + random.below(4));
  computer.buffer_bytes = computer.chunk_bytes * (4 + random.below(13));
  return computer;
}

std::vector<DriveSpec> some_drives(Random& random, uint64_t count, uint64_t capacity_bytes) {
  std::vector<DriveSpec> drives;
  for (uint64_t i = 0; i < count; i++) {
    DriveSpec drive{.name = fmt::format("d{}", i + 1)};
    drive.capacity_bytes = round_up(capacity_bytes + random.below(8 * MiB), 4096);
    drive.sectors = static_cast<SectorKind>(random.below(3));
    drive.volatile_cache = random.chance(3, 4);
    drive.power_loss_protected = random.chance(1, 5);
    drives.push_back(drive);
  }
  return drives;
}

// Sessions on each drive, in turn; now and then one is typed again.
std::vector<CommandSpec> some_sessions(Random& random, const std::vector<DriveSpec>& drives, bool usual) {
  std::vector<CommandSpec> commands;
  const uint64_t rounds = 1 + random.below(3);
  for (uint64_t round = 1; round <= rounds; round++)
    for (const DriveSpec& drive : drives) {
      CommandSpec command;
      command.session = fmt::format("session-{}", round);
      command.drive = drive.name;
      command.source = usual && random.chance(1, 2) ? "/source/dir" : "/source";
      command.destination = fmt::format("box/{}-{}/", drive.name, round);
      commands.push_back(command);
      if (random.chance(1, 8)) commands.push_back(command);
    }
  return commands;
}

// The way of the whole chain, with what people do again, forget for a while, or do besides.
std::vector<CommandSpec> some_chain(Random& random) {
  std::vector<CommandSpec> commands;
  const auto add = [&](CommandAction action, uint64_t again_in) {
    commands.push_back({.action = action, .drives = {}});
    if (again_in != 0 && random.chance(1, again_in)) commands.push_back(commands.back());
    if (random.chance(1, 12))
      commands.push_back({.action = CommandAction::wait, .drives = {}, .wait_s = 1 + random.below(kWeek_s)});
  };
  add(CommandAction::backup, 4);
  add(CommandAction::diskprep, 8);
  add(CommandAction::ship, 8);
  if (random.chance(1, 4)) add(CommandAction::backup, 0);
  add(CommandAction::deliver, 8);
  add(CommandAction::import, 8);
  add(CommandAction::send_back, 0);
  const uint64_t increments = 1 + random.below(3);
  for (uint64_t i = 0; i < increments; i++) {
    if (random.chance(3, 4)) add(CommandAction::edit, 6);
    add(CommandAction::backup, 6);
  }
  add(CommandAction::restore, 6);
  return commands;
}

void make_drives_alone(Random& random, Scenario& scenario) {
  const uint64_t rounds_max = 6;  // sessions of a drive, those typed again included
  const uint64_t bytes = kVolumeBytes + rounds_max * bytes_at_most(scenario.source);
  scenario.drives = some_drives(random, 1 + random.below(3), bytes);
  scenario.commands = some_sessions(random, scenario.drives, scenario.source.usual);
  scenario.operator_.after_interruption = static_cast<AfterInterruption>(random.below(3));
}

// What has decayed stays so, and an abort reads nothing back: then nobody puts things right or gives up.
bool any_damage(const std::vector<PlannedFault>& faults) noexcept {
  return std::ranges::any_of(faults, [](const PlannedFault& fault) { return !legal(fault.action); });
}

void make_chain(Random& random, Scenario& scenario) {
  ChainSpec chain;
  chain.two_computers = random.chance(1, 3);
  chain.blob_bytes_max = (1 + random.below(4)) * MiB;
  chain.chunk_bytes = some_pages(random, 2);
  chain.batch_bytes = std::max<uint64_t>(64 * KiB, 32 * chain.chunk_bytes) * (1 + random.below(2));
  scenario.chain = chain;
  scenario.drives =
      some_drives(random, 1 + random.below(3), kVolumeBytes + 2 * bytes_at_most(scenario.source));
  scenario.commands = some_chain(random);
  scenario.virtual_s_max = 8 * kWeek_s;
}

}  // namespace

std::optional<SwarmKind> swarm_named(std::string_view path) noexcept {
  for (size_t i = 0; i < kNames.size(); i++)
    if (path == kNames[i]) return static_cast<SwarmKind>(i);
  return std::nullopt;
}

std::string_view swarm_name(SwarmKind kind) noexcept {
  return kNames[static_cast<size_t>(kind)];
}

Scenario swarm_of(SwarmKind kind) {
  Scenario scenario;
  scenario.swarm = kind;
  scenario.file = scenario.name = swarm_name(kind);
  scenario.proves = "whatever a seed makes of the world survives, or is refused with a cause";
  scenario.tags = {"swarm"};
  scenario.expect.or_refused = true;
  return scenario;
}

std::shared_ptr<const Scenario> swarm_scenario(const Scenario& of, uint64_t seed) {
  Random random(sub_seed(seed, of.name));
  auto scenario = std::make_shared<Scenario>(of);
  scenario->seed = seed;
  scenario->source = some_source(random);
  scenario->computer = some_computer(random);
  scenario->operator_.boots_max = 60;
  scenario->operator_.heals_refusals = random.chance(1, 3);
  if (*of.swarm == SwarmKind::drive)
    make_drives_alone(random, *scenario);
  else
    make_chain(random, *scenario);
  std::vector<PlannedFault> faults = some_faults(random, *scenario);
  if (any_damage(faults)) {
    scenario->operator_.heals_refusals = false;
    if (scenario->operator_.after_interruption == AfterInterruption::abort)
      scenario->operator_.after_interruption = AfterInterruption::same_command;
  }
  faults.insert(faults.end(), of.faults.begin(), of.faults.end());
  scenario->faults = std::move(faults);
  return scenario;
}

}  // namespace seedbed
