#include "simulator/write_cache.h"

namespace seedbed {

void WriteCache::apply(Medium& medium, const Entry& entry) {
  if (entry.data)
    medium.write(entry.extent.offset_bytes, *entry.data);
  else
    medium.discard(entry.extent);
}

void WriteCache::complete(Entry entry) {
  apply(visible_, entry);
  entries_.push_back(std::move(entry));
  ++completed_;
}

void WriteCache::write(uint64_t offset_bytes, ByteSpan data) {
  complete({{offset_bytes, data.size()}, std::make_shared<const Bytes>(data.begin(), data.end())});
}

void WriteCache::discard(const Extent& extent) {
  complete({extent, nullptr});
}

void WriteCache::settle(uint64_t up_to) {
  const uint64_t settled = completed_ - entries_.size();
  for (uint64_t count = settled; count < up_to && !entries_.empty(); ++count) {
    apply(durable_, entries_.front());
    entries_.pop_front();
  }
  if (entries_.empty()) visible_ = durable_;  // equal bytes: share the pages again
}

void WriteCache::drop() {
  entries_.clear();
  visible_ = durable_;
}

}  // namespace seedbed
