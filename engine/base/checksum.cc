#include "engine/base/checksum.h"

#include <openssl/evp.h>
#include <zlib.h>

#include <stdexcept>

namespace seedbed {

uint32_t crc32_of(ByteSpan bytes, uint32_t seed) noexcept {
  if (bytes.empty()) return seed;  // zlib takes a null pointer as "start anew"
  return static_cast<uint32_t>(::crc32_z(seed, bytes.data(), bytes.size()));
}

static const EVP_MD* fetched(DigestKind kind) {
  // Fetched once: a lookup per call costs more than hashing a sector (OpenSSL 3).
  static const EVP_MD* const md5 = EVP_MD_fetch(nullptr, "MD5", nullptr);
  static const EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  static const EVP_MD* const sha512 = EVP_MD_fetch(nullptr, "SHA512", nullptr);
  switch (kind) {
    case DigestKind::md5:
      return md5;
    case DigestKind::sha256:
      return sha256;
    case DigestKind::sha512:
      return sha512;
  }
  return nullptr;
}

template <typename Out>
static Out one_shot(DigestKind kind, ByteSpan bytes) {
  Out out;
  if (EVP_Digest(bytes.data(), bytes.size(), out.data(), nullptr, fetched(kind), nullptr) != 1)
    throw std::runtime_error("OpenSSL refuses a digest");
  return out;
}

Md5 md5_of(ByteSpan bytes) {
  return one_shot<Md5>(DigestKind::md5, bytes);
}
Sha256 sha256_of(ByteSpan bytes) {
  return one_shot<Sha256>(DigestKind::sha256, bytes);
}
Sha512 sha512_of(ByteSpan bytes) {
  return one_shot<Sha512>(DigestKind::sha512, bytes);
}

struct Digest::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { EVP_MD_CTX_free(context); }
};

Digest::Digest(DigestKind kind) : state_(std::make_unique<State>()) {
  if (EVP_DigestInit_ex2(state_->context, fetched(kind), nullptr) != 1)
    throw std::runtime_error("OpenSSL refuses a digest");
}
Digest::Digest(Digest&&) noexcept = default;
Digest& Digest::operator=(Digest&&) noexcept = default;
Digest::~Digest() = default;

void Digest::update(ByteSpan bytes) {
  if (EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) != 1)
    throw std::runtime_error("OpenSSL refuses a digest");
}

Bytes Digest::snapshot() const {
  State copy;
  Bytes out(EVP_MAX_MD_SIZE);
  unsigned length_bytes = 0;
  if (EVP_MD_CTX_copy_ex(copy.context, state_->context) != 1 ||
      EVP_DigestFinal_ex(copy.context, out.data(), &length_bytes) != 1)
    throw std::runtime_error("OpenSSL refuses a digest");
  out.resize(length_bytes);
  return out;
}

}  // namespace seedbed
