#include "engine/documents/management_certificate.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>
#include <openssl/x509.h>

#include <climits>
#include <ctime>
#include <memory>

#include "engine/base/text.h"

namespace seedbed {

namespace {

template <auto Free>
struct Freed {
  template <typename T>
  void operator()(T* p) const noexcept {
    Free(p);
  }
};
using Bio = std::unique_ptr<BIO, Freed<BIO_free_all>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Pfx = std::unique_ptr<PKCS12, Freed<PKCS12_free>>;

constexpr long kMacRoundsMax = 2'000'000;  // a file that asks for more would take minutes
constexpr int kRsaBitsMin = 1024, kRsaBitsMax = 16'384;
constexpr size_t kCommonNameBytesMax = 256;

// The error queue belongs to the OS thread, not to the fibre: it is empty when we begin and when we leave.
struct QuietErrors {
  QuietErrors() { ERR_clear_error(); }
  ~QuietErrors() { ERR_clear_error(); }
};

// A library context of its own: the legacy algorithms (RC2-40 of .NET's PFX files) are there for reading PFX
// files and for nothing else in the process.
class PfxContext {
 public:
  PfxContext() : context_(OSSL_LIB_CTX_new()) {
    if (context_ == nullptr) throw std::bad_alloc();
    usual_ = OSSL_PROVIDER_load(context_, "default");
    legacy_ = OSSL_PROVIDER_load(context_, "legacy");  // may be missing
  }
  PfxContext(const PfxContext&) = delete;
  PfxContext& operator=(const PfxContext&) = delete;
  ~PfxContext() {
    if (legacy_ != nullptr) OSSL_PROVIDER_unload(legacy_);
    if (usual_ != nullptr) OSSL_PROVIDER_unload(usual_);
    OSSL_LIB_CTX_free(context_);
  }
  OSSL_LIB_CTX* get() const noexcept { return context_; }
  bool has_legacy() const noexcept { return legacy_ != nullptr; }

 private:
  OSSL_LIB_CTX* context_;
  OSSL_PROVIDER *usual_ = nullptr, *legacy_ = nullptr;
};

std::string common_name(const X509* certificate) {
  const X509_NAME* name = X509_get_subject_name(certificate);
  const int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  if (at < 0) return {};
  const ASN1_STRING* value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
  unsigned char* text = nullptr;
  const int length_bytes = ASN1_STRING_to_UTF8(&text, value);
  if (length_bytes < 0) return {};
  std::string out(reinterpret_cast<const char*>(text), static_cast<size_t>(length_bytes));
  OPENSSL_free(text);
  return out;
}

int64_t not_after_of(const X509* certificate) {
  std::tm time{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &time) != 1) return 0;
  const auto ns = parse_utc_journal_text(fmt::format("{:04}/{:02}/{:02} {:02}:{:02}:{:02}.000",
                                                     time.tm_year + 1900, time.tm_mon + 1, time.tm_mday,
                                                     time.tm_hour, time.tm_min, time.tm_sec));
  return ns.value_or(time.tm_year + 1900 > 2261 ? INT64_MAX : 0);
}

SecretBytes taken_from(BIO* bio) {
  char* data = nullptr;
  const long length_bytes = BIO_get_mem_data(bio, &data);
  return SecretBytes(ByteSpan(reinterpret_cast<const uint8_t*>(data), static_cast<size_t>(length_bytes)));
}

Result<ManagementCertificate> made_of(X509* certificate, EVP_PKEY* key, const std::string& where) {
  if (EVP_PKEY_is_a(key, "RSA") != 1 || EVP_PKEY_get_bits(key) < kRsaBitsMin ||
      EVP_PKEY_get_bits(key) > kRsaBitsMax)
    return fail(ErrorCode::corrupt, "the certificate's key is no RSA key of a usual size", where);
  if (X509_check_private_key(certificate, key) != 1)
    return fail(ErrorCode::corrupt, "the private key is that of another certificate", where);
  ManagementCertificate out;
  unsigned char* der = nullptr;
  const int length_bytes = i2d_X509(certificate, &der);
  if (length_bytes <= 0) return fail(ErrorCode::corrupt, "the certificate cannot be encoded", where);
  out.der.assign(der, der + length_bytes);
  OPENSSL_free(der);
  const Bio bio(BIO_new(BIO_s_mem()));  // wiped when freed
  if (!bio || PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1)
    return fail(ErrorCode::corrupt, "the private key cannot be encoded", where);
  out.private_key_pem = taken_from(bio.get());
  out.subject = common_name(certificate);
  if (out.subject.size() > kCommonNameBytesMax || !utf16_of(out.subject))
    return fail(ErrorCode::corrupt, "the certificate's common name is too long or no text", where);
  out.not_after_ns = not_after_of(certificate);
  return out;
}

}  // namespace

