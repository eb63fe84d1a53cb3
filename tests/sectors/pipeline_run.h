// One run of the sector writer or of the proof over a plan, on either runtime, with everything watched that a
// run must keep to. Failures found on the way are collected as complaints: a run may be on a fibre, where
// assertions must not throw.
#pragma once

#include <string>
#include <vector>

#include "engine/sectors/sector_writer.h"
#include "tests/runtime/runtime_host.h"
#include "tests/sectors/memory_drive.h"
#include "tests/sectors/sector_plan.h"

namespace seedbed {

enum class HostKind : uint8_t { threads, fibres };

struct RunSetup {
  HostKind host = HostKind::threads;
  uint64_t seed = 1;  // of the schedule and of the drive
  unsigned workers = 3;
  SectorWriterOptions writer = {.chunk_bytes = kPlanChunkBytes,
                                .queue_bytes = 4 * kPlanChunkBytes,
                                .checkpoint_bytes = 3 * kPlanChunkBytes,
                                .redo_bytes = 7 * kPlanChunkBytes,
                                .buffer_bytes = 12 * kPlanChunkBytes};
  MemoryDriveOptions drive = {};
  PlanSourceOptions source = {};
  uint64_t failing_callback = 0;   // the n-th, from 1
  uint64_t kill_at_port_call = 0;  // fibres only
};

struct RecordedCheckpoint {
  uint64_t chunks = 0, ranges = 0, bytes = 0;
  std::vector<Md5> hashes;
  friend bool operator==(const RecordedCheckpoint&, const RecordedCheckpoint&) = default;
};

struct RunOutcome {
  Result<WriteTotals> result = fail(ErrorCode::internal, "the run did not return");
  std::vector<RecordedCheckpoint> checkpoints;  // whose callback returned well
  std::vector<Md5> proved;                      // by the proof
  std::vector<std::string> complaints;
  uint64_t writes = 0, flushes = 0, fills = 0, port_calls = 0;
};

RunOutcome run_writer(const SectorPlan& plan, MemoryMedium& medium, const RunSetup& setup);
// The callback fails, naming the chunk, at the first hash that is not the plan's.
RunOutcome run_proof(const SectorPlan& plan, MemoryMedium& medium, const RunSetup& setup);

// A setup drawn from a seed: any legal drive, queue, buffers and intervals.
RunSetup random_setup(HostKind host, uint64_t seed);
// The position in the plan where a resume from this outcome begins.
uint64_t resume_position(const SectorPlan& plan, const RunOutcome& outcome, uint64_t began_at = 0);

}  // namespace seedbed
