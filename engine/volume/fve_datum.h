// The building stone of BitLocker's metadata: a datum (size, role, type, version, payload), and keys sealed
// in one by AES-256-CCM. Pure functions over bytes; any thread. [docs/formats/bitlocker.md]
#pragma once

#include <optional>
#include <vector>

#include "engine/base/result.h"
#include "engine/base/secret.h"

namespace seedbed {

inline constexpr size_t kFveDatumHeaderBytes = 8;

enum class FveRole : uint16_t {
  none = 0x00,
  volume_master_key = 0x02,  // the VMK under one protector
  full_volume_key = 0x03,    // the FVEK under the VMK
  description = 0x07,
  header_block = 0x0f,  // where the volume's first 8 KiB went
  recovery_key =
      0x12,  // the 16-byte recovery key under the VMK, so that an unlocked system can show it again
  stretched_key = 0x13,  // the stretched recovery key under the VMK
};
enum class FveType : uint16_t {
  key = 1,
  text = 2,
  stretched = 3,
  sealed = 5,
  protector = 8,
  header_block = 0x0f
};

// What a key box says it holds.
enum class FveKeyKind : uint32_t {
  recovery_key = 0x1000,
  volume_master_key = 0x2003,
  block_digest = 0x2005,  // SHA-256 of the metadata block
  stretched_password = 0x2007,
  stretched_recovery = 0x2008,
  aes_xts_128 = 0x8004,
};

struct FveDatum {
  FveRole role{};
  FveType type{};
  ByteSpan payload;
};

void append_datum(Bytes& out, FveRole role, FveType type, ByteSpan payload);
// The datums one behind the other in `bytes`, up to its end or a size of zero; corrupt when a size does not
// fit.
Result<std::vector<FveDatum>> parse_datums(ByteSpan bytes);

// Nonces of one volume: one time, one counter. A (key, nonce) pair must never come twice, so every nonce is
// taken from here.
class FveNonces {
 public:
  explicit FveNonces(uint64_t filetime) : filetime_(filetime) {}
  std::array<uint8_t, 12> next();
  uint32_t next_counter() const noexcept { return counter_; }

 private:
  uint64_t filetime_;
  uint32_t counter_ = 1;
};

// Appends a `sealed` datum: nonce, tag and the key box (kind, key) under `with` (32 bytes).
void append_sealed_key(Bytes& out, FveRole role, const SecretBytes& with,
                       const std::array<uint8_t, 12>& nonce, FveKeyKind kind, ByteSpan key);
// Size of the datum that append_sealed_key makes.
constexpr size_t sealed_key_bytes(size_t key_bytes) {
  return kFveDatumHeaderBytes + 12 + 16 + kFveDatumHeaderBytes + 4 + key_bytes;
}

struct FveKey {
  FveKeyKind kind{};
  SecretBytes key;
};
// The key in a sealed datum's payload; nothing when the tag does not match or what is inside is no key box.
std::optional<FveKey> open_sealed_key(ByteSpan payload, const SecretBytes& with);

}  // namespace seedbed
