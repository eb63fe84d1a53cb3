#include "engine/volume/fve_datum.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include <algorithm>
#include <memory>
#include <stdexcept>

namespace seedbed {

static constexpr size_t kNonceBytes = 12, kTagBytes = 16, kBoxHeaderBytes = kFveDatumHeaderBytes + 4;

static void append_datum_header(Bytes& out, size_t payload_bytes, FveRole role, FveType type,
                                uint16_t version) {
  append_le(out, static_cast<uint16_t>(kFveDatumHeaderBytes + payload_bytes));
  append_le(out, static_cast<uint16_t>(role));
  append_le(out, static_cast<uint16_t>(type));
  append_le(out, version);
}

void append_datum(Bytes& out, FveRole role, FveType type, ByteSpan payload) {
  append_datum_header(out, payload.size(), role, type, 1);
  append(out, payload);
}

Result<std::vector<FveDatum>> parse_datums(ByteSpan bytes) {
  std::vector<FveDatum> datums;
  for (size_t at = 0; at < bytes.size();) {
    const size_t left_bytes = bytes.size() - at;
    const size_t size_bytes = left_bytes >= 2 ? load_le<uint16_t>(bytes, at) : 1;
    if (size_bytes == 0) break;
    if (size_bytes < kFveDatumHeaderBytes || size_bytes > left_bytes)
      return fail(
          ErrorCode::corrupt,
          fmt::format("a BitLocker metadata entry says {} bytes where {} are left", size_bytes, left_bytes));
    datums.push_back(
        {.role = static_cast<FveRole>(load_le<uint16_t>(bytes, at + 2)),
         .type = static_cast<FveType>(load_le<uint16_t>(bytes, at + 4)),
         .payload = bytes.subspan(at + kFveDatumHeaderBytes, size_bytes - kFveDatumHeaderBytes)});
    at += size_bytes;
  }
  return datums;
}

std::array<uint8_t, 12> FveNonces::next() {
  std::array<uint8_t, kNonceBytes> nonce;
  store_le(nonce, 0, filetime_);
  store_le(nonce, 8, counter_++);
  return nonce;
}

using CipherContext =
    std::unique_ptr<EVP_CIPHER_CTX, decltype([](EVP_CIPHER_CTX* context) { EVP_CIPHER_CTX_free(context); })>;

// A context ready for one message. For decryption the tag must be known beforehand. CCM with a 12-byte nonce
// leaves 3 bytes for the length.
static CipherContext ccm(const SecretBytes& key, ByteSpan nonce, ByteSpan tag_to_expect) {
  static const EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "AES-256-CCM", nullptr);
  const int encrypt = tag_to_expect.empty() ? 1 : 0;
  ERR_clear_error();
  CipherContext context(EVP_CIPHER_CTX_new());
  void* const tag =
      encrypt ? nullptr
              : const_cast<uint8_t*>(tag_to_expect.data());  // only read: the interface is older than const
  if (key.size() != 32 || !context ||
      EVP_CipherInit_ex2(context.get(), cipher, nullptr, nullptr, encrypt, nullptr) != 1 ||
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_IVLEN, kNonceBytes, nullptr) != 1 ||
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, kTagBytes, tag) != 1 ||
      EVP_CipherInit_ex2(context.get(), nullptr, key.span().data(), nonce.data(), encrypt, nullptr) != 1)
    throw std::runtime_error("OpenSSL refuses AES-256-CCM");
  return context;
}

void append_sealed_key(Bytes& out, FveRole role, const SecretBytes& with,
                       const std::array<uint8_t, 12>& nonce, FveKeyKind kind, ByteSpan key) {
  SecretBytes box(kBoxHeaderBytes + key.size());
  store_le(box.mutable_span(), 0, static_cast<uint16_t>(box.size()));
  store_le(box.mutable_span(), 4, static_cast<uint16_t>(FveType::key));  // role and version stay 0
  store_le(box.mutable_span(), kFveDatumHeaderBytes, static_cast<uint32_t>(kind));
  std::ranges::copy(key, box.mutable_span().begin() + kBoxHeaderBytes);

  append_datum_header(out, kNonceBytes + kTagBytes + box.size(), role, FveType::sealed, 1);
  append(out, nonce);
  const size_t tag_at = out.size();
  out.resize(out.size() + kTagBytes + box.size());
  const CipherContext context = ccm(with, nonce, {});
  int done_bytes = 0;
  if (EVP_CipherUpdate(context.get(), out.data() + tag_at + kTagBytes, &done_bytes, box.span().data(),
                       static_cast<int>(box.size())) != 1 ||
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, kTagBytes, out.data() + tag_at) != 1)
    throw std::runtime_error("OpenSSL fails to seal a key");
}

std::optional<FveKey> open_sealed_key(ByteSpan payload, const SecretBytes& with) {
  if (payload.size() <= kNonceBytes + kTagBytes + kBoxHeaderBytes) return std::nullopt;
  const ByteSpan sealed = payload.subspan(kNonceBytes + kTagBytes);
  const CipherContext context =
      ccm(with, payload.first(kNonceBytes), payload.subspan(kNonceBytes, kTagBytes));
  SecretBytes box(sealed.size());
  int done_bytes = 0;
  const bool genuine = EVP_CipherUpdate(context.get(), box.mutable_span().data(), &done_bytes, sealed.data(),
                                        static_cast<int>(sealed.size())) == 1;
  ERR_clear_error();
  if (!genuine || load_le<uint16_t>(box.span(), 0) != box.size() ||
      load_le<uint16_t>(box.span(), 4) != static_cast<uint16_t>(FveType::key))
    return std::nullopt;
  return FveKey{.kind = static_cast<FveKeyKind>(load_le<uint32_t>(box.span(), kFveDatumHeaderBytes)),
                .key = SecretBytes(box.span().subspan(kBoxHeaderBytes))};
}

}  // namespace seedbed