Result<ManagementCertificate> parse_pfx(ByteSpan pfx, const std::string& where) {
  if (pfx.empty() || pfx.size() > kPfxBytesMax)
    return fail(ErrorCode::corrupt, fmt::format("a PFX has 1 to {} bytes", kPfxBytesMax), where);
  const QuietErrors quiet;
  static const PfxContext context;  // loading the providers takes longer than everything else here
  PKCS12* made = PKCS12_init_ex(NID_pkcs7_data, context.get(), nullptr);
  if (made == nullptr) throw std::bad_alloc();
  const uint8_t* at = pfx.data();
  const bool decoded = d2i_PKCS12(&made, &at, static_cast<long>(pfx.size())) != nullptr;
  const Pfx file(made);  // null when it could not be decoded
  if (!decoded || at != pfx.data() + pfx.size())
    return fail(ErrorCode::corrupt, "the certificate is no PFX", where);
  const ASN1_INTEGER* rounds = nullptr;
  PKCS12_get0_mac(nullptr, nullptr, nullptr, &rounds, file.get());
  if (rounds != nullptr && (ASN1_INTEGER_get(rounds) < 0 || ASN1_INTEGER_get(rounds) > kMacRoundsMax))
    return fail(ErrorCode::corrupt, "the PFX asks for an absurd number of rounds", where);
  EVP_PKEY* key_made = nullptr;
  X509* certificate_made = nullptr;
  // "" stands for both ways of having no password: OpenSSL tries them in turn.
  const int parsed = PKCS12_parse(file.get(), "", &key_made, &certificate_made, nullptr);
  const Key key(key_made);
  const Certificate certificate(certificate_made);
  if (parsed != 1) {
    bool wrong_password = false, missing_algorithm = false;
    while (const unsigned long error = ERR_get_error()) {
      if (ERR_GET_LIB(error) == ERR_LIB_PKCS12 && ERR_GET_REASON(error) == PKCS12_R_MAC_VERIFY_FAILURE)
        wrong_password = true;
      if (ERR_GET_REASON(error) == ERR_R_UNSUPPORTED ||
          (ERR_GET_LIB(error) == ERR_LIB_EVP && ERR_GET_REASON(error) == EVP_R_UNSUPPORTED_ALGORITHM))
        missing_algorithm = true;
    }
    if (missing_algorithm)
      return fail(
          ErrorCode::unsupported, "the PFX is encrypted in a way that this computer's OpenSSL lacks", where,
          context.has_legacy() ? "Export the certificate anew, with AES."
                               : "Install OpenSSL's legacy provider (its module legacy.so), or export "
                                 "the certificate anew, with AES.");
    return fail(ErrorCode::corrupt,
                wrong_password ? "the PFX has a password, or is damaged" : "the PFX is damaged", where,
                "Download the file again; only files without a password are read.");
  }
  if (!key || !certificate)
    return fail(ErrorCode::corrupt, "the PFX holds no certificate with its private key", where,
                "Download the file again; a public certificate alone is not enough.");
  return made_of(certificate.get(), key.get(), where);
}

Result<SecretBytes> encode_certificate_pem(const ManagementCertificate& certificate) {
  const QuietErrors quiet;
  const uint8_t* at = certificate.der.data();
  const Certificate parsed(d2i_X509(nullptr, &at, static_cast<long>(certificate.der.size())));
  const Bio bio(BIO_new(BIO_s_mem()));
  if (!parsed || !bio || PEM_write_bio_X509(bio.get(), parsed.get()) != 1 ||
      BIO_write(bio.get(), certificate.private_key_pem.span().data(),
                static_cast<int>(certificate.private_key_pem.size())) !=
          static_cast<int>(certificate.private_key_pem.size()))
    return fail(ErrorCode::invalid_argument, "the certificate cannot be encoded");
  return taken_from(bio.get());
}

Result<ManagementCertificate> parse_certificate_pem(std::string_view pem, const std::string& where) {
  if (pem.empty() || pem.size() > 2 * kPfxBytesMax)
    return fail(ErrorCode::corrupt, fmt::format("a certificate file has 1 to {} bytes", 2 * kPfxBytesMax),
                where);
  const QuietErrors quiet;
  // An encrypted key would ask at the terminal.
  const auto no_password = [](char*, int, int, void*) { return -1; };
  const Bio first(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const Bio second(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  if (!first || !second) throw std::bad_alloc();
  const Certificate certificate(PEM_read_bio_X509(first.get(), nullptr, no_password, nullptr));
  const Key key(PEM_read_bio_PrivateKey(second.get(), nullptr, no_password, nullptr));
  if (!certificate || !key)
    return fail(ErrorCode::corrupt, "the file holds no certificate with its private key", where);
  return made_of(certificate.get(), key.get(), where);
}

}  // namespace seedbed
