// A planted defect: something wrong with the ports of a world's computers, so that the engine, which is
// right, does as an engine would that is wrong. Selftests plant them to prove that the suites can fail
// (selftest_command.h). The engine never knows; nor do the judges, who look at what is left through ports of
// their own.
//
// A defect is a decorator around one or more ports, made anew for each boot. What it must remember lies in
// the world (defect_memory.h). A world without a defect has none of this.
//
// Owned by the world that carries it, and its copies; one thread. Ports that a defect makes live as long as
// the boot; what they wrap outlives them.
#pragma once

#include <memory>
#include <string>

#include "engine/ports/block_device.h"
#include "engine/ports/entropy.h"
#include "engine/ports/file_store.h"
#include "engine/ports/http.h"
#include "engine/ports/operator.h"
#include "engine/ports/runtime.h"

namespace seedbed {

struct World;

// Where a decorator stands.
struct DefectSite {
  World& world;
  std::string machine;  // "copy computer", "source computer", "data centre", "services", …
  bool is(std::string_view name) const noexcept { return machine == name; }
};

class PlantedDefect {
 public:
  explicit PlantedDefect(std::string name) : name_(std::move(name)) {}
  virtual ~PlantedDefect() = default;
  PlantedDefect(const PlantedDefect&) = delete;
  PlantedDefect& operator=(const PlantedDefect&) = delete;
  const std::string& name() const noexcept { return name_; }

  // Each: the port as the engine is to meet it; null: it is as it was.
  virtual std::unique_ptr<Runtime> runtime(Runtime& below, const DefectSite& site) const;
  virtual std::unique_ptr<FileStore> files(FileStore& below, const DefectSite& site) const;
  virtual std::unique_ptr<Entropy> entropy(Entropy& below, const DefectSite& site) const;
  virtual std::unique_ptr<Operator> person(Operator& below, const DefectSite& site) const;
  virtual std::unique_ptr<HttpTransport> http(HttpTransport& below, const DefectSite& site) const;
  virtual std::unique_ptr<HttpHandler> handler(HttpHandler& below, const DefectSite& site) const;
  // Gives `below` back when it is right.
  virtual std::unique_ptr<BlockDevice> drive(std::unique_ptr<BlockDevice> below,
                                             const DefectSite& site) const;

  // Tells the defect that it has come into effect; the first event of the first time is where an exploration
  // begins. Run after run, the first stands.
  void acts(const DefectSite& site) const;
  bool acted() const noexcept { return first_event_ != 0; }
  uint64_t first_event() const noexcept { return first_event_; }

 private:
  std::string name_;
  mutable uint64_t first_event_ = 0;  // the event that comes next then; 0: never
};

// The ports of one boot, each decorated or not.
class PlantedPorts {
 public:
  PlantedPorts(DefectSite site, Runtime& runtime, FileStore& files, Entropy& entropy, Operator& person,
               HttpTransport* http);
  Runtime& runtime() noexcept { return bad_runtime_ ? *bad_runtime_ : runtime_; }
  FileStore& files() noexcept { return bad_files_ ? *bad_files_ : files_; }
  Entropy& entropy() noexcept { return bad_entropy_ ? *bad_entropy_ : entropy_; }
  Operator& person() noexcept { return bad_person_ ? *bad_person_ : person_; }
  HttpTransport* http() noexcept { return bad_http_ ? bad_http_.get() : http_; }
  std::unique_ptr<BlockDevice> drive(std::unique_ptr<BlockDevice> below) const;

 private:
  DefectSite site_;
  Runtime& runtime_;
  FileStore& files_;
  Entropy& entropy_;
  Operator& person_;
  HttpTransport* http_;
  std::unique_ptr<Runtime> bad_runtime_;
  std::unique_ptr<FileStore> bad_files_;
  std::unique_ptr<Entropy> bad_entropy_;
  std::unique_ptr<Operator> bad_person_;
  std::unique_ptr<HttpTransport> bad_http_;
};

}  // namespace seedbed
