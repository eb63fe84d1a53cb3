// The simulated network: what each outcome of a request means, and how long it takes.
#include "simulator/simulated_network.h"

#include <gtest/gtest.h>

#include <functional>

#include "simulator/simulated_files.h"
#include "tests/network/network_words.h"

namespace seedbed {
namespace {

constexpr uint64_t kTrip_ns = 20'000'000, kTimeout_ns = 30'000'000'000;

// Remembers what it was asked, and answers by a function or with 201.
class Asked final : public HttpHandler {
 public:
  HttpResponse handle(const HttpRequest& request) override {
    asked.push_back(request);
    if (answer) return answer(request);
    return {.status = 201, .headers = {}, .body = request.body};
  }
  std::vector<HttpRequest> asked;
  std::function<HttpResponse(const HttpRequest&)> answer;
};

// One client, one service with a handler that outlives it, a log with a hook.
class Network : public testing::Test {
 protected:
  Network() {
    log_.set_clock([this] { return scheduler_.now_ns(); });
    network_.attach(service_, kOrigin, handler_);
  }
  ~Network() override { network_.detach(service_); }

  // In a fibre of the client.
  void run(const std::function<void()>& body) {
    client_.spawn("client", body);
    const Status ran = scheduler_.run();
    EXPECT_TRUE(ran) << ran.error().message();
  }
  std::string send(const HttpRequest& request) { return outcome(transport_.send(request)); }
  // What the nth event of a kind meets.
  void trouble_at(EventKind kind, HttpTrouble trouble, uint64_t nth = 1) {
    log_.set_hook([=, left = nth](const Event& event, EventSide side) mutable {
      Interference what;
      if (event.kind == kind && side == EventSide::before && left > 0 && --left == 0) what.trouble = trouble;
      return what;
    });
  }
  std::vector<std::string> told() const {
    std::vector<std::string> lines;
    for (const Event& event : log_.events())
      lines.push_back((event.machine.empty() ? "" : event.machine + ": ") +
                      std::string(event_name(event.kind)) + " " + event.place +
                      (event.failed ? " failed" : ""));
    return lines;
  }

