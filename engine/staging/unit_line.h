// The line between the reader, the workers and the taker of a chunk stream: units go in and come out in one
// order, are worked on in any, and are bounded by the bytes that they hold. Any task may call; stop() is safe
// in destructors and lets everybody go.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "engine/ports/runtime.h"
#include "engine/staging/catalog.h"
#include "engine/staging/chunk_set.h"

namespace seedbed {

struct StreamUnit {
  Bytes plain;                     // a chunk; empty: none
  std::vector<CatalogItem> items;  // `pending` extents are of this chunk
  bool mark = false;               // a mark comes behind it
  uint64_t source_bytes = 0;       // in the items so far
  uint64_t cost_bytes = 0;
  // what a worker adds
  bool done = false, known = false;
  ChunkId id{};
  Packed packed;
};

class UnitLine {
 public:
  UnitLine(Runtime& runtime, uint64_t bytes_max) : monitor_(runtime.make_monitor()), bytes_max_(bytes_max) {}

  bool push(std::unique_ptr<StreamUnit> unit);  // waits for room; false: stopped
  void end();                                   // the reader has pushed all
  StreamUnit* take();                           // a worker's next; nullptr: none will come
  void done(StreamUnit& unit);
  std::unique_ptr<StreamUnit> pop();  // the first, when it is done; nullptr: the end, or stopped
  void stop() noexcept;
  // The chunks that have been handed over: workers look, the taker adds.
  bool seen(const ChunkId& id);
  void add_seen(const ChunkId& id);

 private:
  std::unique_ptr<Monitor> monitor_;
  const uint64_t bytes_max_;
  std::deque<std::unique_ptr<StreamUnit>> units_;
  std::deque<StreamUnit*> waiting_;
  ChunkSet seen_;
  uint64_t bytes_ = 0;
  bool ended_ = false, stopped_ = false;
};

}  // namespace seedbed
