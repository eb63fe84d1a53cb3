// What a run of the rig found: one record per scenario, and what follows from all of them (totals, the hash
// over all event logs, the exit code). Plain values; pure functions; any thread. Reports are made from
// records alone, so a report can be made again from a run.json.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace seedbed {

enum class Verdict : uint8_t {
  survived,
  refused,  // correctly detected or declined, with place and remedy
  lost,
  silently_wrong,
  broke_contract,
  stuck,
  not_applicable,  // the rung lacks something that the scenario needs
  not_measured,    // a planned fault never fired, or an oracle could not run
  harness_broken,  // the rig itself is at fault
};
inline constexpr size_t kVerdicts = 9;

std::string_view verdict_name(Verdict verdict) noexcept;  // "survived", "silently-wrong", …
std::optional<Verdict> verdict_named(std::string_view name) noexcept;

struct FaultRecord {
  std::string name;
  uint64_t planned = 1, fired = 0;
  std::string at;  // the text of the event where it first fired
  friend bool operator==(const FaultRecord&, const FaultRecord&) = default;
};

struct OracleRecord {
  int number = 0;
  std::string name;
  bool ran = false;
  std::vector<std::string> findings;  // empty: nothing to complain of
  friend bool operator==(const OracleRecord&, const OracleRecord&) = default;
};

struct TimelineEntry {
  uint64_t time_ns = 0;  // virtual
  std::string lane;      // "copy computer", "drive SIM1", "operator"
  std::string what;
  std::string kind;  // boot phase flush checkpoint fault promise end
  friend bool operator==(const TimelineEntry&, const TimelineEntry&) = default;
};

struct ScenarioRecord {
  std::string name, file, proves;
  std::vector<std::string> tags;
  uint64_t seed = 0;
  std::string token;  // what `seedbed replay` takes
  Verdict expected = Verdict::survived, verdict = Verdict::survived;
  bool as_expected = false;    // the runner's word; see went_as_expected()
  std::string why;             // the reason of the verdict, one line
  std::string event_log_hash;  // 16 hex digits
  std::string second_hash;     // of the second run, "" when there was none
  uint64_t events = 0, boots = 0, virtual_ns = 0, real_us = 0;
  uint64_t source_bytes = 0, written_bytes = 0, redone_bytes = 0,
           redo_bound_bytes = 0;  // bound 0: none stated
  std::vector<FaultRecord> faults;
  std::vector<OracleRecord> oracles;
  std::vector<TimelineEntry> timeline;
  friend bool operator==(const ScenarioRecord&, const ScenarioRecord&) = default;
};

struct RunRecord {
  std::string version, command, rung = "sim";
  uint64_t seed = 0;
  bool seed_given = false;
  std::vector<std::pair<std::string, std::string>> options;
  std::string started_utc;  // "2016-11-02T18:24:14Z"
  uint64_t real_us = 0;
  std::vector<ScenarioRecord> scenarios;
  friend bool operator==(const RunRecord&, const RunRecord&) = default;
};

struct Totals {
  uint64_t as_expected = 0, failed = 0, not_measured = 0, not_applicable = 0;
  friend bool operator==(const Totals&, const Totals&) = default;
};

// How a scenario counts; each counts once.
enum class Outcome : uint8_t { as_expected, failed, not_measured, not_applicable };
Outcome outcome_of(const ScenarioRecord& scenario) noexcept;
// The verdict is the expected one and the runner says so too (it may know of other expectations that were not
// met). A broken harness, or what was not measured, is never as expected.
bool went_as_expected(const ScenarioRecord& scenario) noexcept;

Totals totals_of(const RunRecord& run);
// 16 hex digits over names and hashes of all scenarios, in the record's order.
std::string event_log_hash_of(const RunRecord& run);
// Strongest first: 5 harness-broken; 1 lost, silently-wrong, broke-contract or otherwise unexpected; 3 stuck;
// 4 not measured; 0 all as expected. A run that tested nothing (no scenario, or none applicable) is 4.
int exit_code_of(const RunRecord& run);

// "ok   survived        kill in the middle of the data      …     3 boots     1.234 s virtual     12 ms", in
// fixed columns; FAIL, n/a or ?? (not measured) carry what was expected and why behind them.
std::string scenario_line(const ScenarioRecord& scenario);
// "seedbed replay 'TOKEN'", quoted for a shell; "" without a token.
std::string replay_command(const ScenarioRecord& scenario);
// "seedbed: 3 as expected, 0 failed, 0 not measured, 1 not applicable"
std::string closing_line(const Totals& totals);

}  // namespace seedbed
