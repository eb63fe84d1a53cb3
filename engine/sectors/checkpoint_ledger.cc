#include "engine/sectors/checkpoint_ledger.h"

namespace seedbed {

void CheckpointLedger::submitted(const WriteChunk& chunk, std::span<const Md5> hashes) {
  const uint64_t intervals_before = bytes_ / checkpoint_bytes_;
  ++chunk_count_;
  range_count_ += hashes.size();
  bytes_ += chunk.length_bytes;
  chunks_ = chunk.index + 1;
  ranges_ = chunk.ranges.back().range_index + 1;
  finished_.push_back(false);
  hashes_.insert(hashes_.end(), hashes.begin(), hashes.end());
  if (bytes_ / checkpoint_bytes_ != intervals_before) mark();
}

void CheckpointLedger::finished(uint64_t position) {
  finished_[position - finished_until_] = true;
  while (!finished_.empty() && finished_.front()) {
    finished_.pop_front();
    ++finished_until_;
  }
}

void CheckpointLedger::end() {
  if (marked_bytes_ != bytes_) mark();
}

void CheckpointLedger::mark() {
  marks_.push_back({chunk_count_, range_count_, bytes_, chunks_, ranges_});
  marked_bytes_ = bytes_;
}

Checkpoint CheckpointLedger::next() const noexcept {
  const Mark& mark = marks_.front();
  return {.chunks = mark.chunks,
          .ranges = mark.ranges,
          .bytes = mark.bytes,
          .hashes = std::span(hashes_).first(mark.range_count - recorded_ranges_)};
}

void CheckpointLedger::recorded() {
  const Mark mark = marks_.front();
  marks_.pop_front();
  hashes_.erase(hashes_.begin(),
                hashes_.begin() + static_cast<std::ptrdiff_t>(mark.range_count - recorded_ranges_));
  recorded_bytes_ = mark.bytes;
  recorded_ranges_ = mark.range_count;
}

}  // namespace seedbed
