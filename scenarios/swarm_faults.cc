#include "scenarios/swarm_faults.h"

#include <algorithm>

#include "scenarios/fault_rules.h"

namespace seedbed {

namespace {

using Action = FaultAction;

// How often an action is drawn, in which kinds of swarm.
struct Weight {
  Action action;
  uint64_t drive, chain, services;
};
constexpr Weight kWeights[] = {
    {Action::kill, 6, 6, 2},
    {Action::host_power_cut, 8, 8, 2},
    {Action::drive_power_cut, 4, 2, 0},
    {Action::unplug, 2, 1, 0},
    {Action::swap_drive, 1, 0, 0},
    {Action::write_error, 2, 1, 0},
    {Action::read_error, 2, 1, 0},
    {Action::flush_error, 3, 1, 0},
    {Action::flush_lie, 1, 0, 0},
    {Action::bit_rot, 1, 0, 0},
    {Action::bad_sectors, 1, 0, 0},
    {Action::disk_full, 2, 2, 0},
    {Action::file_error, 3, 3, 1},
    {Action::misdirected_write, 1, 0, 0},
    {Action::stale_block, 1, 0, 0},
    {Action::drive_stalls, 2, 1, 0},
    {Action::slow_drive, 1, 1, 0},
    {Action::link_reset, 2, 1, 0},
    {Action::replug_elsewhere, 1, 1, 0},
    {Action::clock_jump, 1, 1, 1},
    {Action::permission_denied, 1, 1, 0},
    {Action::late_request, 0, 1, 4},
    {Action::share_gone, 1, 1, 0},
    {Action::source_changed, 1, 1, 0},
    {Action::source_grown, 1, 1, 0},
    {Action::source_vanished, 1, 1, 0},
    {Action::timeout_before, 0, 1, 4},
    {Action::timeout_after, 0, 1, 4},
    {Action::connection_refused, 0, 1, 3},
    {Action::connection_cut, 0, 1, 3},
    {Action::answer_429, 0, 1, 2},
    {Action::answer_500, 0, 1, 2},
    {Action::answer_503, 0, 1, 2},
    {Action::duplicated_request, 0, 1, 4},
    {Action::service_kill, 0, 1, 4},
    {Action::service_power_cut, 0, 1, 4},
    {Action::datacentre_kill, 0, 1, 2},
};

uint64_t weight_in(const Weight& weight, SwarmKind kind) noexcept {
  return kind == SwarmKind::drive ? weight.drive : kind == SwarmKind::chain ? weight.chain : weight.services;
}

Action some_action(Random& random, SwarmKind kind) {
  uint64_t all = 0;
  for (const Weight& weight : kWeights) all += weight_in(weight, kind);
  uint64_t drawn = random.below(all);
  for (const Weight& weight : kWeights) {
    if (drawn < weight_in(weight, kind)) return weight.action;
    drawn -= weight_in(weight, kind);
  }
  return Action::kill;
}

bool breaks_data(Action action) noexcept {
  return action == Action::bit_rot || action == Action::bad_sectors || action == Action::misdirected_write ||
         action == Action::stale_block || action == Action::flush_lie;
}

// Whether the drive in the slot has become the journal's when the fault strikes: before, another drive is as
// good.
bool drive_is_chosen(const Scenario& scenario, const PlannedFault& fault) noexcept {
  return scenario.drives.size() == 1 &&
         (fault.when.phase == "build" || fault.when.phase == "metadata" || fault.when.phase == "data");
}

std::string some_phase(Random& random, const Scenario& scenario, Action action) {
  // What breaks behind the proof nobody can find: a person would have to read the drive again.
  static constexpr const char* kBeforeProof[] = {"build", "metadata", "data"};
  static constexpr const char* kSession[] = {"start", "intent",     "build", "metadata",
                                             "data",  "finalising", "proof", "closing"};
  static constexpr const char* kChain[] = {"backup", "shipping", "delivery", "import", "restore",
                                           "build",  "metadata", "data",     "closing"};
  // A source that changed before the session recorded it is none that can be put back for that session.
  if (breaks_data(action) || rule_of(action).place == ActionPlace::source_file)
    return kBeforeProof[random.below(std::size(kBeforeProof))];
  if (random.chance(1, 3)) return "";
  return scenario.chain ? kChain[random.below(std::size(kChain))]
                        : kSession[random.below(std::size(kSession))];
}

// An event that the action may stand on. Fatal ones strike mostly where something becomes durable.
std::optional<EventKind> some_event(Random& random, const FaultRule& rule) {
  static constexpr EventKind kDurable[] = {EventKind::drive_write, EventKind::drive_write_done,
                                           EventKind::drive_flush, EventKind::drive_flush_done,
                                           EventKind::file_write,  EventKind::file_sync,
                                           EventKind::rename,      EventKind::directory_sync};
  if (!rule.events.empty()) return rule.events[random.below(rule.events.size())];
  if (random.chance(1, 4)) return std::nullopt;
  return kDurable[random.below(std::size(kDurable))];
}

Survivors some_survivors(Random& random) {
  switch (random.below(4)) {
    case 0:
      return {.shape = Survivors::Shape::none};
    case 1:
      return {.shape = Survivors::Shape::all};
    default:
      return {.shape = Survivors::Shape::seeded, .seed = random.next() | 1};
  }
}

// The judge knows a source as it was and as it is: one that changes twice, or between two sessions, of one
// drive or of two, is judged by neither. Then it does not change.
bool source_may_change(const Scenario& scenario, const std::vector<PlannedFault>& before) noexcept {
  const bool one_session = std::ranges::none_of(
      scenario.commands, [](const CommandSpec& command) { return command.session != "session-1"; });
  const bool changes = std::ranges::any_of(before, [](const PlannedFault& fault) {
    return rule_of(fault.action).place == ActionPlace::source_file;
  });
  return !scenario.chain && scenario.drives.size() == 1 && one_session && !changes;
}

// A flush that lies and a later one that fails: what the first told durable the second gives up, and the
// drive's cache answers the proof as if it were there. Nobody can notice before the power goes.
bool unnoticeable(Action action, const std::vector<PlannedFault>& before) noexcept {
  const auto one_of = [&](Action other) {
    return std::ranges::find(before, other, &PlannedFault::action) != before.end();
  };
  return (action == Action::flush_lie && one_of(Action::flush_error)) ||
         (action == Action::flush_error && one_of(Action::flush_lie));
}

std::string some_source_file(Random& random, const Scenario& scenario) {
  static constexpr const char* kUsual[] = {"/source/a.bin", "/source/z.bin", "/source/dir/b.bin",
                                           "/source/one"};
  if (scenario.source.usual) return kUsual[random.below(std::size(kUsual))];
  if (!scenario.source.files.empty())
    return "/source/" + scenario.source.files[random.below(scenario.source.files.size())].path;
  return "";
}

}  // namespace

std::vector<PlannedFault> some_faults(Random& random, const Scenario& scenario) {
  std::vector<PlannedFault> faults;
  const uint64_t count = random.below(7);
  while (faults.size() < count) {
    PlannedFault fault;
    fault.action = some_action(random, *scenario.swarm);
    const FaultRule rule = rule_of(fault.action);
    fault.when.event = some_event(random, rule);
    fault.when.phase = some_phase(random, scenario, fault.action);
    fault.when.machine = "";
    if (fault.when.event == EventKind::http_handled) fault.when.machine = "service";
    if (random.chance(1, 2)) fault.when.boot = 1 + random.below(6);
    fault.when.nth = 1 + random.below(random.chance(1, 2) ? 5 : 60);
    if (!rule.only_before && random.chance(1, 2)) fault.when.side = EventSide::after;
    if (!rule.takes_survivors && rule.only_before && random.chance(1, 4)) fault.times = 1 + random.below(3);
    if (rule.takes_survivors) fault.survivors = some_survivors(random);
    if (rule.place == ActionPlace::drive)
      fault.place = scenario.drives[random.below(scenario.drives.size())].name;
    if (rule.place == ActionPlace::source_file) fault.place = some_source_file(random, scenario);
    if (rule.place == ActionPlace::source_file &&
        (fault.place.empty() || !source_may_change(scenario, faults)))
      continue;
    if (fault.action == Action::swap_drive && !drive_is_chosen(scenario, fault)) continue;
    if (unnoticeable(fault.action, faults)) continue;
    // A restore that may not set attributes says so, file by file, and goes on.
    if (fault.action == Action::permission_denied && fault.when.event == EventKind::set_attributes) continue;
    if (fault.action == Action::clock_jump)
      fault.by_s = static_cast<int64_t>(random.below(2 * 86'400)) - 86'400;
    if (rule.place == ActionPlace::path) fault.place = random.chance(1, 2) ? "/source" : "/desk";
    fault.name = fault_name(fault) + " #" + std::to_string(faults.size() + 1);
    faults.push_back(std::move(fault));
  }
  return faults;
}

}  // namespace seedbed
