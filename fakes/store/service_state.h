// What every service is given: where it keeps its state, and the clock, files and chance of its machine. The
// services of one machine share it; whoever touches the database holds `lock`, and holds it over one whole
// transaction but over no transfer of a body.
#pragma once

#include <memory>
#include <string>

#include "fakes/store/database.h"

namespace seedbed {

struct ServiceState {
  Runtime& runtime;
  FileStore& files;
  Entropy& entropy;
  std::string directory;  // made when absent; state.db and what the services put beside it
  std::unique_ptr<Database> database;
  std::unique_ptr<Monitor> lock;
  // What the services call each other by (header x-seedbed-internal): drawn at the first opening. A secret.
  std::string internal_token;
  // Added to the machine's clock: the loading dock can move time on ("two weeks later"). Kept in the
  // database.
  int64_t clock_shift_ns = 0;

  static Result<std::unique_ptr<ServiceState>> open(Runtime& runtime, FileStore& files, Entropy& entropy,
                                                    std::string directory);
  int64_t utc_ns() { return runtime.utc_ns() + clock_shift_ns; }
  Status move_clock(int64_t by_ns);  // durable on return; the caller holds the lock
};

}  // namespace seedbed
