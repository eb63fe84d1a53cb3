// What was handed to the drive, what of it came back, and where the checkpoints fall. Pure bookkeeping, so
// that the durability rules stand in one place: a checkpoint is due when every chunk up to its mark was
// reaped; only then may its flush be submitted, and only after the flush has returned may next() be reported.
// Marks depend on the chunks alone, never on timing.
#pragma once

#include <deque>
#include <span>
#include <vector>

#include "engine/sectors/sector_writer.h"

namespace seedbed {

class CheckpointLedger {
 public:
  CheckpointLedger(uint64_t checkpoint_bytes, uint64_t redo_bytes)
      : checkpoint_bytes_(checkpoint_bytes), redo_bytes_(redo_bytes) {}

  // Whether a chunk of this length may go to the drive now: a resume would write again all that lies beyond
  // the last recorded checkpoint.
  bool admits(uint32_t length_bytes) const noexcept {
    return bytes_ + length_bytes - recorded_bytes_ <= redo_bytes_;
  }
  void submitted(const WriteChunk& chunk, std::span<const Md5> hashes);  // in order, from position 0 on
  void finished(uint64_t position);                                      // reaped, in any order
  void end();  // no more chunks: the rest is the last checkpoint

  bool due() const noexcept { return !marks_.empty() && marks_.front().chunk_count <= finished_until_; }
  Checkpoint next() const noexcept;  // the one that is due; valid until recorded()
  void recorded();
  bool complete() const noexcept { return marks_.empty() && recorded_bytes_ == bytes_; }

  uint64_t chunk_count() const noexcept { return chunk_count_; }
  uint64_t range_count() const noexcept { return range_count_; }
  uint64_t bytes() const noexcept { return bytes_; }

 private:
  struct Mark {
    uint64_t chunk_count = 0, range_count = 0, bytes = 0;  // of this run
    uint64_t chunks = 0, ranges = 0;                       // of the session
  };
  void mark();

  const uint64_t checkpoint_bytes_, redo_bytes_;
  uint64_t chunk_count_ = 0, range_count_ = 0, bytes_ = 0;  // submitted
  uint64_t chunks_ = 0, ranges_ = 0;                        // the session's, behind the last submitted
  uint64_t finished_until_ = 0;                             // all positions below are finished
  std::deque<bool> finished_;                               // from finished_until_ on
  std::deque<Mark> marks_;
  uint64_t marked_bytes_ = 0, recorded_bytes_ = 0, recorded_ranges_ = 0;
  std::vector<Md5> hashes_;  // from recorded_ranges_ on
};

}  // namespace seedbed
