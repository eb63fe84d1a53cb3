// Checksums and digests over OpenSSL (fetched once per process) and zlib. Contexts belong to one task; the
// one-shot functions may be called from any thread.
#pragma once

#include <array>
#include <memory>

#include "engine/base/bytes.h"

namespace seedbed {

using Md5 = std::array<uint8_t, 16>;
using Sha256 = std::array<uint8_t, 32>;
using Sha512 = std::array<uint8_t, 64>;

// CRC-32 (IEEE 802.3, as GPT, zlib and BitLocker use it); `seed` continues an earlier one.
uint32_t crc32_of(ByteSpan bytes, uint32_t seed = 0) noexcept;

Md5 md5_of(ByteSpan bytes);
Sha256 sha256_of(ByteSpan bytes);
Sha512 sha512_of(ByteSpan bytes);

enum class DigestKind : uint8_t { md5, sha256, sha512 };

// A running digest. snapshot() tells the digest so far and lets the context go on.
class Digest {
 public:
  explicit Digest(DigestKind kind);
  Digest(Digest&&) noexcept;
  Digest& operator=(Digest&&) noexcept;
  ~Digest();
  void update(ByteSpan bytes);
  Bytes snapshot() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace seedbed
