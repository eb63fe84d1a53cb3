#include "engine/prep/drive_plan.h"

#include <algorithm>

namespace seedbed {

Result<DrivePlan> plan_drives(std::vector<StagedFile> files, size_t drives, const FilesFit& fits) {
  std::ranges::sort(files, [](const StagedFile& a, const StagedFile& b) {
    return a.size_bytes != b.size_bytes ? a.size_bytes > b.size_bytes : a.name < b.name;
  });
  DrivePlan plan;
  plan.drives.resize(drives);
  for (StagedFile& file : files) {
    bool placed = false;
    for (size_t drive = 0; drive < drives && !placed; drive++) {
      std::vector<StagedFile> more = plan.drives[drive];
      more.push_back(file);
      std::ranges::sort(more, {}, &StagedFile::name);
      placed = TRY(fits(drive, more));
      if (placed) plan.drives[drive] = std::move(more);
    }
    if (!placed) plan.left.push_back(std::move(file));
  }
  std::ranges::sort(plan.left, {}, &StagedFile::name);
  return plan;
}

}  // namespace seedbed
