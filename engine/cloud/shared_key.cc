#include "engine/cloud/shared_key.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <map>
#include <stdexcept>

#include "engine/base/checksum.h"
#include "engine/base/text.h"
#include "engine/base/url.h"

namespace seedbed {

namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

std::string trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t") - first + 1));
}

std::string hmac_base64(const SecretBytes& key, std::string_view text) {
  Sha256 mac;
  unsigned length_bytes = 0;
  const bool made = HMAC(EVP_sha256(), key.span().data(), static_cast<int>(key.size()),
                         reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac.data(),
                         &length_bytes) != nullptr;
  ERR_clear_error();
  if (!made || length_bytes != mac.size()) throw std::runtime_error("OpenSSL refuses HMAC-SHA-256");
  return base64(mac);
}

void set_header(HttpHeaders& headers, std::string_view name, std::string value) {
  std::erase_if(headers, [&](const auto& header) { return same_header(header.first, name); });
  headers.emplace_back(name, std::move(value));
}

std::string canonical_headers(const HttpHeaders& headers) {
  std::map<std::string, std::string> signed_ones;
  for (const auto& [name, value] : headers) {
    const std::string key = lower(name);
    if (!key.starts_with("x-ms-")) continue;
    std::string& slot = signed_ones[key];
    slot += (slot.empty() ? "" : ",") + trimmed(value);
  }
  std::string out;
  for (const auto& [name, value] : signed_ones) out += name + ":" + value + "\n";
  return out;
}

std::string canonical_resource(const Url& url, std::string_view account) {
  std::map<std::string, std::vector<std::string>> parameters;
  for (auto& [name, value] : url.parameters()) parameters[lower(name)].push_back(value);
  std::string out = "/" + std::string(account) + url.path;
  for (auto& [name, values] : parameters) {
    std::ranges::sort(values);
    out += "\n" + name + ":";
    for (size_t i = 0; i < values.size(); i++) out += (i == 0 ? "" : ",") + values[i];
  }
  return out;
}

// "2016-11-02T18:24:14Z"
std::string sas_date(int64_t unix_ns) {
  return iso_date(unix_ns).substr(0, 19) + "Z";
}

}  // namespace

Result<std::string> shared_key_string_to_sign(const HttpRequest& request, std::string_view account) {
  const auto url = parse_url(request.target);
  if (!url || url->scheme.empty())
    return fail(ErrorCode::invalid_argument, "the address of a storage account is no absolute URL");
  std::string out = request.method + "\n";
  const auto line = [&](std::string_view name) { out += trimmed(header_of(request.headers, name)) + "\n"; };
  line("Content-Encoding");
  line("Content-Language");
  out += (request.body.empty() ? std::string() : std::to_string(request.body.size())) + "\n";
  line("Content-MD5");
  line("Content-Type");
  out += (has_header(request.headers, "x-ms-date") ? std::string()
                                                   : trimmed(header_of(request.headers, "Date"))) +
         "\n";
  line("If-Modified-Since");
  line("If-Match");
  line("If-None-Match");
  line("If-Unmodified-Since");
  line("Range");
  return out + canonical_headers(request.headers) + canonical_resource(*url, account);
}

Status sign_shared_key(HttpRequest& request, std::string_view account, const SecretBytes& key,
                       int64_t utc_ns) {
  set_header(request.headers, "x-ms-date", http_date(utc_ns));
  set_header(request.headers, "x-ms-version", std::string(kStorageVersion));
  const std::string text = TRY(shared_key_string_to_sign(request, account));
  set_header(request.headers, "Authorization",
             fmt::format("SharedKey {}:{}", account, hmac_base64(key, text)));
  return {};
}

std::string service_sas_string_to_sign(std::string_view account, std::string_view container,
                                       std::string_view blob, std::string_view permissions, int64_t start_ns,
                                       int64_t expiry_ns) {
  std::string out = fmt::format("{}\n{}\n{}\n/blob/{}/{}/{}\n", permissions, sas_date(start_ns),
                                sas_date(expiry_ns), account, container, blob);
  out += "\n\n\n";                            // identifier, addresses, protocol
  out += std::string(kSasVersion) + "\nb\n";  // version, resource
  out += "\n\n";                              // snapshot, encryption scope
  out += "\n\n\n\n";                          // rscc, rscd, rsce, rscl; and rsct, without a line feed
  return out;
}

std::string service_sas(std::string_view account, const SecretBytes& key, std::string_view container,
                        std::string_view blob, std::string_view permissions, int64_t start_ns,
                        int64_t expiry_ns) {
  const std::string signature = hmac_base64(
      key, service_sas_string_to_sign(account, container, blob, permissions, start_ns, expiry_ns));
  return fmt::format("sv={}&st={}&se={}&sr=b&sp={}&sig={}", kSasVersion, percent_encode(sas_date(start_ns)),
                     percent_encode(sas_date(expiry_ns)), permissions, percent_encode(signature));
}

}  // namespace seedbed
