#include "fakes/storage_account/signature.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <map>

#include "engine/base/text.h"

namespace seedbed {

namespace {

constexpr int64_t kSkewMax_ns = int64_t{15} * 60 * 1'000'000'000;
constexpr std::string_view kFailed =
    "Server failed to authenticate the request. Make sure the value of Authorization header is formed "
    "correctly "
    "including the signature.";

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::unexpected<StorageError> refuse_signature(std::string detail) {
  return refuse(403, "AuthenticationFailed", kFailed, std::move(detail));
}

bool same_secret(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

Checked<void> match(std::string_view given, const std::vector<std::string>& keys,
                    const std::string& to_sign) {
  for (const std::string& key : keys)
    if (same_secret(signature_of(key, to_sign), given)) return {};
  return refuse_signature(fmt::format(
      "The MAC signature found in the HTTP request is not the same as any computed signature. Server used "
      "following string to sign: '{}'.",
      to_sign));
}

// A whole date, with minutes, with seconds, or with a fraction of them.
std::optional<int64_t> sas_time(std::string_view text) {
  if (text.size() == 10) return parse_iso_date(std::string(text) + "T00:00:00Z");
  if (text.size() == 17 && text.ends_with('Z'))
    return parse_iso_date(std::string(text.substr(0, 16)) + ":00Z");
  return parse_iso_date(text);
}

Checked<Grant> authenticate_sas(const BlobRequest& request, const std::vector<std::string>& keys) {
  const auto value = [&](std::string_view name) { return request.parameter(name).value_or(""); };
  const std::string version = value("sv"), kind = value("sr");
  if (version < "2013-08-15" || version.size() != 10) return refuse_signature("sv is missing or too old");
  if (kind != "b" && kind != "c") return refuse_signature("sr is neither b nor c");
  if (!value("si").empty()) return refuse_signature("si: there are no stored access policies here");
  if (request.container.empty()) return refuse_signature("a service SAS opens no account");
  if (kind == "b" && request.blob.empty()) return refuse_signature("sr=b opens a blob, not its container");
  TRY(match(value("sig"), keys, sas_string_to_sign(request)));
  const std::string start = value("st"), expiry = value("se");
  const auto until = sas_time(expiry);
  if (!until) return refuse_signature("se is missing or no time");
  const auto from = start.empty() ? std::optional<int64_t>(INT64_MIN) : sas_time(start);
  if (!from) return refuse_signature("st is no time");
  if (request.utc_ns < *from || request.utc_ns >= *until)
    return refuse_signature(fmt::format(
        "Signature not valid in the specified time frame: Start [{}] - Expiry [{}] - Current [{}]", start,
        expiry, http_date(request.utc_ns)));
  return Grant{.everything = false, .permissions = value("sp"), .container_wide = kind == "c"};
}

}  // namespace

std::string signature_of(const std::string& key_base64, std::string_view text) {
  const Bytes key = parse_base64(key_base64).value_or(Bytes());
  uint8_t digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const uint8_t*>(text.data()),
       text.size(), digest, &length);
  return base64({digest, length});
}

std::string shared_key_string_to_sign(const BlobRequest& request) {
  const std::string length = request.http.body.empty() && request.version >= "2015-02-21"
                                 ? ""
                                 : std::to_string(request.http.body.size());
  std::string out = request.http.method + "\n";
  for (const char* name : {"Content-Encoding", "Content-Language"})
    out += std::string(request.header(name)) + "\n";
  out += length + "\n";
  for (const char* name : {"Content-MD5", "Content-Type"}) out += std::string(request.header(name)) + "\n";
  if (!has_header(request.http.headers, "x-ms-date")) out += request.header("Date");
  out += "\n";
  for (const char* name : {"If-Modified-Since", "If-Match", "If-None-Match", "If-Unmodified-Since", "Range"})
    out += std::string(request.header(name)) + "\n";

  std::map<std::string, std::string> headers;
  for (const auto& [name, text] : request.http.headers)
    if (const std::string key = lower(name); key.starts_with("x-ms-")) {
      std::string& joined = headers[key];
      joined += (joined.empty() ? "" : ",") + std::string(trimmed(text));
    }
  for (const auto& [name, text] : headers) out += name + ":" + text + "\n";

  out += "/" + request.account + request.url.path;
  std::map<std::string, std::vector<std::string>> parameters;
  for (const auto& [name, text] : request.url.parameters()) parameters[lower(name)].push_back(text);
  for (auto& [name, values] : parameters) {
    std::ranges::sort(values);
    out += fmt::format("\n{}:{}", name, fmt::join(values, ","));
  }
  return out;
}

std::string sas_string_to_sign(const BlobRequest& request) {
  const auto value = [&](std::string_view name) { return request.parameter(name).value_or(""); };
  const std::string version = value("sv");
  std::string resource = version >= "2015-02-21" ? "/blob" : "";
  resource += "/" + request.account + "/" + request.container;
  if (value("sr") == "b") resource += "/" + request.blob;
  std::vector<std::string> lines = {value("sp"), value("st"), value("se"), resource, value("si")};
  if (version >= "2015-04-05") {
    lines.push_back(value("sip"));
    lines.push_back(value("spr"));
  }
  lines.push_back(version);
  if (version >= "2018-11-09") {
    lines.push_back(value("sr"));
    lines.push_back(value("snapshot"));
  }
  if (version >= "2020-12-06") lines.push_back(value("ses"));
  for (const char* name : {"rscc", "rscd", "rsce", "rscl", "rsct"}) lines.push_back(value(name));
  return fmt::format("{}", fmt::join(lines, "\n"));
}

Checked<Grant> authenticate(const BlobRequest& request, const std::vector<std::string>& keys) {
  const std::string_view authorization = request.header("Authorization");
  if (authorization.empty()) {
    if (request.parameter("sig")) return authenticate_sas(request, keys);
    return refuse(401, "NoAuthenticationInformation",
                  "Server failed to authenticate the request. Please refer to the information in the "
                  "www-authenticate header.");
  }
  constexpr std::string_view scheme = "SharedKey ";
  const size_t colon = authorization.rfind(':');
  if (!authorization.starts_with(scheme) || colon == std::string_view::npos)
    return refuse_signature("the Authorization header is no SharedKey account:signature");
  if (authorization.substr(scheme.size(), colon - scheme.size()) != request.account)
    return refuse_signature("the account that signed is not the account of the URL");
  std::string_view date = request.header("x-ms-date");
  if (date.empty()) date = request.header("Date");
  const auto signed_at = parse_http_date(date);
  if (!signed_at) return refuse_signature("x-ms-date or Date is missing or no RFC 1123 date");
  if (*signed_at < request.utc_ns - kSkewMax_ns || *signed_at > request.utc_ns + kSkewMax_ns)
    return refuse_signature(fmt::format("Request date header too old or too new: '{}', it is '{}'", date,
                                        http_date(request.utc_ns)));
  TRY(match(authorization.substr(colon + 1), keys, shared_key_string_to_sign(request)));
  return Grant{.everything = true, .permissions = {}, .container_wide = true};
}

}  // namespace seedbed
