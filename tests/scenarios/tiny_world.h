// A tiny scenario and worlds of it, for tests: two files, one small drive, and faults made in one line.
// Worlds can be caught in the middle of a boot.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "scenarios/fault_rules.h"
#include "scenarios/scenario_run.h"

namespace seedbed::test {

inline Scenario tiny() {
  Scenario scenario;
  scenario.file = "tiny.toml";
  scenario.name = "tiny";
  scenario.proves = "two files reach a drive";
  scenario.source.usual = false;
  scenario.source.files = {{"a.bin", 200'000}, {"dir/b.bin", 70'000}};
  scenario.drives[0].capacity_bytes = 16 * MiB;
  return scenario;
}

inline std::shared_ptr<const Scenario> shared(Scenario scenario) {
  return std::make_shared<const Scenario>(std::move(scenario));
}

// The nth event of the kind, in the phase ("": in any).
inline FaultTrigger nth(uint64_t nth, EventKind kind, std::string phase = "") {
  FaultTrigger when;
  when.nth = nth;
  when.event = kind;
  when.phase = std::move(phase);
  return when;
}
// The nth event of the phase.
inline FaultTrigger nth_in(std::string phase, uint64_t nth = 1) {
  FaultTrigger when;
  when.nth = nth;
  when.phase = std::move(phase);
  return when;
}

inline PlannedFault fault(FaultAction action, FaultTrigger when, std::string place = "") {
  PlannedFault planned;
  planned.action = action;
  planned.when = std::move(when);
  planned.place = std::move(place);
  planned.name = fault_name(planned);
  return planned;
}

inline Scenario with_fault(Scenario scenario, PlannedFault planned) {
  scenario.faults.push_back(std::move(planned));
  return scenario;
}

inline World world_of(Scenario scenario, uint64_t seed = 1) {
  auto made = World::make(shared(std::move(scenario)), seed);
  if (!made) throw std::runtime_error(made.error().message());
  return std::move(*made);
}

// The command that is next, given once.
inline BootEnd boot_once(World& world, const Watch& watch = {}) {
  EventLog log(false, world.events);
  return boot(world, world.words_of(world.scenario->commands[world.command]), log, watch);
}

inline std::string text_of(const BootEnd& end) {
  if (!end.stuck.empty()) return end.stuck;
  if (!end.outcome) return "died";
  return end.error() != nullptr ? end.error()->message() : "done";
}

using When = std::function<bool(const World&, const Event&)>;

// What a boot of a fresh world is before the first event that fits.
struct Caught {
  World world;
  Event event;
};
inline Caught caught(Scenario scenario, const When& when, uint64_t seed = 1) {
  std::optional<Caught> found;
  World world = world_of(std::move(scenario), seed);
  boot_once(world, [&](const World& now, const Event& event, EventSide side) {
    if (!found && side == EventSide::before && when(now, event)) found = Caught{now, event};
  });
  if (!found) throw std::runtime_error("no event fits");
  return std::move(*found);
}

// A world whose session is complete.
inline World completed(Scenario scenario, uint64_t seed = 1) {
  World world = world_of(std::move(scenario), seed);
  const BootEnd end = boot_once(world);
  if (!end.done()) throw std::runtime_error(text_of(end));
  world.command++;
  return world;
}

inline ScenarioRecord record_of(Scenario scenario, uint64_t seed = 1) {
  auto run = run_scenario(shared(std::move(scenario)), seed, {});
  if (!run) throw std::runtime_error(run.error().message());
  return std::move(run->record);
}

// Whether one of the oracle's findings says that.
inline bool finds(const ScenarioRecord& record, int number, std::string_view what) {
  for (const OracleRecord& oracle : record.oracles)
    for (const std::string& finding : oracle.findings)
      if (oracle.number == number && finding.find(what) != std::string::npos) return true;
  return false;
}

}  // namespace seedbed::test
