#include "engine/cloud/client_assertion.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "engine/base/checksum.h"
#include "engine/base/text.h"
#include "engine/base/url.h"

namespace seedbed {

namespace {

struct FreeBio {
  void operator()(BIO* p) const noexcept { BIO_free(p); }
};
struct FreeKey {
  void operator()(EVP_PKEY* p) const noexcept { EVP_PKEY_free(p); }
};
struct FreeContext {
  void operator()(EVP_MD_CTX* p) const noexcept { EVP_MD_CTX_free(p); }
};

// RSASSA-PKCS1-v1_5 with SHA-256; nothing when the key is none. Its bytes follow from key and text alone.
std::optional<Bytes> signed_text(const SecretBytes& private_key_pem, std::string_view text) {
  const auto no_password = [](char*, int, int, void*) { return -1; };
  const std::unique_ptr<BIO, FreeBio> bio(
      BIO_new_mem_buf(private_key_pem.span().data(), static_cast<int>(private_key_pem.size())));
  if (!bio) throw std::bad_alloc();
  const std::unique_ptr<EVP_PKEY, FreeKey> key(
      PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
  const std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
  if (!key || !context || EVP_PKEY_is_a(key.get(), "RSA") != 1 ||
      EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) != 1)
    return std::nullopt;
  size_t size_bytes = 0;
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  if (EVP_DigestSign(context.get(), nullptr, &size_bytes, bytes, text.size()) != 1) return std::nullopt;
  Bytes signature(size_bytes);
  if (EVP_DigestSign(context.get(), signature.data(), &size_bytes, bytes, text.size()) != 1)
    return std::nullopt;
  signature.resize(size_bytes);
  return signature;
}

}  // namespace

std::string base64url(ByteSpan bytes) {
  std::string out = base64(bytes);
  while (out.ends_with('=')) out.pop_back();
  for (char& c : out) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return out;
}

Result<std::string> client_assertion(const ManagementCertificate& certificate,
                                     const std::string& audience_origin, int64_t utc_ns) {
  if (certificate.not_after_ns < utc_ns)
    return fail(ErrorCode::permission_denied,
                "the certificate has expired on " + http_date(certificate.not_after_ns), "",
                "Download a new credentials file and register again.");
  const int64_t now_s = utc_ns / 1'000'000'000;
  const nlohmann::ordered_json header = {
      {"alg", "RS256"}, {"typ", "JWT"}, {"x5t#S256", base64url(sha256_of(certificate.der))}};
  const nlohmann::ordered_json claims = {{"aud", audience_origin},
                                         {"iss", certificate.subject},
                                         {"nbf", now_s - kAssertionSkew_s},
                                         {"exp", now_s + kAssertionLife_s}};
  const auto encoded = [](const nlohmann::ordered_json& part) {
    return base64url(as_bytes(part.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)));
  };
  const std::string text = encoded(header) + "." + encoded(claims);
  ERR_clear_error();
  const auto signature = signed_text(certificate.private_key_pem, text);
  ERR_clear_error();
  if (!signature)
    return fail(ErrorCode::corrupt, "the certificate's private key is damaged", "",
                "Download the credentials file again.");
  return text + "." + base64url(*signature);
}

}  // namespace seedbed
