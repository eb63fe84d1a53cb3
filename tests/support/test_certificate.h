// A certificate and its RSA key, made once per process (a key takes a tenth of a second), and PFX files of it
// as the various tools write them.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <stdexcept>
#include <string>

#include "engine/base/bytes.h"

namespace seedbed::testing_support {

enum class PfxKind {
  modern,         // AES, password ""
  null_password,  // no password at all
  legacy,         // RC2-40 and triple DES, as .NET wrote them
  with_password,
  without_key,
};

class TestCertificate {
 public:
  explicit TestCertificate(const char* common_name = "CN of a test") {
    legacy_ = OSSL_PROVIDER_load(context_, "legacy");
    usual_ = OSSL_PROVIDER_load(context_, "default");
    key_ = EVP_PKEY_Q_keygen(context_, nullptr, "RSA", size_t{2048});
    if (key_ == nullptr) throw std::runtime_error("no RSA key can be made");
    certificate_ = X509_new_ex(context_, nullptr);
    X509_set_version(certificate_, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate_), 7);
    ASN1_TIME_set_string_X509(X509_getm_notBefore(certificate_), "20100101000000Z");
    ASN1_TIME_set_string_X509(X509_getm_notAfter(certificate_), "20491231235959Z");
    X509_NAME* name = X509_get_subject_name(certificate_);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, reinterpret_cast<const uint8_t*>(common_name), -1,
                               -1, 0);
    X509_set_issuer_name(certificate_, name);
    X509_set_pubkey(certificate_, key_);
    if (X509_sign(certificate_, key_, EVP_sha256()) == 0)
      throw std::runtime_error("no certificate can be signed");
  }
  TestCertificate(const TestCertificate&) = delete;
  TestCertificate& operator=(const TestCertificate&) = delete;
  ~TestCertificate() {
    X509_free(certificate_);
    EVP_PKEY_free(key_);
    if (legacy_ != nullptr) OSSL_PROVIDER_unload(legacy_);
    OSSL_PROVIDER_unload(usual_);
    OSSL_LIB_CTX_free(context_);
  }

  Bytes der() const {
    uint8_t* data = nullptr;
    const int length_bytes = i2d_X509(certificate_, &data);
    Bytes out(data, data + length_bytes);
    OPENSSL_free(data);
    return out;
  }

  // Empty when this computer's OpenSSL cannot write that kind.
  Bytes pfx(PfxKind kind) const {
    const bool old = kind == PfxKind::legacy;
    const char* password = kind == PfxKind::null_password   ? nullptr
                           : kind == PfxKind::with_password ? "secret"
                                                            : "";
    PKCS12* made =
        PKCS12_create_ex(password, "a name", kind == PfxKind::without_key ? nullptr : key_, certificate_,
                         nullptr, old ? NID_pbe_WithSHA1And3_Key_TripleDES_CBC : 0,
                         old ? NID_pbe_WithSHA1And40BitRC2_CBC : 0, 2048, 2048, 0, context_, nullptr);
    if (made == nullptr) return {};
    uint8_t* data = nullptr;
    const int length_bytes = i2d_PKCS12(made, &data);
    Bytes out(data, data + length_bytes);
    OPENSSL_free(data);
    PKCS12_free(made);
    return out;
  }

  bool verifies(ByteSpan signature, std::string_view text) const {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    const bool good =
        EVP_DigestVerifyInit_ex(context, nullptr, "SHA256", context_, nullptr, key_, nullptr) == 1 &&
        EVP_DigestVerify(context, signature.data(), signature.size(),
                         reinterpret_cast<const uint8_t*>(text.data()), text.size()) == 1;
    EVP_MD_CTX_free(context);
    return good;
  }

  static const TestCertificate& shared() {
    static const TestCertificate one;
    return one;
  }

 private:
  OSSL_LIB_CTX* context_ = OSSL_LIB_CTX_new();
  OSSL_PROVIDER *legacy_ = nullptr, *usual_ = nullptr;
  EVP_PKEY* key_ = nullptr;
  X509* certificate_ = nullptr;
};

}  // namespace seedbed::testing_support
