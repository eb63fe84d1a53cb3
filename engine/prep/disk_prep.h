// Disk preparation for an offline backup: takes a staging location whose backup is complete, writes its files
// to as many drives as they need, and makes the import job. And afterwards: what the job's state is, and how
// the drives were shipped.
//
// Called by the main task of one process. Killed anywhere, the same call goes on: what is decided lies beside
// the drives' journals (disk_prep_state.h), durably, before it is acted on. There is one job, made once, from
// complete and proven drives only.
#pragma once

#include <string>
#include <vector>

#include "engine/cloud/http_caller.h"
#include "engine/cloud/management_login.h"
#include "engine/documents/import_job.h"
#include "engine/prep/disk_prep_state.h"
#include "engine/prep/prep_import.h"
#include "engine/staging/staging_area.h"

namespace seedbed {

struct DiskPrepOptions {
  std::string staging;              // s:
  ManagementLogin login;            // p:
  std::string job;                  // which, when the staging location holds several; "": asked
  std::vector<std::string> drives;  // in the order they are to be filled; when they run out: asked
  bool yes = false;                 // format and ship without asking
  std::string log_directory = ".";  // journals, logs and what is kept between runs
  std::string computer;             // this computer's name
  PostalAddress return_address;     // what is empty is asked
  ReturnShipping return_shipping;
  RetryPolicy retry;
};

struct DiskPrepOutcome {
  std::string job, job_state, state_path;
  std::vector<PreparedDrive> drives;
  ImportLocation location;    // where the drives go
  std::string location_link;  // to it
};

// refused, before anything is touched: no complete backup there, no right to make the job, a drive that must
// not be written, too few drives (where nobody can be asked for more), a job of that name that is another's.
// corrupt: rotten pages in the staging location; nothing is shipped.
Result<DiskPrepOutcome> disk_prep(PrepPorts& ports, HttpTransport& http, const DiskPrepOptions& options,
                                  const SessionOptions& session_options);

struct ShippingOptions {
  std::string staging;  // s:, where the log directory does not know the job
  ManagementLogin login;
  std::string job;
  std::string carrier, tracking, ship_date;  // none given: only the status, or asked where somebody is there
  bool yes = false;
  std::string log_directory = ".";
  RetryPolicy retry;
};
struct ShippingOutcome {
  ImportJob job;
  bool told = false;         // the job has the carrier and tracking number (from this run or before)
  std::string details_path;  // the file that keeps them; "" when nothing was told
};
Result<ShippingOutcome> disk_prep_update(PrepPorts& ports, HttpTransport& http,
                                         const ShippingOptions& options);

// The staging job that is meant; asks among several. refused, not_found with the remedy.
Result<StagingJob> choose_staging_job(FileStore& files, Operator& person, const std::string& staging,
                                      const std::string& job);

}  // namespace seedbed
