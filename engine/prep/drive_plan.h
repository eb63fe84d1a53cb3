// Which file goes on which drive: files whole, large ones first, each on the first drive that still has room
// for it. A pure function of its arguments; any task.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "engine/base/result.h"

namespace seedbed {

struct StagedFile {
  std::string name;
  uint64_t size_bytes = 0;
  friend bool operator==(const StagedFile&, const StagedFile&) = default;
};

struct DrivePlan {
  std::vector<std::vector<StagedFile>> drives;  // by name; a drive may stay empty
  std::vector<StagedFile> left;                 // what needs further drives, by name
};

// fits(drive, files): whether exactly these files fit on that drive; asked for growing sets. Its error ends
// the planning.
using FilesFit = std::function<Result<bool>(size_t drive, const std::vector<StagedFile>& files)>;
Result<DrivePlan> plan_drives(std::vector<StagedFile> files, size_t drives, const FilesFit& fits);

}  // namespace seedbed
