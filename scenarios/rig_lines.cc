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

std::string totals_line(const ExploreTotals& totals) {
  return Json{{"event", "totals"},           {"crash_points", totals.crash_points},
              {"states", totals.states},     {"distinct", totals.distinct},
              {"mine", totals.mine},         {"judged", totals.judged},
              {"promised", totals.promised}, {"failed", totals.failed},
              {"joined", totals.joined}}
      .dump();
}

std::optional<ExploreTotals> parse_totals_line(std::string_view line) {
  const Json json = object_of(line, "totals");
  if (json.is_null()) return std::nullopt;
  return ExploreTotals{.crash_points = number(json, "crash_points"),
                       .states = number(json, "states"),
                       .distinct = number(json, "distinct"),
                       .mine = number(json, "mine"),
                       .judged = number(json, "judged"),
                       .promised = number(json, "promised"),
                       .failed = number(json, "failed"),
                       .joined = number(json, "joined")};
}

std::string listing_line(const Scenario& scenario) {
  return Json{{"event", "scenario"},
              {"name", scenario.name},
              {"file", scenario.file},
              {"proves", scenario.proves},
              {"tags", scenario.tags},
              {"expected", verdict_name(scenario.expect.verdict)},
              {"faults", scenario.faults.size()}}
      .dump();
}

}  // namespace seedbed
