// What happens to jobs at the dock and in the data centre (JobBook).
#include <fmt/format.h>

#include <algorithm>

#include "fakes/import_service/job_book.h"

namespace seedbed {

namespace {

std::string serial_key(std::string_view serial) {
  std::string key = lower_case(serial);
  std::erase(key, ' ');
  return key;
}

bool finished(const JobDrive& drive) {
  return drive.state == "Completed" || drive.state == "CompletedMoreInfo";
}

// A drive arrives for the job; what is odd about it is noted.
void take_in(Job& job, const JobBook::Arrival& arrival, std::vector<std::string>& notes) {
  const auto drive = std::find_if(job.drives.begin(), job.drives.end(), [&](const JobDrive& candidate) {
    return serial_key(candidate.drive_id) == serial_key(arrival.serial);
  });
  if (drive == job.drives.end()) {
    notes.push_back(fmt::format("the drive in {} ({}) does not belong to job {}; it is sent back as it came",
                                arrival.slot, arrival.serial.empty() ? "no serial number" : arrival.serial,
                                job.name));
  } else if (drive->state == "Specified" || drive->state == "NeverReceived") {
    drive->state = "Received";
    drive->slot = arrival.slot;
  } else if (drive->slot != arrival.slot) {
    notes.push_back(fmt::format("drive {} of job {} is here already, in {}; the one in {} is left alone",
                                drive->drive_id, job.name, drive->slot, arrival.slot));
  }
}

}  // namespace

Result<JobBook::Delivery> JobBook::deliver(const std::string& carrier, const std::string& tracking,
                                           const std::vector<Arrival>& drives) {
  Locked held(*state_.lock);
  Transaction transaction = TRY(begin());
  Delivery delivery;
  std::vector<Job> jobs = TRY(load("WHERE tracking_key=?1 AND tracking_key<>''",
                                   [&](Statement& statement) { statement.bind(1, lower_case(tracking)); }));
  if (jobs.empty()) {
    delivery.notes.push_back(
        fmt::format("no job has the tracking number {}; the package stays at the dock", tracking));
  } else if (Job& job = jobs[0];
             job.state != "Shipping" && job.state != "Received" && job.state != "Transferring") {
    delivery.notes.push_back(fmt::format(
        "job {} is in state {} and expects no package; its customer is asked", job.name, job.state));
  } else {
    if (lower_case(job.carrier) != lower_case(carrier))
      delivery.notes.push_back(
          fmt::format("job {} was to come by {}, not by {}", job.name, job.carrier, carrier));
    for (const Arrival& arrival : drives) take_in(job, arrival, delivery.notes);
    const auto missing = std::count_if(job.drives.begin(), job.drives.end(), [](const JobDrive& drive) {
      return drive.state == "Specified" || drive.state == "NeverReceived";
    });
    if (missing > 0)
      delivery.notes.push_back(
          fmt::format("{} of {} drives of job {} are still missing", missing, job.drives.size(), job.name));
    if (job.state == "Shipping" && missing == 0) job.state = job.cancelled ? "Packaging" : "Received";
    TRY(store(job));
    delivery.job = std::move(job);
  }
  for (const std::string& text : delivery.notes) TRY(note(text));
  TRY(transaction.commit());
  return delivery;
}

Result<std::vector<Job>> JobBook::work() {
  Locked held(*state_.lock);
  Transaction transaction = TRY(begin());
  std::vector<Job> jobs =
      TRY(load("WHERE state IN ('Received','Transferring') AND cancelled=0 ORDER BY row", [](Statement&) {}));
  TRY(transaction.commit());
  return jobs;
}

Result<Job> JobBook::report(int64_t row, const std::string& drive_id, const DriveReport& report) {
  Locked held(*state_.lock);
  Transaction transaction = TRY(begin());
  std::vector<Job> jobs = TRY(load("WHERE row=?1", [&](Statement& statement) { statement.bind(1, row); }));
  if (jobs.empty()) return fail(ErrorCode::not_found, "there is no such job", fmt::format("job row {}", row));
  Job& job = jobs[0];
  const auto drive = std::find_if(job.drives.begin(), job.drives.end(),
                                  [&](const JobDrive& candidate) { return candidate.drive_id == drive_id; });
  if (drive == job.drives.end()) return fail(ErrorCode::not_found, "the job has no such drive", drive_id);
  const bool known =
      report.state == "Transferring" || report.state == "Completed" || report.state == "CompletedMoreInfo";
  const bool legal =
      known && !job.cancelled &&
      (drive->state == "Transferring" || (drive->state == "Received" && report.state == "Transferring") ||
       (finished(*drive) && drive->state == report.state));
  if (!legal || (job.state != "Received" && job.state != "Transferring" && !finished(*drive)))
    return fail(ErrorCode::refused, fmt::format("drive {} is {} in a job that is {}: it cannot become {}",
                                                drive_id, drive->state, job.state, report.state));
  if (finished(*drive)) {  // said before
    TRY(transaction.commit());
    return std::move(job);
  }
  if (drive->started_ns == 0) drive->started_ns = state_.utc_ns();
  drive->state = report.state;
  drive->copy_status = report.copy_status;
  drive->percent_complete = std::max(drive->percent_complete, report.percent_complete);
  drive->bytes_succeeded = report.state == "Transferring"
                               ? std::max(drive->bytes_succeeded, report.bytes_succeeded)
                               : report.bytes_succeeded;
  drive->error_log_uri = report.error_log_uri;
  drive->verbose_log_uri = report.verbose_log_uri;
  drive->manifest_uri = report.manifest_uri;
  job.state = "Transferring";
  const auto over = [](const JobDrive& each) { return finished(each) || each.state == "NeverReceived"; };
  if (std::all_of(job.drives.begin(), job.drives.end(), over)) {
    job.state = "Packaging";
    job.had_errors = std::any_of(job.drives.begin(), job.drives.end(),
                                 [](const JobDrive& each) { return each.state != "Completed"; });
  }
  TRY(store(job));
  TRY(transaction.commit());
  return std::move(job);
}

Result<std::vector<Job>> JobBook::return_packages(const std::string& carrier, const std::string& tracking) {
  Locked held(*state_.lock);
  Transaction transaction = TRY(begin());
  std::vector<Job> jobs = TRY(load("WHERE state='Packaging' ORDER BY row", [](Statement&) {}));
  for (Job& job : jobs) {
    for (JobDrive& drive : job.drives)
      if (drive.state != "NeverReceived") drive.state = "ShippedBack";
    job.state = job.had_errors ? "Closed" : "Completed";
    job.return_carrier = carrier;
    job.return_tracking = tracking;
    job.ended_ns = state_.utc_ns();
    TRY(store(job));
  }
  TRY(transaction.commit());
  return jobs;
}

}  // namespace seedbed
