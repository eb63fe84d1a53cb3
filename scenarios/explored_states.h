// What explorations have judged so far, in a file that only grows, so that a long one can be stopped and go
// on: the same command judges nothing twice. Bound to the program and to the scenarios (text and seed) with
// which it was begun. Owned by the exploring command; its workers read. [docs/formats/explored-states.md]
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/ports/file_store.h"
#include "scenarios/explorer.h"

namespace seedbed {

// What a state belongs to.
struct ExploredScenario {
  std::string file;
  uint64_t text_digest = 0;  // of the file
  uint64_t seed = 0;
  friend bool operator==(const ExploredScenario&, const ExploredScenario&) = default;
};

class ExploredStates {
 public:
  // Makes the file, or reads it and cuts a torn tail off. `program` is a digest of the running program.
  // Errors: refused when it is no such file (it is left alone), or of another program, or lacks one of the
  // scenarios as they are now; corrupt when a line in the middle is none; busy when another has it.
  static Result<ExploredStates> open(FileStore& files, const std::string& path, const std::string& program,
                                     const std::vector<ExploredScenario>& scenarios);
  // Read only, as a worker does: whole lines of one scenario.
  static Result<std::vector<JudgedState>> read(FileStore& files, const std::string& path,
                                               const ExploredScenario& scenario);

  // Of one of the scenarios of open(), by its place there.
  const std::vector<JudgedState>& judged(size_t scenario) const { return judged_.at(scenario); }
  Status append(size_t scenario, const std::vector<JudgedState>& states);
  Status sync() { return file_->sync(); }

 private:
  ExploredStates() = default;
  std::unique_ptr<File> file_;
  uint64_t end_bytes_ = 0;
  std::vector<size_t> numbers_;  // of the scenarios in the file, from 1
  std::vector<std::vector<JudgedState>> judged_;
};

}  // namespace seedbed
