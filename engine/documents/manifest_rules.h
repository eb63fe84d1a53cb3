// What the ranges of one blob must be, for the writer and the reader of a manifest alike. [facts of the
// manifest file format 2014-11-01: docs/formats/manifest.md]
#pragma once

#include "engine/documents/drive_manifest.h"

namespace seedbed {

inline constexpr uint64_t kRangeBytesMax = 4 * MiB;
inline constexpr uint64_t kPageBytes = 512;
inline constexpr uint64_t kBlocksMax = 50'000;

// Follows the ranges of a blob. Each answer is what is wrong, or null.
class RangeRules {
 public:
  RangeRules() = default;
  RangeRules(BlobType type, uint64_t blob_bytes) : type_(type), blob_bytes_(blob_bytes) {}

  const char* check_blob() const noexcept {
    if (type_ == BlobType::page_blob && blob_bytes_ % kPageBytes != 0)
      return "a page blob's length is no multiple of 512";
    return nullptr;
  }
  const char* check(const ManifestRange& range) noexcept {
    if (range.length_bytes == 0) return "a range is empty";
    if (range.length_bytes > kRangeBytesMax) return "a range is longer than 4 MiB";
    if (range.offset_bytes > blob_bytes_ || range.length_bytes > blob_bytes_ - range.offset_bytes)
      return "a range goes beyond its blob";
    if (range.offset_bytes < end_bytes_) return "ranges overlap or are out of order";
    if (type_ == BlobType::page_blob) {
      if (range.offset_bytes % kPageBytes != 0 || range.length_bytes % kPageBytes != 0)
        return "a page range is no multiple of 512";
    } else {
      if (range.offset_bytes != end_bytes_) return "there is a gap between blocks";
      if (++blocks_ > kBlocksMax) return "a blob has more than 50,000 blocks";
    }
    end_bytes_ = range.offset_bytes + range.length_bytes;
    return nullptr;
  }
  const char* check_end() const noexcept {
    if (type_ == BlobType::block_blob && end_bytes_ != blob_bytes_)
      return "the blocks end before their blob does";
    return nullptr;
  }

 private:
  BlobType type_ = BlobType::block_blob;
  uint64_t blob_bytes_ = 0, end_bytes_ = 0, blocks_ = 0;
};

inline bool is_disposition(std::string_view text) noexcept {
  return text == "rename" || text == "no-overwrite" || text == "overwrite";
}
inline constexpr const char* list_element(BlobType type) noexcept {
  return type == BlobType::page_blob ? "PageRangeList" : "BlockList";
}
inline constexpr const char* range_element(BlobType type) noexcept {
  return type == BlobType::page_blob ? "PageRange" : "Block";
}

inline constexpr const char* kManifestVersion = "2014-11-01";

}  // namespace seedbed
