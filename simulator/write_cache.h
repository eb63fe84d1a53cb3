// The volatile write cache of a simulated drive: what it has completed and not flushed, in order of
// completion, over the medium that holds what is durable. A value, like the medium. Reads see everything
// completed; a power cut takes what is still here.
#pragma once

#include <deque>
#include <memory>

#include "engine/base/bytes.h"
#include "simulator/medium.h"

namespace seedbed {

class WriteCache {
 public:
  explicit WriteCache(uint64_t capacity_bytes) : durable_(capacity_bytes), visible_(capacity_bytes) {}

  void write(uint64_t offset_bytes, ByteSpan data);
  void discard(const Extent& extent);
  void read(uint64_t offset_bytes, MutableByteSpan out) const { visible_.read(offset_bytes, out); }

  // Counts completions from the start; a flush covers those up to what this was when it was submitted.
  uint64_t completed() const noexcept { return completed_; }
  // Makes completions 1..up_to durable.
  void settle(uint64_t up_to);
  // Forgets what is not durable.
  void drop();

  size_t unsettled() const noexcept { return entries_.size(); }
  const Medium& durable() const noexcept { return durable_; }
  const Medium& visible() const noexcept { return visible_; }

 private:
  struct Entry {
    Extent extent;
    std::shared_ptr<const Bytes> data;  // nothing: a discard. Shared by copies of the drive
  };
  static void apply(Medium& medium, const Entry& entry);
  void complete(Entry entry);

  Medium durable_;
  Medium visible_;  // durable_ with every entry on top: what reads give, without searching the list
  std::deque<Entry> entries_;
  uint64_t completed_ = 0;
};

}  // namespace seedbed
