// One HTTP call with its retries: what can be repeated safely is repeated, what cannot is told. Owned by
// whoever makes it; refers to the machine's Runtime and transport. Any task may call, several at once.
//
//  * not_sent, 429 and 503 are always repeated;
//  * maybe_applied, 408, 500, 502 and 504 are repeated only when the request is idempotent; else the effect
//    is in doubt, and that is what the caller is told: it must look (GET) before it repeats;
//  * waits double from first_wait_ns up to wait_max_ns; a Retry-After (seconds) that asks for more is
//    honoured, up to wait_max_ns.
//
// What a return means for durability: an answer of 2xx: what the service says it did is durable there.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/ports/http.h"
#include "engine/ports/runtime.h"

namespace seedbed {

constexpr bool is_success(const HttpResponse& response) noexcept {
  return response.status >= 200 && response.status < 300;
}
// Bodies may hold keys: wiped when they go.
struct WipedBody {
  Bytes& body;
  ~WipedBody() { wipe(body); }
};

struct RetryPolicy {
  unsigned tries_max = 6;
  uint64_t first_wait_ns = 500'000'000, wait_max_ns = 30'000'000'000;
};

struct CallOutcome {
  std::optional<HttpResponse> response;  // nothing: the request was sent once and the effect is in doubt
  std::string doubt;                     // what happened then
  bool perhaps_done_before = false;      // an earlier try of this call may have been carried out already
};

class HttpCaller {
 public:
  using Sign = std::function<Status(HttpRequest&)>;  // called anew before every try: dates, tokens

  HttpCaller(Runtime& runtime, HttpTransport& transport, RetryPolicy policy = {});

  // The answer, when it is 2xx, 409, 412 or 416 (what those mean is the caller's to say). Else an Error:
  // permission_denied (401, 403), not_found (404), refused (other 4xx), io_error (nobody answered well after
  // tries_max tries, or the effect is in doubt), each with method, URL without secrets, and a remedy.
  Result<HttpResponse> call(HttpRequest request, bool idempotent, const Sign& sign = {});
  // The same, but an effect in doubt is an outcome, not an error.
  Result<CallOutcome> attempt(HttpRequest request, bool idempotent, const Sign& sign = {});
  const RetryPolicy& policy() const noexcept { return policy_; }

 private:
  Runtime& runtime_;
  HttpTransport& transport_;
  RetryPolicy policy_;
};

}  // namespace seedbed
