// What a stage of a session tells: how far it is, with the time of this run, to the operator; what it took,
// to the report. One task's.
#pragma once

#include <string>
#include <utility>

#include "engine/ports/operator.h"
#include "engine/ports/runtime.h"
#include "engine/sectors/sector_writer.h"

namespace seedbed {

struct StageFigures {
  std::string name;
  uint64_t bytes = 0;
  StageTimes times;
};

class StageProgress {
 public:
  StageProgress(Runtime& runtime, Operator& person, std::string stage, uint64_t total_bytes,
                uint64_t resumed_bytes)
      : runtime_(runtime),
        person_(person),
        stage_(std::move(stage)),
        total_bytes_(total_bytes),
        resumed_bytes_(resumed_bytes),
        start_ns_(runtime.now_ns()) {}

  void done(uint64_t bytes) {
    person_.progress({.stage = stage_,
                      .done_bytes = bytes,
                      .total_bytes = total_bytes_,
                      .elapsed_ns = runtime_.now_ns() - start_ns_,
                      .resumed_bytes = resumed_bytes_});
  }

 private:
  Runtime& runtime_;
  Operator& person_;
  std::string stage_;
  uint64_t total_bytes_, resumed_bytes_, start_ns_;
};

}  // namespace seedbed
