// The BlockDevice port: a drive. Identity, contract, and a queue of reads, writes, flushes and discards.
//
// Owned and used by one task at a time (hand it over by joining). Buffers given in requests must stay alive until their completion was
// reaped; the device drops or completes everything in flight in its destructor. pool() memory is registered with the kernel where that
// helps; any other memory aligned to 4096 works too.
//
// What a return means for durability:
//  * a reaped WRITE completion means the drive has the data, perhaps in a volatile cache: a power cut may lose or tear it;
//  * a reaped FLUSH completion means: every write whose completion was reaped *before the flush was submitted* is durable. It says
//    nothing of writes still in flight or reaped later;
//  * after a *failed* flush, everything since the last good one must be written again; flushing again proves nothing;
//  * if the drive lost power and came back, reset_epoch() has grown and the next flush fails, even if the drive would say yes;
//  * opening a device is a barrier against in-flight I/O of a process that died.
//
// Requests: offset, length and address are multiples of contract().physical_sector_bytes (a smaller write would endanger durable
// neighbours on 512e drives: the device refuses it), length at most contract().transfer_bytes_max, at most
// contract().queue_depth requests in flight. What breaks these rules is answered by submit() with invalid_argument and has no effect.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/result.h"

namespace seedbed {

struct DeviceIdentity {
  std::string path;      // as the user named it
  std::string serial;    // without spaces: the DriveId of manifests and jobs
  std::string model;
  std::string firmware;
  std::string transport;              // "sata", "loop", "image", "null", "simulated", …
  bool rehearsal = false;             // an image file: everything is real but nothing can be shipped
  std::vector<uint64_t> device_numbers;  // st_dev values of the drive and its partitions (what lives on it)
  std::string backing_path;           // an image's own real path, "" for devices
  std::vector<std::string> in_use;    // why it must not be written: "/dev/sda1 is mounted at /", "holds swap", …
};

struct DeviceContract {
  uint64_t capacity_bytes = 0;
  uint32_t logical_sector_bytes = 512;
  uint32_t physical_sector_bytes = 4096;  // every write is a multiple of this
  uint32_t atomic_write_bytes = 512;      // what a power cut cannot tear
  bool volatile_cache = true;             // completed writes need a flush
  bool power_loss_protected = false;
  bool discards = false;
  uint32_t queue_depth = 32;
  uint32_t transfer_bytes_max = 4 * 1024 * 1024;
};

enum class IoKind : uint8_t { read, write, flush, discard };

struct IoRequest {
  IoKind kind = IoKind::read;
  uint64_t offset_bytes = 0;  // flush: 0
  uint64_t length_bytes = 0;  // flush: 0
  uint8_t* data = nullptr;    // reads and writes
  uint64_t tag = 0;           // comes back in the completion
};

struct IoCompletion {
  uint64_t tag = 0;
  IoKind kind = IoKind::read;
  Status outcome;  // where = path and byte offset
};

class BlockDevice {
 public:
  virtual ~BlockDevice() = default;
  virtual const DeviceIdentity& identity() const noexcept = 0;
  virtual const DeviceContract& contract() const noexcept = 0;
  virtual uint64_t reset_epoch() = 0;

  // `count` buffers of `each_bytes` (a multiple of 4096), aligned and registered, zeroed, owned by the device and valid until the next call
  // of pool() or the device's end. Only while nothing is in flight.
  virtual Result<std::vector<MutableByteSpan>> pool(uint32_t count, uint64_t each_bytes) = 0;

  virtual Status submit(const IoRequest& request) = 0;
  // Waits until at least `least` completions are there (or nothing is in flight), and appends all that are to `out`.
  virtual Status reap(std::vector<IoCompletion>& out, uint32_t least) = 0;
};

// The blocking forms, for callers with nothing else in flight. Any length that is a multiple of the physical sector; unaligned memory is
// bounced. read_unaligned takes any offset and length.
Status read_device(BlockDevice& device, uint64_t offset_bytes, MutableByteSpan out);
Status read_device_unaligned(BlockDevice& device, uint64_t offset_bytes, MutableByteSpan out);
Status write_device(BlockDevice& device, uint64_t offset_bytes, ByteSpan data);
// Flushes and checks that the reset epoch has not moved since `epoch`.
Status flush_device(BlockDevice& device, uint64_t epoch);

}  // namespace seedbed
