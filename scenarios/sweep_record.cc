#include "scenarios/sweep_record.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "reports/run_json.h"

namespace seedbed {

namespace {

using Json = nlohmann::ordered_json;

std::string part_text(const Shard& part) {
  return fmt::format("{}/{}", part.index + 1, part.count);
}

std::unexpected<Error> no_sweep(std::string what, const std::string& where) {
  return fail(ErrorCode::corrupt, std::move(what), where,
              "Take a sweep.json as `seedbed sweep --out` wrote it");
}

std::unexpected<Error> no_whole(std::string what, const std::string& where) {
  return fail(ErrorCode::refused, std::move(what), where,
              "Merge every part I/N of one sweep once: the same program, scenarios, seeds and tag");
}

// What must be the same in all parts.
std::string identity_of(const SweepRecord& sweep) {
  return fmt::format("version {}, seeds {}..{}, {} scenarios{} (digest {}), in {} parts", sweep.run.version,
                     sweep.seeds.first, sweep.seeds.last, sweep.scenarios,
                     sweep.tag.empty() ? "" : " with tag " + sweep.tag, sweep.suite,
                     sweep.parts.empty() ? 0 : sweep.parts[0].count);
}

void sort_runs(std::vector<ScenarioRecord>& runs) {
  std::ranges::stable_sort(runs, [](const ScenarioRecord& a, const ScenarioRecord& b) {
    return std::tie(a.file, a.name, a.seed) < std::tie(b.file, b.name, b.seed);
  });
}

}  // namespace

uint64_t SweepRecord::runs_planned() const noexcept {
  const uint64_t all = (seeds.last - seeds.first + 1) * scenarios;
  uint64_t planned = 0;
  for (const Shard& part : parts) planned += all / part.count + (part.index < all % part.count ? 1 : 0);
  return planned;
}

std::vector<std::string> SweepRecord::never_fired() const {
  std::vector<std::string> never;
  for (const auto& [fault, runs] : counts.fired)
    if (runs == 0) never.push_back(fault);
  return never;
}

std::string encode_sweep_json(const SweepRecord& sweep) {
  Json parts = Json::array(), fired = Json::array();
  for (const Shard& part : sweep.parts) parts.push_back(part_text(part));
  for (const auto& [fault, runs] : sweep.counts.fired) fired.push_back({{"fault", fault}, {"runs", runs}});
  const Json json = {{"suite", sweep.suite},
                     {"tag", sweep.tag},
                     {"first_seed", sweep.seeds.first},
                     {"last_seed", sweep.seeds.last},
                     {"scenarios", sweep.scenarios},
                     {"parts", parts},
                     {"runs", sweep.counts.runs},
                     {"failed", sweep.counts.failed},
                     {"twice", sweep.counts.twice},
                     {"events", sweep.counts.events},
                     {"fired", fired}};
  // Behind the line that says what this is.
  SweepRecord sorted = sweep;
  sort_runs(sorted.run.scenarios);
  std::string text = encode_run_json(sorted.run);
  const size_t second_line = text.find('\n', text.find('\n') + 1) + 1;
  return text.insert(second_line, fmt::format("  \"sweep\": {},\n",
                                              json.dump(-1, ' ', false, Json::error_handler_t::replace)));
}

Result<SweepRecord> parse_sweep_json(std::string_view text, const std::string& where) {
  SweepRecord sweep;
  sweep.run = TRY(parse_run_json(text, where));
  const Json json = Json::parse(text, nullptr, false);
  const auto found = json.find("sweep");
  if (found == json.end() || !found->is_object()) return no_sweep("it has no counts of a sweep", where);
  const Json& counts = *found;
  const auto number = [&](const char* key, uint64_t& out) -> Status {
    const auto value = counts.find(key);
    if (value == counts.end() || !value->is_number_unsigned())
      return no_sweep(fmt::format("sweep.{} is no whole number", key), where);
    out = value->get<uint64_t>();
    return {};
  };
  const auto words = [&](const char* key, std::string& out) -> Status {
    const auto value = counts.find(key);
    if (value == counts.end() || !value->is_string())
      return no_sweep(fmt::format("sweep.{} is no text", key), where);
    out = value->get<std::string>();
    return {};
  };
  TRY(words("suite", sweep.suite));
  TRY(words("tag", sweep.tag));
  TRY(number("first_seed", sweep.seeds.first));
  TRY(number("last_seed", sweep.seeds.last));
  if (sweep.seeds.last < sweep.seeds.first) return no_sweep("sweep.last_seed is before the first", where);
  TRY(number("scenarios", sweep.scenarios));
  TRY(number("runs", sweep.counts.runs));
  TRY(number("failed", sweep.counts.failed));
  TRY(number("twice", sweep.counts.twice));
  TRY(number("events", sweep.counts.events));
  const auto parts = counts.find("parts"), fired = counts.find("fired");
  if (parts == counts.end() || !parts->is_array() || parts->empty() || fired == counts.end() ||
      !fired->is_array())
    return no_sweep("sweep.parts and sweep.fired are lists", where);
  for (const Json& part : *parts) {
    if (!part.is_string()) return no_sweep("sweep.parts are texts", where);
    sweep.parts.push_back(TRY(Shard::parse(part.get<std::string>())));
  }
  for (const Json& one : *fired) {
    if (!one.is_object() || !one.contains("fault") || !one["fault"].is_string() || !one.contains("runs") ||
        !one["runs"].is_number_unsigned())
      return no_sweep("sweep.fired is a list of fault and runs", where);
    sweep.counts.fired[one["fault"].get<std::string>()] = one["runs"].get<uint64_t>();
  }
  return sweep;
}

Result<SweepRecord> merge_sweeps(std::vector<std::pair<std::string, SweepRecord>> parts) {
  if (parts.empty()) return no_whole("there is nothing to merge", "");
  const std::string first_place = parts.front().first;
  const std::string identity = identity_of(parts.front().second);
  std::map<uint64_t, std::string> places;  // of each part's index
  SweepRecord all = parts.front().second;
  all.run.scenarios.clear();
  all.run.real_us = 0;
  all.counts = {};
  const uint64_t count = all.parts.at(0).count;
  for (auto& [place, part] : parts) {
    if (identity_of(part) != identity)
      return no_whole(
          fmt::format("it is of another sweep than {}: {}, not {}", first_place, identity_of(part), identity),
          place);
    for (const Shard& shard : part.parts) {
      if (shard.count != count) return no_whole("its parts are not of one division", place);
      const auto [there, is_new] = places.emplace(shard.index, place);
      if (!is_new)
        return no_whole(fmt::format("part {} is in {} too", part_text(shard), there->second), place);
    }
    all.counts.runs += part.counts.runs;
    all.counts.failed += part.counts.failed;
    all.counts.twice += part.counts.twice;
    all.counts.events += part.counts.events;
    for (const auto& [fault, runs] : part.counts.fired) all.counts.fired[fault] += runs;
    all.run.started_utc = std::min(all.run.started_utc, part.run.started_utc);
    all.run.real_us += part.run.real_us;
    std::ranges::move(part.run.scenarios, std::back_inserter(all.run.scenarios));
  }
  std::string missing;
  for (uint64_t index = 0; index < count; index++)
    if (!places.contains(index)) missing += " " + part_text({index, count});
  if (!missing.empty()) return no_whole("parts are missing:" + missing, first_place);
  sort_runs(all.run.scenarios);
  all.parts = {Shard{}};
  return all;
}

std::string closing_line(const SweepRecord& sweep) {
  const size_t never = sweep.whole() ? sweep.never_fired().size() : 0;
  return fmt::format(
      "seedbed: {} runs ({} of them twice, the same each time), {} events, {:.1f} s, {} failed, {} faults "
      "never fired{}",
      sweep.counts.runs, sweep.counts.twice, sweep.counts.events,
      static_cast<double>(sweep.run.real_us) / 1e6, sweep.run.scenarios.size(), never,
      sweep.whole() ? "" : " (a part alone does not tell)");
}

int exit_code_of(const SweepRecord& sweep) {
  if (!sweep.run.scenarios.empty()) return exit_code_of(sweep.run);
  const bool measured = sweep.counts.runs > 0 && sweep.counts.runs == sweep.runs_planned();
  return !measured || (sweep.whole() && !sweep.never_fired().empty()) ? 4 : 0;
}

}  // namespace seedbed
