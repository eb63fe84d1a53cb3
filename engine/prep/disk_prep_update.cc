// The second half of disk preparation: how the job stands, and the carrier's number.
#include <fmt/format.h>

#include "engine/base/url.h"
#include "engine/cloud/job_client.h"
#include "engine/prep/disk_prep.h"

namespace seedbed {

namespace {

void tell_status(Operator& person, const ImportJob& job) {
  person.notice(NoticeLevel::info,
                fmt::format("Import job {}: {}{}", job.name, job.state,
                            job.percent_complete == 0 ? "" : fmt::format(", {} %", job.percent_complete)));
  for (const ImportDrive& drive : job.drives)
    person.notice(NoticeLevel::info,
                  fmt::format("  drive {}: {}{}{}{}{}", drive.drive_id, drive.state,
                              drive.copy_status.empty() ? "" : ", ", drive.copy_status,
                              drive.error_log_uri.empty() ? "" : ", log ", drive.error_log_uri));
  if (job.delivery_package)
    person.notice(NoticeLevel::info,
                  fmt::format("  shipped with {}, tracking number {}", job.delivery_package->carrier_name,
                              job.delivery_package->tracking_number));
}

// From the log directory where the drives were prepared, or from the staging location.
Result<DiskPrepState> which_job(PrepPorts& ports, const ShippingOptions& options) {
  std::string name = options.job;
  if (name.empty() && options.staging.empty()) {
    const std::vector<std::string> jobs = TRY(jobs_with_state(ports.files, options.log_directory));
    if (jobs.empty())
      return fail(ErrorCode::not_found, "no drives of an import job were prepared here",
                  options.log_directory,
                  "Give the directory of the journals with --log-dir, or s:STAGING p:PUBLISHSETTINGS");
    std::string names;
    for (const std::string& job : jobs) names += (names.empty() ? "" : ", ") + job;
    name = jobs.size() == 1 ? jobs.front()
                            : TRY(ports.person.ask(fmt::format("Which import job: {}?", names),
                                                   "Name it with --job; there are " + names));
  }
  StagingJob staged;
  if (!options.staging.empty()) {
    staged = TRY(choose_staging_job(ports.files, ports.person, options.staging, name));
    name = staged.inputs.job;
  }
  auto known = TRY(load_disk_prep_state(ports.files, disk_prep_state_path(options.log_directory, name)));
  if (known) return std::move(*known);
  if (options.staging.empty())
    return fail(ErrorCode::not_found, fmt::format("no drives of an import job {} were prepared here", name),
                options.log_directory, "Check --job and --log-dir, or give s:STAGING");
  DiskPrepState state;
  state.phase = DiskPrepState::Phase::created;  // as far as this computer knows
  state.job = name;
  state.subscription = staged.inputs.subscription;
  state.resource_group = staged.inputs.resource_group;
  state.account = staged.inputs.account;
  state.container = staged.inputs.container;
  state.location = staged.inputs.location;
  state.staging = TRY(ports.files.real_path(options.staging));
  return state;
}

}  // namespace

Result<ShippingOutcome> disk_prep_update(PrepPorts& ports, HttpTransport& http,
                                         const ShippingOptions& options) {
  DiskPrepState state = TRY(which_job(ports, options));
  ManagementLogin login = options.login;
  if (login.endpoint.empty()) login.endpoint = state.endpoint;
  ManagementDoor door = TRY(log_in(ports.files, login, state.subscription));
  HttpCaller caller(ports.runtime, http, options.retry);
  JobClient jobs(caller, ports.runtime, door.endpoint, state.subscription, state.resource_group,
                 std::move(door.authority));
  ShippingOutcome outcome;
  auto job = jobs.get(state.job);
  if (!job && job.error().code == ErrorCode::not_found)
    return fail(
        ErrorCode::not_found,
        fmt::format("there is no import job {}: it was not made yet, was deleted, or has expired", state.job),
        door.endpoint, "Run offseed diskprep s:" + state.staging);
  outcome.job = TRY(std::move(job));
  tell_status(ports.person, outcome.job);
  outcome.told = outcome.job.delivery_package.has_value();

  DeliveryPackage package{.carrier_name = options.carrier,
                          .tracking_number = options.tracking,
                          .drive_count = outcome.job.drives.size(),
                          .ship_date = options.ship_date};
  const bool given = !options.carrier.empty() || !options.tracking.empty();
  const bool wanted = given || (outcome.job.state == "Creating" && ports.person.interactive());
  if (!wanted) return outcome;
  const std::string remedy = "Give --carrier and --tracking";
  if (package.carrier_name.empty()) package.carrier_name = TRY(ports.person.ask("Carrier:", remedy));
  if (package.tracking_number.empty())
    package.tracking_number = TRY(ports.person.ask("Tracking number:", remedy));
  const auto& told = outcome.job.delivery_package;
  const bool same =
      told && told->carrier_name == package.carrier_name && told->tracking_number == package.tracking_number;
  if (!same) {
    if (package.ship_date.empty()) package.ship_date = iso_date(ports.runtime.utc_ns()).substr(0, 10);
    const bool yes =
        options.yes ||
        TRY(ports.person.confirm(
            fmt::format(
                "{} drives of the import job {} go with {}, tracking number {}, on {}. Is that right?",
                package.drive_count, state.job, package.carrier_name, package.tracking_number,
                package.ship_date),
            "Give --yes"));
    if (!yes) return fail(ErrorCode::refused, "the shipping details were not confirmed", state.job);
    outcome.job = TRY(jobs.update_shipping(state.job, package));
  }
  state.carrier = package.carrier_name;
  state.tracking = package.tracking_number;
  state.endpoint = door.endpoint;
  outcome.told = true;
  outcome.details_path = disk_prep_state_path(options.log_directory, state.job);
  TRY(save_disk_prep_state(ports.files, outcome.details_path, state));
  return outcome;
}

}  // namespace seedbed
