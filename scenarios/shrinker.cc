#include "scenarios/shrinker.h"

#include <fmt/format.h>

#include <algorithm>

#include "scenarios/fault_rules.h"

namespace seedbed {

namespace {

using Kind = TomlValue::Kind;
using Shape = Survivors::Shape;

bool is_below(std::string_view path, std::string_view above) {
  return path.starts_with(above) && (path.size() == above.size() || path[above.size()] == '.');
}

// The commands that a scenario of the whole chain has when it names none, as files spell them.
constexpr const char* kUsualChain[] = {"backup",    "diskprep", "ship",   "deliver", "import",
                                       "send back", "edit",     "backup", "restore"};

void leaves_below(const TomlValue& value, const std::string& path, std::vector<std::string>& out) {
  for (size_t i = 0; i < value.items.size(); i++) {
    const TomlValue& item = value.items[i];
    const std::string below = path + "." + (value.kind == Kind::table ? item.key : std::to_string(i));
    out.push_back(below);
    if (item.kind == Kind::table) leaves_below(item, below, out);
  }
}

}  // namespace

std::vector<ScenarioEdit> edits_with(std::vector<ScenarioEdit> edits, ScenarioEdit edit) {
  std::erase_if(edits, [&](const ScenarioEdit& one) {
    return one.path == edit.path || (!edit.value && is_below(one.path, edit.path));
  });
  edits.push_back(std::move(edit));
  return edits;
}

// --- what is tried is run once ---

bool Shrinker::take(const std::string& what, ShrinkCandidate candidate) {
  if (runner_.spent() || !tried_.insert(candidate.text()).second) return false;
  auto run = runner_.run(candidate);
  if (!run || run->record.as_expected || FailureKind(run->record) != *kind_ || run->cost >= best_->cost)
    return false;
  best_ = std::move(*run);
  now_ = std::move(candidate);
  on_step_(runner_.runs(), what);
  return true;
}

bool Shrinker::take_first(std::vector<Change> changes) {
  for (Change& change : changes)
    if (take(change.what, std::move(change.candidate))) return true;
  return false;
}

bool Shrinker::set(const std::string& path, const std::string& value) {
  ShrinkCandidate candidate = now_;
  candidate.edits = edits_with(std::move(candidate.edits), {path, value});
  return take(path + " = " + value, std::move(candidate));
}

bool Shrinker::take_away(const std::string& path) {
  return take_away_of({path});
}

// What the file does not have is gone when its edits are.
static std::vector<ScenarioEdit> edits_without(std::vector<ScenarioEdit> edits, const std::string& path,
                                               bool in_file) {
  if (in_file) return edits_with(std::move(edits), {path, std::nullopt});
  std::erase_if(edits, [&](const ScenarioEdit& one) { return is_below(one.path, path); });
  return edits;
}

// All of them at once, else halves, quarters, … of those that are still there.
bool Shrinker::take_away_of(std::vector<std::string> paths) {
  bool any = false;
  for (size_t chunk = paths.size(); chunk > 0; chunk /= 2)
    for (size_t at = 0; at < paths.size();) {
      const size_t end = std::min(paths.size(), at + chunk);
      ShrinkCandidate candidate = now_;
      std::string what = "without";
      for (size_t i = at; i < end; i++) {
        candidate.edits = edits_without(std::move(candidate.edits), paths[i], original(paths[i]) != nullptr);
        what += " " + paths[i];
      }
      if (take(what, std::move(candidate))) {
        any = true;
        paths.erase(paths.begin() + static_cast<ptrdiff_t>(at), paths.begin() + static_cast<ptrdiff_t>(end));
      } else {
        at = end;
      }
    }
  return any;
}

// Smaller numbers, boldly first; from where one was taken again.
bool Shrinker::go_down(uint64_t from, const std::function<bool(uint64_t)>& with) {
  bool any = false;
  for (uint64_t value = from; value > 0;) {
    std::set<uint64_t> smaller;
    for (const uint64_t next : {uint64_t{0}, uint64_t{1}, value / 4, value / 2, value - value / 4, value - 1})
      if (next < value) smaller.insert(next);
    const auto taken = std::ranges::find_if(smaller, with);
    if (taken == smaller.end()) break;
    any = true;
    value = *taken;
  }
  return any;
}

const TomlValue* Shrinker::original(std::string_view path) const {
  const TomlValue* at = &runner_.document();
  while (at != nullptr && !path.empty()) {
    const std::string_view part = path.substr(0, path.find('.'));
    path.remove_prefix(std::min(path.size(), part.size() + 1));
    const TomlValue* next = nullptr;
    for (size_t i = 0; i < at->items.size(); i++)
      if (at->kind == Kind::table ? at->items[i].key == part : std::to_string(i) == part)
        next = &at->items[i];
    at = next;
  }
  return at;
}

std::vector<std::string> Shrinker::standing(const std::string& list) const {
  std::vector<std::string> paths;
  const TomlValue* items = original(list);
  const size_t in_file = items == nullptr ? 0 : items->items.size();
  for (size_t i = 0;; i++) {
    const std::string path = fmt::format("{}.{}", list, i);
    const bool made = std::ranges::any_of(
        now_.edits, [&](const ScenarioEdit& edit) { return edit.value && is_below(edit.path, path); });
    if (i >= in_file && !made) return paths;
    const bool gone = std::ranges::any_of(
        now_.edits, [&](const ScenarioEdit& edit) { return !edit.value && is_below(path, edit.path); });
    if (!gone) paths.push_back(path);
  }
}

// --- the passes ---

bool Shrinker::fewer_faults() {
  bool any = false;
  for (size_t i = now_.faults.size(); i-- > 0;) {
    ShrinkCandidate candidate = now_;
    candidate.faults.erase(candidate.faults.begin() + static_cast<ptrdiff_t>(i));
    any = take("without " + now_.faults[i].text(), std::move(candidate)) || any;
  }
  return take_away_of(standing("fault")) || any;
}

// Simple shapes for the seeded and the odd; a draw of the scenario's seed becomes what was drawn, so that it
// stays when another fault goes.
bool Shrinker::simpler_survivors() {
  bool any = false;
  for (size_t i = 0; i < now_.faults.size(); i++) {
    std::vector<Change> changes;
    const auto with = [&](Survivors survivors, std::vector<EventAddress> events) {
      ShrinkCandidate candidate = now_;
      candidate.faults[i].survivors = std::move(survivors);
      candidate.faults[i].survivor_events = std::move(events);
      changes.push_back({candidate.faults[i].text(), std::move(candidate)});
    };
    const PlacedFault& fault = now_.faults[i];
    with({.shape = Shape::none}, {});
    with({.shape = Shape::all}, {});
    for (const EventAddress& event : fault.survivor_events) {
      with({.shape = Shape::prefix, .event = 1}, {event});
      with({.shape = Shape::all_but_one, .event = 1}, {event});
    }
    any = take_first(std::move(changes)) || any;
  }
  const auto paths = standing("fault");
  for (size_t i = 0; i < paths.size() && i < best_->scenario->faults.size(); i++) {
    if (!rule_of(best_->scenario->faults[i].action).takes_survivors) continue;
    if (set(paths[i] + ".survivors", "none") || set(paths[i] + ".survivors", "all")) {
      any = true;
      continue;
    }
    const auto world = World::make(best_->scenario, now_.seed);
    if (world)
      any = set(paths[i] + ".survivors", world->faults.standings().at(i).fault.survivors.text()) || any;
  }
  return any;
}

bool Shrinker::fewer_commands() {
  const auto paths = standing("command");
  if (!paths.empty()) return take_away_of(paths);
  if (!best_->scenario->chain) return false;
  for (size_t count = 1; count < std::size(kUsualChain); count++) {
    ShrinkCandidate candidate = now_;
    for (size_t i = 0; i < count; i++)
      candidate.edits.push_back({fmt::format("command.{}.do", i), kUsualChain[i]});
    if (take(fmt::format("the first {} commands", count), std::move(candidate))) return true;
  }
  return false;
}

bool Shrinker::less_data() {
  bool any = take_away_of(standing("drive"));
  const auto& source = [&]() -> const SourceSpec& { return best_->scenario->source; };
  if (source().usual) any = set("source.usual", "false") || any;
  any = take_away_of(standing("source.files")) || any;
  any = go_down(source().random_files,
                [&](uint64_t files) { return set("source.random_files", std::to_string(files)); }) ||
        any;
  if (source().random_files > 0)
    any = go_down(source().random_bytes_max,
                  [&](uint64_t bytes) {
                    return bytes > 0 && set("source.random_bytes_max", std::to_string(bytes));
                  }) ||
          any;
  const auto files = standing("source.files");
  for (size_t i = 0; i < files.size() && i < source().files.size(); i++)
    any = go_down(source().files[i].size_bytes,
                  [&](uint64_t bytes) { return set(files[i] + ".size", std::to_string(bytes)); }) ||
          any;
  // A tree of one file is less than the usual one, and enough for most.
  if (source().usual && source().files.empty()) {
    ShrinkCandidate candidate = now_;
    candidate.edits = edits_with(std::move(candidate.edits), {"source.usual", "false"});
    candidate.edits = edits_with(std::move(candidate.edits), {"source.random_files", "1"});
    any = take("one file", std::move(candidate)) || any;
  }
  return any;
}

bool Shrinker::earlier_events() {
  bool any = false;
  for (size_t i = 0; i < now_.faults.size(); i++)
    any = go_down(now_.faults[i].at.nth,
                  [&](uint64_t nth) {
                    ShrinkCandidate candidate = now_;
                    candidate.faults[i].at.nth = nth;
                    const std::string what = candidate.faults[i].text();
                    return nth > 0 && take(what, std::move(candidate));
                  }) ||
          any;
  const auto paths = standing("fault");
  for (size_t i = 0; i < paths.size() && i < best_->scenario->faults.size(); i++) {
    const auto when = [&]() -> const FaultTrigger& { return best_->scenario->faults[i].when; };
    const auto number = [&](const char* key, uint64_t from) {
      return go_down(from,
                     [&](uint64_t value) { return value > 0 && set(paths[i] + key, std::to_string(value)); });
    };
    if (when().nth_to > 0)
      if (const auto world = World::make(best_->scenario, now_.seed))
        any = set(paths[i] + ".when.nth", std::to_string(world->faults.standings().at(i).fault.when.nth)) ||
              any;
    if (when().nth_to == 0 && when().nth > 1) any = number(".when.nth", when().nth) || any;
    if (when().event_number > 1) any = number(".when.number", when().event_number) || any;
    if (when().boot > 1) any = number(".when.boot", when().boot) || any;
    const uint64_t times = best_->scenario->faults[i].times;
    if (times == 0) any = set(paths[i] + ".times", "1") || set(paths[i] + ".times", "2") || any;
    if (times > 1) any = number(".times", times) || any;
  }
  return any;
}

// What the failure does not need to be said is left out, whole tables first.
bool Shrinker::fewer_keys() {
  static constexpr std::string_view kTables[] = {"copy_computer", "operator", "source", "drive",
                                                 "command",       "fault",    "chain",  "virtual_s_max"};
  std::vector<std::string> paths;
  for (const std::string_view name : kTables)
    if (const TomlValue* table = original(name)) {
      paths.emplace_back(name);
      leaves_below(*table, std::string(name), paths);
    }
  for (const ScenarioEdit& edit : now_.edits)
    if (edit.value && original(edit.path) == nullptr) paths.push_back(edit.path);
  bool any = false;
  for (const std::string& path : paths) {
    const bool gone = std::ranges::any_of(
        now_.edits, [&](const ScenarioEdit& edit) { return !edit.value && is_below(path, edit.path); });
    if (!gone) any = take_away(path) || any;
  }
  return any;
}

bool Shrinker::smaller_seed() {
  for (const uint64_t seed : {1, 2, 3, 4}) {
    if (seed >= now_.seed) return false;
    ShrinkCandidate candidate = now_;
    candidate.seed = seed;
    if (take(fmt::format("seed {}", seed), std::move(candidate))) return true;
  }
  return false;
}

bool Shrinker::pass() {
  bool any = fewer_faults();
  any = simpler_survivors() || any;
  any = fewer_commands() || any;
  any = less_data() || any;
  any = earlier_events() || any;
  any = fewer_keys() || any;
  return smaller_seed() || any;
}

Result<ShrinkRun> Shrinker::shrink(const RunToken& token) {
  now_ = {token.edits, token.seed, TRY(runner_.placed(token))};
  best_ = TRY(runner_.run(now_));
  if (best_->record.as_expected)
    return fail(ErrorCode::invalid_argument, "this run does not fail: there is nothing to shrink",
                token.text(), "Take a token or a run.json of a run that failed");
  kind_.emplace(best_->record);
  tried_.insert(now_.text());
  while (!runner_.spent() && pass()) {
  }
  return std::move(*best_);
}

}  // namespace seedbed
