// An HTTP/1.1 server in front of a handler, with or without TLS: every request goes to it whole, whatever its
// method and path, and what it answers goes back as it stands. bind() first, so that the port is known;
// serve() answers in threads of its own until stop().
//
// A shortcoming of the library below: it decodes %XX in the values of headers, so that a signed header
// (metadata, say) that holds such an escape fails its signature.
//
// The handler sees the target undecoded, the Host header, and no header by which services know each other
// (x-seedbed-internal, x-seedbed-import-id). Bodies beyond the bound are answered 413. Any thread may call
// stop(); the rest belongs to one. Nothing here is durable: the handler's answers are.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "engine/base/result.h"
#include "engine/ports/http.h"
#include "engine/ports/runtime.h"

namespace seedbed {

struct HttpServerOptions {
  std::string host = "127.0.0.1";
  uint16_t port = 0;                                 // 0: any that is free
  std::string certificate_file = {}, key_file = {};  // PEM; "": plain HTTP
  unsigned threads = 64;                             // a connection that lives holds one
  uint64_t body_bytes_max = 260 * MiB;
  unsigned idle_s = 75;      // until a silent connection is closed
  unsigned transfer_s = 60;  // until a request or answer that stands still is given up
};

class HttpServer {
 public:
  static Result<std::unique_ptr<HttpServer>> bind(const HttpServerOptions& options);
  ~HttpServer();  // stops
  uint16_t port() const noexcept;
  std::string origin() const;  // "http://127.0.0.1:10000"
  // Returns at once. Both outlive this.
  void serve(Runtime& runtime, HttpHandler& handler);
  // Requests under way are answered, then connections close.
  void stop() noexcept;

 private:
  struct State;
  explicit HttpServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace seedbed
