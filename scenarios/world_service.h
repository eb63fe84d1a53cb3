// The services' machine of a world while a computer of it is booted: it starts, serves, dies when a fault
// says so, and starts again two seconds of virtual time later. One boot's; made before the computer's fibres
// run, ended by stop(), gone when the scheduler has come to rest.
#pragma once

#include <memory>
#include <vector>

#include "fakes/import_service/bay.h"
#include "scenarios/world_boot.h"
#include "simulator/simulated_network.h"

namespace seedbed {

// The drives that stand in the data centre. Opens them on `machine`; without one it tells of them only.
class WorldBay final : public Bay {
 public:
  WorldBay(World& world, Runtime* machine, EventLog* log) : world_(world), machine_(machine), log_(log) {}
  std::vector<std::string> slots() override;
  std::string serial_of(const std::string& slot) override;
  Result<std::unique_ptr<reference::ByteSource>> open(const std::string& slot) override;

 private:
  World& world_;
  Runtime* machine_;
  EventLog* log_;
};

class WorldService {
 public:
  WorldService(World& world, EventLog& log, Scheduler& scheduler, SimulatedNetwork& network);
  ~WorldService();
  void start();
  // It ends what it handles, and then itself.
  void stop();
  // By which those inside are known; "" until it has started.
  const std::string& internal_token() const noexcept { return internal_token_; }
  // Its disk is cut as said, and its fibres unwind. It starts again unless stopped.
  void die(bool power, const Survivors& survivors);

 private:
  struct Incarnation;
  World& world_;
  EventLog& log_;
  Scheduler& scheduler_;
  SimulatedNetwork& network_;
  int64_t utc_ns_;                                          // when the scheduler started
  std::vector<std::unique_ptr<Incarnation>> incarnations_;  // the last one is alive
  std::string internal_token_;
  bool stopped_ = false;
};

}  // namespace seedbed
