// What tests of the vault need: a certificate with its key, made once, and assertions signed with it.
#pragma once

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <fmt/format.h>

#include "engine/base/checksum.h"
#include "engine/base/text.h"

namespace seedbed::testing_support {

inline std::string base64url(ByteSpan bytes) {
  std::string text = base64(bytes);
  while (!text.empty() && text.back() == '=') text.pop_back();
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return text;
}

class TestCertificate {
 public:
  // Valid from 1970 for `days`.
  explicit TestCertificate(long days = 36'500) : key_(EVP_RSA_gen(2048)) {
    X509* certificate = X509_new();
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    ASN1_TIME_set(X509_getm_notBefore(certificate), 0);
    ASN1_TIME_adj(X509_getm_notAfter(certificate), 0, static_cast<int>(days), 0);
    X509_set_pubkey(certificate, key_);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("CN of a test"), -1, -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    X509_sign(certificate, key_, EVP_sha256());
    der.resize(static_cast<size_t>(i2d_X509(certificate, nullptr)));
    unsigned char* at = der.data();
    i2d_X509(certificate, &at);
    X509_free(certificate);
  }
  TestCertificate(const TestCertificate&) = delete;
  TestCertificate& operator=(const TestCertificate&) = delete;
  ~TestCertificate() { EVP_PKEY_free(key_); }

  std::string sign(const std::string& header, const std::string& claims) const {
    const std::string text = base64url(as_bytes(header)) + "." + base64url(as_bytes(claims));
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    size_t length = 0;
    EVP_DigestSignInit(context, nullptr, EVP_sha256(), nullptr, key_);
    EVP_DigestSign(context, nullptr, &length, as_bytes(text).data(), text.size());
    Bytes signature(length);
    EVP_DigestSign(context, signature.data(), &length, as_bytes(text).data(), text.size());
    EVP_MD_CTX_free(context);
    signature.resize(length);
    return text + "." + base64url(signature);
  }
  std::string header() const {
    return fmt::format(R"({{"alg":"RS256","typ":"JWT","x5t#S256":"{}"}})", base64url(sha256_of(der)));
  }
  // Valid for ten minutes from `utc_ns`.
  std::string assertion(const std::string& audience, int64_t utc_ns) const {
    const int64_t now_s = utc_ns / 1'000'000'000;
    return sign(header(), fmt::format(R"({{"aud":"{}","iss":"test","nbf":{},"exp":{}}})", audience, now_s,
                                      now_s + 600));
  }

  Bytes der;

 private:
  EVP_PKEY* key_;
};

inline const TestCertificate& shared_certificate() {
  static const TestCertificate certificate;
  return certificate;
}

}  // namespace seedbed::testing_support
