// What was done to a drive, in the on-disk format of the kernel's dm-log-writes (docs/formats/block-log.md),
// so that tools which know nothing of us replay it; and a reader of that format, for logs that others wrote.
// A value; one thread.
//
// Order is of durability: an entry stands behind every write that completed before it, a flush behind exactly
// what it covers. Writes that failed are not in it. So a crash leaves a replay up to some flush, and any part
// of what follows it up to the next one.
#pragma once

#include <string>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/result.h"
#include "simulator/drive_state.h"
#include "simulator/event_log.h"

namespace seedbed {

struct BlockLogEntry {
  enum class Kind : uint8_t { write, discard, flush, mark };
  Kind kind = Kind::write;
  Extent extent;  // of writes and discards
  Bytes data;     // of writes; a mark's words
  friend bool operator==(const BlockLogEntry&, const BlockLogEntry&) = default;
};

struct BlockLog {
  uint32_t sector_bytes = 512;  // extents are multiples of it; 512 or 4096
  std::vector<BlockLogEntry> entries;

  Bytes encode() const;
  // Reads entries until the log's own count of them, or where that is 0 or behind (QEMU brings it up to date
  // at flushes only), until an entry of zeros or the end. corrupt: not such a log, or torn in an entry.
  static Result<BlockLog> parse(ByteSpan file, const std::string& place);
  // What entries [from, to) leave on a medium, in order.
  void replay(Medium& medium, size_t from, size_t to) const;
};

// Makes the log of one simulated drive out of the events of its world. After a death, a cut or whatever else
// befell the drive, marks tell of it and writes bring a replay to what the drive then holds: replaying the
// whole log always gives what can be read from the drive.
class BlockLogRecorder {
 public:
  explicit BlockLogRecorder(const DriveState& drive)
      : log_{.sector_bytes = drive.contract.logical_sector_bytes, .entries = {}},
        replayed_(drive.contract.capacity_bytes) {}

  // Every event of the world, in order, on both sides; the drive as it is then.
  void see(const DriveState& drive, const Event& event, EventSide side);
  // The log, once nothing happens any more.
  BlockLog take(const DriveState& drive);

 private:
  void add(BlockLogEntry entry);
  void written(const DriveState& drive, const Event& event);
  void flushed(const Event& event);
  void catch_up(const DriveState& drive, const std::string& why);

  BlockLog log_;
  Medium replayed_;  // what the log's entries leave
  struct Flush {
    uint64_t event = 0;
    size_t behind = 0;  // entries, when it was submitted
  };
  std::vector<Flush> flushes_;  // in flight
  std::string befell_;          // since the last look: what may have changed the drive behind our back
};

}  // namespace seedbed
