#include "engine/cloud/authority.h"

#include <algorithm>
#include <memory>

#include "engine/cloud/client_assertion.h"

namespace seedbed {

namespace {

constexpr size_t kTokenBytesMax = 64 * KiB;

// [RFC 6750, 2.1: b64token]
bool token_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~' || c == '+' || c == '/' || c == '=';
}

}  // namespace

Result<Authority> token_authority(std::string_view token_file_text, const std::string& where) {
  std::string_view token = token_file_text.substr(0, token_file_text.find_first_of("\r\n"));
  while (!token.empty() && (token.front() == ' ' || token.front() == '\t')) token.remove_prefix(1);
  while (!token.empty() && (token.back() == ' ' || token.back() == '\t')) token.remove_suffix(1);
  if (token.empty() || token.size() > kTokenBytesMax || !std::ranges::all_of(token, token_character))
    return fail(ErrorCode::invalid_argument, "the first line of the token file is no bearer token", where,
                "Put the token alone on the first line.");
  auto kept = std::make_shared<const SecretBytes>(SecretBytes::of_text(token));
  return [kept](int64_t) -> Result<std::string> { return std::string(kept->text()); };
}

Authority certificate_authority(ManagementCertificate certificate, std::string audience_origin) {
  // Signing costs more than most requests: an assertion serves for half its life.
  struct Kept {
    ManagementCertificate certificate;
    std::string assertion;
    int64_t signed_ns = 0;
  };
  auto kept = std::make_shared<Kept>(Kept{std::move(certificate), "", 0});
  return [kept, audience = std::move(audience_origin)](int64_t utc_ns) -> Result<std::string> {
    const int64_t age_ns = utc_ns - kept->signed_ns;
    if (!kept->assertion.empty() && age_ns >= 0 && age_ns < kAssertionLife_s * 1'000'000'000 / 2)
      return kept->assertion;
    kept->assertion = TRY(client_assertion(kept->certificate, audience, utc_ns));
    kept->signed_ns = utc_ns;
    return kept->assertion;
  };
}

}  // namespace seedbed
