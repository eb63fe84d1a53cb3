// What disk preparation of one import job has decided and done, kept beside the drives' journals in
// <job>.diskprep, so that a run killed anywhere goes on: which files go on which drive, which drives are
// complete, that the job is about to be made or is made, and how it was shipped. A small text file of mode
// 0600 without secrets, replaced as a whole; save() is durable on return. Owned by the main task.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/ports/file_store.h"
#include "engine/prep/drive_plan.h"

namespace seedbed {

struct PreparedDrive {
  std::string target;   // as the user named it
  std::string serial;   // what it must still be
  std::string journal;  // file name, beside the state file
  std::vector<StagedFile> files;
  bool complete = false;
  friend bool operator==(const PreparedDrive&, const PreparedDrive&) = default;
};

struct DiskPrepState {
  enum class Phase : uint8_t { preparing, creating, created } phase = Phase::preparing;
  std::string job, subscription, resource_group, account, container, location, staging, endpoint;
  bool staging_checked = false;
  std::vector<PreparedDrive> drives;
  std::string carrier, tracking;  // once shipped
  friend bool operator==(const DiskPrepState&, const DiskPrepState&) = default;
};

std::string encode_disk_prep_state(const DiskPrepState& state);
// corrupt, with the line. Untrusted text.
Result<DiskPrepState> parse_disk_prep_state(std::string_view text, const std::string& where);

std::string disk_prep_state_path(const std::string& log_directory, const std::string& job);
Result<std::optional<DiskPrepState>> load_disk_prep_state(FileStore& files, const std::string& path);
Status save_disk_prep_state(FileStore& files, const std::string& path, const DiskPrepState& state);
// Jobs that have such a file in the directory.
Result<std::vector<std::string>> jobs_with_state(FileStore& files, const std::string& log_directory);

}  // namespace seedbed
