#include "engine/cloud/http_caller.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/secret.h"
#include "engine/base/text.h"
#include "engine/cloud/service_answer.h"

namespace seedbed {

namespace {

constexpr const char* kUnreachable = "The service could not be reached; run the same command again to go on.";
constexpr const char* kInDoubt =
    "Whether the service did it is not known; look before it is done again, or run the same command again.";

bool retried(int status) noexcept {
  return status == 408 || status == 429 || status == 500 || status == 502 || status == 503 || status == 504;
}

// Of these the service says that it has done nothing.
bool surely_not_done(int status) noexcept {
  return status == 429 || status == 503;
}

uint64_t retry_after_ns(const HttpResponse& response, uint64_t max_ns) {
  const auto seconds = parse_u64(header_of(response.headers, "Retry-After"));  // the date form counts as none
  if (!seconds) return 0;
  return *seconds > max_ns / 1'000'000'000 ? max_ns : *seconds * 1'000'000'000;
}

std::string told(const HttpResponse& response) {
  const ServiceError error = service_error_of(response);
  std::string out = fmt::format("status {}", response.status);
  if (!error.code.empty()) out += " " + error.code;
  if (!error.message.empty()) out += ": " + error.message;
  return out;
}

}  // namespace

HttpCaller::HttpCaller(Runtime& runtime, HttpTransport& transport, RetryPolicy policy)
    : runtime_(runtime), transport_(transport), policy_(policy) {}

Result<CallOutcome> HttpCaller::attempt(HttpRequest request, bool idempotent, const Sign& sign) {
  const WipedBody wiped{request.body};
  CallOutcome outcome;
  uint64_t wait_ns = policy_.first_wait_ns;
  std::string last;
  const unsigned tries_max = std::max(policy_.tries_max, 1u);
  for (unsigned tries = 1;; tries++) {
    if (sign) TRY(sign(request));
    HttpResult answer = transport_.send(request);
    uint64_t asked_ns = 0;
    bool doubtful = false;
    if (answer) {
      if (!retried(answer->status)) {
        outcome.response = std::move(*answer);
        return outcome;
      }
      last = told(*answer);
      asked_ns = retry_after_ns(*answer, policy_.wait_max_ns);
      doubtful = !surely_not_done(answer->status);
    } else {
      last = text_for_people(answer.error().what);
      if (!answer.error().remedy.empty())
        return fail(ErrorCode::io_error, fmt::format("{} failed: {}", request.method, last),
                    url_for_people(request.target), answer.error().remedy);
      doubtful = answer.error().kind == HttpFailure::Kind::maybe_applied;
    }
    if (doubtful) {
      outcome.perhaps_done_before = true;
      if (!idempotent) {
        outcome.doubt = last;
        return outcome;
      }
    }
    if (tries == tries_max)
      return fail(
          ErrorCode::io_error,
          fmt::format("{} failed after {} {}: {}", request.method, tries, tries == 1 ? "try" : "tries", last),
          url_for_people(request.target), kUnreachable);
    runtime_.sleep_ns(std::max(std::min(wait_ns, policy_.wait_max_ns), asked_ns));
    wait_ns = wait_ns > policy_.wait_max_ns / 2 ? policy_.wait_max_ns : wait_ns * 2;
  }
}

Result<HttpResponse> HttpCaller::call(HttpRequest request, bool idempotent, const Sign& sign) {
  HttpRequest named;  // for the error: the request itself goes
  named.method = request.method;
  named.target = request.target;
  CallOutcome outcome = TRY(attempt(std::move(request), idempotent, sign));
  if (!outcome.response)
    return fail(ErrorCode::io_error, fmt::format("{} is in doubt: {}", named.method, outcome.doubt),
                url_for_people(named.target), kInDoubt);
  const int status = outcome.response->status;
  if ((status >= 200 && status < 300) || status == 409 || status == 412 || status == 416)
    return std::move(*outcome.response);
  return fail_answer(named, *outcome.response);
}

}  // namespace seedbed
