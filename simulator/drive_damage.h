// What is wrong with the sectors of a simulated drive, apart from its pristine bytes. A value; one thread at
// a time; nothing here reads or writes the medium.
//
// Damage is to what a place held: writing it anew heals it, but only what was submitted after the damage was
// done, and only once that is durable. A write that the cut takes back uncovers the damage again.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "engine/base/bytes.h"

namespace seedbed {

enum class DamageKind : uint8_t {
  rot,             // reads give wrong bytes, the same ones at every try
  unreadable,      // reads fail
  refuses_writes,  // writes fail; no write heals that
  replaced,        // reads give other bytes: an older version, or what was meant for elsewhere
};

class DriveDamage {
 public:
  struct Mark {
    DamageKind kind = DamageKind::rot;
    Extent extent;
    uint64_t since = 0;  // the last ticket that it befell (write_cache.h)
    // replaced: the bytes, from this address on.
    std::shared_ptr<const Bytes> content = nullptr;
    uint64_t content_offset_bytes = 0;
  };
  void add(DamageKind kind, const Extent& extent, uint64_t since);
  void replace(uint64_t offset_bytes, Bytes content, uint64_t since);
  // What was submitted with this ticket is on the medium now.
  void written(const Extent& extent, uint64_t ticket);
  void heal() noexcept { marks_.clear(); }

  const std::vector<Mark>& marks() const noexcept { return marks_; }
  // The first byte of these that refuses to be written.
  std::optional<uint64_t> refusing(const Extent& extent) const noexcept;
  // Every damaged place, in order of address, without overlaps.
  std::vector<Extent> extents() const;
  uint64_t hash() const noexcept;

 private:
  std::vector<Mark> marks_;
};

// What a rotten sector reads as: one byte of it is another, which and how by address and content.
void rot_sector(MutableByteSpan sector, uint64_t offset_bytes) noexcept;

}  // namespace seedbed
