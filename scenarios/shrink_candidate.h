// One step of a shrink: a failing run with something changed, and what it costs a reader. Candidates are
// really run; one is taken when it fails in the same way and costs less. One thread's.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "scenarios/event_address.h"
#include "scenarios/scenario_run.h"

namespace seedbed {

// A fault that a token adds, by where it is instead of by number.
struct PlacedFault {
  FaultAction action = FaultAction::kill;
  EventAddress at;
  Survivors survivors;  // its numbers are those of `survivor_events`, in order
  std::vector<EventAddress> survivor_events;
  std::string text() const;
};

struct ShrinkCandidate {
  std::vector<ScenarioEdit> edits;
  uint64_t seed = 0;
  std::vector<PlacedFault> faults;
  std::string text() const;  // the same text, the same run
};

// How a run failed; what must stay so.
struct FailureKind {
  explicit FailureKind(const ScenarioRecord& record);
  Verdict verdict;
  int oracle = 0;     // whose finding gave the verdict; 0: none
  std::string words;  // without one: the plain words of the reason
  std::string text() const;
  friend bool operator==(const FailureKind&, const FailureKind&) = default;
};

// Lexicographic: faults, commands, drives, files, bytes, survivors, times, numbers, keys, events, seed.
using ShrinkCost = std::array<uint64_t, 11>;

struct ShrinkRun {
  RunToken token;
  std::shared_ptr<const Scenario> scenario;
  ScenarioRecord record;
  ShrinkCost cost;
};

class ShrinkRunner {
 public:
  // `document` is the scenario file's; `options` go into every run. No more than `runs_max` runs.
  ShrinkRunner(TomlValue document, std::string file, ScenarioRunOptions options, uint64_t runs_max)
      : document_(std::move(document)),
        file_(std::move(file)),
        options_(std::move(options)),
        runs_max_(runs_max) {}

  // The candidate as it is; an event that its faults name may be missing, the scenario may be none.
  Result<ShrinkRun> run(const ShrinkCandidate& candidate);
  // The faults of a token by their places.
  Result<std::vector<PlacedFault>> placed(const RunToken& token);
  // A document with the candidate's edits.
  Result<TomlValue> document_of(const ShrinkCandidate& candidate) const;

  uint64_t runs() const noexcept { return runs_; }
  bool spent() const noexcept { return runs_ >= runs_max_; }
  const TomlValue& document() const noexcept { return document_; }

 private:
  Result<std::shared_ptr<const Scenario>> scenario_of(const ShrinkCandidate& candidate) const;
  Result<EventBook> book_of(const std::shared_ptr<const Scenario>& scenario, uint64_t seed,
                            const std::vector<PlannedFault>& faults);

  TomlValue document_;
  std::string file_;
  ScenarioRunOptions options_;
  uint64_t runs_max_, runs_ = 0;
};

}  // namespace seedbed
