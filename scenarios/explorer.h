// Exploration: every point of one run at which a machine or a drive may lose power or a process be killed,
// and every set of survivors within the bound. Each such world is built (copy on write), recovered by the
// real engine and judged; worlds that are equal are judged once.
//
//   crash points  before every event that changes state, and at the end of each command
//   crashes       kill · host power cut · drive power cut alone; in the chain also service kill, service
//                 power cut, data centre kill
//   survivors     none · all · each prefix · all but each one · each torn in its middle, the last at its
//                 edges · all but each pair · seeded samples
//   depth 2       again in the boot that recovers: kill and host power cut × none · all · all but each one
//
// Work is split by the hash of the world, so several processes share it without judging a world twice. One
// thread. [docs/exploring.md]
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>

#include "scenarios/crash_states.h"
#include "scenarios/scenario_run.h"

namespace seedbed {

// A world that was judged: enough to know it again, and what came of it.
struct JudgedState {
  uint64_t hash = 0;
  bool promised = false;  // while a promise was outstanding
  std::string failure;    // its token; "": as expected
  friend bool operator==(const JudgedState&, const JudgedState&) = default;
};

struct ExploreOptions {
  uint64_t seed = 1;
  uint64_t shard = 0, shards = 1;
  uint64_t budget = 0;  // judges at most so many worlds; 0: all
  unsigned depth = 1;
  uint64_t samples = 0;
  uint64_t pairs_most = 64;
  std::function<uint64_t()> real_us = [] { return uint64_t{0}; };
  std::function<bool()> stop = [] { return false; };  // asked before each world, and at each point listed
  std::vector<JudgedState> before = {};               // judged earlier, by whomever: not again
  std::function<void(const JudgedState&)> on_judged = {};
  // With a planted defect: only crashes that take what a dropped sync said to be durable, of each crash point
  // one after the other, so that a budget goes over all of them.
  bool undone_only = false;
  ScenarioRunOptions run = {};  // of every run; faults, watches and what must fire are the explorer's own
};

struct ExploreTotals {
  uint64_t crash_points = 0;
  uint64_t states = 0;    // crashes times survivors, before equal ones are joined
  uint64_t distinct = 0;  // of all shards, as far as they are known
  uint64_t mine = 0;      // of this one
  uint64_t judged = 0;    // of those, the ones from before too
  uint64_t again = 0;     // of the judged: from before
  uint64_t promised = 0;  // of the judged, while a promise was outstanding
  uint64_t failed = 0;
  uint64_t to_expand = 0, expanded = 0;       // depth 2: first crashes, and those whose recovery was recorded
  uint64_t deep_states = 0, deep_judged = 0;  // of states and judged: second crashes
  uint64_t fired = 0;          // bit i: the scenario's fault i befell a judged world, or the run itself
  uint64_t without_pairs = 0;  // crash points where too many effects were pending for pairs
  uint64_t exported_drives = 0, exported_files = 0;  // read by other people's programs too
  uint64_t joined = 0;                               // of the judged: ended in a future that another had
  uint64_t real_us = 0;                              // spent judging
};

class Explorer {
 public:
  using OnRecord = std::function<void(const ScenarioRecord& failed)>;
  using OnProgress = std::function<void(const ExploreTotals&)>;

  Explorer(std::shared_ptr<const Scenario> scenario, ExploreOptions options);

  // Errors: the undisturbed run itself does not go as expected; its faults may wait for a recovery.
  Result<ExploreTotals> run(const OnRecord& on_failure, const OnProgress& on_progress);

 private:
  struct State {
    size_t point = 0;
    FaultAction action = FaultAction::kill;
    Survivors survivors;
    uint64_t hash = 0;
    Wave wave = Wave::single;
    size_t turn = 0;  // of those of its point
  };
  using Faults = std::vector<PlannedFault>;
  struct Rest {  // of a journey whose future was met again
    Verdict verdict, expected;
    bool as_expected;
    std::string why;
    std::vector<OracleRecord> oracles;
  };
  Status record_points();
  void list_states(const OnProgress& on_progress);
  // With a planted defect: crashes from where it first acted come first, in order.
  void begin_where_it_acted();
  // False: it was asked to stop, or the budget is spent.
  bool judge_mine(const std::vector<State>& states, const std::vector<CrashPoint>& points,
                  const Faults& first, const OnRecord& on_failure, const OnProgress& on_progress);
  bool go_deeper(const OnRecord& on_failure, const OnProgress& on_progress);
  std::vector<CrashPoint> points_of_recovery(const State& first, const PlannedFault& fault);
  World crashed(const State& state, const CrashPoint& point, const PlannedFault& fault) const;
  ScenarioRecord judge(const State& state, const CrashPoint& point, const Faults& faults);
  ScenarioRunOptions options_with(const Faults& faults) const;
  bool is_mine(uint64_t hash) const noexcept { return hash % options_.shards == options_.shard; }

  std::shared_ptr<const Scenario> scenario_;
  ExploreOptions options_;
  CrashHasher hasher_;
  std::vector<CrashPoint> points_;
  std::vector<State> states_;  // the distinct ones of depth 1; of all shards at depth 2, else mine
  std::set<uint64_t> seen_;
  std::map<uint64_t, const JudgedState*> before_;
  std::map<uint64_t, Rest> known_;  // by the number of a future
  BootMemo boots_;
  ExploreTotals totals_;
  uint64_t judged_now_ = 0, start_us_ = 0;
};

// Bits of the scenario's own faults that fired; of those behind the 64th nothing is told.
uint64_t fired_in(const ScenarioRecord& record, size_t own_faults) noexcept;
// Whether the record is what exploration may find: as the scenario expects, or survived because what should
// have been refused never happened.
bool explored_as_expected(const ScenarioRecord& record) noexcept;

}  // namespace seedbed
