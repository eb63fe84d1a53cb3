// Self-signed certificates: of the HTTPS server, and of people who manage subscriptions and vaults. The keys
// come from OpenSSL's generator, so nothing that must repeat from a seed may use them. Pure functions.
#pragma once

#include <string>

#include "engine/base/bytes.h"
#include "engine/base/result.h"
#include "engine/base/secret.h"

namespace seedbed {

struct MadeCertificate {
  std::string certificate_pem;
  Bytes certificate_der;
  SecretBytes key_pem;
  SecretBytes pfx;  // key and certificate, password empty
};

// RSA 2048, good from a day before `utc_ns` for `days`. `host`: an address or name that the certificate is
// also for ("": none).
Result<MadeCertificate> make_certificate(const std::string& common_name, const std::string& host,
                                         int64_t utc_ns, int days);

}  // namespace seedbed
