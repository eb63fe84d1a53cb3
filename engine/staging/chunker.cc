#include "engine/staging/chunker.h"

#include <algorithm>
#include <array>
#include <bit>

namespace seedbed {

namespace {

// splitmix64 from a constant: the table is part of the format.
constexpr std::array<uint64_t, 256> make_gear() {
  std::array<uint64_t, 256> gear{};
  uint64_t state = 0x5eed'bed0'0000'0001;
  for (uint64_t& value : gear) {
    state += 0x9e37'79b9'7f4a'7c15;
    uint64_t z = state;
    z = (z ^ (z >> 30)) * 0xbf58'476d'1ce4'e5b9;
    z = (z ^ (z >> 27)) * 0x94d0'49bb'1331'11eb;
    value = z ^ (z >> 31);
  }
  return gear;
}
constexpr std::array<uint64_t, 256> kGear = make_gear();
constexpr size_t kWindowBytes = 64;  // a bit that came in has left the hash after as many shifts

// The top `bits` bits: those that the whole window has reached.
constexpr uint64_t mask_of(int bits) noexcept {
  return ~uint64_t{0} << (64 - bits);
}

}  // namespace

Status check_sizes(const ChunkSizes& sizes) {
  if (sizes.min_bytes < kWindowBytes || sizes.min_bytes >= sizes.average_bytes ||
      sizes.average_bytes >= sizes.max_bytes || sizes.max_bytes > 4 * MiB ||
      !std::has_single_bit(sizes.average_bytes))
    return fail(ErrorCode::invalid_argument, "the chunk sizes asked for make no sense", {},
                "64 bytes <= minimum < average < maximum <= 4 MiB, and the average a power of two");
  return {};
}

size_t next_cut(ByteSpan bytes, const ChunkSizes& sizes) noexcept {
  if (bytes.size() <= sizes.min_bytes) return bytes.size();
  // Up to the average a cut is made harder, behind it easier: lengths gather around the average.
  const int bits = std::bit_width(sizes.average_bytes) - 1;
  const uint64_t hard = mask_of(bits + 1), easy = mask_of(std::max(bits - 1, 1));
  const size_t end = std::min<size_t>(bytes.size(), sizes.max_bytes);
  const size_t middle = std::min<size_t>(end, sizes.average_bytes);
  const uint8_t* const data = bytes.data();
  size_t at = sizes.min_bytes - kWindowBytes;
  uint64_t hash = 0;
  for (; at < sizes.min_bytes; at++) hash = (hash << 1) + kGear[data[at]];
  for (; at < middle; at++) {
    hash = (hash << 1) + kGear[data[at]];
    if ((hash & hard) == 0) return at + 1;
  }
  for (; at < end; at++) {
    hash = (hash << 1) + kGear[data[at]];
    if ((hash & easy) == 0) return at + 1;
  }
  return end;
}

}  // namespace seedbed
