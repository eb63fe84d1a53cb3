// Where the import job stands, and what that means for this run.
#include <fmt/format.h>

#include <algorithm>

#include "engine/agent/agent_run.h"

namespace seedbed {

static BackupOutcome waiting(std::string job_state, const std::string& more) {
  BackupOutcome outcome;
  outcome.kind = BackupOutcome::Kind::waiting;
  outcome.job_state = std::move(job_state);
  outcome.status_text = std::string(kWaitingText) + (more.empty() ? "" : ". " + more);
  return outcome;
}

// "drive SIM1 (CompletedMoreInfo: ManifestCorrupted, log http://…)"
static std::string drives_with_errors(const ImportJob& job) {
  std::string text;
  for (const ImportDrive& drive : job.drives) {
    const bool well = (drive.state == "Completed" || drive.state == "ShippedBack") &&
                      (drive.copy_status.empty() || drive.copy_status == "Completed");
    if (well) continue;
    if (!text.empty()) text += "; ";
    text += fmt::format("drive {} ({}{}{}{}{})", drive.drive_id, drive.state,
                        drive.copy_status.empty() ? "" : ": ", drive.copy_status,
                        drive.error_log_uri.empty() ? "" : ", log ", drive.error_log_uri);
  }
  return text.empty() ? "no drive is named" : text;
}

static bool same_letters(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return lower(x) == lower(y);
  });
}

Result<std::optional<BackupOutcome>> watch_import(AgentRun& run) {
  JobClient* jobs = TRY(run.cloud.jobs());
  const auto job = jobs->get(run.state.job);
  if (!job && job.error().code != ErrorCode::not_found) return std::unexpected(job.error());
  if (!job && !run.state.job_seen)
    return waiting("", fmt::format("There is no import job {} yet: write the drives and make it with offseed "
                                   "diskprep s:{}",
                                   run.state.job, run.policy.staging));
  if (!job)
    return fail(ErrorCode::not_found,
                fmt::format("the import job {} is gone: it was deleted, or it expired because no tracking "
                            "number came within two weeks",
                            run.state.job),
                run.policy.management_endpoint,
                fmt::format("Make it anew with offseed diskprep s:{} (drives that are complete are kept), "
                            "ship the drives and give the tracking number with offseed diskprep u:",
                            run.policy.staging));
  if (!run.state.job_seen) {
    run.state.job_seen = true;
    TRY(run.save());
  }
  const std::string& account = job->storage_account_id;
  if (!same_letters(account.substr(account.find_last_of('/') + 1), run.state.account))
    return fail(ErrorCode::refused,
                fmt::format("the import job {} goes to another storage account ({}), not to {}",
                            run.state.job, account, run.state.account),
                run.policy.path, "Another job has taken the name: delete it, or begin with another job name");

  const std::string progress =
      fmt::format("The job {} is {}{}", job->name, job->state,
                  job->percent_complete == 0 ? "" : fmt::format(" ({} %)", job->percent_complete));
  if (job->state == "Creating")
    return waiting(job->state, progress +
                                   ": ship the drives and give the tracking number with offseed "
                                   "diskprep u: within two weeks, or the job expires");
  if (job->state == "Completed" && !job->cancel_requested) return std::nullopt;
  if (job->state == "Completed" || job->state == "Closed") {
    if (run.options.accept_import_errors) {
      run.tell(NoticeLevel::warning, fmt::format("{}{}; what has arrived is taken all the same: {}", progress,
                                                 job->cancel_requested ? " (cancelled)" : " with errors",
                                                 drives_with_errors(*job)));
      return std::nullopt;
    }
    const std::string remedy = fmt::format(
        "Read the log; then run offseed backup --accept-import-errors to take what arrived and send the rest "
        "from {} over the network",
        run.policy.staging);
    if (job->cancel_requested)
      return fail(ErrorCode::source_changed, fmt::format("the import job {} was cancelled", job->name),
                  job->id, remedy);
    return fail(ErrorCode::corrupt,
                fmt::format("the import job {} ended with errors: {}", job->name, drives_with_errors(*job)),
                job->id, remedy);
  }
  return waiting(job->state, progress);
}

}  // namespace seedbed
