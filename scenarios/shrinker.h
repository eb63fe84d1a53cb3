// Delta debugging of a failing run: what is not needed for the failure goes, what is needed becomes small and
// early, until nothing that is tried fails in the same way and costs less. The same input shrinks to the same
// end, and that end shrinks to itself. One thread's.
#pragma once

#include <functional>

#include "scenarios/shrink_candidate.h"

namespace seedbed {

class Shrinker {
 public:
  using OnStep = std::function<void(uint64_t runs, const std::string& what)>;

  Shrinker(ShrinkRunner& runner, OnStep on_step) : runner_(runner), on_step_(std::move(on_step)) {}

  // The smallest run that was found. Errors: the run of the token does not fail.
  Result<ShrinkRun> shrink(const RunToken& token);

 private:
  struct Change {
    std::string what;  // for people
    ShrinkCandidate candidate;
  };
  bool take(const std::string& what, ShrinkCandidate candidate);
  bool take_first(std::vector<Change> changes);
  bool set(const std::string& path, const std::string& value);
  bool take_away(const std::string& path);
  bool take_away_of(std::vector<std::string> paths);
  bool go_down(uint64_t from, const std::function<bool(uint64_t)>& with);
  bool pass();
  bool fewer_faults();
  bool simpler_survivors();
  bool fewer_commands();
  bool less_data();
  bool earlier_events();
  bool fewer_keys();
  bool smaller_seed();
  std::vector<std::string> standing(const std::string& list) const;  // paths of what is left of it
  const TomlValue* original(std::string_view path) const;

  ShrinkRunner& runner_;
  OnStep on_step_;
  ShrinkCandidate now_;
  std::optional<ShrinkRun> best_;
  std::optional<FailureKind> kind_;
  std::set<std::string> tried_;
};

// With an edit more; what it makes void goes.
std::vector<ScenarioEdit> edits_with(std::vector<ScenarioEdit> edits, ScenarioEdit edit);

}  // namespace seedbed
