#include "simulator/cached_content.h"

#include <algorithm>

namespace seedbed {

CachedContent::Pages& CachedContent::own_pages(View& view) {
  if (!view.pages)
    view.pages = std::make_shared<Pages>();
  else if (view.pages.use_count() > 1)
    view.pages = std::make_shared<Pages>(*view.pages);
  return *view.pages;
}

CachedContent::Page& CachedContent::own_page(std::shared_ptr<Page>& page) {
  if (!page)
    page = std::make_shared<Page>();  // zeros
  else if (page.use_count() > 1)
    page = std::make_shared<Page>(*page);
  return *page;
}

size_t CachedContent::read(uint64_t offset_bytes, MutableByteSpan out) const {
  if (offset_bytes >= current_.size_bytes) return 0;
  out = out.first(std::min<uint64_t>(out.size(), current_.size_bytes - offset_bytes));
  std::ranges::fill(out, uint8_t{0});
  if (!current_.pages || out.empty()) return out.size();
  const uint64_t end_bytes = offset_bytes + out.size();
  for (auto at = current_.pages->lower_bound(offset_bytes / kPageBytes);
       at != current_.pages->end() && at->first * kPageBytes < end_bytes; ++at) {
    const uint64_t page_begin = at->first * kPageBytes;
    const uint64_t begin = std::max(page_begin, offset_bytes),
                   end = std::min(page_begin + kPageBytes, end_bytes);
    std::memcpy(out.data() + (begin - offset_bytes), at->second->data() + (begin - page_begin), end - begin);
  }
  return out.size();
}

size_t CachedContent::write(uint64_t offset_bytes, ByteSpan data, uint64_t new_pages_max) {
  if (data.empty()) return 0;
  Pages& pages = own_pages(current_);
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
    std::memcpy(own_page(page->second).data() + within, data.data() + done_bytes, piece_bytes);
    unsynced_pages_.insert(index);
    done_bytes += piece_bytes;
  }
  if (done_bytes > 0) current_.size_bytes = std::max(current_.size_bytes, offset_bytes + done_bytes);
  return done_bytes;
}

void CachedContent::truncate(uint64_t size_bytes) {
  if (size_bytes < current_.size_bytes && current_.pages) {
    Pages& pages = own_pages(current_);
    const auto first_gone = pages.lower_bound(round_up(size_bytes, kPageBytes) / kPageBytes);
    for (auto at = first_gone; at != pages.end(); ++at) unsynced_pages_.insert(at->first);
    pages.erase(first_gone, pages.end());
    const auto last = pages.find(size_bytes / kPageBytes);
    if (last != pages.end()) {  // what lies beyond the end reads as zeros when the file grows again
      std::ranges::fill(MutableByteSpan(own_page(last->second)).subspan(size_bytes % kPageBytes), uint8_t{0});
      unsynced_pages_.insert(last->first);
    }
  }
  current_.size_bytes = size_bytes;
}

void CachedContent::sync() {
  if (!unsynced_pages_.empty()) {
    Pages& durable = own_pages(durable_);
    for (const uint64_t index : unsynced_pages_) {
      const auto now = current_.pages->find(index);
      if (now == current_.pages->end())
        durable.erase(index);
      else
        durable[index] = now->second;
    }
  }
  durable_.size_bytes = current_.size_bytes;
  unsynced_pages_.clear();
}

void CachedContent::cut() {
  current_ = durable_;
  unsynced_pages_.clear();
}

}  // namespace seedbed
