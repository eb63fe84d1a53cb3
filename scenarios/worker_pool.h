// Worker processes of the rig: this program again, with other words, each printing lines that its parent
// reads. They share nothing, so a crash in one is one worker's, and a second pool in other surroundings
// (directory, language, time zone, address layout) is how determinism is checked. The parent's one thread.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/result.h"

namespace seedbed {

struct WorkerSpec {
  std::vector<std::string> words;                                // after the program's name
  std::vector<std::pair<std::string, std::string>> environment;  // besides this process's
  std::string directory;                                         // "": this process's
  bool errors_told = true;                                       // else its standard error goes nowhere
};

struct WorkerEnd {
  bool clean = false;  // exit code 0
  std::string how;     // "exit code 3", "signal 11", "no line for 300 s"
};

// Runs them all side by side until each has ended; on_line(worker, line) as lines come. A worker that prints
// nothing for `silent_s_max` seconds is killed (0: never). When `stop` is true, asked now and then, they are
// told once to come to an end (SIGTERM). Errors: no process can be made.
Result<std::vector<WorkerEnd>> run_workers(
    const std::vector<WorkerSpec>& workers, unsigned silent_s_max,
    const std::function<void(size_t worker, const std::string& line)>& on_line,
    const std::function<bool()>& stop = {});

}  // namespace seedbed
