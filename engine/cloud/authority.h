// Where the bearer token of a request comes from: a fixed token, or an assertion signed with a certificate.
// One task's, with its copies: the last assertion is kept. The token is a secret.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/documents/management_certificate.h"

namespace seedbed {

using Authority = std::function<Result<std::string>(int64_t utc_ns)>;

// The text of a token file: its first line, blanks around it left out. invalid_argument when it is empty,
// longer than 64 KiB, or no bearer token.
Result<Authority> token_authority(std::string_view token_file_text, const std::string& where);

// An assertion (client_assertion.h) for that origin, signed anew when half its life is over.
Authority certificate_authority(ManagementCertificate certificate, std::string audience_origin);

}  // namespace seedbed
