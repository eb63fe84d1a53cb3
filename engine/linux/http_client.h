// The HttpTransport of a Linux computer: HTTP/1.1 over TCP and TLS. Connections are kept and used again, per
// origin. Any thread may call send(), several at once: each has a connection of its own then.
//
// What a failure means is the port's word (engine/ports/http.h): a connection that was never made, or a
// certificate that was not believed, is not_sent; whatever happens after is maybe_applied, an answer that is
// too large too. %XX in the values of an answer's headers is decoded by the library below. A connection that
// the server has closed meanwhile is noticed before it is used. Making one of these makes the process ignore
// SIGPIPE, which TLS needs.
#pragma once

#include <memory>
#include <string>

#include "engine/ports/http.h"

namespace seedbed {

struct HttpClientOptions {
  std::string ca_file = {};  // PEM: the only authorities believed; "": the system's
  unsigned connect_s = 10;
  unsigned transfer_s = 120;  // until a connection that stands still is given up
  uint64_t body_bytes_max = 300 * MiB;
};

class HttpClient final : public HttpTransport {
 public:
  explicit HttpClient(HttpClientOptions options = {});
  ~HttpClient() override;
  HttpResult send(const HttpRequest& request) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace seedbed