  EventLog log_;
  Scheduler scheduler_;
  Asked handler_;
  SimulatedNetwork network_{scheduler_,
                            {.round_trip_ns = kTrip_ns,
                             .bytes_per_second = 1'000'000,
                             .timeout_ns = kTimeout_ns,
                             .handlers_max = 8},
                            &log_};
  VirtualRuntime client_{scheduler_, {.name = "client", .costs = {}}};
  VirtualRuntime service_{scheduler_, {.name = "services", .costs = {}}};
  HttpTransport& transport_ = network_.client(client_);
};

TEST_F(Network, ARequestIsHandledByTheServiceAndItsAnswerComesBack) {
  run([&] {
    HttpRequest request = put("/account/a%20b?sig=SECRET&comp=page", "body");
    request.headers.emplace_back("x-ms-date", "today");
    request.headers.emplace_back("X-Seedbed-Internal", "forged");
    const uint64_t before_ns = client_.now_ns();
    const HttpResult result = transport_.send(request);
    ASSERT_TRUE(result) << outcome(result);
    EXPECT_EQ(result->status, 201);
    EXPECT_EQ(as_text(result->body), "body");
    EXPECT_EQ(client_.now_ns() - before_ns, kTrip_ns + 2 * 4'000);  // four bytes each way
  });
  ASSERT_EQ(handler_.asked.size(), 1u);
  EXPECT_EQ(handler_.asked[0].method, "PUT");
  EXPECT_EQ(handler_.asked[0].target, "/account/a%20b?sig=SECRET&comp=page");
  EXPECT_EQ(handler_.asked[0].headers, (HttpHeaders{{"x-ms-date", "today"}, {"Host", "127.0.0.1:10000"}}));
  EXPECT_EQ(told(), (std::vector<std::string>{"http.request PUT /account/a%20b",
                                              "service: http.handled PUT /account/a%20b 201",
                                              "http.answer PUT /account/a%20b 201"}));
  EXPECT_EQ(log_.events()[0].length_bytes, 4u);
  EXPECT_EQ(log_.events()[2].length_bytes, 4u);
  const Traffic traffic = network_.traffic_of("", kOrigin);
  EXPECT_EQ(traffic.requests, 1u);
  EXPECT_EQ(traffic.answers, 1u);
  EXPECT_EQ(traffic.up_bytes, 4u);
  EXPECT_EQ(traffic.down_bytes, 4u);
  EXPECT_EQ(network_.traffic_of("other", kOrigin).requests, 0u);
}

TEST_F(Network, InsideTheTokenPassesAndTrafficIsToldApart) {
  VirtualRuntime datacentre(scheduler_, {.name = "datacentre", .costs = {}});
  HttpTransport& inside = network_.client(datacentre, {.name = "datacentre", .inside = true});
  datacentre.spawn("import", [&] {
    HttpRequest request = put("/x", "1");
    request.headers.emplace_back("x-seedbed-internal", "token");
    EXPECT_EQ(outcome(inside.send(request)), "201");
  });
  run([&] { EXPECT_EQ(send(put("/y", "22")), "201"); });
  EXPECT_EQ(network_.traffic_of("datacentre", kOrigin).up_bytes, 1u);
  EXPECT_EQ(network_.traffic_of("", kOrigin).up_bytes, 2u);
  EXPECT_EQ(network_.traffic().size(), 2u);
  size_t with_token = 0;
  for (const HttpRequest& request : handler_.asked)
    with_token += has_header(request.headers, "x-seedbed-internal");
  EXPECT_EQ(with_token, 1u);
}

TEST_F(Network, AHeadHasNoBodyButItsLength) {
  handler_.answer = [](const HttpRequest&) {
    return HttpResponse{.status = 200, .headers = {}, .body = Bytes(77)};
  };
  run([&] {
    HttpRequest request = put("/x");
    request.method = "HEAD";
    const HttpResult result = transport_.send(request);
    ASSERT_TRUE(result);
    EXPECT_TRUE(result->body.empty());
    EXPECT_EQ(result->head_length_bytes, 77u);
  });
}

TEST_F(Network, WhereNobodyIsNothingWasSent) {
  VirtualRuntime dead(scheduler_, {.name = "dead", .costs = {}});
  Asked never;
  network_.attach(dead, "http://127.0.0.1:2", never);
  EXPECT_TRUE(network_.attached("http://127.0.0.1:2"));
  dead.kill();
  EXPECT_FALSE(network_.attached("http://127.0.0.1:2"));
  EXPECT_FALSE(network_.attached("http://127.0.0.1:1"));
  run([&] {
    const uint64_t before_ns = client_.now_ns();
    for (const char* target : {"http://127.0.0.1:1/x", "http://127.0.0.1:2/x"}) {
      HttpRequest request = put("/x", "12345");
      request.target = target;
      EXPECT_EQ(send(request), "not sent: connection refused");
    }
    EXPECT_EQ(client_.now_ns() - before_ns, 2 * kTrip_ns);
    HttpRequest request = put("/x");
    for (const char* target : {"", "/x", "ftp://127.0.0.1/x", "http://127.0.0.1:1/ x"}) {
      request.target = target;
      EXPECT_EQ(send(request), "not sent: the target is no absolute URL") << target;
    }
  });
  EXPECT_TRUE(never.asked.empty() && handler_.asked.empty());
  EXPECT_EQ(network_.traffic_of("", "http://127.0.0.1:1").requests, 1u);
  EXPECT_EQ(network_.traffic_of("", "http://127.0.0.1:1").up_bytes, 0u);
  EXPECT_EQ(told()[1], "http.answer PUT /x NOT-SENT failed");
  network_.detach(dead);
}

TEST_F(Network, EachTroubleOnTheWay) {
  struct Case {
    EventKind at;
    HttpTrouble trouble;
    const char* outcome;
    size_t handled;
    uint64_t ns, up_bytes;
  };
  constexpr uint64_t kBody_ns = 10'000;  // of the ten bytes each way
  const Case cases[] = {
      {EventKind::http_request, HttpTrouble::none, "201", 1, kTrip_ns + 2 * kBody_ns, 10},
      {EventKind::http_request, HttpTrouble::lost_before, "maybe applied: no answer within 30 s", 0,
       kTrip_ns + kBody_ns + kTimeout_ns, 10},
      {EventKind::http_request, HttpTrouble::lost_after, "maybe applied: no answer within 30 s", 1,
       kTrip_ns + kBody_ns + kTimeout_ns, 10},
      {EventKind::http_request, HttpTrouble::refused, "not sent: connection refused", 0, kTrip_ns, 0},
      {EventKind::http_request, HttpTrouble::cut,
       "maybe applied: connection reset while the request was sent", 0, kTrip_ns + kBody_ns / 2, 5},
      {EventKind::http_request, HttpTrouble::answer_429, "429", 0, kTrip_ns + kBody_ns, 10},
      {EventKind::http_request, HttpTrouble::answer_500, "500", 0, kTrip_ns + kBody_ns, 10},
      {EventKind::http_request, HttpTrouble::answer_503, "503", 0, kTrip_ns + kBody_ns, 10},
      {EventKind::http_request, HttpTrouble::duplicated, "201", 2, kTrip_ns + 2 * kBody_ns, 10},
      {EventKind::http_answer, HttpTrouble::lost_after, "maybe applied: no answer within 30 s", 1,
       kTrip_ns + kBody_ns + kTimeout_ns, 10},
      {EventKind::http_answer, HttpTrouble::cut, "maybe applied: connection reset while the answer came", 1,
       kTrip_ns + 2 * kBody_ns, 10},
      {EventKind::http_answer, HttpTrouble::answer_503, "201", 1, kTrip_ns + 2 * kBody_ns, 10},  // too late
  };
  run([&] {
    for (const Case& one : cases) {
      SCOPED_TRACE(testing::Message() << event_name(one.at) << " " << static_cast<int>(one.trouble));
      trouble_at(one.at, one.trouble);
      handler_.asked.clear();
      const uint64_t before_ns = client_.now_ns(), sent_before = network_.traffic_of("", kOrigin).up_bytes;
      const HttpResult result = transport_.send(put("/x", "0123456789"));
      EXPECT_EQ(outcome(result), one.outcome);
      EXPECT_EQ(client_.now_ns() - before_ns, one.ns);
      EXPECT_EQ(network_.traffic_of("", kOrigin).up_bytes - sent_before, one.up_bytes);
      if (result && result->status != 201) {
        EXPECT_EQ(header_of(result->headers, "retry-after"), "1");
      }
      client_.sleep_ns(kTrip_ns);
      EXPECT_EQ(handler_.asked.size(), one.handled);
      EXPECT_EQ(log_.events().back().failed, !result);
      EXPECT_EQ(send(put("/y")), "201");  // and the next one is well
    }
  });
}

TEST_F(Network, ALateRequestArrivesWhenItsClientHasGivenUpAndAskedAgain) {
  run([&] {
    trouble_at(EventKind::http_request, HttpTrouble::late);
    EXPECT_EQ(outcome(transport_.send(put("/late", "0123456789"))), "maybe applied: no answer within 30 s");
    EXPECT_EQ(handler_.asked.size(), 0u);
    EXPECT_EQ(send(put("/again")), "201");
    EXPECT_EQ(handler_.asked.size(), 1u);
    client_.sleep_ns(11'000'000'000);
    EXPECT_EQ(handler_.asked.size(), 2u) << "it came behind the second";
  });
}

TEST_F(Network, WhoIsNotLetInIsToldInTheServicesWords) {
  run([&] {
    trouble_at(EventKind::http_request, HttpTrouble::answer_401);
    const HttpResult expired = transport_.send(put("/x", "1"));
    ASSERT_TRUE(expired);
    EXPECT_EQ(expired->status, 401);
    EXPECT_NE(as_text(expired->body).find("ExpiredAuthenticationToken"), std::string_view::npos);
    trouble_at(EventKind::http_request, HttpTrouble::answer_403);
    const HttpResult refused = transport_.send(put("/x", "1"));
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->status, 403);
    EXPECT_EQ(header_of(refused->headers, "x-ms-error-code"), "AuthorizationFailure");
    EXPECT_EQ(handler_.asked.size(), 0u);
  });
}

TEST_F(Network, TheClientOfADuplicateGetsTheSecondAnswer) {
  int answers = 0;
  handler_.answer = [&](const HttpRequest&) {
    return HttpResponse{.status = ++answers == 1 ? 201 : 409, .headers = {}, .body = {}};
  };
  trouble_at(EventKind::http_request, HttpTrouble::duplicated);
  run([&] { EXPECT_EQ(send(put("/x")), "409"); });
}

TEST_F(Network, WhoAnswersTooLateAnswersNobody) {
  handler_.answer = [&](const HttpRequest&) {
    service_.sleep_ns(kTimeout_ns + kTrip_ns);
    return HttpResponse{.status = 201, .headers = {}, .body = {}};
  };
  run([&] {
    EXPECT_EQ(send(put("/x")), "maybe applied: no answer within 30 s");
    handler_.answer = {};
    EXPECT_EQ(send(put("/y")), "201");
    client_.sleep_ns(2 * kTimeout_ns);
  });
  EXPECT_EQ(handler_.asked.size(), 2u);
}

TEST_F(Network, NotMoreThanTheBoundAreHandledAtOnceAndAllAreHandled) {
  unsigned inside = 0, most = 0;
  handler_.answer = [&](const HttpRequest&) {
    most = std::max(most, ++inside);
    service_.sleep_ns(1'000'000);
    inside--;
    return HttpResponse{.status = 201, .headers = {}, .body = {}};
  };
  run([&] {
    std::vector<Task> tasks;
    for (int i = 0; i < 40; i++)
      tasks.push_back(
          client_.spawn("sender", [&, i] { EXPECT_EQ(send(put("/" + std::to_string(i))), "201"); }));
    for (const Task& task : tasks) task->join();
  });
  EXPECT_EQ(handler_.asked.size(), 40u);
  EXPECT_EQ(most, 8u);
}

TEST_F(Network, WhatADeadClientSentIsHandledAllTheSame) {
  VirtualRuntime other(scheduler_, {.name = "other", .costs = {}});
  const Task wait = other.spawn("keeps the world going", [&] { other.sleep_ns(10 * kTrip_ns); });
  log_.set_hook([&](const Event& event, EventSide side) -> Interference {
    if (event.kind == EventKind::http_request && side == EventSide::after) {
      client_.kill();
      throw Killed{};
    }
    return {};
  });
  bool unwound = false, returned = false;
  run([&] {
    struct Witness {
      bool& gone;
      ~Witness() { gone = true; }
    } witness{unwound};
    (void)transport_.send(put("/x", "1"));
    returned = true;
  });
  EXPECT_TRUE(unwound);
  EXPECT_FALSE(returned);
  EXPECT_EQ(handler_.asked.size(), 1u);
  EXPECT_EQ(told().back(), "service: http.handled PUT /x 201");
}

TEST_F(Network, RequestsAtADyingServiceAreCutAndAnotherMachineTakesItsPlace) {
  handler_.answer = [&](const HttpRequest&) {
    service_.sleep_ns(1'000'000'000);
    return HttpResponse{.status = 201, .headers = {}, .body = {}};
  };
  VirtualRuntime reborn(scheduler_, {.name = "services", .costs = {}});
  Asked next;
  scheduler_.at(scheduler_.now_ns() + 500'000'000, [&] { service_.kill(); });
  run([&] {
    std::vector<Task> tasks;
    for (int i = 0; i < 20; i++)  // eight in hand, twelve in the queue
      tasks.push_back(client_.spawn("sender", [&] {
        EXPECT_EQ(send(put("/x")), "maybe applied: connection reset");
        EXPECT_EQ(send(put("/x")), "not sent: connection refused");
      }));
    for (const Task& task : tasks) task->join();
    EXPECT_EQ(handler_.asked.size(), 8u);
    EXPECT_FALSE(network_.attached(kOrigin));
    network_.attach(reborn, kOrigin, next);
    EXPECT_TRUE(network_.attached(kOrigin));
    EXPECT_EQ(send(put("/x")), "201");
  });
  EXPECT_EQ(next.asked.size(), 1u);
  network_.detach(reborn);
  EXPECT_FALSE(network_.attached(kOrigin));
}

TEST_F(Network, AConnectionDoesNotOutliveItsServiceEvenIfTheNextIsThereAtOnce) {
  VirtualRuntime reborn(scheduler_, {.name = "services", .costs = {}});
  Asked next;
  scheduler_.at(scheduler_.now_ns() + kTrip_ns, [&] {  // connected, and half of the body is under way
    service_.kill();
    network_.attach(reborn, kOrigin, next);
  });
  run([&] { EXPECT_EQ(send(put("/x", std::string(20'000, 'x'))), "maybe applied: connection reset"); });
  EXPECT_TRUE(handler_.asked.empty() && next.asked.empty());
  network_.detach(reborn);
}

TEST_F(Network, ServingEndsWhenItIsStoppedAndWhatWasHandedOverIsAnswered) {
  network_.detach(service_);
  bool ended = false;
  const Task serves = service_.spawn("service", [&] {
    Asked handler;
    handler.answer = [&](const HttpRequest&) {
      service_.sleep_ns(1'000'000'000);
      return HttpResponse{.status = 201, .headers = {}, .body = {}};
    };
    network_.serve(service_, kOrigin, handler);
    EXPECT_EQ(handler.asked.size(), 10u);
    ended = true;
  });
  run([&] {
    client_.sleep_ns(1);
    std::vector<Task> tasks;
    for (int i = 0; i < 10; i++)
      tasks.push_back(client_.spawn("sender", [&] { EXPECT_EQ(send(put("/x")), "201"); }));
    client_.sleep_ns(500'000'000);
    network_.stop(kOrigin);
    EXPECT_EQ(send(put("/x")), "not sent: connection refused");
    EXPECT_FALSE(ended);
    for (const Task& task : tasks) task->join();
  });
  EXPECT_TRUE(ended);
}

TEST_F(Network, TheServicesFilesAreInTheLogAsItsOwn) {
  const auto tree = std::make_shared<FileTree>();
  SimulatedFiles files(service_, tree, {.machine = "service"}, &log_);
  handler_.answer = [&](const HttpRequest& request) {
    return HttpResponse{
        .status = replace_file(files, "/blob", request.body) ? 201 : 500, .headers = {}, .body = {}};
  };
  run([&] { EXPECT_EQ(send(put("/x", "content")), "201"); });
  EXPECT_EQ(told()[1], "service: file.open /blob.new");
  EXPECT_EQ(told()[told().size() - 3], "service: directory.sync /");
  tree->power_cut();
  EXPECT_EQ(tree->stat("/blob")->size_bytes, 7u);
}

}  // namespace
}  // namespace seedbed
