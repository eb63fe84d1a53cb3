#include "scenarios/explorer.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace seedbed {

std::vector<Survivors> survivors_within_bound(const std::vector<PendingEffect>& pending) {
  using Shape = Survivors::Shape;
  std::vector<Survivors> all = {{.shape = Shape::none}};
  if (pending.empty()) return all;
  all.push_back({.shape = Shape::all});
  for (size_t i = 0; i < pending.size(); i++) {
    const PendingEffect& effect = pending[i];
    const bool last = i + 1 == pending.size();
    if (!last) all.push_back({.shape = Shape::prefix, .event = effect.event});
    if (!last) all.push_back({.shape = Shape::all_but_one, .event = effect.event});
    if (effect.units > 1)
      all.push_back({.shape = Shape::torn, .event = effect.event, .units = effect.units / 2});
    if (last && effect.units > 2) {
      all.push_back({.shape = Shape::torn, .event = effect.event, .units = 1});
      all.push_back({.shape = Shape::torn, .event = effect.event, .units = effect.units - 1});
    }
  }
  return all;
}

// Whether anybody writes to a drive now: else a cut of its power takes nothing and nobody notices.
static bool drive_is_at_work(const World& world) {
  const size_t command = std::min(world.command, world.scenario->commands.size() - 1);
  const CommandAction action = world.scenario->commands[command].action;
  return !of_the_chain(action) || action == CommandAction::diskprep;
}

static size_t drive_at_work(const World& world) {
  const size_t command = std::min(world.command, world.scenario->commands.size() - 1);
  return world.slots.at(world.scenario->commands[command].drive);
}

Status Explorer::record_points() {
  ScenarioRunOptions options;
  options.defect = options_.defect;
  options.every_fault_must_fire = !options_.defect;
  options.watch = [&](const World& world, const Event& event, EventSide side) {
    if (side == EventSide::before && (changes_state(event.kind) || event.kind == EventKind::halt))
      points_.push_back({world, event});
  };
  options.at_start = [&](const World& world) { starts_.push_back(world); };
  const ScenarioRun run = TRY(run_scenario(scenario_, options_.seed, options));
  if (!run.record.as_expected)
    return fail(ErrorCode::refused,
                fmt::format("the run to be explored ends as {} by itself: {}",
                            verdict_name(run.record.verdict), run.record.why),
                scenario_->file, "Put it right first");
  return {};
}

uint64_t Explorer::hash_of(const Point& point, FaultAction action, const Survivors& survivors) const {
  TraceHash hash;
  World world = point.world;
  if (action == FaultAction::drive_power_cut) {
    // The computer lives on, so where it is counts too.
    world.drives[drive_at_work(world)].power_cut(survivors);
    hash.mix(static_cast<uint64_t>(point.event.kind));
    hash.mix(point.event.place);
    hash.mix(world.phase);
  } else {
    die_at(world, {action == FaultAction::host_power_cut, survivors, point.event.number},
           point.event.time_ns);
  }
  hash.mix(world.hash(World::FileTimes::source));
  hash.mix(world.command);
  hash.mix(world.promises.durable_bytes);
  hash.mix(world.promises.completed ? 1u : 0u);
  for (const FaultPlan::Standing& fault : world.faults.standings()) {  // what may still befall it
    const bool over = fault.fault.times != 0 && fault.fired >= fault.fault.times;
    const uint64_t waited = std::min(fault.fitted, fault.fault.when.nth - 1);
    hash.mix(over ? ~uint64_t{0} : fault.fault.times == 0 ? waited : waited + fault.fired);
  }
  return hash.value();
}

void Explorer::list_crash(size_t point, FaultAction action, const std::vector<PendingEffect>& pending) {
  for (const Survivors& survivors : survivors_within_bound(pending)) {
    totals_.states++;
    const uint64_t hash = hash_of(points_[point], action, survivors);
    if (!seen_.insert(hash).second) continue;
    totals_.distinct++;
    if (hash % options_.shards == options_.shard) states_.push_back({point, action, survivors});
  }
}

