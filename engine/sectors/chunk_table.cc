#include "engine/sectors/chunk_table.h"

namespace seedbed {

ChunkTable::ChunkTable(Runtime& runtime, const std::vector<MutableByteSpan>& buffers, ChunkFlow flow,
                       uint32_t low_water, uint32_t batch_ranges)
    : flow_(flow),
      low_water_(low_water),
      batch_ranges_(batch_ranges),
      monitor_(runtime.make_monitor()),
      slots_(buffers.size()),
      places_(buffers.size()) {
  for (size_t i = 0; i < slots_.size(); ++i) {
    slots_[i].number = static_cast<uint32_t>(i);
    slots_[i].buffer = buffers[i];
  }
  for (size_t i = slots_.size(); i > 0; --i) free_.push_back(&slots_[i - 1]);
}

std::optional<ChunkTable::Work> ChunkTable::next_work() {
  Locked locked(*monitor_);
  std::optional<Work> work;
  bool over = false;
  locked.wait_until([&] {
    over = stopped_ || (ended_ && filling_ == 0 && filled_.empty());
    if (!over) work = choose_work();
    return over || work;
  });
  return work;
}

std::optional<ChunkTable::Work> ChunkTable::choose_work() {
  if (filled_ranges_ >= batch_ranges_) return take_batch();
  if (flow_ == ChunkFlow::writing && !ended_ && !free_.empty()) {
    Work work;
    work.fill = free_.back();
    free_.pop_back();
    ++filling_;
    return work;
  }
  if (hash_now()) return take_batch();
  return std::nullopt;
}

// Whether fewer ranges than a batch wants must do: no more will come, or the drive would stand idle while
// they wait for company.
bool ChunkTable::hash_now() const noexcept {
  return !filled_.empty() && ((ended_ && filling_ == 0) || drive_runs_dry());
}

bool ChunkTable::drive_runs_dry() const noexcept {
  const uint64_t drive_side =
      flow_ == ChunkFlow::writing ? ready_until_ - released_ : free_.size() + filling_;
  return drive_side < low_water_;
}

ChunkTable::Work ChunkTable::take_batch() {
  Work work;
  for (size_t ranges = 0; !filled_.empty() && ranges < batch_ranges_;) {
    ChunkSlot* slot = filled_.begin()->second;
    filled_.erase(filled_.begin());
    ranges += slot->chunk.ranges.size();
    filled_ranges_ -= slot->chunk.ranges.size();
    work.hash.push_back(slot);
  }
  return work;
}

void ChunkTable::hashed(ChunkSlot& slot) {
  Locked locked(*monitor_);
  place(slot.position).ready = true;
  while (ready_until_ < begun_ && place(ready_until_).ready) ++ready_until_;
  monitor_->notify_all();
}

ChunkSlot* ChunkTable::try_claim() {
  Locked locked(*monitor_);
  if (free_.empty()) return nullptr;
  ChunkSlot* slot = free_.back();
  free_.pop_back();
  ++filling_;
  return slot;
}

void ChunkTable::begin(ChunkSlot& slot, WriteChunk chunk) {
  Locked locked(*monitor_);
  slot.chunk = std::move(chunk);
  slot.position = begun_++;
  slot.hashes.clear();
  place(slot.position) = {.slot = &slot,
                          .ready = false};  // every chunk not popped holds a buffer, so the place is free
}

void ChunkTable::filled(ChunkSlot& slot) {
  Locked locked(*monitor_);
  --filling_;
  filled_.emplace(slot.position, &slot);
  filled_ranges_ += slot.chunk.ranges.size();
  monitor_->notify_all();
}

void ChunkTable::end(ChunkSlot* unused) {
  Locked locked(*monitor_);
  ended_ = true;
  if (unused != nullptr) {
    --filling_;
    free_.push_back(unused);
  }
  monitor_->notify_all();
}

ChunkSlot* ChunkTable::ready_front() noexcept {
  return popped_ < ready_until_ ? place(popped_).slot : nullptr;
}

ChunkSlot* ChunkTable::front() {
  Locked locked(*monitor_);
  return ready_front();
}

ChunkSlot* ChunkTable::wait_front() {
  Locked locked(*monitor_);
  locked.wait_until([&] { return ready_front() != nullptr || is_drained() || failure_; });
  return ready_front();
}

void ChunkTable::pop_front() {
  Locked locked(*monitor_);
  place(popped_++) = {};
}

void ChunkTable::release(ChunkSlot& slot) {
  Locked locked(*monitor_);
  ++released_;
  free_.push_back(&slot);
  monitor_->notify_all();
}

bool ChunkTable::drained() {
  Locked locked(*monitor_);
  return is_drained();
}

void ChunkTable::fail(Error error) {
  Locked locked(*monitor_);
  if (!failure_) failure_ = std::move(error);
  stopped_ = true;
  monitor_->notify_all();
}

std::optional<Error> ChunkTable::failure() {
  Locked locked(*monitor_);
  return failure_;
}

// Runs in destructors: lock() would throw on a dead machine, where everybody is unwinding anyway.
void ChunkTable::stop() noexcept {
  try {
    Locked locked(*monitor_);
    stopped_ = true;
  } catch (const Killed&) {  // NOLINT: nothing waits on a dead machine
    stopped_ = true;
  }
  monitor_->notify_all();
}

}  // namespace seedbed
