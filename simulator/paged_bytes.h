// A run of bytes with a size, in pages of 4096 bytes as a page cache has them; pages never written read as
// zeros and cost nothing. A value: copies share pages until one side writes (copies that different threads
// use must be handed over by joining).
#pragma once

#include <array>
#include <atomic>
#include <limits>
#include <map>
#include <memory>

#include "engine/base/bytes.h"

namespace seedbed {

class PagedBytes {
 public:
  static constexpr uint64_t kPageBytes = 4096;
  static constexpr uint64_t kUnlimited = std::numeric_limits<uint64_t>::max();

  uint64_t size_bytes() const noexcept { return size_bytes_; }
  uint64_t pages() const noexcept { return pages_ ? pages_->by_index.size() : 0; }  // allocated
  size_t read(uint64_t offset_bytes, MutableByteSpan out) const;
  // Stops before a page would be allocated beyond `new_pages_max`; tells how many bytes were written.
  size_t write(uint64_t offset_bytes, ByteSpan data, uint64_t new_pages_max = kUnlimited);
  void truncate(uint64_t size_bytes);
  // From now on these pages, and the size, are those of `other`; nothing is copied.
  void adopt(const PagedBytes& other, uint64_t first_page, uint64_t end_page);

  // Of size and bytes: equal bytes have equal hashes, allocated or not. Kept per page, so that what did not
  // change is not read again.
  uint64_t hash() const;

 private:
  struct Page {
    Page() = default;
    Page(const Page& other) : bytes(other.bytes) {}  // to be changed: its hash is not ours
    Page& operator=(const Page&) = delete;
    ~Page() = default;
    std::array<uint8_t, kPageBytes> bytes{};
    mutable std::atomic<uint64_t> hash{0};  // 0: not known. Atomic because worlds on other threads share it
  };
  struct Pages {
    Pages() = default;
    Pages(const Pages& other) : by_index(other.by_index) {}
    Pages& operator=(const Pages&) = delete;
    ~Pages() = default;
    std::map<uint64_t, std::shared_ptr<Page>> by_index;
    mutable std::atomic<uint64_t> hash{0};  // of all; 0: not known
  };
  Pages& own_pages();
  static Page& own_page(std::shared_ptr<Page>& page);

  std::shared_ptr<Pages> pages_;  // none: no page
  uint64_t size_bytes_ = 0;       // bytes of pages beyond it are zeros
};

}  // namespace seedbed
