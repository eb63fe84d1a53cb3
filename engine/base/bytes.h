// Spans of bytes, little- and big-endian loads and stores, aligned buffers, rounding. Everything here is a
// pure function or an owned value; any thread may use it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace seedbed {

using Bytes = std::vector<uint8_t>;
using ByteSpan = std::span<const uint8_t>;
using MutableByteSpan = std::span<uint8_t>;

inline constexpr uint64_t KiB = 1024;
inline constexpr uint64_t MiB = 1024 * KiB;
inline constexpr uint64_t GiB = 1024 * MiB;
inline constexpr uint64_t TiB = 1024 * GiB;

// A run of bytes on a drive, in a volume or in a file; which one is said by the name of the variable.
struct Extent {
  uint64_t offset_bytes = 0;
  uint64_t length_bytes = 0;
  uint64_t end_bytes() const noexcept { return offset_bytes + length_bytes; }
  friend bool operator==(const Extent&, const Extent&) = default;
};

constexpr uint64_t round_up(uint64_t value, uint64_t unit) noexcept {
  return (value + unit - 1) / unit * unit;
}
constexpr uint64_t round_down(uint64_t value, uint64_t unit) noexcept {
  return value / unit * unit;
}

// Unaligned loads and stores at `bytes + at`; the caller has checked the bounds.
template <typename T>
inline T load_le(ByteSpan bytes, size_t at) noexcept {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;  // x86-64 and aarch64 as Debian runs them are little-endian
}
template <typename T>
inline void store_le(MutableByteSpan bytes, size_t at, T value) noexcept {
  std::memcpy(bytes.data() + at, &value, sizeof value);
}
template <typename T>
inline void append_le(Bytes& out, T value) {
  const auto* p = reinterpret_cast<const uint8_t*>(&value);
  out.insert(out.end(), p, p + sizeof value);
}
inline void append(Bytes& out, ByteSpan more) {
  out.insert(out.end(), more.begin(), more.end());
}

inline ByteSpan as_bytes(std::string_view text) noexcept {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(ByteSpan bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
bool all_zero(ByteSpan bytes) noexcept;

// Heap memory aligned for direct I/O (default 4096); zeroed when made.
class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(size_t size_bytes, size_t alignment_bytes = 4096);
  AlignedBuffer(AlignedBuffer&& other) noexcept
      : data_(std::move(other.data_)), size_bytes_(std::exchange(other.size_bytes_, 0)) {}
  AlignedBuffer& operator=(AlignedBuffer&& other) noexcept {
    data_ = std::move(other.data_);
    size_bytes_ = std::exchange(other.size_bytes_, 0);
    return *this;
  }
  MutableByteSpan span() noexcept { return {data_.get(), size_bytes_}; }
  ByteSpan span() const noexcept { return {data_.get(), size_bytes_}; }
  uint8_t* data() noexcept { return data_.get(); }
  size_t size() const noexcept { return size_bytes_; }

 private:
  struct Free {
    void operator()(uint8_t* p) const noexcept;
  };
  std::unique_ptr<uint8_t[], Free> data_;
  size_t size_bytes_ = 0;
};

}  // namespace seedbed
