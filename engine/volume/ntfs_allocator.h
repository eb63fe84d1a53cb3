// Which clusters of an NTFS volume are free, and where a new file goes: first fit from a cursor, in one run
// where there is one. Pure; owned by one task. It mirrors $Bitmap: load() is given every byte of it that is
// read or written.
//
// libntfs' own allocator skips 4096 clusters after every allocation, splits files and reports a full volume
// long before it is full.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "engine/base/bytes.h"

namespace seedbed {

struct ClusterRun {
  uint64_t first = 0, count = 0;
  friend bool operator==(const ClusterRun&, const ClusterRun&) = default;
};

class NtfsAllocator {
 public:
  // Everything counts as used until loaded. Files go behind `data_start` (the end of the MFT zone) as long as
  // there is room.
  NtfsAllocator(uint64_t clusters, uint64_t data_start)
      : clusters_(clusters), data_start_(data_start), cursor_(data_start) {}

  // The bits of $Bitmap from `first_cluster` (a multiple of 8) on; a set bit is a used cluster. False: more
  // holes than are bearable (2^20).
  bool load(uint64_t first_cluster, ByteSpan bits);

  uint64_t free_clusters() const noexcept { return free_clusters_; }

  // Where `count` clusters go: one run at or behind the cursor, one run before it, else the largest holes, in
  // the order of their places; the MFT zone only when nothing else is left. Empty: not enough free clusters.
  // Nothing is taken: the caller writes $Bitmap and loads that.
  std::vector<ClusterRun> place(uint64_t count) const;
  // Tells where the next file should follow.
  void move_cursor(uint64_t cluster) noexcept { cursor_ = cluster; }

  // One free run of `count`, beginning at the first multiple of `alignment` at or behind `wanted`.
  std::optional<ClusterRun> place_at(uint64_t wanted, uint64_t count, uint64_t alignment) const;

 private:
  std::optional<ClusterRun> first_fit(uint64_t begin, uint64_t end, uint64_t count, uint64_t alignment) const;
  void set_used(uint64_t begin, uint64_t end);
  void set_free(uint64_t begin, uint64_t end);

  uint64_t clusters_, data_start_, cursor_;
  uint64_t free_clusters_ = 0;
  std::map<uint64_t, uint64_t> holes_;  // begin → end, never touching
};

}  // namespace seedbed
