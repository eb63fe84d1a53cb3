#include "scenarios/explorer.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace seedbed {

namespace {

// Whether something is lost whose sync was dropped: only then is there a difference to what would have been.
bool takes_undone(const World& world, const CrashHasher::Crash& crash, const Survivors& survivors) {
  if (crash.action != FaultAction::host_power_cut && crash.action != FaultAction::service_power_cut)
    return false;
  return std::ranges::any_of(crash.pending, [&](const PendingEffect& effect) {
    return world.defect_memory.undone.contains(effect.event) &&
           !survivors.of(effect.event, effect.units).whole(effect.units);
  });
}

// Collects the crash points of a run: from after event `from` to the end of boot `boot_last`.
class PointCollector {
 public:
  PointCollector(uint64_t from, uint64_t boot_last, ScenarioRunOptions& options)
      : from_(from), boot_last_(boot_last) {
    options.at_start = [this](const World& world, const Journey::Memory& memory) {
      start_ = std::make_shared<const JourneyStart>(JourneyStart{world, memory});
    };
    options.watch = [this](const World& world, const Event& event, EventSide side) {
      if (side == EventSide::before && event.number > from_ && world.boots <= boot_last_ &&
          (changes_state(event.kind) || event.kind == EventKind::halt))
        points.push_back({world, event, start_});
    };
  }
  std::vector<CrashPoint> points;

 private:
  uint64_t from_, boot_last_;
  std::shared_ptr<const JourneyStart> start_;
};

}  // namespace

uint64_t fired_in(const ScenarioRecord& record, size_t own_faults) noexcept {
  uint64_t fired = 0;
  for (size_t i = 0; i < std::min<size_t>({own_faults, record.faults.size(), 64}); i++)
    if (record.faults[i].fired > 0) fired |= uint64_t{1} << i;
  return fired;
}

bool explored_as_expected(const ScenarioRecord& record) noexcept {
  if (record.as_expected) return true;
  return record.expected == Verdict::refused && record.verdict == Verdict::survived &&
         std::ranges::any_of(record.faults, [](const FaultRecord& fault) { return fault.fired == 0; });
}

Explorer::Explorer(std::shared_ptr<const Scenario> scenario, ExploreOptions options)
    : scenario_(std::move(scenario)), options_(std::move(options)) {
  for (const JudgedState& state : options_.before) before_.emplace(state.hash, &state);
}

ScenarioRunOptions Explorer::options_with(const Faults& faults) const {
  ScenarioRunOptions options = options_.run;
  options.every_fault_must_fire = false;
  options.extra_faults = faults;
  return options;
}

Status Explorer::record_points() {
  ScenarioRunOptions options = options_with({});
  PointCollector collector(0, ~uint64_t{0}, options);
  const ScenarioRun run = TRY(run_scenario(scenario_, options_.seed, options));
  if (!run.record.as_expected)
    return fail(ErrorCode::refused,
                fmt::format("the run to be explored ends as {} by itself: {}",
                            verdict_name(run.record.verdict), run.record.why),
                scenario_->file, "Put it right first");
  totals_.fired |= fired_in(run.record, scenario_->faults.size());
  points_ = std::move(collector.points);
  totals_.crash_points = points_.size();
  return {};
}

void Explorer::list_states(const OnProgress& on_progress) {
  const BoundOptions bound{options_.samples, options_.pairs_most, options_.seed};
  for (size_t i = 0; i < points_.size() && !options_.stop(); i++) {
    bool all_pairs = true;
    size_t turn = 0;
    for (const CrashHasher::Crash& crash : hasher_.crashes_at(points_[i], false)) {
      all_pairs = all_pairs && crash.pending.size() <= bound.pairs_most;
      for (BoundedSurvivors& one : survivors_within_bound(crash.pending, bound)) {
        if (options_.undone_only && !takes_undone(points_[i].world, crash, one.survivors)) continue;
        totals_.states++;
        const uint64_t hash = hasher_.hash(points_[i], crash.action, one.survivors);
        if (!seen_.insert(hash).second) continue;
        totals_.distinct++;
        if (is_mine(hash)) totals_.mine++;
        if (is_mine(hash) || options_.depth > 1)
          states_.push_back({i, crash.action, std::move(one.survivors), hash, one.wave, turn++});
      }
    }
    if (!all_pairs) totals_.without_pairs++;
    if (i % 64 == 0) on_progress(totals_);
  }
  // By their hashes within a wave: whatever part of it there is time for is from everywhere.
  std::ranges::sort(states_, {}, [](const State& state) { return std::pair(state.wave, state.hash); });
  if (options_.depth > 1) totals_.to_expand = states_.size();
}

void Explorer::begin_where_it_acted() {
  if (!options_.run.defect) return;
  const uint64_t first = options_.run.defect->first_event();
  std::ranges::sort(states_, {}, [&](const State& state) {
    return std::tuple(points_[state.point].event.number < first, options_.undone_only ? state.turn : 0,
                      state.point, state.wave, state.hash);
  });
}

