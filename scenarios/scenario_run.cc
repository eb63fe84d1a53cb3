#include "scenarios/scenario_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "scenarios/timeline.h"

namespace seedbed {

namespace {

// What a fault that is added may cost: the boot that it ends, a short form that has nothing to resume, and
// the whole command once more.
constexpr uint64_t kBootsOfAFault = 3;

// What the record says of the drive's work; the bound is oracle 6's.
void tell_work(const World& world, ScenarioRecord& record) {
  record.written_bytes = world.work.written_bytes;
  uint64_t padded_bytes = 0;
  for (const DriveSpec& drive : world.scenario->drives)
    if (const auto history = world.history(drive.name))
      for (const SessionHistory& session : history->sessions) {
        record.source_bytes += session.bytes;
        padded_bytes += session.bytes + session.files * history->drive.cluster_bytes;
      }
  record.redone_bytes = world.work.data_bytes - std::min(world.work.data_bytes, padded_bytes);
  record.redo_bound_bytes = world.work.interruptions * world.scenario->computer.redo_bytes;
}

void tell_faults(const World& world, const std::map<std::string, std::string>& fired_at,
                 ScenarioRecord& record) {
  for (const FaultPlan::Standing& standing : world.faults.standings()) {
    const auto at = fired_at.find(standing.fault.name);
    record.faults.push_back({.name = standing.fault.name,
                             .planned = std::max<uint64_t>(standing.fault.times, 1),
                             .fired = standing.fired,
                             .at = at == fired_at.end() ? "" : at->second});
  }
}

// Whether faults that break the contract happened and nothing of them is left: then "survived" is right where
// a refusal was expected.
bool damage_is_gone(const World& world) {
  static constexpr FaultAction kActions[] = {FaultAction::bit_rot, FaultAction::bad_sectors,
                                             FaultAction::stale_block, FaultAction::misdirected_write};
  const bool broke =
      std::ranges::any_of(kActions, [&](FaultAction action) { return world.faults.fired(action); });
  return broke &&
         std::ranges::all_of(world.drives, [](const DriveState& drive) { return drive.damaged().empty(); });
}

// A sync of the computer's own disk that lies does not count: it stands for a sync that the engine forgot.
bool a_drive_broke_its_contract(const World& world) {
  return std::ranges::any_of(world.faults.standings(), [](const FaultPlan::Standing& standing) {
    return standing.fired > 0 && !legal(standing.fault.action) &&
           standing.fault.action != FaultAction::sync_lie;
  });
}

// With a crash that the scenario does not have, damage may be found earlier, elsewhere, or be written over,
// and a lie may come to light: of a world whose drive broke its contract both ends are right that keep all
// promises.
void conclude_crashed(ScenarioRecord& record) {
  if (record.verdict == Verdict::survived && record.expected == Verdict::refused)
    record.expected = Verdict::survived;
  if (record.verdict == Verdict::refused && record.expected == Verdict::survived)
    record.expected = Verdict::refused;
}

void conclude(const Journey& journey, const ScenarioRunOptions& options, ScenarioRecord& record) {
  const ExpectSpec& expect = journey.world().scenario->expect;
  record.expected = expect.verdict;
  record.verdict = journey.verdict(record.why);
  const bool excused = !options.extra_faults.empty() && a_drive_broke_its_contract(journey.world());
  if (excused) conclude_crashed(record);
  if (record.verdict == Verdict::survived && expect.verdict == Verdict::refused &&
      damage_is_gone(journey.world())) {
    record.expected = Verdict::survived;
    record.why = "the damage was written over";
  }
  if (record.verdict == Verdict::refused && expect.or_refused) record.expected = Verdict::refused;
  record.as_expected = record.verdict == record.expected;
  if (record.as_expected && record.verdict == Verdict::refused && !excused &&
      record.why.find(expect.refusal) == std::string::npos) {
    record.as_expected = false;
    record.why = fmt::format("the refusal does not say \"{}\": {}", expect.refusal, record.why);
  }
  if (!record.as_expected || !options.every_fault_must_fire || journey.world().scenario->swarm) return;
  const auto silent = std::ranges::find(record.faults, uint64_t{0}, &FaultRecord::fired);
  if (silent != record.faults.end()) {
    record.verdict = Verdict::not_measured;
    record.as_expected = false;
    record.why = "never reached: " + silent->name;
  }
}

// `memory`: what was known before; null: nothing.
ScenarioRun play(World world, const ScenarioRunOptions& options, bool just_died,
                 const Journey::Memory* memory) {
  const uint64_t start_us = options.real_us();
  EventLog log(options.keep_events, world.events);
  Timeline timeline;
  std::map<std::string, std::string> fired_at;
  Event at_fault;
  const Journey::Memory fresh(world.chain.has_value());
  Journey journey(std::move(world), log, memory != nullptr ? *memory : fresh);
  journey.allow_boots(kBootsOfAFault * options.extra_faults.size());
  if (options.boots != nullptr) journey.remember_boots(*options.boots);
  journey.play(
      [&](const World& now, const Event& event, EventSide side) {
        timeline.see(now, event, side);
        if (event.kind == EventKind::fault && side == EventSide::before)
          fired_at.emplace(event.place, event_text(at_fault));
        else
          at_fault = event;
        if (options.watch) options.watch(now, event, side);
      },
      just_died, options.known_future, options.at_start);
  const World& end = journey.world();
  ScenarioRun run;
  run.ended_early = journey.ended_early();
  ScenarioRecord& record = run.record;
  record.name = end.scenario->name;
  record.file = end.scenario->file;
  record.proves = end.scenario->proves;
  record.tags = end.scenario->tags;
  record.seed = end.seed;
  record.token = RunToken{end.scenario->file, end.seed, options.extra_faults, end.scenario->edits,
                          end.defect ? end.defect->name() : ""}
                     .text();
  TraceHash hash;
  hash.mix(log.hash());
  hash.mix(end.hash());
  record.event_log_hash = fmt::format("{:016x}", hash.value());
  record.events = log.count();
  record.boots = end.boots;
  record.virtual_ns = end.elapsed_ns;
  tell_work(end, record);
  tell_faults(end, fired_at, record);
  record.oracles = journey.oracles().records();
  record.timeline = timeline.take();
  conclude(journey, options, record);
  const bool looks = options.second_look && !run.ended_early;
  if (const std::string doubt = looks ? options.second_look(end) : ""; !doubt.empty()) {
    record.verdict = Verdict::harness_broken;
    record.as_expected = false;
    record.why = doubt;
  }
  record.real_us = options.real_us() - start_us;
  run.events = log.events();
  return run;
}

}  // namespace

Result<ScenarioRun> run_scenario(const std::shared_ptr<const Scenario>& scenario, uint64_t seed,
                                 const ScenarioRunOptions& options) {
  if (!scenario->not_applicable.empty()) {
    ScenarioRun run;
    run.record.name = scenario->name;
    run.record.file = scenario->file;
    run.record.verdict = Verdict::not_applicable;
    run.record.why = scenario->not_applicable;
    return run;
  }
  auto planned = scenario;
  if (!options.extra_faults.empty()) {
    auto more = std::make_shared<Scenario>(*scenario);
    more->faults.insert(more->faults.end(), options.extra_faults.begin(), options.extra_faults.end());
    planned = std::move(more);
  }
  World world = TRY(World::make(std::move(planned), seed));
  world.defect = options.defect;
  return play(std::move(world), options, false, nullptr);
}

ScenarioRun play_out(World world, const ScenarioRunOptions& options, bool just_died,
                     const Journey::Memory* memory) {
  return play(std::move(world), options, just_died, memory);
}

}  // namespace seedbed
