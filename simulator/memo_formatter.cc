#include "simulator/memo_formatter.h"

#include <algorithm>

namespace seedbed {
namespace {

constexpr uint64_t kBlock_bytes = 64 * KiB;

// The bytes of another image. Blocks of one repeated byte (most of $LogFile and $Bitmap) are kept as that
// byte.
class RememberedImage : public NtfsImage {
 public:
  static Result<std::shared_ptr<const NtfsImage>> of(const NtfsImage& original, uint64_t volume_bytes) {
    auto image = std::make_shared<RememberedImage>();
    image->volume_bytes_ = volume_bytes;
    image->extents_ = original.extents();
    Bytes block;
    for (const Extent& extent : image->extents_) {
      for (uint64_t at = extent.offset_bytes; at < extent.end_bytes();) {
        const uint64_t end = std::min(round_down(at, kBlock_bytes) + kBlock_bytes, extent.end_bytes());
        block.resize(end - at);
        TRY(original.read(at, block));
        const bool uniform = std::ranges::all_of(block, [&](uint8_t byte) { return byte == block.front(); });
        image->pieces_.emplace(
            at, uniform ? Piece{block.size(), block.front(), {}} : Piece{block.size(), 0, block});
        at = end;
      }
    }
    return image;
  }

  const std::vector<Extent>& extents() const noexcept override { return extents_; }

  Status read(uint64_t offset_bytes, MutableByteSpan out) const override {
    if (offset_bytes > volume_bytes_ || out.size() > volume_bytes_ - offset_bytes)
      return fail(ErrorCode::invalid_argument, "read outside the formatted volume");
    std::ranges::fill(out, uint8_t{0});
    const uint64_t end = offset_bytes + out.size();
    auto piece = pieces_.upper_bound(offset_bytes);
    if (piece != pieces_.begin()) --piece;
    for (; piece != pieces_.end() && piece->first < end; ++piece) {
      const uint64_t first = std::max(piece->first, offset_bytes);
      const uint64_t last = std::min(piece->first + piece->second.length_bytes, end);
      if (first >= last) continue;
      const MutableByteSpan target = out.subspan(first - offset_bytes, last - first);
      if (piece->second.bytes.empty())
        std::ranges::fill(target, piece->second.fill);
      else
        std::memcpy(target.data(), piece->second.bytes.data() + (first - piece->first), target.size());
    }
    return {};
  }

 private:
  struct Piece {
    uint64_t length_bytes;
    uint8_t fill;
    Bytes bytes;  // empty: all `fill`
  };
  uint64_t volume_bytes_ = 0;
  std::vector<Extent> extents_;
  std::map<uint64_t, Piece> pieces_;
};

}  // namespace

Status MemoFormatter::warm(const NtfsGeometry& geometry) {
  TRY(format(geometry));
  return {};
}

Result<std::shared_ptr<const NtfsImage>> MemoFormatter::format(const NtfsGeometry& geometry) {
  if (const auto known = images_.find(geometry); known != images_.end()) return known->second;
  const auto original = TRY(inner_.format(geometry));
  auto image = TRY(RememberedImage::of(*original, geometry.volume_bytes));
  images_.emplace(geometry, image);
  return image;
}

}  // namespace seedbed