void Explorer::list_states() {
  for (size_t i = 0; i < points_.size(); i++) {
    const World& world = points_[i].world;
    std::vector<PendingEffect> on_drives, in_flight;
    for (const DriveState& drive : world.drives)
      for (const PendingEffect& effect : drive.pending()) {
        on_drives.push_back(effect);
        if (effect.in_flight) in_flight.push_back(effect);
      }
    std::vector<PendingEffect> everywhere = on_drives;
    std::ranges::copy(world.files.pending(), std::back_inserter(everywhere));
    for (auto* list : {&on_drives, &in_flight, &everywhere})
      std::ranges::sort(*list, {}, &PendingEffect::event);
    list_crash(i, FaultAction::kill, in_flight);
    list_crash(i, FaultAction::host_power_cut, everywhere);
    if (drive_is_at_work(world)) list_crash(i, FaultAction::drive_power_cut, on_drives);
  }
  totals_.crash_points = points_.size();
  totals_.mine = states_.size();
}

void Explorer::begin_where_it_acted() {
  if (!options_.defect) return;
  const auto first = std::ranges::find_if(states_, [&](const State& state) {
    return points_[state.point].event.number >= options_.defect->first_event();
  });
  std::ranges::rotate(states_, first);
}

// What was judged up to a known future, and how that ended.
static void take_rest(ScenarioRecord& record, const ScenarioRecord& rest) {
  if (record.verdict != Verdict::survived) return;  // bad enough as it is
  record.verdict = rest.verdict;
  record.expected = rest.expected;
  record.as_expected = rest.as_expected;
  record.why = rest.why;
  record.oracles = rest.oracles;
}

ScenarioRecord Explorer::judge(const State& state) {
  const Point& point = points_[state.point];
  ScenarioRunOptions options;
  options.every_fault_must_fire = false;
  options.defect = options_.defect;
  options.extra_faults = {fault_before(point.event.number, state.action, state.survivors)};
  ScenarioRecord record;
  // Where the computer lives on, it has to come to this point by itself: from the start of its command.
  const bool lives_on = state.action == FaultAction::drive_power_cut;
  World world = lives_on ? starts_.at(point.world.boots - 1) : point.world;
  if (lives_on)
    world.faults.add(options.extra_faults.front());
  else
    die_at(world, {state.action == FaultAction::host_power_cut, state.survivors, point.event.number},
           point.event.time_ns);
  std::vector<uint64_t> passed;
  uint64_t met = 0;
  options.known_future = [&](uint64_t future) {
    if (known_.contains(future)) {
      met = future;
      return true;
    }
    passed.push_back(future);
    return false;
  };
  ScenarioRun run = play_out(std::move(world), options, !lives_on);
  if (run.ended_early) {
    totals_.joined++;
    take_rest(run.record, known_.at(met));
  }
  for (const uint64_t future : passed) known_.emplace(future, run.record);
  return std::move(run.record);
}

Result<ExploreTotals> Explorer::run(const OnRecord& on_failure, const OnProgress& on_progress) {
  TRY(record_points());
  list_states();
  begin_where_it_acted();
  const uint64_t start_us = options_.real_us();
  for (const State& state : states_) {
    if (options_.budget != 0 && totals_.judged == options_.budget) break;
    if (options_.enough && options_.enough()) break;
    const ScenarioRecord record = judge(state);
    totals_.judged++;
    const Promises& promises = points_[state.point].world.promises;
    if (promises.durable_bytes > 0 || promises.completed) totals_.promised++;
    if (!record.as_expected) {
      totals_.failed++;
      on_failure(record);
    }
    totals_.real_us = options_.real_us() - start_us;
    on_progress(totals_);
  }
  return totals_;
}

}  // namespace seedbed
