// The bytes of a simulated drive: sparse, by pages of 4 KiB, and a value. A copy shares everything with its
// original and costs nothing; whoever writes first copies what it touches. Pages that were never written read
// as zeros.
//
// Pages and groups of pages remember their hashes until they are written to, and share those with copies too.
// What is to be written to several media, or to copies again and again, is cut into pages once (Patch): media
// take those over.
//
// A medium and its copies belong to one thread at a time.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "engine/base/bytes.h"

namespace seedbed {

class Medium {
  struct Page;

 public:
  // Bytes at their place, as pages. Copies share them.
  class Patch {
   public:
    Patch() = default;
    Patch(uint64_t offset_bytes, ByteSpan data);
    uint64_t hash() const noexcept;  // of place and bytes

   private:
    friend class Medium;
    uint64_t first_page_ = 0;
    std::vector<std::shared_ptr<Page>> pages_;  // none: zeros
  };

  explicit Medium(uint64_t capacity_bytes) : capacity_bytes_(capacity_bytes) {}

  uint64_t capacity_bytes() const noexcept { return capacity_bytes_; }
  // Any range inside the capacity; the caller has checked it.
  void read(uint64_t offset_bytes, MutableByteSpan out) const;
  void write(uint64_t offset_bytes, ByteSpan data);
  void write(const Patch& patch, const Extent& piece);  // of the patch; whole pages are shared
  void discard(const Extent& extent);                   // reads as zeros afterwards

  // Of the capacity and the content alone: equal bytes give equal hashes, however they came about.
  uint64_t hash() const noexcept;
  size_t pages() const noexcept;  // held, shared or not

 private:
  static constexpr uint64_t kPageBytes = 4096;
  static constexpr uint64_t kGroupPages = 256;
  // The hashes are of content alone and 0 for zeros, so that a page of zeros is as good as none.
  struct Page {
    Page() noexcept : bytes{} {}
    explicit Page(std::span<const uint8_t, kPageBytes> given) noexcept {
      std::memcpy(bytes.data(), given.data(), kPageBytes);
    }
    std::array<uint8_t, kPageBytes> bytes;
    mutable std::optional<uint64_t> known_hash;
    uint64_t hash() const noexcept;
  };
  struct Group {  // a megabyte
    std::array<std::shared_ptr<Page>, kGroupPages> pages;
    mutable std::optional<uint64_t> known_hash;
    uint64_t hash() const noexcept;
  };
  using Groups = std::map<uint64_t, std::shared_ptr<Group>>;

  const Page* find(uint64_t page) const noexcept;
  Group& own_group(uint64_t group);
  std::shared_ptr<Page>& place_of(uint64_t page);  // in this medium's own group, whose hash is forgotten
  Page& own(uint64_t page);                        // this medium's alone, for writing: its hash is forgotten
  void drop(uint64_t page);

  uint64_t capacity_bytes_;
  std::shared_ptr<Groups> groups_;
};

}  // namespace seedbed
