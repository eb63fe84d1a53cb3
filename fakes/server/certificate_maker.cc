#include "fakes/server/certificate_maker.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <memory>

namespace seedbed {

namespace {

template <auto Free>
struct FreeBy {
  template <typename T>
  void operator()(T* object) const noexcept {
    Free(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, FreeBy<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, FreeBy<X509_free>>;
using Memory = std::unique_ptr<BIO, FreeBy<BIO_free_all>>;
using Extension = std::unique_ptr<X509_EXTENSION, FreeBy<X509_EXTENSION_free>>;

constexpr int64_t kDay_s = 86'400;
constexpr int kSerialBits = 120;

std::unexpected<Error> failed(const char* what) {
  char text[256] = "";
  ERR_error_string_n(ERR_get_error(), text, sizeof text);
  return fail(ErrorCode::internal, std::string(what) + ": " + text);
}

ByteSpan content_of(BIO* memory) {
  char* start = nullptr;
  const long length = BIO_get_mem_data(memory, &start);
  return {reinterpret_cast<const uint8_t*>(start), static_cast<size_t>(length)};
}

bool add_extension(X509* certificate, int kind, const std::string& text) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, kind, text.c_str()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool is_address(const std::string& host) {
  return host.find_first_not_of("0123456789.") == std::string::npos;
}

bool fill(X509* certificate, EVP_PKEY* key, const std::string& common_name, const std::string& host,
          int64_t utc_ns, int days) {
  const std::unique_ptr<BIGNUM, FreeBy<BN_free>> serial(BN_new());
  if (!serial || BN_rand(serial.get(), kSerialBits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) != 1) return false;
  BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(certificate));
  X509_set_version(certificate, X509_VERSION_3);
  const int64_t from_s = utc_ns / 1'000'000'000 - kDay_s;
  ASN1_TIME_set(X509_getm_notBefore(certificate), from_s);
  ASN1_TIME_set(X509_getm_notAfter(certificate), from_s + (days + 1) * kDay_s);
  X509_NAME* const name = X509_get_subject_name(certificate);
  if (X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                 reinterpret_cast<const uint8_t*>(common_name.c_str()), -1, -1, 0) != 1)
    return false;
  if (X509_set_issuer_name(certificate, name) != 1 || X509_set_pubkey(certificate, key) != 1) return false;
  if (!host.empty()) {
    const std::string names = (is_address(host) ? "IP:" : "DNS:") + host + ",DNS:localhost,IP:127.0.0.1";
    if (!add_extension(certificate, NID_subject_alt_name, names) ||
        !add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE"))
      return false;
  }
  return X509_sign(certificate, key, EVP_sha256()) != 0;
}

}  // namespace

Result<MadeCertificate> make_certificate(const std::string& common_name, const std::string& host,
                                         int64_t utc_ns, int days) {
  ERR_clear_error();
  const Key key(EVP_RSA_gen(2048));
  const Certificate certificate(X509_new());
  if (!key || !certificate || !fill(certificate.get(), key.get(), common_name, host, utc_ns, days))
    return failed("a certificate cannot be made");
  MadeCertificate made;
  const Memory pem(BIO_new(BIO_s_mem())), der(BIO_new(BIO_s_mem())), pfx(BIO_new(BIO_s_mem()));
  const Memory key_pem(BIO_new(BIO_s_secmem()));
  const std::unique_ptr<PKCS12, FreeBy<PKCS12_free>> bundle(
      PKCS12_create("", common_name.c_str(), key.get(), certificate.get(), nullptr, 0, 0, 0, 0, 0));
  if (!bundle || PEM_write_bio_X509(pem.get(), certificate.get()) != 1 ||
      i2d_X509_bio(der.get(), certificate.get()) != 1 || i2d_PKCS12_bio(pfx.get(), bundle.get()) != 1 ||
      PEM_write_bio_PrivateKey(key_pem.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
    return failed("a certificate cannot be written down");
  made.certificate_pem = as_text(content_of(pem.get()));
  const ByteSpan der_bytes = content_of(der.get());
  made.certificate_der.assign(der_bytes.begin(), der_bytes.end());
  made.key_pem = SecretBytes(content_of(key_pem.get()));
  made.pfx = SecretBytes(content_of(pfx.get()));
  return made;
}

}  // namespace seedbed
