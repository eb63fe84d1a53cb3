#include "scenarios/planted_defect.h"

#include "scenarios/world.h"

namespace seedbed {

std::unique_ptr<Runtime> PlantedDefect::runtime(Runtime&, const DefectSite&) const {
  return nullptr;
}
std::unique_ptr<FileStore> PlantedDefect::files(FileStore&, const DefectSite&) const {
  return nullptr;
}
std::unique_ptr<Entropy> PlantedDefect::entropy(Entropy&, const DefectSite&) const {
  return nullptr;
}
std::unique_ptr<Operator> PlantedDefect::person(Operator&, const DefectSite&) const {
  return nullptr;
}
std::unique_ptr<HttpTransport> PlantedDefect::http(HttpTransport&, const DefectSite&) const {
  return nullptr;
}
std::unique_ptr<HttpHandler> PlantedDefect::handler(HttpHandler&, const DefectSite&) const {
  return nullptr;
}
std::unique_ptr<BlockDevice> PlantedDefect::drive(std::unique_ptr<BlockDevice> below,
                                                  const DefectSite&) const {
  return below;
}

void PlantedDefect::acts(const DefectSite& site) const {
  if (first_event_ == 0) first_event_ = site.world.events + 1;
}

PlantedPorts::PlantedPorts(DefectSite site, Runtime& runtime, FileStore& files, Entropy& entropy,
                           Operator& person, HttpTransport* http)
    : site_(std::move(site)),
      runtime_(runtime),
      files_(files),
      entropy_(entropy),
      person_(person),
      http_(http) {
  const PlantedDefect* const defect = site_.world.defect.get();
  if (defect == nullptr) return;
  bad_runtime_ = defect->runtime(runtime, site_);
  bad_files_ = defect->files(files, site_);
  bad_entropy_ = defect->entropy(entropy, site_);
  bad_person_ = defect->person(person, site_);
  if (http != nullptr) bad_http_ = defect->http(*http, site_);
}

std::unique_ptr<BlockDevice> PlantedPorts::drive(std::unique_ptr<BlockDevice> below) const {
  const PlantedDefect* const defect = site_.world.defect.get();
  return defect == nullptr ? std::move(below) : defect->drive(std::move(below), site_);
}

}  // namespace seedbed
