#include "tests/sectors/pipeline_run.h"

#include <fmt/format.h>

#include <algorithm>

namespace seedbed {
namespace {

std::unique_ptr<RuntimeHost> make_host(const RunSetup& setup) {
  if (setup.host == HostKind::threads) {
    return std::make_unique<ThreadHost>(ThreadRuntimeOptions{.workers = setup.workers, .utc_clock = {}});
  }
  auto host = std::make_unique<VirtualHost>(SchedulerOptions{.seed = setup.seed},
                                            VirtualRuntimeOptions{.workers = setup.workers});
  host->runtime().kill_at_port_call(setup.kill_at_port_call);
  return host;
}

// Runs the body with everything it needs; Killed ends it quietly, as it ends a machine.
template <typename Body>
RunOutcome on_host(const SectorPlan& plan, MemoryMedium& medium, const RunSetup& setup, Body body) {
  const std::unique_ptr<RuntimeHost> host = make_host(setup);
  RunOutcome outcome;
  host->run([&] {
    Runtime& runtime = host->runtime();
    MemoryDriveOptions drive_options = setup.drive;
    drive_options.seed = setup.seed;
    drive_options.sleeps = setup.host == HostKind::fibres;
    PlanSourceOptions source_options = setup.source;
    if (setup.host == HostKind::fibres) source_options.runtime = &runtime;
    PlanSource source(plan, source_options);
    body(runtime, drive_options, source, outcome);
    outcome.fills = source.fills();
    if (source.padding_was_dirty())
      outcome.complaints.push_back("a chunk's padding was not zero before its fill");
  });
  if (auto* fibres = dynamic_cast<VirtualHost*>(host.get()))
    outcome.port_calls = fibres->runtime().port_calls();
  outcome.complaints.insert(outcome.complaints.end(), medium.complaints.begin(), medium.complaints.end());
  return outcome;
}

// The callback's side of the contract: everything below the checkpoint is durable at the moment of the call.
class CheckpointWatch {
 public:
  CheckpointWatch(const SectorPlan& plan, const MemoryMedium& medium, const RunSetup& setup,
                  RunOutcome& outcome)
      : plan_(plan),
        medium_(medium),
        setup_(setup),
        outcome_(outcome),
        durable_until_(setup.source.first_chunk) {}

  Status operator()(const Checkpoint& checkpoint) {
    const auto& chunks = plan_.chunks();
    uint64_t bytes = 0;
    for (; durable_until_ < chunks.size() && chunks[durable_until_].index < checkpoint.chunks;
         ++durable_until_) {
      if (setup_.writer.write && !plan_.held_by(medium_.durable, chunks[durable_until_])) {
        outcome_.complaints.push_back(
            fmt::format("chunk {} is reported but not durable", chunks[durable_until_].index));
      }
      bytes += chunks[durable_until_].length_bytes;
    }
    if (durable_until_ == 0 ||
        chunks[durable_until_ - 1].ranges.back().range_index + 1 != checkpoint.ranges) {
      outcome_.complaints.push_back(
          fmt::format("a checkpoint of {} chunks and {} ranges", checkpoint.chunks, checkpoint.ranges));
    }
    if (++calls_ == setup_.failing_callback)
      return fail(ErrorCode::out_of_space, "the journal fails as it was told to");
    recorded_bytes_ += bytes;
    if (recorded_bytes_ != checkpoint.bytes)
      outcome_.complaints.push_back("a checkpoint's bytes do not add up");
    outcome_.checkpoints.push_back({checkpoint.chunks,
                                    checkpoint.ranges,
                                    checkpoint.bytes,
                                    {checkpoint.hashes.begin(), checkpoint.hashes.end()}});
    return {};
  }

  void watch(const IoRequest& request) {
    if (request.kind != IoKind::write) return;
    submitted_bytes_ += request.length_bytes;
    if (submitted_bytes_ - recorded_bytes_ > setup_.writer.redo_bytes) {
      outcome_.complaints.push_back(
          fmt::format("{} bytes lie beyond the last checkpoint", submitted_bytes_ - recorded_bytes_));
    }
  }

