#include "fakes/vault_service/assertion.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>

#include "engine/base/text.h"
#include "fakes/store/json_answer.h"

namespace seedbed {

using nlohmann::json;

namespace {

constexpr size_t kTokenMax = 16 * KiB;
constexpr size_t kCertificateMax = 64 * KiB;
constexpr int64_t kLifetimeMax_s = 24 * 3600;

using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

Certificate parse_certificate(ByteSpan der) {
  ERR_clear_error();
  const unsigned char* at = der.data();
  Certificate certificate(
      der.size() <= kCertificateMax ? d2i_X509(nullptr, &at, static_cast<long>(der.size())) : nullptr,
      &X509_free);
  if (certificate && at != der.data() + der.size()) certificate.reset();
  ERR_clear_error();
  return certificate;
}

std::optional<int64_t> unix_ns_of(const ASN1_TIME* when) {
  std::tm parts = {};
  if (!when || ASN1_TIME_to_tm(when, &parts) != 1) return std::nullopt;
  using namespace std::chrono;
  const sys_days day{year{parts.tm_year + 1900} / month{static_cast<unsigned>(parts.tm_mon + 1)} /
                     std::chrono::day{static_cast<unsigned>(parts.tm_mday)}};
  const int64_t seconds =
      day.time_since_epoch().count() * 86'400LL + parts.tm_hour * 3600LL + parts.tm_min * 60LL + parts.tm_sec;
  return std::clamp<int64_t>(seconds, -9'000'000'000, 9'000'000'000) *
         1'000'000'000;  // past 2255 is for ever
}

std::unexpected<Error> denied(std::string what) {
  return fail(ErrorCode::permission_denied, std::move(what), "Authorization",
              "Send a client assertion signed with the vault credentials' certificate");
}

bool verifies(X509& certificate, std::string_view signed_text, ByteSpan signature) {
  ERR_clear_error();
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  const bool good = context &&
                    EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr,
                                         X509_get0_pubkey(&certificate)) == 1 &&
                    EVP_DigestVerify(context.get(), signature.data(), signature.size(),
                                     as_bytes(signed_text).data(), signed_text.size()) == 1;
  ERR_clear_error();
  return good;
}

std::optional<json> part_of(std::string_view text) {
  const auto bytes = parse_base64url(text);
  if (!bytes) return std::nullopt;
  auto value = parse_json(*bytes, kTokenMax);
  if (!value || !value->is_object()) return std::nullopt;
  return std::move(*value);
}

std::optional<int64_t> seconds_of(const json& claims, const char* name) {
  const auto found = claims.find(name);
  if (found == claims.end() || !found->is_number_integer()) return std::nullopt;
  if (found->is_number_unsigned() && found->get<uint64_t>() > 9'000'000'000ULL) return std::nullopt;
  const int64_t seconds = found->get<int64_t>();
  return seconds < 0 || seconds > 9'000'000'000 ? std::nullopt : std::optional(seconds);
}

// `certificate`: as these bytes were parsed; null: they could not be.
Result<CertificateFacts> facts_of(X509* certificate, ByteSpan der) {
  const auto refuse = [](const char* what) { return fail(ErrorCode::invalid_argument, what, "certificate"); };
  if (certificate == nullptr) return refuse("these are no bytes of an X.509 certificate (DER)");
  EVP_PKEY* key = X509_get0_pubkey(certificate);
  if (!key || EVP_PKEY_base_id(key) != EVP_PKEY_RSA || EVP_PKEY_bits(key) < 2048 || EVP_PKEY_bits(key) > 8192)
    return refuse("the certificate has no RSA key of 2048 to 8192 bits");
  const auto before = unix_ns_of(X509_get0_notBefore(certificate)),
             after = unix_ns_of(X509_get0_notAfter(certificate));
  if (!before || !after) return refuse("the certificate has no validity that can be read");
  return CertificateFacts{.sha256 = sha256_of(der), .not_before_ns = *before, .not_after_ns = *after};
}

// The certificate that signed the token; checked anew unless that was done before.
Result<CertificateFacts> signer_of(std::string_view token, size_t signed_bytes, ByteSpan signature,
                                   ByteSpan der, GoodSignatures* good) {
  Digest digest(DigestKind::sha256);
  digest.update(sha256_of(der));
  digest.update(as_bytes(token));
  Sha256 key{};
  std::ranges::copy(digest.snapshot(), key.begin());
  if (good != nullptr)
    if (const auto found = good->known.find(key); found != good->known.end()) return found->second;
  const Certificate certificate = parse_certificate(der);
  const auto facts = facts_of(certificate.get(), der);
  if (!facts) return denied("the registered certificate cannot be read");
  if (!verifies(*certificate, token.substr(0, signed_bytes), signature))
    return denied("the signature is wrong");
  if (good != nullptr) {
    if (good->known.size() >= 64) good->known.clear();
    good->known[key] = *facts;
  }
  return *facts;
}

}  // namespace

std::optional<Bytes> parse_base64url(std::string_view text) {
  std::string plain(text);
  for (char& c : plain) {
    if (c == '+' || c == '/' || c == '=') return std::nullopt;
    if (c == '-') c = '+';
    if (c == '_') c = '/';
  }
  plain.append((4 - plain.size() % 4) % 4, '=');
  return parse_base64(plain);
}

Result<CertificateFacts> read_certificate(ByteSpan der) {
  return facts_of(parse_certificate(der).get(), der);
}

Status check_assertion(std::string_view token, const FindCertificate& find,
                       const std::vector<std::string>& audiences, int64_t utc_ns, GoodSignatures* good) {
  const size_t first = token.find('.'), second = token.find('.', first + 1);
  if (token.size() > kTokenMax || first == std::string_view::npos || second == std::string_view::npos)
    return denied("the bearer token is no JWT");
  const auto header = part_of(token.substr(0, first)),
             claims = part_of(token.substr(first + 1, second - first - 1));
  const auto signature = parse_base64url(token.substr(second + 1));
  if (!header || !claims || !signature) return denied("the bearer token is no JWT");
  if (text_member(*header, "alg") != "RS256") return denied("the assertion is not signed by RS256");
  const auto thumbprint = parse_base64url(text_member(*header, "x5t#S256"));
  Sha256 digest{};
  if (!thumbprint || thumbprint->size() != digest.size())
    return denied("the assertion names no certificate (x5t#S256)");
  std::copy(thumbprint->begin(), thumbprint->end(), digest.begin());
  const std::optional<Bytes> der = TRY(find(digest));
  if (!der) return denied("the certificate is not registered with this vault");
  const CertificateFacts known = TRY(signer_of(token, second, *signature, *der, good));
  const CertificateFacts* const facts = &known;
  if (utc_ns < facts->not_before_ns - kAssertionSkew_ns || utc_ns > facts->not_after_ns)
    return denied("the certificate is not valid now: it has expired, or the clock is wrong");
  if (std::find(audiences.begin(), audiences.end(), text_member(*claims, "aud")) == audiences.end())
    return denied("the assertion is for another audience");
  const auto not_before = seconds_of(*claims, "nbf"), expiry = seconds_of(*claims, "exp");
  if (!not_before || !expiry || *expiry - *not_before > kLifetimeMax_s)
    return denied("the assertion has no validity (nbf, exp), or one of more than a day");
  if (utc_ns < *not_before * 1'000'000'000 - kAssertionSkew_ns)
    return denied("the assertion is not valid yet");
  if (utc_ns > *expiry * 1'000'000'000 + kAssertionSkew_ns) return denied("the assertion has expired");
  return {};
}

}  // namespace seedbed
