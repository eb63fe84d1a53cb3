// The tasks that do a run's CPU work: fill, hash in lanes, encrypt or decrypt. Destroying the crew stops the
// table and joins everybody, so it must be declared after all that its workers use.
#pragma once

#include <vector>

#include "engine/ports/runtime.h"
#include "engine/sectors/chunk_feed.h"
#include "engine/sectors/chunk_table.h"
#include "engine/sectors/sector_cipher.h"

namespace seedbed {

// What all workers of a run share; it outlives them.
struct WorkerContext {
  Runtime& runtime;
  ChunkTable& table;
  ChunkFlow flow;
  HashLanes lanes;
  bool cipher;          // false: a dry run only hashes
  ChunkSource* source;  // writing only, like the next two
  ChunkFeed* feed;
  Monitor* feed_monitor;  // chunks are begun in the order in which the feed gives them
};

class ChunkWorker {
 public:
  ChunkWorker(const WorkerContext& context, SectorCipher cipher)
      : context_(context), cipher_(std::move(cipher)) {}
  void run();
  const StageTimes& times() const noexcept { return times_; }

 private:
  void fill(ChunkSlot& slot);
  bool begin(ChunkSlot& slot);
  void hash(const std::vector<ChunkSlot*>& batch);
  void hash_ranges(const std::vector<ChunkSlot*>& batch);
  void cipher(ChunkSlot& slot);

  const WorkerContext& context_;
  SectorCipher cipher_;
  StageTimes times_;
  std::vector<ByteSpan> inputs_;
  std::vector<Md5> digests_;
};

class WorkerCrew {
 public:
  // Starts runtime.workers() workers.
  WorkerCrew(const WorkerContext& context, const SectorCipher& cipher);
  ~WorkerCrew();
  WorkerCrew(const WorkerCrew&) = delete;
  WorkerCrew& operator=(const WorkerCrew&) = delete;
  // Waits for all of them (they end with the table's work) and adds up their times.
  StageTimes join();

 private:
  const WorkerContext& context_;
  std::vector<std::unique_ptr<ChunkWorker>> workers_;
  std::vector<Task> tasks_;
};

}  // namespace seedbed
