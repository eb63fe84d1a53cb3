// The drives of one disk preparation: chosen, planned, written, one after the other, until every file of the
// job is on one. The part of disk_prep that touches drives. Owned by it; one task.
#pragma once

#include "engine/prep/disk_prep.h"

namespace seedbed {

class DriveRound {
 public:
  // `state` is saved to `state_path` whenever it moves; log_directory is a real path.
  DriveRound(PrepPorts& ports, const DiskPrepOptions& options, const SessionOptions& session_options,
             std::string log_directory, std::string state_path, DiskPrepState& state,
             const SecretBytes& account_key)
      : ports_(ports),
        options_(options),
        session_options_(session_options),
        log_directory_(std::move(log_directory)),
        state_path_(std::move(state_path)),
        state_(state),
        account_key_(account_key) {}

  // Every file is on a complete drive when this returns well.
  Status run(const std::vector<StagedFile>& files);

 private:
  struct Candidate {
    std::string target;
    std::unique_ptr<BlockDevice> device;
  };
  Status finish_begun();
  Result<std::vector<StagedFile>> left(const std::vector<StagedFile>& files) const;
  Result<std::vector<Candidate>> candidates(const std::vector<StagedFile>& left);
  Result<Candidate> open_new(const std::string& target);
  Status add(const std::vector<StagedFile>& left, std::vector<Candidate> candidates);
  Status write(PreparedDrive& drive);
  PrepImportOptions command(const std::vector<StagedFile>& files) const;
  Result<std::string> target_of(const PreparedDrive& drive);

  PrepPorts& ports_;
  const DiskPrepOptions& options_;
  const SessionOptions& session_options_;
  std::string log_directory_, state_path_;
  DiskPrepState& state_;
  const SecretBytes& account_key_;
  size_t next_given_ = 0;
};

}  // namespace seedbed
