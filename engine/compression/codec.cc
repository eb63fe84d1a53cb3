#include "engine/compression/codec.h"

#include <zstd.h>

#include <new>

namespace seedbed {

struct Compressor::State {
  explicit State(int level) : context(ZSTD_createCCtx()) {
    if (context == nullptr) throw std::bad_alloc();
    ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level);
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 0);  // the seal authenticates
  }
  ~State() { ZSTD_freeCCtx(context); }
  ZSTD_CCtx* context;
  Bytes room;
};

Compressor::Compressor(int level) : state_(std::make_unique<State>(level)) {}
Compressor::Compressor(Compressor&&) noexcept = default;
Compressor::~Compressor() = default;

Packed Compressor::pack(ByteSpan plain) {
  if (plain.size() < 64) return {};
  // Room for what is worth keeping and not a byte more: what does not fit is stored.
  const size_t worth_bytes = plain.size() - plain.size() / 32 - 1;
  if (state_->room.size() < worth_bytes) state_->room.resize(worth_bytes);
  const size_t packed_bytes =
      ZSTD_compress2(state_->context, state_->room.data(), worth_bytes, plain.data(), plain.size());
  if (ZSTD_isError(packed_bytes) != 0) return {};  // it did not fit
  const auto begin = state_->room.begin();
  return {Codec::zstd, Bytes(begin, begin + static_cast<std::ptrdiff_t>(packed_bytes))};
}

struct Decompressor::State {
  State() : context(ZSTD_createDCtx()) {
    if (context == nullptr) throw std::bad_alloc();
  }
  ~State() { ZSTD_freeDCtx(context); }
  ZSTD_DCtx* context;
};

Decompressor::Decompressor() : state_(std::make_unique<State>()) {}
Decompressor::Decompressor(Decompressor&&) noexcept = default;
Decompressor::~Decompressor() = default;

Result<Bytes> Decompressor::unpack(Codec codec, ByteSpan packed, size_t plain_bytes) {
  if (codec == Codec::stored) {
    if (packed.size() != plain_bytes)
      return fail(ErrorCode::corrupt, "a stored chunk is not as long as it says");
    return Bytes(packed.begin(), packed.end());
  }
  Bytes plain(plain_bytes);
  const size_t got_bytes =
      ZSTD_decompressDCtx(state_->context, plain.data(), plain.size(), packed.data(), packed.size());
  if (ZSTD_isError(got_bytes) != 0 || got_bytes != plain_bytes)
    return fail(ErrorCode::corrupt, "a compressed chunk does not unpack to its length");
  return plain;
}

}  // namespace seedbed
