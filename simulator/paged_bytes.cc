#include "simulator/paged_bytes.h"

#include <algorithm>

#include "simulator/event_log.h"
#include "simulator/trace_hash.h"

namespace seedbed {

PagedBytes::Pages& PagedBytes::own_pages() {
  if (!pages_)
    pages_ = std::make_shared<Pages>();
  else if (pages_.use_count() > 1)
    pages_ = std::make_shared<Pages>(*pages_);
  pages_->hash.store(0, std::memory_order_relaxed);
  return *pages_;
}

PagedBytes::Page& PagedBytes::own_page(std::shared_ptr<Page>& page) {
  if (!page)
    page = std::make_shared<Page>();  // zeros
  else if (page.use_count() > 1)
    page = std::make_shared<Page>(*page);
  page->hash.store(0, std::memory_order_relaxed);
  return *page;
}

size_t PagedBytes::read(uint64_t offset_bytes, MutableByteSpan out) const {
  if (offset_bytes >= size_bytes_) return 0;
  out = out.first(std::min<uint64_t>(out.size(), size_bytes_ - offset_bytes));
  std::ranges::fill(out, uint8_t{0});
  if (!pages_ || out.empty()) return out.size();
  const uint64_t end_bytes = offset_bytes + out.size();
  for (auto at = pages_->by_index.lower_bound(offset_bytes / kPageBytes);
       at != pages_->by_index.end() && at->first * kPageBytes < end_bytes; ++at) {
    const uint64_t page_begin = at->first * kPageBytes;
    const uint64_t begin = std::max(page_begin, offset_bytes),
                   end = std::min(page_begin + kPageBytes, end_bytes);
    std::memcpy(out.data() + (begin - offset_bytes), at->second->bytes.data() + (begin - page_begin),
                end - begin);
  }
  return out.size();
}

size_t PagedBytes::write(uint64_t offset_bytes, ByteSpan data, uint64_t new_pages_max) {
  if (data.empty()) return 0;
  auto& pages = own_pages().by_index;
  size_t done_bytes = 0;
  while (done_bytes < data.size()) {
    const uint64_t at_bytes = offset_bytes + done_bytes;
    const uint64_t index = at_bytes / kPageBytes, within = at_bytes % kPageBytes;
    const size_t piece_bytes = std::min<uint64_t>(kPageBytes - within, data.size() - done_bytes);
    auto page = pages.find(index);
    if (page == pages.end()) {
      if (new_pages_max == 0) break;
      new_pages_max--;
      page = pages.emplace(index, nullptr).first;
    }
    std::memcpy(own_page(page->second).bytes.data() + within, data.data() + done_bytes, piece_bytes);
    done_bytes += piece_bytes;
  }
  if (done_bytes > 0) size_bytes_ = std::max(size_bytes_, offset_bytes + done_bytes);
  return done_bytes;
}

void PagedBytes::truncate(uint64_t size_bytes) {
  if (size_bytes < size_bytes_ && pages_) {
    auto& pages = own_pages().by_index;
    pages.erase(pages.lower_bound(round_up(size_bytes, kPageBytes) / kPageBytes), pages.end());
    const auto last = pages.find(size_bytes / kPageBytes);
    if (last != pages.end())  // what lies beyond the end reads as zeros when the file grows again
      std::ranges::fill(MutableByteSpan(own_page(last->second).bytes).subspan(size_bytes % kPageBytes),
                        uint8_t{0});
  }
  size_bytes_ = size_bytes;
}

void PagedBytes::adopt(const PagedBytes& other, uint64_t first_page, uint64_t end_page) {
  size_bytes_ = other.size_bytes_;
  if (!pages_ && !other.pages_) return;
  auto& pages = own_pages().by_index;
  pages.erase(pages.lower_bound(first_page), pages.lower_bound(end_page));
  if (!other.pages_) return;
  const auto& theirs = other.pages_->by_index;
  pages.insert(theirs.lower_bound(first_page), theirs.lower_bound(end_page));
}

uint64_t PagedBytes::hash() const {
  constexpr uint64_t kZeros = 1;  // a page of zeros is as good as none
  uint64_t all = pages_ ? pages_->hash.load(std::memory_order_relaxed) : kZeros;
  if (all == 0) {
    TraceHash pages_hash;
    bool any = false;
    for (const auto& [index, page] : pages_->by_index) {
      uint64_t one = page->hash.load(std::memory_order_relaxed);
      if (one == 0) {
        one = all_zero(page->bytes) ? kZeros : detail_of(as_text(page->bytes)) | 2;
        page->hash.store(one, std::memory_order_relaxed);
      }
      if (one == kZeros) continue;
      any = true;
      pages_hash.mix(index);
      pages_hash.mix(one);
    }
    all = any ? pages_hash.value() | 2 : kZeros;
    pages_->hash.store(all, std::memory_order_relaxed);
  }
  TraceHash hash;
  hash.mix(size_bytes_);
  hash.mix(all);
  return hash.value();
}

}  // namespace seedbed
