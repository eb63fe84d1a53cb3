// A drive behind an open descriptor: what image files and block device nodes have in common. The openers
// (file_drive, sata_drive) find out identity and contract; requests, rules and buffers are here.
//
// Durability: a flush is fdatasync. The descriptor's lock (flock or O_EXCL) is what makes opening a barrier:
// the kernel lets go of it only when the last request of a dead process has ended.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/linux/buffer_pool.h"
#include "engine/linux/descriptor.h"
#include "engine/linux/io_queue.h"
#include "engine/ports/block_device.h"

namespace seedbed {

// How a drive on Linux is opened.
struct DriveOptions {
  bool write = true;             // false: for inspection; needs no lock and refuses writes
  bool force_plain_io = false;   // no io_uring
  uint32_t busy_wait_ms = 1000;  // for the requests of a process that was just killed to end
};

class DescriptorDrive final : public BlockDevice {
 public:
  struct Parts {
    Descriptor descriptor;
    Descriptor backing_lock;  // of a loop device: its image, locked as if it were opened itself
    DeviceIdentity identity;
    DeviceContract contract;
    std::vector<std::string> notes;
    bool block_device = false;
    // How often the drive was powered on, asked after every flush; empty where nobody can tell. Nothing: no
    // answer this time.
    std::function<std::optional<uint64_t>()> power_cycles;
  };
  DescriptorDrive(Parts parts, const DriveOptions& options);

  const DeviceIdentity& identity() const noexcept override { return parts_.identity; }
  const DeviceContract& contract() const noexcept override { return parts_.contract; }
  // Grows when the drive's power cycle count does. (A drive that the kernel lost makes the descriptor
  // useless: device_gone.)
  uint64_t reset_epoch() override { return reset_epoch_; }
  Result<std::vector<MutableByteSpan>> pool(uint32_t count, uint64_t each_bytes) override;
  Status submit(const IoRequest& request) override;
  Status reap(std::vector<IoCompletion>& out, uint32_t least) override;

  bool uses_io_uring() const noexcept { return queue_->kernel_ring(); }
  // What the user should know: no direct I/O, no io_uring, a write cache that would make flushes a lie.
  const std::vector<std::string>& notes() const noexcept { return parts_.notes; }

 private:
  Status confirm_power();

  Parts parts_;
  bool write_;
  uint64_t reset_epoch_ = 1;
  std::optional<uint64_t> known_power_cycles_;
  BufferPool pool_;
  std::unique_ptr<IoQueue> queue_;  // last: waits for requests into pool_ and the descriptor
};

}  // namespace seedbed
