#include "scenarios/defect_catalog.h"

#include <algorithm>
#include <iterator>

#include "scenarios/defect_syncs.h"

namespace seedbed {

std::vector<PlantedCase> planted_cases() {
  std::vector<PlantedCase> all;
  for (auto part : {drive_cases, remembered_drive_cases, journal_cases, file_cases, staging_cases,
                    service_disk_cases, service_cases, person_cases}) {
    std::vector<PlantedCase> cases = part();
    std::ranges::move(cases, std::back_inserter(all));
  }
  return all;
}

Result<std::shared_ptr<const PlantedDefect>> defect_named(const std::string& name) {
  if (name.starts_with("drop-")) return dropped_sync(name);
  for (const PlantedCase& planted : planted_cases())
    if (planted.name == name) return planted.make();
  return fail(ErrorCode::invalid_argument, "no planted defect is called so", name,
              "seedbed selftest --list shows the names");
}

}  // namespace seedbed
