#include "fakes/import_service/account_client.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <map>

#include "engine/base/checksum.h"
#include "engine/base/text.h"
#include "engine/base/url.h"

namespace seedbed {

namespace {

constexpr uint64_t kPutBytes = 4 * MiB;
constexpr std::string_view kVersion = "2021-12-02";
constexpr size_t kPageRangesMax = 4 * MiB / 8;  // of the 256 MiB that are asked for at a time

bool worth_repeating(int status) {
  return status == 408 || status == 429 || status == 500 || status == 502 || status == 503 || status == 504;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

// The text between <name> and </name> from `at` on, which moves behind it.
std::optional<std::string_view> element(std::string_view xml, std::string_view name, size_t& at) {
  const std::string open = fmt::format("<{}>", name), close = fmt::format("</{}>", name);
  const size_t begin = xml.find(open, at);
  if (begin == std::string_view::npos) return std::nullopt;
  const size_t end = xml.find(close, begin);
  if (end == std::string_view::npos) return std::nullopt;
  at = end + close.size();
  return xml.substr(begin + open.size(), end - begin - open.size());
}

}  // namespace

Result<HttpResponse> send_patiently(Runtime& runtime, HttpTransport& transport, const Patience& patience,
                                    const HttpRequest& request,
                                    const std::function<void(HttpRequest&)>& prepare) {
  std::string trouble;
  uint64_t wait_ns = patience.wait_ns;
  for (unsigned tries = 0; tries < patience.tries_max; tries++) {
    if (tries > 0) {
      runtime.sleep_ns(wait_ns);
      wait_ns *= 2;
    }
    HttpRequest attempt = request;
    if (prepare) prepare(attempt);
    HttpResult answer = transport.send(attempt);
    if (answer && !worth_repeating(answer->status)) return std::move(*answer);
    trouble = answer ? fmt::format("it answered {}", answer->status) : answer.error().what;
  }
  const auto url = parse_url(request.target);
  return fail(ErrorCode::io_error, fmt::format("a service cannot be reached: {}", trouble),
              fmt::format("{} {}", request.method, url ? url->origin() + url->path : std::string()),
              "Run the round again once the service answers");
}

std::string AccountClient::url_of(const std::string& container, const std::string& blob) const {
  std::string url = access_.endpoint + "/" + percent_encode(container, "$");
  if (!blob.empty()) url += "/" + percent_encode(blob, "/");
  return url;
}

// Shared Key, version 2015-02-21 and later.
// [learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key]
void AccountClient::sign(HttpRequest& request, const std::string& path, const std::string& query) {
  request.headers.emplace_back("x-ms-date", http_date(runtime_.utc_ns() + access_.clock_shift_ns));
  const auto plain = [&](std::string_view name) { return std::string(header_of(request.headers, name)); };
  std::string text = request.method + "\n";
  for (const char* name : {"Content-Encoding", "Content-Language"}) text += plain(name) + "\n";
  text += (request.body.empty() ? std::string() : std::to_string(request.body.size())) + "\n";
  for (const char* name : {"Content-MD5", "Content-Type", "Date", "If-Modified-Since", "If-Match",
                           "If-None-Match", "If-Unmodified-Since", "Range"})
    text += plain(name) + "\n";
  std::map<std::string, std::string> ours;
  for (const auto& [name, value] : request.headers)
    if (lower(name).starts_with("x-ms-")) ours[lower(name)] = value;
  for (const auto& [name, value] : ours) text += name + ":" + value + "\n";
  text += "/" + access_.account + path;
  std::map<std::string, std::string> parameters;
  if (const auto url = parse_url("/?" + query))
    for (const auto& [name, value] : url->parameters()) parameters[lower(name)] = value;
  for (const auto& [name, value] : parameters) text += "\n" + name + ":" + value;
  uint8_t mac[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  HMAC(EVP_sha256(), access_.key.span().data(), static_cast<int>(access_.key.size()), as_bytes(text).data(),
       text.size(), mac, &length);
  request.headers.emplace_back(
      "Authorization", fmt::format("SharedKey {}:{}", access_.account, base64(ByteSpan(mac, length))));
}

Result<HttpResponse> AccountClient::send(const std::string& method, const std::string& container,
                                         const std::string& blob, const std::string& query,
                                         HttpHeaders headers, Bytes body) {
  HttpRequest request;
  request.method = method;
  request.target = url_of(container, blob);
  const std::string path = parse_url(request.target) ? parse_url(request.target)->path : std::string();
  std::string whole = query;
  if (by_sas()) whole += (whole.empty() ? "" : "&") + access_.sas;
  if (!whole.empty()) request.target += "?" + whole;
  request.headers = std::move(headers);
  request.headers.emplace_back("x-ms-version", kVersion);
  request.headers.emplace_back("x-seedbed-internal", access_.internal_token);
  request.body = std::move(body);
  return send_patiently(runtime_, transport_, patience_, request, [&](HttpRequest& attempt) {
    if (!by_sas()) sign(attempt, path, query);
  });
}

Result<AccountClient::Look> AccountClient::look(const std::string& container, const std::string& blob) {
  const HttpResponse answer = TRY(send("HEAD", container, blob, "", {}));
  Look look{.status = answer.status, .found = {}};
  if (answer.status != 200) return look;
  Found found;
  found.import_id = header_of(answer.headers, "x-seedbed-import-id");
  found.etag = header_of(answer.headers, "ETag");
  found.type = header_of(answer.headers, "x-ms-blob-type");
  found.length_bytes = answer.head_length_bytes != 0
                           ? answer.head_length_bytes
                           : parse_u64(header_of(answer.headers, "Content-Length")).value_or(0);
  look.found = std::move(found);
  return look;
}

Result<int> AccountClient::ensure_container(const std::string& container) {
  if (by_sas()) return 0;  // a container's SAS makes no containers
  const HttpResponse answer = TRY(send("PUT", container, "", "restype=container", {}));
  return answer.status == 201 || answer.status == 409 ? 0 : answer.status;
}

Result<std::vector<Extent>> AccountClient::page_ranges(const std::string& container, const std::string& blob,
                                                       Extent part) {
  const HttpResponse answer =
      TRY(send("GET", container, blob, "comp=pagelist",
               {{"x-ms-range", fmt::format("bytes={}-{}", part.offset_bytes, part.end_bytes() - 1)}}));
  if (answer.status != 200)
    return fail(ErrorCode::io_error,
                fmt::format("the account answered {} when asked for page ranges", answer.status),
                url_of(container, blob));
  std::vector<Extent> ranges;
  const std::string_view xml = as_text(answer.body);
  size_t at = 0;
  while (const auto range = element(xml, "PageRange", at)) {
    size_t inside = 0;
    const auto start = element(*range, "Start", inside), end = element(*range, "End", inside);
    const auto first = parse_u64(start.value_or("")), last = parse_u64(end.value_or(""));
    if (!first || !last || *last < *first || ranges.size() >= kPageRangesMax ||
        (!ranges.empty() && *first < ranges.back().end_bytes()))
      return fail(ErrorCode::corrupt, "the account's list of page ranges makes no sense",
                  url_of(container, blob));
    if (!ranges.empty() && ranges.back().end_bytes() == *first) {
      ranges.back().length_bytes += *last - *first + 1;
    } else {
      ranges.push_back({*first, *last - *first + 1});
    }
  }
  return ranges;
}

std::string block_id(std::string_view seed, uint32_t number) {
  const Sha256 digest = sha256_of(as_bytes(seed));
  Bytes id(digest.begin(), digest.begin() + 8);
  append_le(id, number);
  return base64(id);
}

Bytes block_list_body(const std::vector<std::string>& ids) {
  std::string xml = "<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>";
  for (const std::string& id : ids) xml += "<Latest>" + id + "</Latest>";  // base64 needs no escapes
  xml += "</BlockList>";
  return {xml.begin(), xml.end()};
}

Result<int> AccountClient::put_document(const std::string& container, const std::string& blob,
                                        reference::ByteSource& content) {
  const auto refusal = [](const HttpResponse& answer) {
    return answer.status == 201 || answer.status == 409 || answer.status == 412 ? 0 : answer.status;
  };
  const uint64_t size_bytes = content.size_bytes();
  if (size_bytes <= kPutBytes) {
    Bytes body(size_bytes);
    TRY(content.read(0, body));
    const HttpResponse answer = TRY(
        send("PUT", container, blob, "",
             {{"x-ms-blob-type", "BlockBlob"}, {"Content-Type", "application/xml"}, {"If-None-Match", "*"}},
             std::move(body)));
    return refusal(answer);
  }
  std::vector<std::string> ids;
  for (uint64_t at = 0; at < size_bytes; at += kPutBytes) {
    Bytes body(std::min(kPutBytes, size_bytes - at));
    TRY(content.read(at, body));
    ids.push_back(block_id(blob, static_cast<uint32_t>(ids.size())));
    const HttpResponse answer = TRY(send(
        "PUT", container, blob, "comp=block&blockid=" + percent_encode(ids.back()), {}, std::move(body)));
    if (answer.status != 201) return answer.status;
  }
  const HttpResponse answer = TRY(
      send("PUT", container, blob, "comp=blocklist",
           {{"x-ms-blob-content-type", "application/xml"}, {"If-None-Match", "*"}}, block_list_body(ids)));
  return refusal(answer);
}

}  // namespace seedbed
