// A set of chunk ids. Ids are uniform (an HMAC), so their first bytes are the hash. About 45 bytes an id.
// A value; not for several tasks at once unless nobody writes.
#pragma once

#include <vector>

#include "engine/staging/sealed_chunk.h"

namespace seedbed {

class ChunkSet {
 public:
  bool contains(const ChunkId& id) const noexcept;
  bool insert(const ChunkId& id);  // false: it was there
  size_t size() const noexcept { return ids_.size(); }
  const std::vector<ChunkId>& ids() const noexcept { return ids_; }  // in the order they came

 private:
  void grow();
  std::vector<ChunkId> ids_;
  std::vector<uint32_t> slots_;  // index + 1; 0: free
};

}  // namespace seedbed
