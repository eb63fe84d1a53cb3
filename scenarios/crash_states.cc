#include "scenarios/crash_states.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "engine/base/random.h"
#include "scenarios/world_future.h"

namespace seedbed {

namespace {

using Shape = Survivors::Shape;

// What the survivors are to a part that only has these effects: one value for all that are the same to it.
Survivors as_seen_by(const std::vector<PendingEffect>& pending, const Survivors& survivors) {
  if (pending.empty()) return {.shape = Shape::none};
  const auto of_first = [&](size_t count) -> Survivors {
    if (count == 0) return {.shape = Shape::none};
    if (count == pending.size()) return {.shape = Shape::all};
    return {.shape = Shape::prefix, .event = pending[count - 1].event};
  };
  const auto begin = pending.begin(), end = pending.end();
  switch (survivors.shape) {
    case Shape::none:
    case Shape::all:
    case Shape::seeded:
      return survivors;
    case Shape::torn:
      if (std::ranges::find(pending, survivors.event, &PendingEffect::event) != end) return survivors;
      [[fallthrough]];
    case Shape::prefix:
      return of_first(static_cast<size_t>(
          std::ranges::upper_bound(pending, survivors.event, {}, &PendingEffect::event) - begin));
    case Shape::all_but_one:
    case Shape::all_but:
      break;
  }
  const std::vector<uint64_t> one = {survivors.event};
  std::vector<uint64_t> lost;
  for (const uint64_t event : survivors.shape == Shape::all_but_one ? one : survivors.lost)
    if (std::ranges::find(pending, event, &PendingEffect::event) != end) lost.push_back(event);
  if (lost.size() == pending.size()) return {.shape = Shape::none};
  return Survivors::all_but(std::move(lost));
}

// In the order of events, whose they may ever be.
std::vector<PendingEffect> merged(std::vector<PendingEffect> a, const std::vector<PendingEffect>& b) {
  std::ranges::copy(b, std::back_inserter(a));
  std::ranges::stable_sort(a, {}, &PendingEffect::event);
  return a;
}

}  // namespace

std::vector<BoundedSurvivors> survivors_within_bound(const std::vector<PendingEffect>& pending,
                                                     const BoundOptions& bound) {
  std::vector<BoundedSurvivors> all;
  std::set<std::string> told;
  const auto add = [&](Survivors survivors, Wave wave = Wave::single) {
    if (told.insert(survivors.text()).second) all.push_back({std::move(survivors), wave});
  };
  add({.shape = Shape::none});
  if (pending.empty()) return all;
  add({.shape = Shape::all});
  for (size_t i = 0; i < pending.size(); i++) {
    const PendingEffect& effect = pending[i];
    const bool last = i + 1 == pending.size();
    if (!last) add({.shape = Shape::prefix, .event = effect.event});
    if (!last) add({.shape = Shape::all_but_one, .event = effect.event});
    if (effect.units > 1) add({.shape = Shape::torn, .event = effect.event, .units = effect.units / 2});
    if (last && effect.units > 2) {
      add({.shape = Shape::torn, .event = effect.event, .units = 1});
      add({.shape = Shape::torn, .event = effect.event, .units = effect.units - 1});
    }
  }
  // Of two effects all pairs are lost when none survives; of the last two, when a prefix does.
  if (pending.size() <= bound.pairs_most)
    for (size_t i = 0; i + 2 < pending.size(); i++)
      for (size_t j = i + 1; j < pending.size(); j++)
        add(Survivors::all_but({pending[i].event, pending[j].event}), Wave::pair);
  if (pending.size() > 1 || pending[0].units > 1)
    for (uint64_t i = 0; i < bound.samples; i++)
      add({.shape = Shape::seeded,
           .seed = sub_seed(bound.seed, fmt::format("sample {} of event {}", i, pending.back().event)) >> 16},
          Wave::sample);
  return all;
}

std::vector<BoundedSurvivors> survivors_of_second_crash(const std::vector<PendingEffect>& pending) {
  std::vector<BoundedSurvivors> all = {{.survivors = {.shape = Shape::none}}};
  if (pending.empty()) return all;
  all.push_back({.survivors = {.shape = Shape::all}});
  if (pending.size() > 1)
    for (const PendingEffect& effect : pending)
      all.push_back({.survivors = {.shape = Shape::all_but_one, .event = effect.event}});
  return all;
}

bool drive_is_at_work(const World& world) {
  const size_t command = std::min(world.command, world.scenario->commands.size() - 1);
  const CommandAction action = world.scenario->commands[command].action;
  return !of_the_chain(action) || action == CommandAction::diskprep;
}

size_t drive_at_work(const World& world) {
  const size_t command = std::min(world.command, world.scenario->commands.size() - 1);
  return world.index_of(world.scenario->commands[command].drive);
}

bool promise_outstanding(const World& world) {
  if (world.promises.durable_bytes > 0 || world.promises.completed) return true;
  const auto& chain = world.chain;
  return chain && (chain->staged || chain->job_created || chain->seed_ingested || !chain->point.empty());
}

// --- parts ---

void CrashHasher::FilesPart::look_at(const FileTree& now) {
  if (tree && tree->shares_all_with(now)) return;
  tree = std::make_unique<FileTree>(now);
  pending = now.pending();
  cut.clear();
}

uint64_t CrashHasher::FilesPart::seen() {
  const auto [known, is_new] = cut.try_emplace("");
  if (is_new) known->second = tree->hash(timeless);
  return known->second;
}

uint64_t CrashHasher::FilesPart::after_cut(const Survivors& survivors) {
  const Survivors mine = as_seen_by(pending, survivors);
  const auto [known, is_new] = cut.try_emplace(mine.text());
  if (is_new) {
    FileTree left = *tree;
    left.power_cut(mine);
    known->second = left.hash(timeless);
  }
  return known->second;
}

uint64_t CrashHasher::FilesPart::after_every_cut() {
  TraceHash hash;
  hash.mix(after_cut({.shape = Shape::none}));
  for (const PendingEffect& effect : pending) {
    hash.mix(after_cut({.shape = Shape::prefix, .event = effect.event}));
    hash.mix(after_cut({.shape = Shape::all_but_one, .event = effect.event}));
  }
  return hash.value();
}

void CrashHasher::look_at(const World& world) {
  files_.timeless = "/desk";
  files_.look_at(world.files);
  services_.timeless = "/";
  if (world.chain) services_.look_at(world.chain->services);
  drives_.resize(world.drives.size());
  for (size_t i = 0; i < world.drives.size(); i++) {
    const DriveState& drive = world.drives[i];
    DrivePart& part = drives_[i];
    std::vector<PendingEffect> pending = drive.pending();
    TraceHash hash;
    hash.mix(drive.hash());
    for (const PendingEffect& effect : pending) {
      hash.mix(effect.event);
      hash.mix(effect.in_flight ? 1 : 0);
    }
    if (part.known == hash.value()) continue;
    part.known = hash.value();
    part.pending = std::move(pending);
    part.in_flight.clear();
    std::ranges::copy_if(part.pending, std::back_inserter(part.in_flight), &PendingEffect::in_flight);
    part.cut.clear();
    part.killed.clear();
  }
}

uint64_t CrashHasher::drive_after(const World& world, size_t index, bool power, const Survivors& survivors) {
  DrivePart& part = drives_[index];
  const Survivors mine = as_seen_by(power ? part.pending : part.in_flight, survivors);
  const auto [known, is_new] = (power ? part.cut : part.killed).try_emplace(mine.text());
  if (is_new) {
    DriveState left = world.drives[index];
    power ? left.power_cut(mine) : left.kill(mine);
    known->second = left.hash();
  }
  return known->second;
}

// --- a world's crashes ---

std::vector<CrashHasher::Crash> CrashHasher::crashes_at(const CrashPoint& point, bool deep) {
  const World& world = point.world;
  look_at(world);
  looked_at_ = &point;
  std::vector<PendingEffect> on_drives, in_flight;
  for (const DrivePart& part : drives_) {
    on_drives = merged(std::move(on_drives), part.pending);
    in_flight = merged(std::move(in_flight), part.in_flight);
  }
  const bool imports = world.chain && world.command < world.scenario->commands.size() &&
                       world.scenario->commands[world.command].action == CommandAction::import;
  std::vector<Crash> crashes;
  crashes.push_back({imports ? FaultAction::datacentre_kill : FaultAction::kill, in_flight});
  crashes.push_back({FaultAction::host_power_cut, merged(on_drives, files_.pending)});
  if (deep) return crashes;
  if (drive_is_at_work(world)) crashes.push_back({FaultAction::drive_power_cut, on_drives});
  // The services' machine matters where it acts, or is about to be asked; and where nothing more is asked.
  if (world.chain && (point.event.machine == "service" || point.event.kind == EventKind::http_request ||
                      point.event.kind == EventKind::halt)) {
    crashes.push_back({FaultAction::service_kill, {}});
    crashes.push_back({FaultAction::service_power_cut, services_.pending});
  }
  return crashes;
}

uint64_t CrashHasher::hash(const CrashPoint& point, FaultAction action, const Survivors& survivors) {
  const World& world = point.world;
  if (looked_at_ != &point) look_at(world);
  looked_at_ = &point;
  const bool lives_on = computer_lives_on(action);
  const bool power = action == FaultAction::host_power_cut;
  TraceHash hash;
  hash.mix(power ? files_.after_cut(survivors) : files_.seen());
  if (!power) hash.mix(files_.after_every_cut());
  for (size_t index = 0; index < world.drives.size(); index++) {  // those in no slot may come back
    const bool cut = power || (action == FaultAction::drive_power_cut && index == drive_at_work(world));
    hash.mix(lives_on && !cut ? world.drives[index].hash() : drive_after(world, index, cut, survivors));
  }
  if (world.chain) {
    hash.mix(action == FaultAction::service_power_cut ? services_.after_cut(survivors) : services_.seen());
    if (action != FaultAction::service_power_cut) hash.mix(services_.after_every_cut());
  }
  mix_circumstances(hash, world);
  if (lives_on) {  // where the computer is counts too
    hash.mix(static_cast<uint64_t>(action));
    hash.mix(static_cast<uint64_t>(point.event.kind));
    hash.mix(point.event.place);
    hash.mix(point.event.machine);
    hash.mix(world.phase);
  }
  const Journey::Memory& memory = point.start->memory;
  hash.mix((memory.healed ? 1u : 0u) | (memory.refusal ? 2u : 0u) | (memory.short_form_refused ? 4u : 0u));
  for (const std::string& state : memory.oracles.job_states()) hash.mix(state);
  for (const FaultPlan::Standing& fault : world.faults.standings()) {  // what may still befall it
    const bool over = fault.fault.times != 0 && fault.fired >= fault.fault.times;
    const uint64_t waited = std::min(fault.fitted, fault.fault.when.nth - 1);
    hash.mix(over ? ~uint64_t{0} : fault.fault.times == 0 ? waited : waited + fault.fired);
    if (!over)
      for (const uint64_t fitted : fault.parts_fitted) hash.mix(fitted);
  }
  return hash.value();
}

}  // namespace seedbed
