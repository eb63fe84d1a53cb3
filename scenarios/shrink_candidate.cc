#include "scenarios/shrink_candidate.h"

#include <fmt/format.h>

#include <algorithm>

#include "scenarios/fault_rules.h"
#include "scenarios/scenario_file.h"
#include "scenarios/toml_text.h"

namespace seedbed {

namespace {

using Shape = Survivors::Shape;

constexpr uint64_t kUsualFiles = 7, kUsualBytes = 424'397;  // about what [source] usual = true plants
constexpr uint64_t kForEver = 1'000'000'000;                // times = "always"

// The events that survivors name, in order.
std::vector<uint64_t> events_of(const Survivors& survivors) {
  switch (survivors.shape) {
    case Shape::prefix:
    case Shape::all_but_one:
    case Shape::torn:
      return {survivors.event};
    case Shape::all_but:
      return survivors.lost;
    default:
      return {};
  }
}

Survivors with_events(Survivors survivors, const std::vector<uint64_t>& events) {
  if (survivors.shape == Shape::all_but) return Survivors::all_but(events);
  if (!events.empty()) survivors.event = events[0];
  return survivors;
}

uint64_t complexity_of(const Survivors& survivors) {
  switch (survivors.shape) {
    case Shape::none:
    case Shape::all:
      return 0;
    case Shape::prefix:
    case Shape::all_but_one:
      return 1;
    case Shape::torn:
      return 2;
    case Shape::all_but:
      return 1 + survivors.lost.size();
    case Shape::seeded:
      return survivors.seed != 0 ? 100 : 101;
  }
  return 0;
}

uint64_t leaves_of(const TomlValue& value) {
  if (value.kind != TomlValue::Kind::table && value.kind != TomlValue::Kind::list) return 1;
  uint64_t leaves = 1;
  for (const TomlValue& item : value.items) leaves += leaves_of(item);
  return leaves;
}

// Keys that say something about the world; those about the scenario are the author's.
uint64_t keys_of(const TomlValue& document) {
  static constexpr std::string_view kHead[] = {"name", "proves", "tags", "requirements", "seed", "expect"};
  uint64_t keys = 0;
  for (const TomlValue& item : document.items)
    if (std::ranges::find(kHead, item.key) == std::end(kHead)) keys += leaves_of(item);
  return keys;
}

ShrinkCost cost_of(const Scenario& scenario, const ShrinkCandidate& candidate, const TomlValue& document,
                   const ScenarioRecord& record) {
  const SourceSpec& source = scenario.source;
  uint64_t source_bytes = (source.usual ? kUsualBytes : 0) + source.random_files * source.random_bytes_max;
  for (const SourceFile& file : source.files) source_bytes += file.size_bytes;
  uint64_t survivors = 0, times = 0, numbers = 0;
  for (const PlannedFault& fault : scenario.faults) {
    const bool cuts = rule_of(fault.action).takes_survivors;
    survivors += cuts ? complexity_of(fault.survivors) : 0;
    times += fault.times == 0 ? kForEver : fault.times;
    numbers += fault.when.nth_to > 0 ? 2 * fault.when.nth_to : fault.when.nth + fault.when.event_number;
    numbers += fault.when.boot + fault.when.time_ns.value_or(0);
  }
  for (const PlacedFault& fault : candidate.faults) {
    survivors += complexity_of(fault.survivors);
    times++;
    numbers += fault.at.nth + fault.at.boot;
    for (const EventAddress& event : fault.survivor_events) numbers += event.nth + event.boot;
  }
  return {scenario.faults.size() + candidate.faults.size(),
          scenario.commands.size(),
          scenario.drives.size(),
          source.files.size() + source.random_files + (source.usual ? kUsualFiles : 0),
          source_bytes,
          survivors,
          times,
          numbers,
          keys_of(document),
          record.events,
          candidate.seed};
}

// The words of a reason that do not depend on sizes, paths and names.
std::string plain_words(std::string_view why) {
  constexpr size_t kWords = 6;
  std::string words;
  size_t count = 0;
  while (!why.empty() && count < kWords) {
    const std::string_view word = why.substr(0, why.find(' '));
    why.remove_prefix(std::min(why.size(), word.size() + 1));
    if (word.size() < 2 || !std::ranges::all_of(word, [](char c) { return c >= 'a' && c <= 'z'; })) continue;
    words += (words.empty() ? "" : " ") + std::string(word);
    count++;
  }
  return words;
}

}  // namespace

std::string PlacedFault::text() const {
  Survivors shape = survivors;  // its numbers are of some run
  shape.event = 0;
  shape.lost.clear();
  std::string text = fmt::format("{} at {}, {}", action_name(action), at.text(), shape.text());
  for (const EventAddress& event : survivor_events) text += ", " + event.text();
  return text;
}

std::string ShrinkCandidate::text() const {
  std::vector<std::string> parts;
  for (const ScenarioEdit& edit : edits) parts.push_back(edit_text(edit));
  std::ranges::sort(parts);
  std::string text = fmt::format("{}", seed);
  for (const std::string& part : parts) text += "~" + part;
  for (const PlacedFault& fault : faults) text += "+" + fault.text();
  return text;
}

FailureKind::FailureKind(const ScenarioRecord& record) : verdict(record.verdict) {
  for (const OracleRecord& one : record.oracles)
    if (oracle == 0 && std::ranges::find(one.findings, record.why) != one.findings.end()) oracle = one.number;
  if (oracle == 0 && verdict != Verdict::not_measured) words = plain_words(record.why);
}

std::string FailureKind::text() const {
  return fmt::format("{}{}{}", verdict_name(verdict), oracle == 0 ? "" : fmt::format(", oracle {}", oracle),
                     words.empty() ? "" : ": " + words + " …");
}

Result<TomlValue> ShrinkRunner::document_of(const ShrinkCandidate& candidate) const {
  return edited(document_, candidate.edits);
}

Result<std::shared_ptr<const Scenario>> ShrinkRunner::scenario_of(const ShrinkCandidate& candidate) const {
  const TomlValue document = TRY(document_of(candidate));
  Scenario scenario = TRY(parse_scenario(toml_text(document), file_));
  scenario.edits = candidate.edits;
  return std::make_shared<const Scenario>(std::move(scenario));
}

Result<EventBook> ShrinkRunner::book_of(const std::shared_ptr<const Scenario>& scenario, uint64_t seed,
                                        const std::vector<PlannedFault>& faults) {
  EventBook book;
  ScenarioRunOptions options = options_;
  options.extra_faults = faults;
  options.watch = [&](const World& world, const Event& event, EventSide side) {
    book.see(world, event, side);
  };
  runs_++;
  TRY(run_scenario(scenario, seed, options));
  return book;
}

Result<ShrinkRun> ShrinkRunner::run(const ShrinkCandidate& candidate) {
  const auto gone = [&](const EventAddress& event) {
    return fail(ErrorCode::not_found, "the event is not in this run", event.text());
  };
  const auto scenario = TRY(scenario_of(candidate));
  std::vector<PlannedFault> faults;
  for (const PlacedFault& placed : candidate.faults) {
    const EventBook book = TRY(book_of(scenario, candidate.seed, faults));
    const auto at = book.number_of(placed.at);
    if (!at) return gone(placed.at);
    std::vector<uint64_t> numbers;
    for (const EventAddress& event : placed.survivor_events) {
      const auto number = book.number_of(event);
      if (!number) return gone(event);
      numbers.push_back(*number);
    }
    faults.push_back(fault_before(*at, placed.action, with_events(placed.survivors, numbers)));
  }
  ShrinkRun run;
  run.token = {file_, candidate.seed, faults, candidate.edits};
  run.scenario = scenario;
  ScenarioRunOptions options = options_;
  options.extra_faults = faults;
  runs_++;
  ScenarioRun made = TRY(run_scenario(scenario, candidate.seed, options));
  run.record = std::move(made.record);
  const TomlValue document = TRY(document_of(candidate));
  run.cost = cost_of(*scenario, candidate, document, run.record);
  return run;
}

Result<std::vector<PlacedFault>> ShrinkRunner::placed(const RunToken& token) {
  std::vector<PlacedFault> all;
  if (token.faults.empty()) return all;
  const auto scenario = TRY(scenario_of({token.edits, token.seed, {}}));
  std::vector<PlannedFault> before;
  for (const PlannedFault& fault : token.faults) {
    const EventBook book = TRY(book_of(scenario, token.seed, before));
    PlacedFault placed{fault.action, {}, fault.survivors, {}};
    std::vector<uint64_t> events = events_of(fault.survivors);
    events.push_back(fault.when.event_number);
    for (const uint64_t number : events) {
      const auto address = book.address_of(number);
      if (!address)
        return fail(ErrorCode::invalid_argument, fmt::format("there is no event {} in this run", number),
                    token.text(), "Take a token as a failed run printed it");
      placed.survivor_events.push_back(*address);
    }
    placed.at = placed.survivor_events.back();
    placed.survivor_events.pop_back();
    all.push_back(std::move(placed));
    before.push_back(fault);
  }
  return all;
}

}  // namespace seedbed
