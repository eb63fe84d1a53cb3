// What planted defects at the BlockDevice port are made of (defect_drives.cc, defect_remembered_drives.cc): a
// drive that errs in one way, and the case's function that plants it.
//
// Each lives as long as the boot it was made for and is used as BlockDevice says.
#pragma once

#include "scenarios/defect_catalog.h"
#include "scenarios/defect_ports.h"

namespace seedbed {

class DefectiveDrive : public PassingDrive {
 public:
  DefectiveDrive(std::unique_ptr<BlockDevice> below, const DefectSite& site, const PlantedDefect& defect)
      : PassingDrive(std::move(below), site), defect_(defect) {}

 protected:
  void acts() { defect_.acts(site_); }

 private:
  const PlantedDefect& defect_;
};

template <typename Drive, typename... More>
auto at_drive(const char* name, More... more) {
  return [=]() -> std::shared_ptr<const PlantedDefect> {
    const auto wrap = [=](std::unique_ptr<BlockDevice> below, const DefectSite& site,
                          const PlantedDefect& defect) -> std::unique_ptr<BlockDevice> {
      return std::make_unique<Drive>(std::move(below), site, defect, more...);
    };
    return std::make_shared<DriveDefect<decltype(wrap)>>(name, wrap);
  };
}

}  // namespace seedbed
