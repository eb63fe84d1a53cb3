#include "fakes/reference/fve_keys.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#include <algorithm>
#include <memory>

#include "engine/base/text.h"

namespace seedbed::reference {

namespace {

constexpr size_t kNonceBytes = 12, kTagBytes = 16;
constexpr uint64_t kStretchRounds = 0x100000;

std::optional<SecretBytes> recovery_key(std::string_view text) {
  if (text.size() != 8 * 6 + 7) return std::nullopt;
  SecretBytes key(16);
  for (size_t group = 0; group < 8; group++) {
    const size_t at = group * 7;
    if (group > 0 && text[at - 1] != '-') return std::nullopt;
    uint32_t value = 0;
    for (size_t i = at; i < at + 6; i++) {
      if (text[i] < '0' || text[i] > '9') return std::nullopt;
      value = value * 10 + static_cast<uint32_t>(text[i] - '0');
    }
    if (value % 11 != 0 || value / 11 > 0xffff) return std::nullopt;
    store_le(key.mutable_span(), group * 2, static_cast<uint16_t>(value / 11));
  }
  return key;
}

SecretBytes sha256_secret(ByteSpan bytes) {
  Sha256 digest = sha256_of(bytes);
  SecretBytes secret{ByteSpan(digest)};
  wipe(digest);
  return secret;
}

}  // namespace

std::optional<SecretBytes> initial_hash(const DriveSecret& secret) {
  if (secret.kind == DriveSecret::Kind::recovery_password) {
    const auto key = recovery_key(secret.text.text());
    if (!key) return std::nullopt;
    return sha256_secret(key->span());
  }
  auto wide = utf16_of(secret.text.text());
  if (!wide) return std::nullopt;
  SecretBytes little_endian(wide->size() * 2);
  for (size_t i = 0; i < wide->size(); i++) store_le(little_endian.mutable_span(), i * 2, (*wide)[i]);
  wipe({reinterpret_cast<uint8_t*>(wide->data()), wide->size() * 2});
  return sha256_secret(sha256_secret(little_endian.span()).span());
}

SecretBytes stretch(const SecretBytes& initial_hash, ByteSpan salt16) {
  // { last[32], initial[32], salt[16], u64 round }: hashed over and over, the digest goes to `last`
  SecretBytes chain(88);
  const MutableByteSpan bytes = chain.mutable_span();
  std::copy_n(initial_hash.span().begin(), 32, bytes.begin() + 32);
  std::copy_n(salt16.begin(), 16, bytes.begin() + 64);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr);
  for (uint64_t round = 0; round < kStretchRounds; round++) {
    store_le(bytes, 80, round);
    EVP_DigestInit_ex(context.get(), nullptr, nullptr);
    EVP_DigestUpdate(context.get(), bytes.data(), bytes.size());
    EVP_DigestFinal_ex(context.get(), bytes.data(), nullptr);
  }
  return SecretBytes(ByteSpan(bytes.first(32)));
}

SecretBytes StretchMemo::stretch(const SecretBytes& initial_hash, ByteSpan salt16) {
  SecretBytes pair(initial_hash.size() + salt16.size());
  std::ranges::copy(initial_hash.span(), pair.mutable_span().begin());
  std::ranges::copy(salt16, pair.mutable_span().begin() + static_cast<std::ptrdiff_t>(initial_hash.size()));
  const Sha256 of = sha256_of(pair.span());
  auto known = known_.find(of);
  if (known == known_.end()) known = known_.emplace(of, reference::stretch(initial_hash, salt16)).first;
  return known->second.clone();
}

std::optional<SecretBytes> open_ccm(const SecretBytes& key, ByteSpan payload) {
  if (key.size() != 32 || payload.size() <= kNonceBytes + kTagBytes) return std::nullopt;
  const ByteSpan nonce = payload.first(kNonceBytes), tag = payload.subspan(kNonceBytes, kTagBytes),
                 cipher_text = payload.subspan(kNonceBytes + kTagBytes);
  const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context(EVP_CIPHER_CTX_new(),
                                                                                &EVP_CIPHER_CTX_free);
  SecretBytes plain(cipher_text.size());
  int length = 0;
  ERR_clear_error();
  const bool opened =
      EVP_DecryptInit_ex(context.get(), EVP_aes_256_ccm(), nullptr, nullptr, nullptr) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_IVLEN, kNonceBytes, nullptr) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, kTagBytes,
                          const_cast<uint8_t*>(tag.data())) == 1 &&
      EVP_DecryptInit_ex(context.get(), nullptr, nullptr, key.span().data(), nonce.data()) == 1 &&
      EVP_DecryptUpdate(context.get(), plain.mutable_span().data(), &length, cipher_text.data(),
                        static_cast<int>(cipher_text.size())) == 1;
  ERR_clear_error();
  if (!opened || length != static_cast<int>(cipher_text.size())) return std::nullopt;
  return plain;
}

}  // namespace seedbed::reference
