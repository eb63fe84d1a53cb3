// Signatures of the storage service: Shared Key for a request, and the service SAS of one blob. HMAC-SHA-256
// with the account's key. [azure-import-export facts, 6; learn.microsoft.com: Authorize with Shared Key].
// Pure; any task.
//
// Shared Key signs
//   VERB \n Content-Encoding \n Content-Language \n Content-Length ("" for 0) \n Content-MD5 \n Content-Type
//   \n Date ("": x-ms-date counts) \n If-Modified-Since \n If-Match \n If-None-Match \n If-Unmodified-Since
//   \n Range \n each x-ms-* header, sorted: name:value \n /account + path of the URL, then for each query
//   parameter, sorted: \n name:value (decoded, lower-case name)
// With path style ("/account/box/blob") the account so appears twice.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/base/secret.h"
#include "engine/ports/http.h"

namespace seedbed {

inline constexpr std::string_view kStorageVersion = "2021-12-02";  // x-ms-version

// Sets x-ms-date, x-ms-version and Authorization (in place of what was there). The request's target is an
// absolute URL; its body is final. invalid_argument when the URL is none.
Status sign_shared_key(HttpRequest& request, std::string_view account, const SecretBytes& key,
                       int64_t utc_ns);
// What is signed: for tests and for people who look for a mismatch. No secret in it.
Result<std::string> shared_key_string_to_sign(const HttpRequest& request, std::string_view account);

inline constexpr std::string_view kSasVersion = "2020-12-06";  // sv

// The query string ("sv=…&st=…&se=…&sr=b&sp=r&sig=…") that lets its bearer at one blob. `permissions` in the
// order racwd. st and se are "2016-11-02T18:24:14Z"; spr, sip, si are left out. It signs sixteen lines
// (2020-12-06 and later: signedEncryptionScope stands before rscc):
//   sp \n st \n se \n /blob/account/container/blob \n si "" \n sip "" \n spr "" \n sv \n sr \n snapshot "" \n
//   encryption scope "" \n rscc "" \n rscd "" \n rsce "" \n rscl "" \n rsct ""       (no \n at the end)
// with account, container and blob as they are, not percent-encoded.
std::string service_sas(std::string_view account, const SecretBytes& key, std::string_view container,
                        std::string_view blob, std::string_view permissions, int64_t start_ns,
                        int64_t expiry_ns);
std::string service_sas_string_to_sign(std::string_view account, std::string_view container,
                                       std::string_view blob, std::string_view permissions, int64_t start_ns,
                                       int64_t expiry_ns);

}  // namespace seedbed