 private:
  const SectorPlan& plan_;
  const MemoryMedium& medium_;
  const RunSetup& setup_;
  RunOutcome& outcome_;
  uint64_t durable_until_;  // position in the plan
  uint64_t calls_ = 0, recorded_bytes_ = 0, submitted_bytes_ = 0;
};

void note_drive(const MemoryDrive& drive, const RunSetup& setup, RunOutcome& outcome) {
  outcome.writes = drive.writes();
  outcome.flushes = drive.flushes();
  if (drive.in_flight() != 0 && setup.drive.failing_reap == 0)
    outcome.complaints.push_back("requests were left in flight");
  if (drive.pool_bytes() > setup.writer.buffer_bytes)
    outcome.complaints.push_back("more buffers than allowed");
}

}  // namespace

RunOutcome run_writer(const SectorPlan& plan, MemoryMedium& medium, const RunSetup& setup) {
  return on_host(
      plan, medium, setup,
      [&](Runtime& runtime, MemoryDriveOptions drive_options, PlanSource& source, RunOutcome& outcome) {
        CheckpointWatch watch(plan, medium, setup, outcome);
        drive_options.watch = [&](const IoRequest& request) { watch.watch(request); };
        MemoryDrive drive(runtime, medium, drive_options);
        outcome.result = write_sectors(runtime, drive, kPlanPartitionBytes, plan.cipher(), source,
                                       std::ref(watch), setup.writer);
        note_drive(drive, setup, outcome);
      });
}

RunOutcome run_proof(const SectorPlan& plan, MemoryMedium& medium, const RunSetup& setup) {
  return on_host(
      plan, medium, setup,
      [&](Runtime& runtime, MemoryDriveOptions drive_options, PlanSource& source, RunOutcome& outcome) {
        MemoryDrive drive(runtime, medium, drive_options);
        uint64_t at = setup.source.first_chunk;
        const auto verify = [&](const WriteChunk& chunk, std::span<const Md5> hashes) -> Status {
          if (chunk.index != plan.chunks()[at].index) outcome.complaints.push_back("chunks out of order");
          ++at;
          for (size_t i = 0; i < hashes.size(); ++i) {
            if (hashes[i] != plan.hash(chunk.ranges[i])) {
              return fail(ErrorCode::corrupt, fmt::format("chunk {}", chunk.index));
            }
            outcome.proved.push_back(hashes[i]);
          }
          return {};
        };
        outcome.result =
            read_sectors(runtime, drive, kPlanPartitionBytes, plan.cipher(), source, verify, setup.writer);
        note_drive(drive, setup, outcome);
      });
}

RunSetup random_setup(HostKind host, uint64_t seed) {
  Random random(sub_seed(seed, "setup"));
  const auto one_of = [&](std::initializer_list<uint32_t> values) {
    return values.begin()[random.below(values.size())];
  };
  RunSetup setup{.host = host, .seed = seed, .workers = one_of({1, 2, 3, 5})};
  setup.drive.contract.physical_sector_bytes = one_of({512, 4096});
  setup.drive.contract.queue_depth = one_of({1, 2, 3, 8, 32});
  setup.drive.contract.transfer_bytes_max = one_of({4096, 12288, kPlanChunkBytes, 1 << 20});
  setup.writer.batch_ranges = one_of({1, 3, 16});
  setup.writer.queue_bytes = one_of({1, 2, 5, 9}) * kPlanChunkBytes;
  setup.writer.checkpoint_bytes =
      one_of({4096, 10000, kPlanChunkBytes, 4 * kPlanChunkBytes, 100 * kPlanChunkBytes});
  setup.writer.redo_bytes =
      setup.writer.checkpoint_bytes + kPlanChunkBytes + one_of({0, 4096, 3 * kPlanChunkBytes});
  setup.writer.buffer_bytes = one_of({1, 2, 3, 8, 24, 40}) * kPlanChunkBytes;
  return setup;
}

uint64_t resume_position(const SectorPlan& plan, const RunOutcome& outcome, uint64_t began_at) {
  if (outcome.checkpoints.empty()) return began_at;
  return outcome.checkpoints.back().chunks - plan.chunks().front().index;
}

}  // namespace seedbed
