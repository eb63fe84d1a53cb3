#include "engine/staging/chunk_set.h"

namespace seedbed {

static size_t place_of(const ChunkId& id, size_t slots) noexcept {
  return load_le<uint64_t>(id, 0) & (slots - 1);
}

bool ChunkSet::contains(const ChunkId& id) const noexcept {
  if (slots_.empty()) return false;
  for (size_t at = place_of(id, slots_.size()); slots_[at] != 0; at = (at + 1) & (slots_.size() - 1))
    if (ids_[slots_[at] - 1] == id) return true;
  return false;
}

bool ChunkSet::insert(const ChunkId& id) {
  if (contains(id)) return false;
  if ((ids_.size() + 1) * 3 > slots_.size() * 2) grow();
  ids_.push_back(id);
  size_t at = place_of(id, slots_.size());
  while (slots_[at] != 0) at = (at + 1) & (slots_.size() - 1);
  slots_[at] = static_cast<uint32_t>(ids_.size());
  return true;
}

void ChunkSet::grow() {
  slots_.assign(slots_.empty() ? 64 : slots_.size() * 2, 0);
  for (size_t i = 0; i < ids_.size(); i++) {
    size_t at = place_of(ids_[i], slots_.size());
    while (slots_[at] != 0) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = static_cast<uint32_t>(i + 1);
  }
}

}  // namespace seedbed
