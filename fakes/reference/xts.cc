#include "fakes/reference/xts.h"

#include <openssl/err.h>
#include <openssl/evp.h>

namespace seedbed::reference {

struct XtsDecryptor::Context {
  EVP_CIPHER_CTX* evp = EVP_CIPHER_CTX_new();
  ~Context() { EVP_CIPHER_CTX_free(evp); }
};

XtsDecryptor::XtsDecryptor(std::unique_ptr<Context> context) : context_(std::move(context)) {}
XtsDecryptor::XtsDecryptor(XtsDecryptor&&) noexcept = default;
XtsDecryptor& XtsDecryptor::operator=(XtsDecryptor&&) noexcept = default;
XtsDecryptor::~XtsDecryptor() = default;

Result<XtsDecryptor> XtsDecryptor::with_key(ByteSpan key) {
  const EVP_CIPHER* cipher = key.size() == 32   ? EVP_aes_128_xts()
                             : key.size() == 64 ? EVP_aes_256_xts()
                                                : nullptr;
  if (!cipher) return fail(ErrorCode::unsupported, "an XTS key must have 32 or 64 bytes");
  auto context = std::make_unique<Context>();
  ERR_clear_error();
  if (!context->evp || EVP_DecryptInit_ex(context->evp, cipher, nullptr, key.data(), nullptr) != 1)
    return fail(ErrorCode::corrupt, "OpenSSL refuses the XTS key");  // data key and tweak key equal
  return XtsDecryptor(std::move(context));
}

Status XtsDecryptor::decrypt(uint64_t sector_number, MutableByteSpan sector) {
  uint8_t tweak[16] = {};
  store_le(tweak, 0, sector_number);
  int length = 0;
  if (EVP_DecryptInit_ex(context_->evp, nullptr, nullptr, nullptr, tweak) != 1 ||
      EVP_DecryptUpdate(context_->evp, sector.data(), &length, sector.data(),
                        static_cast<int>(sector.size())) != 1 ||
      length != static_cast<int>(sector.size()))
    return fail(ErrorCode::internal, "OpenSSL failed to decrypt a sector");
  return {};
}

}  // namespace seedbed::reference
