// From a passphrase to the keys of one backup: scrypt with the backup's salt, then HKDF-SHA-256 for the key
// that names chunks and the key that seals them. Owned values, wiped when they go; any task may call.
//
// key_check is no secret: it stands beside the salt in every AIB, base blob and vault item, so that a wrong
// passphrase is told at once instead of by a chunk that does not open.
#pragma once

#include <array>
#include <map>
#include <string>

#include "engine/base/checksum.h"
#include "engine/base/result.h"
#include "engine/base/secret.h"

namespace seedbed {

struct KdfSpec {
  uint8_t log2_n = 15;  // 10 to 20
  uint8_t r = 8;        // 1 to 16
  uint8_t p = 1;        // 1 to 4
  Bytes salt;           // 16 to 64 bytes
  friend bool operator==(const KdfSpec&, const KdfSpec&) = default;
};

inline constexpr size_t kKeyCheckBytes = 16;

struct ChunkKeys {
  SecretBytes id_key;    // HMAC-SHA-256 of the plain chunk: its ChunkId
  SecretBytes seal_key;  // AES-256-GCM
  Bytes key_check;       // 16 bytes
  ChunkKeys clone() const { return {id_key.clone(), seal_key.clone(), key_check}; }
};

// invalid_argument where the spec is out of bounds: specs come from files and services.
Status check_kdf(const KdfSpec& kdf);
// Takes about 2^log2_n x r x 128 bytes of memory while it works; the caller accounts for the time
// (stretch_rounds for Work::stretch_key).
Result<ChunkKeys> derive_chunk_keys(const SecretBytes& passphrase, const KdfSpec& kdf);
uint64_t stretch_rounds(const KdfSpec& kdf) noexcept;

// Remembers derived keys (pure but slow work), as KeyStretcher does those of volumes; owned by whoever opens
// the same backups again and again. Not shared between tasks. A null pointer where one is taken means "just
// compute".
class PassphraseStretcher {
 public:
  virtual ~PassphraseStretcher() = default;
  virtual Result<ChunkKeys> derive(const SecretBytes& passphrase, const KdfSpec& kdf) = 0;
};

// Derives the keys of each passphrase and spec once and keeps them (wiped at the end). Lookup is by digest:
// the passphrase is not kept.
class RememberingPassphrases final : public PassphraseStretcher {
 public:
  Result<ChunkKeys> derive(const SecretBytes& passphrase, const KdfSpec& kdf) override;

 private:
  std::map<Sha256, ChunkKeys> remembered_;
};

// permission_denied, with a remedy, where the passphrase was another one. `where` names what was to be
// opened.
Status check_keys(const ChunkKeys& keys, ByteSpan key_check, const std::string& where);

}  // namespace seedbed
