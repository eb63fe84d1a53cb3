// Whether the suites catch a planted defect: it is planted, the trials of its case are made in turn, and the
// first red of a kind that fits it is the catch. Reds of other kinds do not count, nor does a defect that
// never came into effect; and a trial must be green without it.
//
// One process's; one thread.
#pragma once

#include <functional>
#include <set>

#include "engine/ports/file_store.h"
#include "scenarios/defect_catalog.h"

namespace seedbed {

struct DefectFinding {
  std::string name, port, what;
  bool caught = false;     // or shown to be redundant
  bool redundant = false;  // said to be so: nothing may turn red
  std::string scenario;    // that caught it, or the last one tried
  std::string how;         // "run", "explore", "run twice"
  std::string verdict;     // "lost, oracle 2"
  std::string why;         // the finding; of a survivor: why it is none
  uint64_t states = 0, states_max = 0;
  uint64_t real_us = 0;
  std::string token;  // for seedbed replay
};

class DefectJudge {
 public:
  // `scenarios`: the directory that trials' paths begin in.
  DefectJudge(FileStore& files, std::string scenarios, std::function<uint64_t()> real_us)
      : files_(files), scenarios_(std::move(scenarios)), real_us_(std::move(real_us)) {}

  // How::twice is the command's, not this one's.
  Result<DefectFinding> judge(const PlantedCase& planted);
  // One case for each class of flushes and syncs that the recorded scenarios come by. `quick`: only of those
  // scenarios whose cases cost little.
  Result<std::vector<PlantedCase>> sync_cases(bool quick);

 private:
  Status check_without(const std::string& scenario);

  FileStore& files_;
  std::string scenarios_;
  std::function<uint64_t()> real_us_;
  std::set<std::string> green_;  // scenarios that are as expected without a defect
};

}  // namespace seedbed
