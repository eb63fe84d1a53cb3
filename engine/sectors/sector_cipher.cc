#include "engine/sectors/sector_cipher.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include <optional>
#include <stdexcept>

#include "engine/sectors/xts_vaes.h"

namespace seedbed {

namespace {

constexpr size_t kKeyBytes = 32, kHalfKeyBytes = 16;

const EVP_CIPHER* xts_cipher() {
  // Fetched once: a lookup per volume would be cheap, one per clone is not.
  static const EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "AES-128-XTS", nullptr);
  return cipher;
}

// The key is set once and the context kept: setting it again for every sector would cost four times the
// encryption of a sector.
struct Context {
  EVP_CIPHER_CTX* evp = EVP_CIPHER_CTX_new();
  Context() = default;
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  ~Context() { EVP_CIPHER_CTX_free(evp); }

  bool set_key(ByteSpan key, bool encrypt) {
    ERR_clear_error();  // what another fibre left on this thread's queue is none of ours
    const bool taken = evp != nullptr && EVP_CipherInit_ex2(evp, xts_cipher(), key.data(), nullptr,
                                                            encrypt ? 1 : 0, nullptr) == 1;
    ERR_clear_error();
    return taken;
  }

  void run(uint64_t first_sector, uint32_t sector_bytes, MutableByteSpan data) {
    uint8_t tweak[16] = {};
    for (uint64_t at = 0; at < data.size(); at += sector_bytes, first_sector++) {
      store_le(tweak, 0, first_sector);
      int done_bytes = 0;
      // -1: the direction stays as it was set with the key
      if (EVP_CipherInit_ex2(evp, nullptr, nullptr, tweak, -1, nullptr) != 1 ||
          EVP_CipherUpdate(evp, data.data() + at, &done_bytes, data.data() + at,
                           static_cast<int>(sector_bytes)) != 1 ||
          done_bytes != static_cast<int>(sector_bytes))
        throw std::runtime_error("OpenSSL fails to encrypt a sector");
    }
  }
};

}  // namespace

struct SectorCipher::State {
  SecretBytes key;
  uint32_t sector_bytes = 0;
  Context encrypt, decrypt;
  std::optional<XtsVaesKeys> vaes;

  uint64_t first_sector(uint64_t physical_offset_bytes, MutableByteSpan data) const {
    if (physical_offset_bytes % sector_bytes != 0 || data.size() % sector_bytes != 0)
      throw std::logic_error("a sector cipher was handed a part of a sector");
    return physical_offset_bytes / sector_bytes;
  }
};

Result<SectorCipher> SectorCipher::make(const SecretBytes& key, uint32_t sector_bytes, CipherPath path) {
  if (sector_bytes != 512 && sector_bytes != 4096)
    return fail(ErrorCode::invalid_argument,
                fmt::format("XTS over BitLocker takes sectors of 512 or 4096 bytes, not {}", sector_bytes));
  if (key.size() != kKeyBytes)
    return fail(ErrorCode::invalid_argument,
                fmt::format("an XTS-AES-128 key has {} bytes, not {}", kKeyBytes, key.size()));
  // Equal halves undo the tweak's secrecy (Rogaway's attack); OpenSSL refuses them for encryption only, so
  // decryption is refused here too.
  if (CRYPTO_memcmp(key.span().data(), key.span().data() + kHalfKeyBytes, kHalfKeyBytes) == 0)
    return fail(ErrorCode::invalid_argument, "the data key and the tweak key of XTS are equal", {},
                "Draw a new key: this one is not random");
  auto state = std::make_unique<State>();
  state->key = key.clone();
  state->sector_bytes = sector_bytes;
  if (path != CipherPath::openssl && xts_vaes_supported())
    state->vaes.emplace(key.span());
  else if (!state->encrypt.set_key(key.span(), true) || !state->decrypt.set_key(key.span(), false))
    return fail(ErrorCode::internal, "OpenSSL refuses an XTS-AES-128 key", {},
                "Check that OpenSSL's default provider is available");
  return SectorCipher(std::move(state));
}

SectorCipher::SectorCipher(std::unique_ptr<State> state) : state_(std::move(state)) {}
SectorCipher::SectorCipher(SectorCipher&&) noexcept = default;
SectorCipher& SectorCipher::operator=(SectorCipher&&) noexcept = default;
SectorCipher::~SectorCipher() = default;

SectorCipher SectorCipher::clone() const {
  auto copy = make(state_->key, state_->sector_bytes, state_->vaes ? CipherPath::vaes : CipherPath::openssl);
  if (!copy)
    throw std::runtime_error(copy.error().message());  // the key was good once: only memory can have run out
  return *std::move(copy);
}

uint32_t SectorCipher::sector_bytes() const noexcept {
  return state_->sector_bytes;
}
std::string_view SectorCipher::path_name() const noexcept {
  return state_->vaes ? "vaes" : "openssl";
}

void SectorCipher::encrypt(uint64_t physical_offset_bytes, MutableByteSpan data) {
  const uint64_t first_sector = state_->first_sector(physical_offset_bytes, data);
  if (state_->vaes)
    xts_vaes_encrypt(*state_->vaes, first_sector, state_->sector_bytes, data);
  else
    state_->encrypt.run(first_sector, state_->sector_bytes, data);
}

void SectorCipher::decrypt(uint64_t physical_offset_bytes, MutableByteSpan data) {
  const uint64_t first_sector = state_->first_sector(physical_offset_bytes, data);
  if (state_->vaes)
    xts_vaes_decrypt(*state_->vaes, first_sector, state_->sector_bytes, data);
  else
    state_->decrypt.run(first_sector, state_->sector_bytes, data);
}

}  // namespace seedbed
