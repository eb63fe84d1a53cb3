#include "engine/staging/chunk_keys.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <algorithm>

namespace seedbed {

namespace {

std::unexpected<Error> no_crypto(const char* what) {
  return fail(ErrorCode::internal, std::string("OpenSSL does not do ") + what);
}

// HKDF-SHA-256 without salt: the stretched secret is uniform already.
Status expand(const SecretBytes& secret, std::string_view purpose, MutableByteSpan out) {
  ERR_clear_error();
  const std::unique_ptr<EVP_KDF, decltype(&EVP_KDF_free)> kdf(EVP_KDF_fetch(nullptr, "HKDF", nullptr),
                                                              &EVP_KDF_free);
  if (!kdf) return no_crypto("HKDF");
  const std::unique_ptr<EVP_KDF_CTX, decltype(&EVP_KDF_CTX_free)> context(EVP_KDF_CTX_new(kdf.get()),
                                                                          &EVP_KDF_CTX_free);
  if (!context) return no_crypto("HKDF");
  std::string digest = "SHA256", info(purpose);
  SecretBytes key = secret.clone();
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), 0),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, key.mutable_span().data(), key.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info.data(), info.size()),
      OSSL_PARAM_construct_end()};
  if (EVP_KDF_derive(context.get(), out.data(), out.size(), parameters) != 1) return no_crypto("HKDF");
  return {};
}

}  // namespace

Status check_kdf(const KdfSpec& kdf) {
  if (kdf.log2_n < 10 || kdf.log2_n > 20 || kdf.r < 1 || kdf.r > 16 || kdf.p < 1 || kdf.p > 4 ||
      kdf.salt.size() < 16 || kdf.salt.size() > 64)
    return fail(ErrorCode::invalid_argument, "the key stretching asked for is out of bounds", {},
                "log2_n is 10 to 20, r 1 to 16, p 1 to 4, the salt 16 to 64 bytes");
  return {};
}

uint64_t stretch_rounds(const KdfSpec& kdf) noexcept {
  return (uint64_t{1} << kdf.log2_n) * kdf.r * kdf.p / 8;
}

Result<ChunkKeys> derive_chunk_keys(const SecretBytes& passphrase, const KdfSpec& kdf) {
  TRY(check_kdf(kdf));
  if (passphrase.empty())
    return fail(ErrorCode::invalid_argument, "the passphrase is empty", {}, "Give one that is not");
  ERR_clear_error();
  SecretBytes stretched(32);
  const uint64_t n = uint64_t{1} << kdf.log2_n;
  const uint64_t memory_bytes = 128 * n * kdf.r + 128ULL * kdf.r * kdf.p + 1 * MiB;
  if (EVP_PBE_scrypt(passphrase.text().data(), passphrase.size(), kdf.salt.data(), kdf.salt.size(), n, kdf.r,
                     kdf.p, memory_bytes, stretched.mutable_span().data(), stretched.size()) != 1)
    return no_crypto("scrypt with these parameters");
  ChunkKeys keys{SecretBytes(32), SecretBytes(32), Bytes(kKeyCheckBytes)};
  TRY(expand(stretched, "seedbed chunk id 1", keys.id_key.mutable_span()));
  TRY(expand(stretched, "seedbed chunk seal 1", keys.seal_key.mutable_span()));
  TRY(expand(stretched, "seedbed key check 1", keys.key_check));
  return keys;
}

Result<ChunkKeys> RememberingPassphrases::derive(const SecretBytes& passphrase, const KdfSpec& kdf) {
  const Sha256 secret = sha256_of(passphrase.span());
  Bytes all(secret.begin(), secret.end());
  for (const uint8_t part : {kdf.log2_n, kdf.r, kdf.p}) all.push_back(part);
  append(all, kdf.salt);
  const Sha256 of = sha256_of(all);
  wipe(all);
  auto known = remembered_.find(of);
  if (known == remembered_.end())
    known = remembered_.emplace(of, TRY(derive_chunk_keys(passphrase, kdf))).first;
  return known->second.clone();
}

Status check_keys(const ChunkKeys& keys, ByteSpan key_check, const std::string& where) {
  if (std::ranges::equal(keys.key_check, key_check)) return {};
  return fail(ErrorCode::permission_denied, "this was sealed under another passphrase", where,
              "Give the passphrase with which the first backup was made");
}

}  // namespace seedbed
