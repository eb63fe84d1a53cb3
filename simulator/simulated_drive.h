// A simulated drive. DriveState is the hardware: a value that belongs to a World and outlives the machine it
// hangs on. SimulatedDrive is one machine's open handle on it, a BlockDevice that takes the machine's
// (virtual) time.
//
// Durability: as the port says, to the letter. A write is in the volatile cache once its completion was
// reaped; a flush makes durable exactly what was reaped before it was submitted; a power cut takes the rest,
// raises the reset epoch, fails what is in flight and the next flush. A killed machine leaves completed
// writes in the drive's cache (the drive did not lose power) and what was in flight undone.
#pragma once

#include <deque>

#include "engine/ports/block_device.h"
#include "engine/ports/runtime.h"
#include "simulator/write_cache.h"

namespace seedbed {

struct DriveSpeed {
  uint64_t request_ns = 100'000;
  uint64_t flush_ns = 1'000'000;
  uint64_t bytes_per_second = 200'000'000;
};

struct DriveState {
  DriveState(const std::string& serial, const DeviceContract& contract);

  // What is not durable goes; with power_loss_protected nothing does.
  void power_cut();

  DeviceIdentity identity;
  DeviceContract contract;
  DriveSpeed speed;
  WriteCache cache;
  uint64_t reset_epoch = 1;
};

class SimulatedDrive final : public BlockDevice {
 public:
  SimulatedDrive(Runtime& runtime, DriveState& state)
      : runtime_(runtime), state_(state), flushed_epoch_(state.reset_epoch) {}

  const DeviceIdentity& identity() const noexcept override { return state_.identity; }
  const DeviceContract& contract() const noexcept override { return state_.contract; }
  uint64_t reset_epoch() override { return state_.reset_epoch; }
  Result<std::vector<MutableByteSpan>> pool(uint32_t count, uint64_t each_bytes) override;
  Status submit(const IoRequest& request) override;
  Status reap(std::vector<IoCompletion>& out, uint32_t least) override;

 private:
  struct InFlight {
    IoRequest request;
    uint64_t due_ns = 0;
    uint64_t epoch = 0;   // when submitted
    uint64_t covers = 0;  // a flush: the completions it makes durable
  };
  Status check(const IoRequest& request) const;
  Status perform(const InFlight& entry);

  Runtime& runtime_;
  DriveState& state_;
  uint64_t flushed_epoch_;  // the epoch that the handle's flushes still vouch for
  AlignedBuffer pool_;
  std::deque<InFlight> in_flight_;  // served in this order
  uint64_t busy_until_ns_ = 0;
};

}  // namespace seedbed
