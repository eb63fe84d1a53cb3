// The bytes of one simulated file twice: as the machine sees them and as the disk holds them, and between the
// two the operations since the last sync, in order, each with the number of the event that made it. A power
// cut applies to the durable bytes whichever of them survive.
//
// A write is `units` of 512 bytes, aligned in the file, that live or die one by one: so an append may be
// torn, and a hole of zeros stands where an earlier append was lost before a later one that survived. A
// truncation is one unit.
//
// What a failed sync covered is orphaned: it is still seen, a later sync does not make it durable, a cut may
// keep it or not. Order holds, so an orphan never comes over newer bytes that were synced. A value; copies
// share pages and data (copies that different threads use must be handed over by joining).
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "engine/base/bytes.h"
#include "simulator/paged_bytes.h"
#include "simulator/survivors.h"

namespace seedbed {

class CachedContent {
 public:
  static constexpr uint64_t kPageBytes = PagedBytes::kPageBytes;
  static constexpr uint64_t kUnitBytes = 512;

  // Of what an operation leaves.
  struct Stamp {
    uint64_t event = 0;
    int64_t time_ns = 0;
    uint64_t order = 0;  // the owner's
    friend bool operator==(const Stamp&, const Stamp&) = default;
  };

  uint64_t size_bytes() const noexcept { return current_.size_bytes(); }
  uint64_t pages() const noexcept { return current_.pages(); }  // allocated
  size_t read(uint64_t offset_bytes, MutableByteSpan out) const { return current_.read(offset_bytes, out); }
  uint64_t hash() const { return current_.hash(); }  // of what is seen
  // Stops before a page would be allocated beyond `new_pages_max`; tells how many bytes were written.
  size_t write(uint64_t offset_bytes, ByteSpan data, uint64_t new_pages_max, Stamp stamp);
  void truncate(uint64_t size_bytes, Stamp stamp);

  // All that is no orphan becomes durable; tells the stamp of the last operation that did.
  std::optional<Stamp> sync();
  void lose_sync();  // a sync that failed
  void settle();     // everything is durable, orphans too
  // What a power cut leaves. Tells the stamp of the last operation of which anything survived.
  std::optional<Stamp> cut(const Survivors& survivors);

  bool touched() const noexcept { return !operations_.empty(); }  // a cut may change something
  void add_pending(std::vector<PendingEffect>& out) const;
  void restamp(int64_t time_ns) noexcept;  // the times of what is pending, for a world that sets them

 private:
  enum class Fate : uint8_t { pending, orphaned, durable };
  struct Operation {
    Stamp stamp;
    uint64_t at_bytes = 0;              // of a truncation: the new size
    std::shared_ptr<const Bytes> data;  // none: a truncation
    Fate fate = Fate::pending;
    uint64_t units() const noexcept;
  };
  static void apply(const Operation& operation, PagedBytes& bytes);
  static bool apply(const Operation& operation, Kept kept, PagedBytes& bytes);

  PagedBytes current_;
  PagedBytes durable_;
  // When there are orphans the first of all is one, and those that became durable after it stay: it may yet
  // come before them.
  std::vector<Operation> operations_;
};

}  // namespace seedbed
