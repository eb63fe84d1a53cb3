// The block logs of a run's drives (simulator/block_log.h): watches the run, then writes one file for each
// drive that was opened. One thread; lives as long as the run.
#pragma once

#include <map>
#include <string>

#include "scenarios/world_boot.h"
#include "simulator/block_log.h"

namespace seedbed {

class BlockLogs {
 public:
  // For ScenarioRunOptions::watch and second_look.
  void see(const World& world, const Event& event, EventSide side);
  void end(const World& world);

  // FILE for the scenario's only drive; FILE.SERIAL for each of several. refused: no drive was opened.
  // Returns what was written, a line each.
  Result<std::vector<std::string>> write(FileStore& files, const std::string& path) const;

 private:
  std::map<std::string, BlockLogRecorder> recorders_;  // by serial
  std::map<std::string, BlockLog> logs_;
};

}  // namespace seedbed
