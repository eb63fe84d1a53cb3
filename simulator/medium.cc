#include "simulator/medium.h"

#include <algorithm>

#include "simulator/event_log.h"

namespace seedbed {

// The pieces of a range that lie in one page each: visit(page, offset in it, offset in the range, length).
template <typename Visit>
static void for_pieces(uint64_t offset_bytes, uint64_t length_bytes, uint64_t page_bytes, Visit visit) {
  for (uint64_t at = 0; at < length_bytes;) {
    const uint64_t in_page = (offset_bytes + at) % page_bytes;
    const uint64_t piece_bytes = std::min(page_bytes - in_page, length_bytes - at);
    visit((offset_bytes + at) / page_bytes, in_page, at, piece_bytes);
    at += piece_bytes;
  }
}

// Copy on write: what is shared is copied first.
template <typename T>
static T& own_of(std::shared_ptr<T>& shared) {
  if (!shared)
    shared = std::make_shared<T>();
  else if (shared.use_count() > 1)
    shared = std::make_shared<T>(*shared);
  return *shared;
}

const Medium::Page* Medium::find(uint64_t page) const noexcept {
  if (!groups_) return nullptr;
  const auto group = groups_->find(page / kGroupPages);
  return group == groups_->end() ? nullptr : group->second->pages[page % kGroupPages].get();
}

Medium::Group& Medium::own_group(uint64_t group) {
  Group& owned = own_of(own_of(groups_)[group]);
  owned.known_hash.reset();
  return owned;
}

std::shared_ptr<Medium::Page>& Medium::place_of(uint64_t page) {
  return own_group(page / kGroupPages).pages[page % kGroupPages];
}

Medium::Page& Medium::own(uint64_t page) {
  Page& owned = own_of(place_of(page));
  owned.known_hash.reset();
  return owned;
}

void Medium::drop(uint64_t page) {
  if (find(page) != nullptr) place_of(page).reset();
}

void Medium::read(uint64_t offset_bytes, MutableByteSpan out) const {
  for_pieces(offset_bytes, out.size(), kPageBytes,
             [&](uint64_t page, uint64_t in_page, uint64_t at, uint64_t piece_bytes) {
               const Page* bytes = find(page);
               if (bytes == nullptr)
                 std::fill_n(out.data() + at, piece_bytes, uint8_t{0});
               else
                 std::memcpy(out.data() + at, bytes->bytes.data() + in_page, piece_bytes);
             });
}

void Medium::write(uint64_t offset_bytes, ByteSpan data) {
  for_pieces(offset_bytes, data.size(), kPageBytes,
             [&](uint64_t page, uint64_t in_page, uint64_t at, uint64_t piece_bytes) {
               const ByteSpan piece = data.subspan(at, piece_bytes);
               if (find(page) == nullptr && all_zero(piece)) return;  // stays sparse
               std::memcpy(own(page).bytes.data() + in_page, piece.data(), piece.size());
             });
}

void Medium::write(const Patch& patch, const Extent& piece) {
  for_pieces(piece.offset_bytes, piece.length_bytes, kPageBytes,
             [&](uint64_t page, uint64_t in_page, uint64_t, uint64_t piece_bytes) {
               const std::shared_ptr<Page>& given = patch.pages_[page - patch.first_page_];
               if (given == nullptr)
                 discard({page * kPageBytes + in_page, piece_bytes});
               else if (piece_bytes == kPageBytes)
                 place_of(page) = given;
               else
                 std::memcpy(own(page).bytes.data() + in_page, given->bytes.data() + in_page, piece_bytes);
             });
}

void Medium::discard(const Extent& extent) {
  for_pieces(extent.offset_bytes, extent.length_bytes, kPageBytes,
             [&](uint64_t page, uint64_t in_page, uint64_t, uint64_t piece_bytes) {
               if (piece_bytes == kPageBytes)
                 drop(page);
               else if (find(page) != nullptr)
                 std::fill_n(own(page).bytes.data() + in_page, piece_bytes, uint8_t{0});
             });
}

static uint64_t mixed(uint64_t hash, uint64_t word) noexcept {
  hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
  return hash ^ (hash >> 32);
}

uint64_t Medium::Page::hash() const noexcept {
  if (!known_hash) {
    known_hash = all_zero(bytes) ? 0 : detail_of(as_text(bytes)) | 1;
  }
  return *known_hash;
}

Medium::Patch::Patch(uint64_t offset_bytes, ByteSpan data) : first_page_(offset_bytes / kPageBytes) {
  for_pieces(offset_bytes, data.size(), kPageBytes,
             [&](uint64_t, uint64_t in_page, uint64_t at, uint64_t piece_bytes) {
               const ByteSpan piece = data.subspan(at, piece_bytes);
               std::shared_ptr<Page>& page = pages_.emplace_back();
               if (all_zero(piece)) return;
               if (piece.size() == kPageBytes) {
                 page = std::make_shared<Page>(piece.first<kPageBytes>());
                 return;
               }
               page = std::make_shared<Page>();
               std::memcpy(page->bytes.data() + in_page, piece.data(), piece.size());
             });
}

uint64_t Medium::Patch::hash() const noexcept {
  uint64_t hash = first_page_;
  for (const auto& page : pages_) hash = mixed(hash, page ? page->hash() : 0);
  return hash;
}

uint64_t Medium::Group::hash() const noexcept {
  if (!known_hash) {
    uint64_t hash = 0;
    for (uint64_t i = 0; i < kGroupPages; ++i) {
      const uint64_t page_hash = pages[i] ? pages[i]->hash() : 0;
      if (page_hash != 0) hash = mixed(mixed(hash, i), page_hash) | 1;
    }
    known_hash = hash;
  }
  return *known_hash;
}

uint64_t Medium::hash() const noexcept {
  uint64_t hash = mixed(0, capacity_bytes_);
  if (!groups_) return hash;
  for (const auto& [index, group] : *groups_)
    if (const uint64_t group_hash = group->hash(); group_hash != 0)
      hash = mixed(mixed(hash, index), group_hash);
  return hash;
}

size_t Medium::pages() const noexcept {
  size_t pages = 0;
  if (groups_)
    for (const auto& [index, group] : *groups_)
      pages += static_cast<size_t>(
          std::ranges::count_if(group->pages, [](const auto& page) { return page != nullptr; }));
  return pages;
}

}  // namespace seedbed
