// Exploration at depth 1: every point of one run at which the computer or its drive may lose power or the
// process be killed, and every set of survivors within the bound. Each such world is built (copy on write),
// recovered by the real engine and judged; worlds that are equal are judged once.
//
//   crash points  before every event that changes state, and at the end
//   crashes       kill · host power cut · drive power cut alone
//   survivors     none · all · each prefix · all but each one · each torn in its middle, the last at its
//   edges
//
// Work is split by the hash of the world, so several processes share it without judging a world twice. One
// thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>

#include "scenarios/scenario_run.h"

namespace seedbed {

struct ExploreOptions {
  uint64_t seed = 1;
  uint64_t shard = 0, shards = 1;
  uint64_t budget = 0;  // judges at most so many worlds; 0: all
  std::function<bool()> enough = nullptr;  // asked after each world: whether to stop; nothing: never
  // What is planted in the ports of every world; crashes from where it first acted on are judged first.
  std::shared_ptr<const PlantedDefect> defect = nullptr;
  std::function<uint64_t()> real_us = [] { return uint64_t{0}; };
};

struct ExploreTotals {
  uint64_t crash_points = 0;
  uint64_t states = 0;    // crashes times survivors, before equal ones are joined
  uint64_t distinct = 0;  // of all shards
  uint64_t mine = 0;      // of this one
  uint64_t judged = 0;
  uint64_t promised = 0;  // of the judged, while a promise was outstanding
  uint64_t failed = 0;
  uint64_t joined = 0;   // of the judged, ended in a future that another had
  uint64_t real_us = 0;  // spent judging
};

class Explorer {
 public:
  using OnRecord = std::function<void(const ScenarioRecord& failed)>;
  using OnProgress = std::function<void(const ExploreTotals&)>;

  Explorer(std::shared_ptr<const Scenario> scenario, ExploreOptions options)
      : scenario_(std::move(scenario)), options_(std::move(options)) {}

  // Errors: the undisturbed run itself does not go as expected.
  Result<ExploreTotals> run(const OnRecord& on_failure, const OnProgress& on_progress);

 private:
  struct Point {
    World world;
    Event event;
  };
  struct State {
    size_t point = 0;
    FaultAction action = FaultAction::kill;
    Survivors survivors;
  };
  Status record_points();
  void list_states();
  void begin_where_it_acted();
  void list_crash(size_t point, FaultAction action, const std::vector<PendingEffect>& pending);
  uint64_t hash_of(const Point& point, FaultAction action, const Survivors& survivors) const;
  ScenarioRecord judge(const State& state);

  std::shared_ptr<const Scenario> scenario_;
  ExploreOptions options_;
  std::vector<World> starts_;  // of the boots
  std::vector<Point> points_;
  std::vector<State> states_;
  std::set<uint64_t> seen_;
  std::map<uint64_t, ScenarioRecord> known_;  // how it ended, by the number of a future
  ExploreTotals totals_;
};

// Every Survivors of the bound for effects that are pending, in a fixed order.
std::vector<Survivors> survivors_within_bound(const std::vector<PendingEffect>& pending);

}  // namespace seedbed
