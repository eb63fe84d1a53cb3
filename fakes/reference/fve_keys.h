// How a person's secret opens a BitLocker volume: recovery password or password → stretched key → AES-CCM
// boxes. Pure functions, any thread; stretching takes 2^20 rounds of SHA-256. [libbde, "BitLocker Drive
// Encryption (BDE) format"; Kumar and Kumar 2008]
#pragma once

#include <map>
#include <optional>

#include "engine/base/checksum.h"
#include "engine/base/secret.h"

namespace seedbed::reference {

// Remembers stretched keys for whoever opens the same volumes again and again. One thread's; wiped at the
// end.
class StretchMemo {
 public:
  // As stretch(), computed once for each pair; kept by digest.
  SecretBytes stretch(const SecretBytes& initial_hash, ByteSpan salt16);

 private:
  std::map<Sha256, SecretBytes> known_;
};

// What a person holds: one of the two.
struct DriveSecret {
  enum class Kind : uint8_t { recovery_password, password };
  Kind kind = Kind::recovery_password;
  SecretBytes text;             // UTF-8
  StretchMemo* memo = nullptr;  // null: just compute
};

// The 32 bytes that stretching starts from; nothing when the text is no recovery password (8 groups of 6
// digits, each a multiple of 11) or the password no UTF-8.
std::optional<SecretBytes> initial_hash(const DriveSecret& secret);
SecretBytes stretch(const SecretBytes& initial_hash, ByteSpan salt16);

// payload: 12-byte nonce, 16-byte tag, cipher text. Nothing when the tag does not verify under the key.
std::optional<SecretBytes> open_ccm(const SecretBytes& key, ByteSpan payload);

}  // namespace seedbed::reference
