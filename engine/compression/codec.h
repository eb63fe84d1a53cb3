// How a chunk's bytes are made smaller: zstd, or stored where that gains less than a thirty-second part.
// A Compressor or Decompressor belongs to one task (its context is used again for the next chunk). The same
// bytes always pack to the same bytes. Nothing here touches the world; the caller accounts for the work.
#pragma once

#include <memory>

#include "engine/base/bytes.h"
#include "engine/base/result.h"

namespace seedbed {

enum class Codec : uint8_t { stored = 0, zstd = 1 };

struct Packed {
  Codec codec = Codec::stored;
  Bytes bytes;  // empty when stored: the plain bytes are the packed ones
};

inline constexpr int kCompressionLevel = 3;

class Compressor {
 public:
  explicit Compressor(int level = kCompressionLevel);
  Compressor(Compressor&&) noexcept;
  ~Compressor();
  Packed pack(ByteSpan plain);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

class Decompressor {
 public:
  Decompressor();
  Decompressor(Decompressor&&) noexcept;
  ~Decompressor();
  // Exactly `plain_bytes` bytes, or corrupt; the caller has bounded plain_bytes. No more memory than that.
  Result<Bytes> unpack(Codec codec, ByteSpan packed, size_t plain_bytes);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace seedbed
