// What planted defects at the FileStore port are made of (defect_files.cc, defect_staging.cc,
// defect_service_disks.cc): a store that errs in one way, and the case's function that plants it.
//
// Each lives as long as the boot it was made for and is used as FileStore says.
#pragma once

#include "scenarios/defect_catalog.h"
#include "scenarios/defect_ports.h"

namespace seedbed {

class DefectiveFiles : public PassingFiles {
 public:
  DefectiveFiles(FileStore& below, const DefectSite& site, const PlantedDefect& defect)
      : PassingFiles(below), site_(site), defect_(defect) {}

 protected:
  void acts() { defect_.acts(site_); }
  World& world() noexcept { return site_.world; }
  DefectSite site_;
  const PlantedDefect& defect_;
};

// `machine`: only there; "": everywhere but at the services.
template <typename Files, typename... More>
auto at_files(const char* name, const char* machine, More... more) {
  return [=]() -> std::shared_ptr<const PlantedDefect> {
    const auto wrap = [=](FileStore& below, const DefectSite& site,
                          const PlantedDefect& defect) -> std::unique_ptr<FileStore> {
      const bool here = *machine == '\0' ? !site.is("services") : site.is(machine);
      return here ? std::make_unique<Files>(below, site, defect, more...) : nullptr;
    };
    return std::make_shared<FilesDefect<decltype(wrap)>>(name, wrap);
  };
}

}  // namespace seedbed
