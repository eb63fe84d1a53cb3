// The HttpTransport port: one request, one response. And HttpHandler, its other side: a service that answers
// requests. Linux speaks HTTP/1.1 (engine/linux/http_client, fakes/server/http_server); the testbed hands
// requests straight to the handlers, with delays and faults between.
//
// Any task of the machine may call send(), several at once. Bodies are bounded by whoever receives them.
//
// What a return means for durability, and for "was it done?":
//  * a response: the service answered; what it says it did is durable there;
//  * not_sent: nothing of the request reached the service: sending it again is safe;
//  * maybe_applied: the connection broke, or nobody answered in time, after some of it was sent. Whether it
//    was done must be asked (GET and compare) before it is repeated.
// send() itself never retries and follows no redirects.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/bytes.h"

namespace seedbed {

// In the order given; names are compared without case.
using HttpHeaders = std::vector<std::pair<std::string, std::string>>;
// The first value of that name; "" when there is none.
std::string_view header_of(const HttpHeaders& headers, std::string_view name) noexcept;
bool has_header(const HttpHeaders& headers, std::string_view name) noexcept;

struct HttpRequest {
  std::string method = "GET";  // upper case
  // A client gives the absolute URL, percent-encoded ("http://127.0.0.1:10000/account/box/a%20b?comp=page").
  // A handler sees the origin form, as it stood in the request line ("/account/box/a%20b?comp=page").
  std::string target;
  HttpHeaders headers;  // without Host, Content-Length, Connection: the transport's business
  Bytes body;
};

struct HttpResponse {
  int status = 200;
  HttpHeaders headers;
  Bytes body;
  // Of a HEAD: what Content-Length says although no body follows; 0: the body's size.
  uint64_t head_length_bytes = 0;
};

struct HttpFailure {
  enum class Kind : uint8_t { not_sent, maybe_applied };
  Kind kind = Kind::not_sent;
  std::string what;  // "connection refused", "no answer within 30 s", …
  // What a person must do first; not empty: sending it again would end the same.
  std::string remedy = {};
};

using HttpResult = std::expected<HttpResponse, HttpFailure>;

class HttpTransport {
 public:
  virtual ~HttpTransport() = default;
  virtual HttpResult send(const HttpRequest& request) = 0;
};

class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  // Answers every request, bad ones too. Several tasks may call at once.
  virtual HttpResponse handle(const HttpRequest& request) = 0;
};

// Whether two header names are the same, whatever their case (ASCII).
bool same_header(std::string_view a, std::string_view b) noexcept;

}  // namespace seedbed
