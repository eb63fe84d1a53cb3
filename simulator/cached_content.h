// The bytes of one simulated file twice: as the machine sees them and as the disk would show them after a
// power cut. Pages of 4096 bytes, as a page cache has them; pages never written read as zeros and cost
// nothing. A value: copies share pages until one side writes (copies that different threads use must be
// handed over by joining).
#pragma once

#include <array>
#include <map>
#include <memory>
#include <set>

#include "engine/base/bytes.h"

namespace seedbed {

class CachedContent {
 public:
  static constexpr uint64_t kPageBytes = 4096;

  uint64_t size_bytes() const noexcept { return current_.size_bytes; }
  uint64_t pages() const noexcept { return current_.pages ? current_.pages->size() : 0; }  // allocated
  size_t read(uint64_t offset_bytes, MutableByteSpan out) const;
  // Stops before a page would be allocated beyond `new_pages_max`; tells how many bytes were written.
  size_t write(uint64_t offset_bytes, ByteSpan data, uint64_t new_pages_max);
  void truncate(uint64_t size_bytes);

  // What a power cut leaves: bytes and size of the last sync.
  void sync();
  void cut();
  const std::set<uint64_t>& unsynced_pages() const noexcept { return unsynced_pages_; }

 private:
  using Page = std::array<uint8_t, kPageBytes>;
  using Pages = std::map<uint64_t, std::shared_ptr<Page>>;
  struct View {
    std::shared_ptr<Pages> pages;  // none: no page
    uint64_t size_bytes = 0;
  };
  static Pages& own_pages(View& view);
  static Page& own_page(std::shared_ptr<Page>& page);

  View current_;
  View durable_;
  std::set<uint64_t> unsynced_pages_;  // where the two views may differ: written or dropped
};

}  // namespace seedbed
