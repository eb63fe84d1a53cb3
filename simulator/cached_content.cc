#include "simulator/cached_content.h"

#include <algorithm>

namespace seedbed {

uint64_t CachedContent::Operation::units() const noexcept {
  if (!data) return 1;
  return (round_up(at_bytes + data->size(), kUnitBytes) - round_down(at_bytes, kUnitBytes)) / kUnitBytes;
}

size_t CachedContent::write(uint64_t offset_bytes, ByteSpan data, uint64_t new_pages_max, Stamp stamp) {
  const size_t done_bytes = current_.write(offset_bytes, data, new_pages_max);
  if (done_bytes > 0)
    operations_.push_back(
        {stamp, offset_bytes,
         std::make_shared<const Bytes>(data.begin(), data.begin() + static_cast<ptrdiff_t>(done_bytes)),
         Fate::pending});
  return done_bytes;
}

void CachedContent::truncate(uint64_t size_bytes, Stamp stamp) {
  current_.truncate(size_bytes);
  operations_.push_back({stamp, size_bytes, nullptr, Fate::pending});
}

void CachedContent::apply(const Operation& operation, PagedBytes& bytes) {
  if (operation.data)
    bytes.write(operation.at_bytes, *operation.data);
  else
    bytes.truncate(operation.at_bytes);
}

// Whether anything of it survived.
bool CachedContent::apply(const Operation& operation, Kept kept, PagedBytes& bytes) {
  if (!operation.data) {
    if (kept.unit(0)) bytes.truncate(operation.at_bytes);
    return kept.unit(0);
  }
  const uint64_t first_unit = operation.at_bytes / kUnitBytes, units = operation.units();
  bool any = false;
  for (uint64_t unit = 0; unit < units;) {
    uint64_t end = unit;
    while (end < units && kept.unit(end)) end++;
    if (end > unit) {
      any = true;
      const uint64_t begin_bytes = std::max(operation.at_bytes, (first_unit + unit) * kUnitBytes);
      const uint64_t end_bytes =
          std::min(operation.at_bytes + operation.data->size(), (first_unit + end) * kUnitBytes);
      bytes.write(
          begin_bytes,
          ByteSpan(*operation.data).subspan(begin_bytes - operation.at_bytes, end_bytes - begin_bytes));
    }
    unit = end + 1;
  }
  return any;
}

std::optional<CachedContent::Stamp> CachedContent::sync() {
  std::optional<Stamp> last;
  for (Operation& operation : operations_) {
    if (operation.fate != Fate::pending) continue;
    operation.fate = Fate::durable;
    last = operation.stamp;
  }
  // An orphan is older than all that is durable here: those wait for a cut, to be put over it.
  if (!operations_.empty() && operations_.front().fate == Fate::orphaned) return last;
  for (const Operation& operation : operations_) {  // what is seen is what is durable: share its pages
    const uint64_t first_page = operation.at_bytes / kPageBytes;
    durable_.adopt(current_, first_page,
                   operation.data
                       ? round_up(operation.at_bytes + operation.data->size(), kPageBytes) / kPageBytes
                       : PagedBytes::kUnlimited);
  }
  operations_.clear();
  return last;
}

void CachedContent::lose_sync() {
  for (Operation& operation : operations_)
    if (operation.fate == Fate::pending) operation.fate = Fate::orphaned;
}

void CachedContent::settle() {
  durable_ = current_;
  operations_.clear();
}

std::optional<CachedContent::Stamp> CachedContent::cut(const Survivors& survivors) {
  std::optional<Stamp> last;
  for (const Operation& operation : operations_) {
    bool any = true;
    if (operation.fate == Fate::durable)
      apply(operation, durable_);
    else
      any = apply(operation, survivors.of(operation.stamp.event, operation.units()), durable_);
    if (any) last = operation.stamp;
  }
  current_ = durable_;
  operations_.clear();
  return last;
}

void CachedContent::add_pending(std::vector<PendingEffect>& out) const {
  for (const Operation& operation : operations_)
    if (operation.fate != Fate::durable)
      out.push_back({.event = operation.stamp.event, .units = operation.units()});
}

void CachedContent::restamp(int64_t time_ns) noexcept {
  for (Operation& operation : operations_) operation.stamp.time_ns = time_ns;
}

}  // namespace seedbed
