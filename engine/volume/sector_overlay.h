// Sectors in memory over something readable: reads fall through to what lies below, writes stay here. Owned
// by one task.
//
// Kept in pages of 4 KiB with a valid and a dirty bit per sector. Misses are read 64 KiB at a time; clean
// pages are dropped together when there are more than 64 MiB of them, so that memory is bounded by what was
// written. Long reads go round the cache.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <unordered_map>

#include "engine/base/bytes.h"
#include "engine/base/result.h"

namespace seedbed {

class SectorOverlay {
 public:
  using Below = std::function<Status(uint64_t offset_bytes, MutableByteSpan out)>;
  // sector_bytes: 512 … 4096, a power of two; volume_bytes a multiple of it.
  SectorOverlay(uint64_t volume_bytes, uint32_t sector_bytes, Below below);

  uint64_t volume_bytes() const noexcept { return volume_bytes_; }
  // Ranges must lie inside the volume (invalid_argument).
  Status read(uint64_t offset_bytes, MutableByteSpan out);
  Status write(uint64_t offset_bytes, ByteSpan data);

  // From now on nothing below is called: what is not here reads as device_gone.
  void cut_off() noexcept { cut_off_ = true; }

  // What was written: whole sectors, sorted, disjoint, neighbours joined up to 1 MiB.
  std::map<uint64_t, Bytes> written() const;

 private:
  static constexpr uint64_t kPageBytes = 4096;
  struct Page {
    std::array<uint8_t, kPageBytes> bytes;
    uint8_t valid = 0, dirty = 0;  // a bit per sector
  };
  Status read_below(uint64_t offset_bytes, MutableByteSpan out);
  Status read_around(uint64_t offset_bytes, MutableByteSpan out);
  Status fill(uint64_t page_index);
  Page& page(uint64_t index);
  uint8_t sectors_mask(uint64_t begin_bytes, uint64_t end_bytes) const noexcept;
  void drop_clean_pages();

  uint64_t volume_bytes_;
  uint32_t sector_bytes_;
  Below below_;
  bool cut_off_ = false;
  std::unordered_map<uint64_t, std::unique_ptr<Page>> pages_;  // looked up only; written() sorts
  uint64_t clean_pages_ = 0;
};

}  // namespace seedbed
