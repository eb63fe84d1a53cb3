// The JWT by which a client proves that it holds a certificate's private key: RS256, header {"alg","typ",
// "x5t#S256"}, claims {"aud","iss","nbf","exp"}, ten minutes long. [docs/formats/client-assertion.md]. Pure;
// any task (OpenSSL's error queue is left empty).
#pragma once

#include <cstdint>
#include <string>

#include "engine/base/result.h"
#include "engine/documents/management_certificate.h"

namespace seedbed {

inline constexpr int64_t kAssertionLife_s = 600;
inline constexpr int64_t kAssertionSkew_s = 60;  // nbf lies that much before now: clocks differ

Result<std::string> client_assertion(const ManagementCertificate& certificate,
                                     const std::string& audience_origin, int64_t utc_ns);

// base64url without padding.
std::string base64url(ByteSpan bytes);

}  // namespace seedbed