// What is to be played: the world that died; or, where the computer lives on and has to come to this point by
// itself, the world before its command, with the fault in its plan.
World Explorer::crashed(const State& state, const CrashPoint& point, const PlannedFault& fault) const {
  if (computer_lives_on(state.action)) {
    World world = point.start->world;
    world.faults.add(fault);
    return world;
  }
  World world = point.world;
  die_at(world, {state.action == FaultAction::host_power_cut, state.survivors, point.event.number},
         point.event.time_ns);
  world.events++;  // the fault: in a run from the start it is an event, too, and numbers what follows
  return world;
}

ScenarioRecord Explorer::judge(const State& state, const CrashPoint& point, const Faults& faults) {
  ScenarioRunOptions options = options_with(faults);
  options.boots = &boots_;
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
  const uint64_t recalled = boots_.recalled();
  for (;;) {
    passed.clear();
    ScenarioRun run = play_out(crashed(state, point, faults.back()), options,
                               !computer_lives_on(state.action), &point.start->memory);
    ScenarioRecord& record = run.record;
    if (run.ended_early && record.verdict == Verdict::survived) {  // else it is bad enough as it is
      const Rest& rest = known_.at(met);
      record.verdict = rest.verdict;
      record.expected = rest.expected;
      record.as_expected = rest.as_expected;
      record.why = rest.why;
      record.oracles = rest.oracles;
    }
    // What fails is really played, and told as its token will tell it.
    if (options.boots != nullptr && boots_.recalled() != recalled && !explored_as_expected(record)) {
      options.boots = nullptr;
      continue;
    }
    if (run.ended_early) totals_.joined++;
    for (const uint64_t future : passed)
      known_.emplace(future,
                     Rest{record.verdict, record.expected, record.as_expected, record.why, record.oracles});
    return std::move(record);
  }
}

bool Explorer::judge_mine(const std::vector<State>& states, const std::vector<CrashPoint>& points,
                          const Faults& first, const OnRecord& on_failure, const OnProgress& on_progress) {
  bool goes_on = true;  // what was judged before is counted to the end
  for (const State& state : states) {
    if (!is_mine(state.hash)) continue;
    JudgedState judged;
    judged.hash = state.hash;
    if (const auto known = before_.find(state.hash); known != before_.end()) {
      judged = *known->second;
      totals_.again++;
    } else {
      goes_on = goes_on && (options_.budget == 0 || judged_now_ < options_.budget) && !options_.stop();
      if (!goes_on) continue;
      judged_now_++;
      const CrashPoint& point = points[state.point];
      Faults faults = first;
      faults.push_back(fault_before(point.event.number, state.action, state.survivors));
      const ScenarioRecord record = judge(state, point, faults);
      totals_.fired |= fired_in(record, scenario_->faults.size());
      judged.promised = promise_outstanding(point.world);
      if (!explored_as_expected(record)) judged.failure = record.token;
      if (options_.on_judged) options_.on_judged(judged);
      if (!judged.failure.empty()) on_failure(record);
    }
    totals_.judged++;
    if (!first.empty()) totals_.deep_judged++;
    if (judged.promised) totals_.promised++;
    if (!judged.failure.empty()) totals_.failed++;
    totals_.real_us = options_.real_us() - start_us_;
    on_progress(totals_);
  }
  return goes_on;
}

std::vector<CrashPoint> Explorer::points_of_recovery(const State& first, const PlannedFault& fault) {
  const CrashPoint& point = points_[first.point];
  const bool lives_on = computer_lives_on(first.action);
  ScenarioRunOptions options = options_with({fault});
  PointCollector collector(point.event.number, point.world.boots + (lives_on ? 0 : 1), options);
  (void)play_out(crashed(first, point, fault), options, !lives_on, &point.start->memory);
  return std::move(collector.points);
}

bool Explorer::go_deeper(const OnRecord& on_failure, const OnProgress& on_progress) {
  for (const State& state : states_) {
    if ((options_.budget != 0 && judged_now_ >= options_.budget) || options_.stop()) return false;
    const PlannedFault fault = fault_before(points_[state.point].event.number, state.action, state.survivors);
    const std::vector<CrashPoint> points = points_of_recovery(state, fault);
    std::vector<State> found;
    for (size_t i = 0; i < points.size(); i++)
      for (const CrashHasher::Crash& second : hasher_.crashes_at(points[i], true))
        for (BoundedSurvivors& one : survivors_of_second_crash(second.pending)) {
          totals_.states++;
          totals_.deep_states++;
          const uint64_t hash = hasher_.hash(points[i], second.action, one.survivors);
          if (!seen_.insert(hash).second) continue;
          totals_.distinct++;
          if (!is_mine(hash)) continue;
          totals_.mine++;
          found.push_back({i, second.action, std::move(one.survivors), hash, one.wave, 0});
        }
    if (!judge_mine(found, points, {fault}, on_failure, on_progress)) return false;
    totals_.expanded++;
    on_progress(totals_);
  }
  return true;
}

Result<ExploreTotals> Explorer::run(const OnRecord& on_failure, const OnProgress& on_progress) {
  TRY(record_points());
  list_states(on_progress);
  begin_where_it_acted();
  start_us_ = options_.real_us();
  if (judge_mine(states_, points_, {}, on_failure, on_progress) && options_.depth > 1)
    go_deeper(on_failure, on_progress);
  return totals_;
}

}  // namespace seedbed
