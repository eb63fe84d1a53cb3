// A transport that answers from a script and remembers what it was asked, and a Runtime whose sleeps only
// move its clock. For one task.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/url.h"
#include "engine/ports/http.h"
#include "engine/ports/runtime.h"

namespace seedbed::testing_support {

inline HttpResponse answer(int status, std::string_view body = {}, HttpHeaders headers = {}) {
  return {.status = status,
          .headers = std::move(headers),
          .body = Bytes(body.begin(), body.end()),
          .head_length_bytes = 0};
}
inline HttpResult not_sent(std::string what = "connection refused") {
  return std::unexpected(HttpFailure{HttpFailure::Kind::not_sent, std::move(what)});
}
inline HttpResult maybe_applied(std::string what = "no answer within 30 s") {
  return std::unexpected(HttpFailure{HttpFailure::Kind::maybe_applied, std::move(what)});
}

class ScriptedTransport final : public HttpTransport {
 public:
  using Step = std::function<HttpResult(const HttpRequest&)>;

  void then(HttpResult result) {
    steps_.push_back([result = std::move(result)](const HttpRequest&) { return result; });
  }
  void always(Step step) { otherwise_ = std::move(step); }  // once the script is at its end

  HttpResult send(const HttpRequest& request) override {
    requests.push_back(request);
    if (!steps_.empty()) {
      const Step step = std::move(steps_.front());
      steps_.pop_front();
      return step(request);
    }
    if (otherwise_) return otherwise_(request);
    ADD_FAILURE() << "no answer is scripted for " << request.method << " " << request.target;
    return not_sent();
  }
  bool done() const { return steps_.empty(); }

  std::vector<HttpRequest> requests;
  // "PUT /box/blob?comp=page" of each
  std::vector<std::string> lines() const {
    std::vector<std::string> out;
    for (const auto& request : requests) {
      const auto url = parse_url(request.target);
      out.push_back(request.method + " " + (url ? url->target() : "no URL: " + request.target));
    }
    return out;
  }
  std::string_view body(size_t i) const { return as_text(requests.at(i).body); }
  std::string_view header(size_t i, std::string_view name) const {
    return header_of(requests.at(i).headers, name);
  }

 private:
  std::deque<Step> steps_;
  Step otherwise_;
};

class ManualRuntime final : public Runtime {
 public:
  static constexpr int64_t kStart_ns = 1'478'111'054'000'000'000;  // 2016-11-02 18:24:14

  uint64_t now_ns() override { return elapsed_ns; }
  int64_t utc_ns() override { return kStart_ns + static_cast<int64_t>(elapsed_ns); }
  void sleep_ns(uint64_t duration_ns) override {
    sleeps_ns.push_back(duration_ns);
    elapsed_ns += duration_ns;
  }
  unsigned workers() const noexcept override { return 1; }
  void spend(Work, uint64_t) override {}
  std::unique_ptr<Monitor> make_monitor() override { return nullptr; }
  Task spawn(std::string_view, std::function<void()>) override { return nullptr; }

  uint64_t elapsed_ns = 0;
  std::vector<uint64_t> sleeps_ns;
};

}  // namespace seedbed::testing_support
