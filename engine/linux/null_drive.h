// A drive that is nothing but speed, for benchmarks: writes vanish, reads give zeros or a pattern of their
// offset, flushes are instant. With a throttle it takes the time that a drive of so many bytes per second
// would. Never open it for anything that should last.
#pragma once

#include <deque>

#include "engine/linux/buffer_pool.h"
#include "engine/ports/block_device.h"
#include "engine/ports/runtime.h"

namespace seedbed {

struct NullDriveOptions {
  uint64_t capacity_bytes = 10'000'000'000'000 / 4096 * 4096;
  uint64_t bytes_per_second = 0;  // 0: no throttle
  bool pattern = false;           // reads give the offset of every 8 bytes, little-endian, instead of zeros
};

class NullDrive final : public BlockDevice {
 public:
  NullDrive(Runtime& runtime, const NullDriveOptions& options);
  const DeviceIdentity& identity() const noexcept override { return identity_; }
  const DeviceContract& contract() const noexcept override { return contract_; }
  uint64_t reset_epoch() override { return 1; }
  Result<std::vector<MutableByteSpan>> pool(uint32_t count, uint64_t each_bytes) override;
  Status submit(const IoRequest& request) override;
  Status reap(std::vector<IoCompletion>& out, uint32_t least) override;

 private:
  struct Waiting {
    IoRequest request;
    uint64_t due_ns;
  };
  Runtime& runtime_;
  NullDriveOptions options_;
  DeviceIdentity identity_;
  DeviceContract contract_;
  BufferPool pool_;
  std::deque<Waiting> waiting_;
  uint64_t busy_until_ns_ = 0;
};

}  // namespace seedbed
