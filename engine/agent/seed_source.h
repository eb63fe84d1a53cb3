// Where the seed's indexes and records can be read from: the staging location while it is still there, else
// the storage account. One task.
#pragma once

#include <map>

#include "engine/agent/agent_run.h"

namespace seedbed {

class SeedSource {
 public:
  explicit SeedSource(AgentRun& run) : run_(run) {}
  Status open();

  bool staged() const noexcept { return staged_.has_value(); }
  // The index of base blob `number` (from 1): from staging, or from the account where that fails. corrupt
  // when neither has it whole, or it is of another backup.
  Result<Aib> index(uint32_t number);
  // The record as staging has it; nothing when staging is gone or its bytes are no longer those that the
  // index tells.
  Result<std::optional<Bytes>> staged_record(const std::string& blob, const IndexEntry& entry);

 private:
  Status check(const Aib& aib, uint32_t number, const std::string& where) const;

  AgentRun& run_;
  std::optional<StagingJob> staged_;
  std::string open_name_;
  std::unique_ptr<File> open_file_;
};

}  // namespace seedbed
