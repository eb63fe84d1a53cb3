#include "engine/sectors/chunk_worker.h"

#include <algorithm>

#include "engine/sectors/page_hash.h"

namespace seedbed {
namespace {

// Adds the time of a scope to a sum. Work that is charged to the runtime inside the scope counts.
class Stopwatch {
 public:
  explicit Stopwatch(Runtime& runtime) : runtime_(runtime), start_ns_(runtime.now_ns()) {}
  void add_to(uint64_t& sum_ns) { sum_ns += runtime_.now_ns() - start_ns_; }

 private:
  Runtime& runtime_;
  uint64_t start_ns_;
};

void zero_padding(const ChunkSlot& slot) noexcept {
  const MutableByteSpan data = slot.data();
  size_t from = 0;
  for (const ChunkRange& range : slot.chunk.ranges) {
    std::fill(data.begin() + from, data.begin() + range.chunk_offset_bytes, uint8_t{0});
    from = size_t{range.chunk_offset_bytes} + range.length_bytes;
  }
  std::fill(data.begin() + from, data.end(), uint8_t{0});
}

}  // namespace

void ChunkWorker::run() {
  while (const auto work = context_.table.next_work()) {
    if (work->fill != nullptr) {
      fill(*work->fill);
    } else {
      hash(work->hash);
    }
  }
}

void ChunkWorker::fill(ChunkSlot& slot) {
  if (!begin(slot)) return;
  Stopwatch watch(context_.runtime);
  zero_padding(slot);
  Status filled = context_.source->fill(slot.chunk, slot.data());
  watch.add_to(times_.fill_ns);
  if (filled) {
    context_.table.filled(slot);
  } else {
    context_.table.fail(std::move(filled).error());
  }
}

bool ChunkWorker::begin(ChunkSlot& slot) {
  Locked locked(*context_.feed_monitor);
  auto chunk = context_.feed->next();
  if (!chunk) {
    context_.table.fail(std::move(chunk).error());
    return false;
  }
  if (!*chunk) {
    context_.table.end(&slot);
    return false;
  }
  context_.table.begin(slot, *std::move(*chunk));
  return true;
}

void ChunkWorker::hash(const std::vector<ChunkSlot*>& batch) {
  if (context_.flow == ChunkFlow::reading) {
    for (ChunkSlot* slot : batch) cipher(*slot);
  }
  hash_ranges(batch);
  for (ChunkSlot* slot : batch) {
    if (context_.flow == ChunkFlow::writing) cipher(*slot);
    context_.table.hashed(*slot);
  }
}

void ChunkWorker::hash_ranges(const std::vector<ChunkSlot*>& batch) {
  Stopwatch watch(context_.runtime);
  uint64_t bytes = 0;
  inputs_.clear();
  for (const ChunkSlot* slot : batch) {
    for (const ChunkRange& range : slot->chunk.ranges) {
      inputs_.push_back(slot->data().subspan(range.chunk_offset_bytes, range.length_bytes));
      bytes += range.length_bytes;
    }
  }
  digests_.resize(inputs_.size());
  md5_of_many(inputs_, digests_, context_.lanes);
  auto digest = digests_.cbegin();
  for (ChunkSlot* slot : batch) {
    const auto count = static_cast<std::ptrdiff_t>(slot->chunk.ranges.size());
    slot->hashes.assign(digest, digest + count);
    digest += count;
  }
  context_.runtime.spend(Work::hash_md5, bytes);
  watch.add_to(times_.hash_ns);
}

// The tweak counts sectors of the partition, not of the drive.
void ChunkWorker::cipher(ChunkSlot& slot) {
  if (!context_.cipher) return;
  Stopwatch watch(context_.runtime);
  if (context_.flow == ChunkFlow::writing) {
    cipher_.encrypt(slot.chunk.volume_offset_bytes, slot.data());
  } else {
    cipher_.decrypt(slot.chunk.volume_offset_bytes, slot.data());
  }
  context_.runtime.spend(Work::encrypt, slot.chunk.length_bytes);
  watch.add_to(times_.encrypt_ns);
}

WorkerCrew::WorkerCrew(const WorkerContext& context, const SectorCipher& cipher) : context_(context) {
  const unsigned count = std::max(context.runtime.workers(), 1U);
  for (unsigned i = 0; i < count; ++i)
    workers_.push_back(std::make_unique<ChunkWorker>(context, cipher.clone()));
  try {
    for (const auto& worker : workers_) {
      tasks_.push_back(context.runtime.spawn("sector worker", [w = worker.get()] { w->run(); }));
    }
  } catch (...) {  // the destructor will not run
    context_.table.stop();
    tasks_.clear();
    throw;
  }
}

WorkerCrew::~WorkerCrew() {
  context_.table.stop();
  tasks_.clear();
}

StageTimes WorkerCrew::join() {
  for (const Task& task : tasks_) task->join();
  StageTimes sum;
  for (const auto& worker : workers_) {
    sum.fill_ns += worker->times().fill_ns;
    sum.hash_ns += worker->times().hash_ns;
    sum.encrypt_ns += worker->times().encrypt_ns;
  }
  return sum;
}

}  // namespace seedbed
