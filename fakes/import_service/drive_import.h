// One drive of one job through the data centre: unlocked, its manifest checked, its blobs imported, its logs
// left in the account. Used by one task.
#pragma once

#include "fakes/import_service/datacenter.h"

namespace seedbed {

// What the job book says of a drive that waits.
struct BayWork {
  int64_t job_row = 0;
  std::string job_name, account, diagnostics_path;
  bool verbose = false, backup_manifest = false;
  std::string drive_id, slot, manifest_file, manifest_hash;
  SecretBytes bitlocker_key;
  int64_t started_ns = 0;  // when its transfer began, by the services' clock
  int64_t clock_shift_ns = 0;
};

struct DriveOutcome {
  std::string copy_status;  // "Completed", "CompletedWithErrors", or what the drive failed by
  std::string error_log_uri, verbose_log_uri, manifest_uri;
  uint64_t bytes_good = 0, bytes_done = 0, bytes_total = 0;
  uint64_t bytes_put = 0, bytes_found = 0;
};

// report: tells the job book how far it is; its error ends the import. An error: interrupted, to be begun
// again.
Result<DriveOutcome> import_drive(Runtime& runtime, HttpTransport& inside, const DatacenterOptions& options,
                                  reference::ByteSource& whole, const BayWork& work,
                                  const std::function<Status(const DriveOutcome&)>& report);

}  // namespace seedbed
