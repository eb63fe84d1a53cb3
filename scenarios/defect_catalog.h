// The table of planted defects: what each is, where it sits, which suite must turn red under it, in how many
// states, and by what. docs/selftest.md shows it as a run printed it.
//
// Pure values; a case makes its defect anew for each trial.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "reports/run_record.h"
#include "scenarios/planted_defect.h"

namespace seedbed {

// One way to look for the damage.
struct DefectTrial {
  enum class How : uint8_t {
    run,      // the scenario, once, with its own faults
    explore,  // crashes of it, beginning where the defect acts
    undone,   // crashes of it that take what a dropped sync said to be durable
    twice,    // `seedbed run`: two processes, whose events must be the same
  };
  How how = How::run;
  std::string scenario;  // under the directory of scenarios: "suites/core/undisturbed.toml"
};

// What counts as caught: a verdict, and the oracle whose finding it is (0: no oracle's, a refusal without a
// cause or one that is missing).
struct DefectCatch {
  Verdict verdict = Verdict::lost;
  int oracle = 0;
};

struct PlantedCase {
  std::string name;
  std::string port;  // where the decorator sits: "BlockDevice", "FileStore, services", …
  std::string what;  // one line
  std::vector<DefectTrial> trials;
  std::vector<DefectCatch> catches;
  uint64_t states_max = 1;  // of all trials
  bool quick = true;        // cheap enough for the tests of every commit
  std::function<std::shared_ptr<const PlantedDefect>()> make;
  std::string redundant = {};  // why nothing comes of it; "": something must
};

// Every one that is not a dropped sync.
std::vector<PlantedCase> planted_cases();

// The defect of that name, a dropped sync's too. invalid_argument when there is none.
Result<std::shared_ptr<const PlantedDefect>> defect_named(const std::string& name);

// Its parts, by what they decorate.
std::vector<PlantedCase> drive_cases();
std::vector<PlantedCase> remembered_drive_cases();
std::vector<PlantedCase> journal_cases();
std::vector<PlantedCase> file_cases();
std::vector<PlantedCase> staging_cases();  // restoring, too
std::vector<PlantedCase> service_disk_cases();
std::vector<PlantedCase> service_cases();
std::vector<PlantedCase> person_cases();  // operator, entropy, runtime

// A defect of one port, from a function that makes the decorator (or hands the port back, or null).
template <typename Wrap>
class DriveDefect final : public PlantedDefect {
 public:
  DriveDefect(std::string name, Wrap wrap) : PlantedDefect(std::move(name)), wrap_(std::move(wrap)) {}
  std::unique_ptr<BlockDevice> drive(std::unique_ptr<BlockDevice> below,
                                     const DefectSite& site) const override {
    return wrap_(std::move(below), site, *this);
  }

 private:
  Wrap wrap_;
};
template <typename Wrap>
class FilesDefect final : public PlantedDefect {
 public:
  FilesDefect(std::string name, Wrap wrap) : PlantedDefect(std::move(name)), wrap_(std::move(wrap)) {}
  std::unique_ptr<FileStore> files(FileStore& below, const DefectSite& site) const override {
    return wrap_(below, site, *this);
  }

 private:
  Wrap wrap_;
};
template <typename Wrap>
class HttpDefect final : public PlantedDefect {
 public:
  HttpDefect(std::string name, Wrap wrap) : PlantedDefect(std::move(name)), wrap_(std::move(wrap)) {}
  std::unique_ptr<HttpTransport> http(HttpTransport& below, const DefectSite& site) const override {
    return wrap_(below, site, *this);
  }

 private:
  Wrap wrap_;
};

}  // namespace seedbed
