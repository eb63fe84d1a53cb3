// A drive in memory that is as hard on its user as the BlockDevice port allows: completions come in random
// order, its buffers come dirty, a flush makes durable only what had been reaped before it was submitted, and
// every broken rule is written down. MemoryMedium is the hardware and outlives the machine; MemoryDrive is an
// open handle.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/base/random.h"
#include "engine/ports/block_device.h"
#include "engine/ports/runtime.h"

namespace seedbed {

struct MemoryMedium {
  explicit MemoryMedium(uint64_t capacity_bytes) : image(capacity_bytes), durable(capacity_bytes) {}

  void power_cut() {
    image = durable;
    unflushed.clear();
    ++epoch;
  }

  Bytes image;                    // what a read gives
  Bytes durable;                  // what a power cut leaves
  std::vector<Extent> unflushed;  // reaped writes that no flush has covered
  uint64_t epoch = 1;
  std::vector<std::string> complaints;
};

struct MemoryDriveOptions {
  DeviceContract contract;
  uint64_t seed = 1;
  bool sleeps = false;  // takes time (on a virtual clock)
  // The n-th request of its kind (from 1) fails; 0: none. Power goes just before that flush is answered, and
  // the answer is still yes.
  uint64_t failing_write = 0, failing_read = 0, failing_flush = 0, power_cut_at_flush = 0, failing_reap = 0;
  std::function<void(const IoRequest&)> watch = {};  // sees every request that is taken
};

class MemoryDrive final : public BlockDevice {
 public:
  MemoryDrive(Runtime& runtime, MemoryMedium& medium, MemoryDriveOptions options);
  ~MemoryDrive() override;

  const DeviceIdentity& identity() const noexcept override { return identity_; }
  const DeviceContract& contract() const noexcept override { return options_.contract; }
  uint64_t reset_epoch() override { return medium_.epoch; }
  Result<std::vector<MutableByteSpan>> pool(uint32_t count, uint64_t each_bytes) override;
  Status submit(const IoRequest& request) override;
  Status reap(std::vector<IoCompletion>& out, uint32_t least) override;

  size_t in_flight() const noexcept { return in_flight_.size(); }
  uint64_t writes() const noexcept { return writes_; }
  uint64_t flushes() const noexcept { return flushes_; }
  uint64_t pool_bytes() const noexcept { return buffers_.size(); }

 private:
  struct InFlight {
    IoRequest request;
    Bytes content;  // of a write, when submitted: the buffer must still hold it when it completes
    std::vector<Extent> covers;  // of a flush
    bool fails = false;
    bool power_goes = false;
  };
  void check(const IoRequest& request);
  Status complete(InFlight& entry);

  Runtime& runtime_;
  MemoryMedium& medium_;
  MemoryDriveOptions options_;
  DeviceIdentity identity_;
  Random random_;
  AlignedBuffer buffers_;
  std::vector<InFlight> in_flight_;
  uint64_t reads_ = 0, writes_ = 0, flushes_ = 0, reaps_ = 0;
};

}  // namespace seedbed
