// The first run: the whole source, sealed, into the staging location instead of over the network.
#include <fmt/format.h>

#include "engine/agent/agent_run.h"
#include "engine/base/text.h"

namespace seedbed {

static SeedInputs inputs_of(const AgentRun& run) {
  const SeedPolicy& seed = run.policy.seed;
  return {.job = seed.job,
          .subscription = seed.subscription,
          .resource_group = seed.resource_group,
          .account = seed.account,
          .container = seed.container,
          .location = seed.location,
          .backup_id = run.state.backup_id,
          .item = run.policy.name,
          .source_computer = run.ports.computer};
}

Result<BackupOutcome> initial_backup(AgentRun& run) {
  const auto place = run.ports.files.stat(run.policy.staging);
  if (!place || place->kind != FileKind::directory)
    return fail(ErrorCode::refused, "the staging location is no directory", run.policy.staging,
                "Make it, mount it, or correct [staging] path in the policy");
  StageRequest request;
  request.source = selection_of(run.policy);
  request.staging_path = run.policy.staging;
  request.inputs = inputs_of(run);
  request.kdf = run.state.kdf;
  StageOptions options;
  options.assume_ratio = run.policy.assume_ratio;
  if (run.policy.blob_bytes_max != 0) options.blob_bytes_max = run.policy.blob_bytes_max;
  options.batch_bytes = run.policy.batch_bytes;
  options.chunks = stream_options_of(run.policy).chunks;
  options.log = run.ports.log;
  const StageReport report = TRY(stage({.runtime = run.ports.runtime,
                                        .source = run.ports.files,
                                        .staging = run.ports.files,
                                        .entropy = run.ports.entropy,
                                        .person = run.ports.person},
                                       request, run.keys, options));

  run.warn_of(report.problems, report.changed);
  run.state.phase = SeedPhase::waiting;
  TRY(run.save());
  BackupOutcome outcome;
  outcome.kind = BackupOutcome::Kind::staged;
  outcome.source_bytes = report.source_bytes;
  outcome.staged_bytes = report.base_bytes;
  outcome.blobs = report.blobs.size();
  outcome.files = report.files;
  outcome.read_bytes = report.read_bytes;
  outcome.status_text = fmt::format(
      "The initial backup of {} files ({}) lies in {} as {} ({}). Next, at the computer with the drives: "
      "offseed diskprep s:{}",
      report.files, human_bytes(report.source_bytes), run.policy.staging,
      report.blobs.size() == 1 ? "one base blob" : fmt::format("{} base blobs", report.blobs.size()),
      human_bytes(report.base_bytes), run.policy.staging);
  return outcome;
}

}  // namespace seedbed
