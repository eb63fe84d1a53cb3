#include "simulator/drive_damage.h"

#include <algorithm>

#include "engine/base/random.h"
#include "simulator/event_log.h"
#include "simulator/extents.h"
#include "simulator/trace_hash.h"

namespace seedbed {

void DriveDamage::add(DamageKind kind, const Extent& extent, uint64_t since) {
  if (extent.length_bytes != 0) marks_.push_back({.kind = kind, .extent = extent, .since = since});
}

void DriveDamage::replace(uint64_t offset_bytes, Bytes content, uint64_t since) {
  add(DamageKind::replaced, {offset_bytes, content.size()}, since);
  if (content.empty()) return;
  marks_.back().content = std::make_shared<const Bytes>(std::move(content));
  marks_.back().content_offset_bytes = offset_bytes;
}

void DriveDamage::written(const Extent& extent, uint64_t ticket) {
  if (marks_.empty()) return;
  std::vector<Mark> left;
  for (const Mark& mark : marks_) {
    std::vector<Extent> pieces{mark.extent};
    if (mark.kind != DamageKind::refuses_writes && ticket > mark.since) subtract(pieces, extent);
    for (const Extent& piece : pieces) {
      left.push_back(mark);
      left.back().extent = piece;
    }
  }
  marks_ = std::move(left);
}

std::optional<uint64_t> DriveDamage::refusing(const Extent& extent) const noexcept {
  std::optional<uint64_t> first;
  for (const Mark& mark : marks_)
    if (mark.kind == DamageKind::refuses_writes && overlap(mark.extent, extent)) {
      const uint64_t at = common(mark.extent, extent).offset_bytes;
      first = std::min(first.value_or(at), at);
    }
  return first;
}

std::vector<Extent> DriveDamage::extents() const {
  std::vector<Extent> sorted;
  for (const Mark& mark : marks_) sorted.push_back(mark.extent);
  std::ranges::sort(sorted, {}, &Extent::offset_bytes);
  std::vector<Extent> merged;
  for (const Extent& extent : sorted) {
    const uint64_t known_bytes = merged.empty() ? 0 : merged.back().end_bytes();
    if (extent.end_bytes() <= known_bytes) continue;
    const uint64_t start_bytes = std::max(extent.offset_bytes, known_bytes);
    append_piece(merged, {start_bytes, extent.end_bytes() - start_bytes});
  }
  return merged;
}

uint64_t DriveDamage::hash() const noexcept {
  TraceHash hash;
  for (const Mark& mark : marks_) {
    hash.mix(static_cast<uint64_t>(mark.kind));
    hash.mix(mark.extent.offset_bytes);
    hash.mix(mark.extent.length_bytes);
    if (mark.content)
      hash.mix(detail_of(as_text(
          ByteSpan(*mark.content)
              .subspan(mark.extent.offset_bytes - mark.content_offset_bytes, mark.extent.length_bytes))));
  }
  return hash.value();
}

void rot_sector(MutableByteSpan sector, uint64_t offset_bytes) noexcept {
  Random random(detail_of(as_text(sector)) ^ offset_bytes);
  const uint64_t place = random.below(sector.size());
  sector[place] ^= static_cast<uint8_t>(random.between(1, 255));
}

}  // namespace seedbed
