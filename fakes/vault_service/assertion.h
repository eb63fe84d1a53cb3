// Client assertions: a JWT (RS256) that says "I hold the private key of this certificate". Checked against
// certificates that the vault knows. Pure functions; any task.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/checksum.h"
#include "engine/base/result.h"

namespace seedbed {

inline constexpr int64_t kAssertionSkew_ns = 300'000'000'000;

struct CertificateFacts {
  Sha256 sha256{};
  int64_t not_before_ns = 0, not_after_ns = 0;
};
// invalid_argument: no DER X.509 certificate with an RSA key of 2048 to 8192 bits.
Result<CertificateFacts> read_certificate(ByteSpan der);

// The certificate with this SHA-256, in DER; nothing: not known.
using FindCertificate = std::function<Result<std::optional<Bytes>>(const Sha256&)>;

// Signatures that were found good, by what was signed with which certificate: what is true once stays true.
// At most 64 are kept. Used under one lock.
struct GoodSignatures {
  std::map<Sha256, CertificateFacts> known;
};

// permission_denied says which check failed; other codes: the certificate could not be looked up.
Status check_assertion(std::string_view token, const FindCertificate& find,
                       const std::vector<std::string>& audiences, int64_t utc_ns,
                       GoodSignatures* good = nullptr);

// base64url without padding; nothing: other characters, or bits that belong to no byte.
std::optional<Bytes> parse_base64url(std::string_view text);

}  // namespace seedbed
