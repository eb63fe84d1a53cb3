// A storage account to try: a signing client of its own (not the engine's) in front of the service.
#pragma once

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <map>
#include <string>

#include "engine/base/text.h"
#include "fakes/storage_account/storage_accounts.h"
#include "tests/services/service_world.h"

namespace seedbed::testing_support {

inline constexpr const char* kAccount = "devstoreaccount1";
inline constexpr const char* kKey =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

template <typename T>
T needed(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message());
  return std::move(*result);
}
inline void needed(const Status& status) {
  if (!status) throw std::runtime_error(status.error().message());
}

class AccountBench {
 public:
  explicit AccountBench(Machine& machine)
      : state(needed(ServiceState::open(machine.runtime, machine.files, machine.entropy, "/azure"))),
        accounts(*state) {
    needed(accounts.create_tables());
    needed(accounts.add_account(kAccount, kKey));
  }

  // Signs with `key` and asks; `target` begins behind the account: "/box/blob?comp=page".
  HttpResponse ask(const std::string& method, const std::string& target, HttpHeaders headers = {},
                   Bytes body = {}) {
    HttpRequest request;
    request.method = method;
    request.target = std::string("/") + kAccount + target;
    request.headers = std::move(headers);
    request.body = std::move(body);
    if (!has_header(request.headers, "x-ms-date"))
      request.headers.emplace_back("x-ms-date", http_date(state->utc_ns()));
    if (!has_header(request.headers, "x-ms-version"))
      request.headers.emplace_back("x-ms-version", "2021-12-02");
    request.headers.emplace_back("Authorization",
                                 std::string("SharedKey ") + kAccount + ":" + sign(request, key));
    return ask(request);
  }
  HttpResponse ask(const HttpRequest& request) {
    const auto url = parse_url(request.target);
    return url ? accounts.handle(request, *url) : HttpResponse{.status = 400, .headers = {}, .body = {}};
  }
  // "201", or "409 BlobAlreadyExists".
  std::string outcome(const std::string& method, const std::string& target, HttpHeaders headers = {},
                      Bytes body = {}) {
    return text_of(ask(method, target, std::move(headers), std::move(body)));
  }
  static std::string text_of(const HttpResponse& response) {
    const auto code = header_of(response.headers, "x-ms-error-code");
    return std::to_string(response.status) + (code.empty() ? "" : " " + std::string(code));
  }

  static std::string sign(const HttpRequest& request, const std::string& key_base64) {
    const auto of = [&](const char* name) { return std::string(header_of(request.headers, name)) + "\n"; };
    std::string text = request.method + "\n" + of("Content-Encoding") + of("Content-Language") +
                       (request.body.empty() ? "" : std::to_string(request.body.size())) + "\n" +
                       of("Content-MD5") + of("Content-Type") + "\n" + of("If-Modified-Since") +
                       of("If-Match") + of("If-None-Match") + of("If-Unmodified-Since") + of("Range");
    std::map<std::string, std::string> sorted;
    for (auto [name, value] : request.headers) {
      std::ranges::transform(name, name.begin(),
                             [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      if (name.starts_with("x-ms-")) sorted[name] = value;
    }
    for (const auto& [name, value] : sorted) text += name + ":" + value + "\n";
    const auto url = parse_url(request.target);
    text += std::string("/") + kAccount + url->path;
    std::map<std::string, std::string> query;
    for (const auto& [name, value] : url->parameters()) query[name] = value;
    for (const auto& [name, value] : query) text += "\n" + name + ":" + value;
    const Bytes secret = *parse_base64(key_base64);
    uint8_t digest[32];
    unsigned length = 0;
    HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
         reinterpret_cast<const uint8_t*>(text.data()), text.size(), digest, &length);
    return base64({digest, length});
  }

  std::unique_ptr<ServiceState> state;
  StorageAccounts accounts;
  std::string key = kKey;
};

inline HttpHeaders page_headers(uint64_t offset_bytes, uint64_t length_bytes, const char* kind = "update") {
  return {{"x-ms-page-write", kind},
          {"x-ms-range",
           "bytes=" + std::to_string(offset_bytes) + "-" + std::to_string(offset_bytes + length_bytes - 1)}};
}

}  // namespace seedbed::testing_support
