#include "engine/volume/sector_overlay.h"

#include <algorithm>
#include <vector>

namespace seedbed {

static constexpr uint64_t kWindow_bytes = 64 * KiB;
static constexpr uint64_t kLongRead_bytes = 256 * KiB;
static constexpr uint64_t kCleanPages_max = 16384;
static constexpr uint64_t kJoined_bytes_max = 1 * MiB;

SectorOverlay::SectorOverlay(uint64_t volume_bytes, uint32_t sector_bytes, Below below)
    : volume_bytes_(volume_bytes), sector_bytes_(sector_bytes), below_(std::move(below)) {}

// The bits of the sectors that [begin, end) of a page touches.
uint8_t SectorOverlay::sectors_mask(uint64_t begin_bytes, uint64_t end_bytes) const noexcept {
  const uint64_t first = begin_bytes / sector_bytes_, last = (end_bytes + sector_bytes_ - 1) / sector_bytes_;
  return static_cast<uint8_t>(((1u << last) - 1) & ~((1u << first) - 1));
}

SectorOverlay::Page& SectorOverlay::page(uint64_t index) {
  std::unique_ptr<Page>& slot = pages_[index];
  if (!slot) {
    slot = std::make_unique_for_overwrite<Page>();  // what is not valid is not read
    ++clean_pages_;
  }
  return *slot;
}

void SectorOverlay::drop_clean_pages() {
  std::erase_if(pages_, [](const auto& item) { return item.second->dirty == 0; });
  clean_pages_ = 0;
}

Status SectorOverlay::read_below(uint64_t offset_bytes, MutableByteSpan out) {
  if (cut_off_) return fail(ErrorCode::device_gone, "the volume is cut off from its drive");
  return below_(offset_bytes, out);
}

// Reads the window round a page and keeps the sectors that are not here yet.
Status SectorOverlay::fill(uint64_t page_index) {
  const uint64_t begin = round_down(page_index * kPageBytes, kWindow_bytes);
  const uint64_t end = std::min(begin + kWindow_bytes, volume_bytes_);
  const auto bytes = std::make_unique_for_overwrite<uint8_t[]>(end - begin);
  const MutableByteSpan window(bytes.get(), end - begin);
  TRY(read_below(begin, window));
  for (uint64_t at = begin; at < end; at += kPageBytes) {
    const uint64_t length = std::min(kPageBytes, end - at);
    Page& kept = page(at / kPageBytes);
    for (uint64_t sector = 0; sector * sector_bytes_ < length; ++sector) {
      if (kept.valid & (1u << sector)) continue;
      std::memcpy(kept.bytes.data() + sector * sector_bytes_,
                  window.data() + (at - begin) + sector * sector_bytes_, sector_bytes_);
      kept.valid |= static_cast<uint8_t>(1u << sector);
    }
  }
  return {};
}

Status SectorOverlay::read_around(uint64_t offset_bytes, MutableByteSpan out) {
  TRY(read_below(offset_bytes, out));
  const uint64_t end = offset_bytes + out.size();
  for (uint64_t at = round_down(offset_bytes, kPageBytes); at < end; at += kPageBytes) {
    const auto found = pages_.find(at / kPageBytes);
    if (found == pages_.end() || !found->second->dirty) continue;
    for (uint64_t sector = at; sector < at + kPageBytes; sector += sector_bytes_) {
      if (sector < offset_bytes || sector >= end) continue;
      if (!(found->second->dirty & (1u << ((sector - at) / sector_bytes_)))) continue;
      std::memcpy(out.data() + (sector - offset_bytes), found->second->bytes.data() + (sector - at),
                  sector_bytes_);
    }
  }
  return {};
}

Status SectorOverlay::read(uint64_t offset_bytes, MutableByteSpan out) {
  if (offset_bytes > volume_bytes_ || out.size() > volume_bytes_ - offset_bytes)
    return fail(ErrorCode::invalid_argument, "read outside the volume");
  if (out.size() >= kLongRead_bytes && offset_bytes % sector_bytes_ == 0 && out.size() % sector_bytes_ == 0)
    return read_around(offset_bytes, out);
  if (clean_pages_ > kCleanPages_max) drop_clean_pages();
  for (uint64_t done = 0; done < out.size();) {
    const uint64_t at = offset_bytes + done, in_page = at % kPageBytes;
    const uint64_t length = std::min(kPageBytes - in_page, out.size() - done);
    const uint8_t needed = sectors_mask(in_page, in_page + length);
    const auto found = pages_.find(at / kPageBytes);
    if (found == pages_.end() || (found->second->valid & needed) != needed) TRY(fill(at / kPageBytes));
    std::memcpy(out.data() + done, page(at / kPageBytes).bytes.data() + in_page, length);
    done += length;
  }
  return {};
}

Status SectorOverlay::write(uint64_t offset_bytes, ByteSpan data) {
  if (offset_bytes > volume_bytes_ || data.size() > volume_bytes_ - offset_bytes)
    return fail(ErrorCode::invalid_argument, "write outside the volume");
  for (uint64_t done = 0; done < data.size();) {
    const uint64_t at = offset_bytes + done, in_page = at % kPageBytes;
    const uint64_t length = std::min(kPageBytes - in_page, data.size() - done);
    const uint8_t touched = sectors_mask(in_page, in_page + length);
    // A sector written in part needs its rest from below.
    const auto found = pages_.find(at / kPageBytes);
    const uint8_t valid = found == pages_.end() ? 0 : found->second->valid;
    const bool head = in_page % sector_bytes_ != 0, tail = (in_page + length) % sector_bytes_ != 0;
    if ((head || tail) && (valid & touched) != touched) TRY(fill(at / kPageBytes));
    Page& kept = page(at / kPageBytes);
    std::memcpy(kept.bytes.data() + in_page, data.data() + done, length);
    if (!kept.dirty) --clean_pages_;
    kept.valid |= touched;
    kept.dirty |= touched;
    done += length;
  }
  return {};
}

std::map<uint64_t, Bytes> SectorOverlay::written() const {
  std::vector<uint64_t> indices;
  for (const auto& [index, kept] : pages_)
    if (kept->dirty) indices.push_back(index);
  std::ranges::sort(indices);
  std::map<uint64_t, Bytes> set;
  uint64_t end = ~uint64_t{0};
  Bytes* last = nullptr;
  for (const uint64_t index : indices) {
    const Page& kept = *pages_.at(index);
    for (uint64_t sector = 0; sector < kPageBytes / sector_bytes_; ++sector) {
      if (!(kept.dirty & (1u << sector))) continue;
      const uint64_t at = index * kPageBytes + sector * sector_bytes_;
      if (!last || at != end || last->size() + sector_bytes_ > kJoined_bytes_max) last = &set[at];
      append(*last, ByteSpan(kept.bytes).subspan(sector * sector_bytes_, sector_bytes_));
      end = at + sector_bytes_;
    }
  }
  return set;
}

}  // namespace seedbed
