// The certificate that a publish settings file or a vault credentials file carries as base64 PFX, and the
// private key that goes with it: with it a client proves who it is. Owned values; any thread. The key is
// wiped when the value goes; it is never logged.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/base/secret.h"

namespace seedbed {

inline constexpr size_t kPfxBytesMax = 64 * KiB;

struct ManagementCertificate {
  Bytes der;                    // the X.509 certificate
  SecretBytes private_key_pem;  // PKCS #8, RSA
  std::string subject;          // its common name
  int64_t not_after_ns = 0;     // UTC, since 1970
  ManagementCertificate clone() const {
    return {.der = der,
            .private_key_pem = private_key_pem.clone(),
            .subject = subject,
            .not_after_ns = not_after_ns};
  }
};

// Opens a PFX that has no password, or an empty one, as Azure hands them out. corrupt, with `where`, when it
// is none or its key is missing, no RSA key, or of another certificate; unsupported when it is encrypted in a
// way that this computer's OpenSSL lacks (old .NET files want its legacy provider).
Result<ManagementCertificate> parse_pfx(ByteSpan pfx, const std::string& where);

// The certificate and its key as PEM text, for a file of mode 0600; and back.
Result<SecretBytes> encode_certificate_pem(const ManagementCertificate& certificate);
Result<ManagementCertificate> parse_certificate_pem(std::string_view pem, const std::string& where);

}  // namespace seedbed
