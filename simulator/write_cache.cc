#include "simulator/write_cache.h"

#include <algorithm>
#include <iterator>

#include "simulator/extents.h"
#include "simulator/trace_hash.h"

namespace seedbed {

uint64_t WriteCache::submit_write(uint64_t offset_bytes, ByteSpan data, uint64_t event) {
  return submit({.event = event, .extent = {offset_bytes, data.size()}, .data = {offset_bytes, data}});
}

uint64_t WriteCache::submit_discard(const Extent& extent, uint64_t event) {
  return submit({.event = event, .extent = extent, .discards = true});
}

uint64_t WriteCache::submit(Effect effect) {
  effect.ticket = ++submitted_;
  if (effect.event == 0) effect.event = last_event_ + 1;
  last_event_ = effect.event;
  Entry entry;
  if (effect.extent.length_bytes != 0) entry.live.push_back(effect.extent);
  entry.effect = std::make_shared<const Effect>(std::move(effect));
  entries_.push_back(std::move(entry));
  return submitted_;
}

WriteCache::Entry* WriteCache::in_flight(uint64_t ticket) noexcept {
  const auto found =
      std::ranges::lower_bound(entries_, ticket, {}, [](const Entry& entry) { return entry.effect->ticket; });
  const bool there = found != entries_.end() && found->effect->ticket == ticket && found->completion == 0;
  return there ? &*found : nullptr;
}

void WriteCache::apply(Medium& medium, const Effect& effect, const std::vector<Extent>& pieces) {
  for (const Extent& piece : pieces)
    if (effect.discards)
      medium.discard(piece);
    else
      medium.write(effect.data, piece);
}

// A newly completed entry becomes visible, but for what completed ones that were submitted after it hide.
void WriteCache::show(const Entry& entry) {
  std::vector<Extent> shown = entry.live;
  for (const Entry* later = &entry + 1; later != entries_.data() + entries_.size(); ++later)
    if (later->completion != 0)
      for (const Extent& piece : later->live) subtract(shown, piece);
  apply(visible_, *entry.effect, shown);
}

void WriteCache::complete(uint64_t ticket) {
  Entry* entry = in_flight(ticket);
  if (entry == nullptr) return;
  entry->completion = ++completed_;
  show(*entry);
  if (entry->live.empty()) drop_dead_entries();
}

void WriteCache::abandon(uint64_t ticket) {
  if (const Entry* entry = in_flight(ticket)) entries_.erase(entries_.begin() + (entry - entries_.data()));
}

std::vector<WriteCache::Settled> WriteCache::settle(uint64_t up_to) {
  std::vector<Settled> settled;
  std::vector<Entry> left;  // older than what settles next, and trimmed by it
  for (Entry& entry : entries_) {
    if (entry.completion == 0 || entry.completion > up_to || entry.orphaned) {
      left.push_back(std::move(entry));
      continue;
    }
    apply(durable_, *entry.effect, entry.live);
    for (const Extent& piece : entry.live) {
      settled.push_back({piece, entry.effect->ticket});
      for (Entry& older : left) subtract(older.live, piece);
    }
  }
  entries_ = std::move(left);
  drop_dead_entries();
  share_when_equal();
  return settled;
}

void WriteCache::orphan(uint64_t up_to) {
  for (Entry& entry : entries_)
    if (entry.completion != 0 && entry.completion <= up_to) entry.orphaned = true;
}

std::vector<Extent> WriteCache::orphans() const {
  std::vector<Extent> pieces;
  for (const Entry& entry : entries_)
    if (entry.orphaned) std::ranges::copy(entry.live, std::back_inserter(pieces));
  return pieces;
}

// Leaves of an entry what survives, unit by unit.
void WriteCache::keep(Entry& entry, const Survivors& survivors) const {
  const Extent& extent = entry.effect->extent;
  const uint64_t units = round_up(extent.length_bytes, unit_bytes_) / unit_bytes_;
  const Kept kept = survivors.of(entry.effect->event, units);
  if (kept.whole(units)) return;
  std::vector<Extent> surviving;
  for (const Extent& piece : entry.live)
    for (uint64_t at = piece.offset_bytes; at < piece.end_bytes();) {
      const uint64_t unit = (at - extent.offset_bytes) / unit_bytes_;
      const uint64_t end_bytes = std::min(piece.end_bytes(), extent.offset_bytes + (unit + 1) * unit_bytes_);
      if (kept.unit(unit)) append_piece(surviving, {at, end_bytes - at});
      at = end_bytes;
    }
  entry.live = std::move(surviving);
}

void WriteCache::kill(const Survivors& survivors) {
  for (Entry& entry : entries_)
    if (entry.completion == 0) {
      keep(entry, survivors);
      if (entry.live.empty()) continue;
      entry.completion = ++completed_;
      show(entry);
    }
  std::erase_if(entries_, [](const Entry& entry) { return entry.completion == 0; });
}

std::vector<WriteCache::Settled> WriteCache::power_cut(const Survivors& survivors) {
  std::vector<Settled> settled;
  for (Entry& entry : entries_) {
    keep(entry, survivors);
    apply(durable_, *entry.effect, entry.live);
    for (const Extent& piece : entry.live) settled.push_back({piece, entry.effect->ticket});
  }
  entries_.clear();
  visible_ = durable_;
  return settled;
}

void WriteCache::drop_dead_entries() {
  std::erase_if(entries_, [](const Entry& entry) { return entry.completion != 0 && entry.live.empty(); });
}

// Equal bytes: share the pages again.
void WriteCache::share_when_equal() {
  if (std::ranges::all_of(entries_, [](const Entry& entry) { return entry.completion == 0; }))
    visible_ = durable_;
}

std::vector<PendingEffect> WriteCache::pending(bool settled_by_power) const {
  std::vector<PendingEffect> effects;
  for (const Entry& entry : entries_) {
    const bool safe = settled_by_power && entry.completion != 0 && !entry.orphaned;
    if (entry.live.empty() || safe) continue;
    effects.push_back({.event = entry.effect->event,
                       .units = round_up(entry.effect->extent.length_bytes, unit_bytes_) / unit_bytes_,
                       .in_flight = entry.completion == 0});
  }
  return effects;
}

std::vector<Extent> WriteCache::not_written_since(uint64_t ticket, const Extent& extent) const {
  std::vector<Extent> pieces{extent};
  for (const Entry& entry : entries_)
    if (entry.completion != 0 && entry.effect->ticket > ticket)
      for (const Extent& piece : entry.live) subtract(pieces, piece);
  return pieces;
}

uint64_t WriteCache::hash() const noexcept {
  TraceHash hash;
  hash.mix(durable_.hash());
  hash.mix(visible_.hash());
  for (const Entry& entry : entries_) {
    const Effect& effect = *entry.effect;
    hash.mix(effect.data.hash());
    hash.mix((entry.completion == 0 ? 1u : 0u) | (entry.orphaned ? 2u : 0u) | (effect.discards ? 4u : 0u));
    hash.mix(effect.extent.offset_bytes);
    hash.mix(effect.extent.length_bytes);
    for (const Extent& piece : entry.live) {
      hash.mix(piece.offset_bytes);
      hash.mix(piece.length_bytes);
    }
  }
  return hash.value();
}

}  // namespace seedbed
