// What a simulated drive was given and has not made durable, over the medium that holds what is. A value,
// like the medium: copies share data and pages. One thread at a time.
//
// Durability, to the letter of the BlockDevice port. An effect (a write, a discard) is *in flight* from
// submission to completion, then *completed*; a flush *settles* exactly what was completed before it was
// submitted. Everything else is pending: a power cut decides by Survivors, for each unit that the drive
// cannot tear, whether it reached the medium. Effects apply in the order of their submission, so a unit only
// ever takes a value that it was given, and nothing pending is older than what is settled beneath it: where
// an effect settles, older ones pending there are trimmed.
//
// After a failed flush what it covered is *orphaned*: still read, but settled by no later flush. Only writing
// it anew does that.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "engine/base/bytes.h"
#include "simulator/medium.h"
#include "simulator/survivors.h"

namespace seedbed {

class WriteCache {
 public:
  // unit_bytes: what a power cut cannot tear.
  WriteCache(uint64_t capacity_bytes, uint64_t unit_bytes)
      : unit_bytes_(unit_bytes), durable_(capacity_bytes), visible_(capacity_bytes) {}

  // An effect goes in flight; the data is copied now, and only now. `event` is the number by which Survivors
  // know it and must grow (0: one more than the last). The ticket counts submissions from 1.
  uint64_t submit_write(uint64_t offset_bytes, ByteSpan data, uint64_t event = 0);
  uint64_t submit_discard(const Extent& extent, uint64_t event = 0);
  // It completes, or fails without an effect. What is not in flight any more is left alone.
  void complete(uint64_t ticket);
  void abandon(uint64_t ticket);

  void read(uint64_t offset_bytes, MutableByteSpan out) const { visible_.read(offset_bytes, out); }

  // What reached the medium, and of which submission.
  struct Settled {
    Extent extent;
    uint64_t ticket = 0;
  };
  uint64_t submitted() const noexcept { return submitted_; }  // the last ticket
  // Counts completions from the start; a flush covers those up to what this was when it was submitted.
  uint64_t completed() const noexcept { return completed_; }
  // Of completions 1..up_to: a flush that keeps its word, and one that fails.
  std::vector<Settled> settle(uint64_t up_to);
  void orphan(uint64_t up_to);
  // The host is gone, the drive has power: what survives of the in-flight effects is completed.
  void kill(const Survivors& survivors);
  // Everything pending is decided, and nothing is pending then.
  std::vector<Settled> power_cut(const Survivors& survivors);

  // What a power cut would decide, in order of submission. settled_by_power: completed effects are safe, but
  // for orphans (capacitors).
  std::vector<PendingEffect> pending(bool settled_by_power = false) const;
  // The parts of the extent that reads take from the medium or from effects up to this ticket.
  std::vector<Extent> not_written_since(uint64_t ticket, const Extent& extent) const;
  // Completed or in flight.
  size_t unsettled() const noexcept { return entries_.size(); }
  std::vector<Extent> orphans() const;  // what a failed flush has left pending
  const Medium& durable() const noexcept { return durable_; }
  const Medium& visible() const noexcept { return visible_; }
  // Of what can be read and what can be lost; not of event numbers and tickets.
  uint64_t hash() const noexcept;

 private:
  struct Effect {
    uint64_t ticket = 0, event = 0;
    Extent extent;
    bool discards = false;
    Medium::Patch data{};
  };
  struct Entry {
    std::shared_ptr<const Effect> effect;  // shared by copies of the drive
    std::vector<Extent> live;  // of the extent: what is still pending, in order. Never empty but in flight
    uint64_t completion = 0;   // 0: in flight
    bool orphaned = false;
  };
  uint64_t submit(Effect effect);
  Entry* in_flight(uint64_t ticket) noexcept;
  static void apply(Medium& medium, const Effect& effect, const std::vector<Extent>& pieces);
  void keep(Entry& entry, const Survivors& survivors) const;
  void show(const Entry& entry);
  void drop_dead_entries();
  void share_when_equal();

  uint64_t unit_bytes_;
  Medium durable_;
  Medium visible_;  // durable_ with every completed entry on top: what reads give, without searching the list
  std::vector<Entry> entries_;  // in order of submission
  uint64_t submitted_ = 0, completed_ = 0, last_event_ = 0;
};

}  // namespace seedbed
