// BitLocker's secrets: recovery passwords, key stretching, and the random keys of a volume. [layout:
// docs/formats/bitlocker.md] Pure functions over secrets; any thread. Stretching costs about 0.1 s of CPU
// (2^20 rounds of SHA-256; 0.4 s without SHA instructions).
#pragma once

#include <optional>
#include <vector>

#include "engine/base/checksum.h"
#include "engine/base/result.h"
#include "engine/base/secret.h"
#include "engine/ports/entropy.h"

namespace seedbed {

using Salt = std::array<uint8_t, 16>;

// 48 digits in 8 groups of 6, each divisible by 11 and below 720896, from and to the 16 random bytes they
// stand for.
SecretBytes recovery_password_of(const SecretBytes& key16);
std::optional<SecretBytes> parse_recovery_password(std::string_view text);

// What goes into the stretching: SHA-256 of the recovery key, or twice SHA-256 of the password as UTF-16.
// Ill-formed UTF-8: invalid_argument.
SecretBytes hash_recovery_key(const SecretBytes& key16);
Result<SecretBytes> hash_password(std::string_view utf8_password);
// The slow part: 2^20 rounds over a hashed secret of 32 bytes.
SecretBytes stretch_hashed_secret(const SecretBytes& hashed_secret32, const Salt& salt);

// The 32-byte stretched keys.
SecretBytes stretch_recovery_key(const SecretBytes& key16, const Salt& salt);
Result<SecretBytes> stretch_password(std::string_view utf8_password, const Salt& salt);

// Remembers stretched keys (pure but slow work); owned by whoever makes many volumes or unlocks the same one
// again. Not shared between tasks. A null pointer where a KeyStretcher is taken means "just compute".
class KeyStretcher {
 public:
  virtual ~KeyStretcher() = default;
  virtual SecretBytes stretch(const SecretBytes& hashed_secret32, const Salt& salt) = 0;
};

// Computes each pair of secret and salt once and keeps the answer (wiped at the end). Lookup is by digest: no
// secret is kept but the keys.
class RememberingStretcher final : public KeyStretcher {
 public:
  SecretBytes stretch(const SecretBytes& hashed_secret32, const Salt& salt) override;
  size_t computed() const noexcept { return remembered_.size(); }

 private:
  struct Remembered {
    Sha256 of;
    SecretBytes key;
  };
  std::vector<Remembered> remembered_;
};

// Everything secret of one volume, drawn once per building. The fields are drawn from Entropy in this order.
struct BitlockerSecrets {
  SecretBytes volume_master_key;  // 32
  SecretBytes full_volume_key;    // 32: XTS-AES-128 data key, tweak key
  SecretBytes recovery_key;       // 16: recovery_password_of() is what people see
  SecretBytes password;           // UTF-8 text, empty: no password protector
  Salt recovery_salt{}, password_salt{};
  Guid volume_id, recovery_protector_id, password_protector_id;
  static BitlockerSecrets draw(Entropy& entropy, std::string_view password);
};

}  // namespace seedbed
