#include "scenarios/rig_lines.h"

#include <nlohmann/json.hpp>

namespace seedbed {

namespace {

using Json = nlohmann::ordered_json;

// The line as an object of that event, else null.
Json object_of(std::string_view line, const char* event) {
  Json json = Json::parse(line, nullptr, false);
  return json.is_object() && json.contains("event") && json["event"] == event ? json : Json();
}

uint64_t number(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_number_unsigned() ? found->get<uint64_t>() : 0;
}

}  // namespace

std::string counts_line(const SweepCounts& counts) {
  return Json{{"event", "counts"},     {"runs", counts.runs},     {"failed", counts.failed},
              {"twice", counts.twice}, {"events", counts.events}, {"fired", counts.fired}}
      .dump();
}

std::optional<SweepCounts> parse_counts_line(std::string_view line) {
  const Json json = object_of(line, "counts");
  if (json.is_null()) return std::nullopt;
  SweepCounts counts{.runs = number(json, "runs"),
                     .failed = number(json, "failed"),
                     .twice = number(json, "twice"),
                     .events = number(json, "events"),
                     .fired = {}};
  if (const auto fired = json.find("fired"); fired != json.end() && fired->is_object())
    for (const auto& [fault, runs] : fired->items()) counts.fired[fault] = number(*fired, fault.c_str());
  return counts;
}

// Every number of the totals by its name.
template <typename Totals, typename Visit>
static void each_total(Totals& totals, Visit visit) {
  visit("crash_points", totals.crash_points);
  visit("states", totals.states);
  visit("distinct", totals.distinct);
  visit("mine", totals.mine);
  visit("judged", totals.judged);
  visit("again", totals.again);
  visit("promised", totals.promised);
  visit("failed", totals.failed);
  visit("to_expand", totals.to_expand);
  visit("expanded", totals.expanded);
  visit("deep_states", totals.deep_states);
  visit("deep_judged", totals.deep_judged);
  visit("joined", totals.joined);
  visit("fired", totals.fired);
  visit("without_pairs", totals.without_pairs);
}

std::string totals_line(const ExploreTotals& totals, const std::string& scenario) {
  Json json = {{"event", "totals"}};
  if (!scenario.empty()) json["scenario"] = scenario;
  each_total(totals, [&](const char* name, uint64_t value) { json[name] = value; });
  return json.dump();
}

std::optional<ExploreTotals> parse_totals_line(std::string_view line) {
  const Json json = object_of(line, "totals");
  if (json.is_null()) return std::nullopt;
  ExploreTotals totals;
  each_total(totals, [&](const char* name, uint64_t& value) { value = number(json, name); });
  return totals;
}

std::string judged_line(const std::vector<JudgedState>& states) {
  Json json = {{"event", "judged"}, {"states", Json::array()}};
  for (const JudgedState& state : states)
    json["states"].push_back(Json::array({state.hash, state.promised, state.failure}));
  return json.dump();
}

std::optional<std::vector<JudgedState>> parse_judged_line(std::string_view line) {
  const Json json = object_of(line, "judged");
  if (json.is_null() || !json.contains("states") || !json["states"].is_array()) return std::nullopt;
  std::vector<JudgedState> states;
  for (const Json& state : json["states"]) {
    if (!state.is_array() || state.size() != 3 || !state[0].is_number_unsigned() || !state[1].is_boolean() ||
        !state[2].is_string())
      return std::nullopt;
    states.push_back({state[0].get<uint64_t>(), state[1].get<bool>(), state[2].get<std::string>()});
  }
  return states;
}

std::string listing_line(const Scenario& scenario) {
  return Json{{"event", "scenario"},
              {"name", scenario.name},
              {"file", scenario.file},
              {"proves", scenario.proves},
              {"tags", scenario.tags},
              {"requirements", scenario.requirements},
              {"expected", verdict_name(scenario.expect.verdict)},
              {"faults", scenario.faults.size()}}
      .dump();
}

}  // namespace seedbed
