// HttpClient and HttpServer against each other and against servers that cut, fall silent and lie.
#include "engine/linux/http_client.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

#include "engine/base/text.h"
#include "engine/linux/thread_runtime.h"
#include "fakes/server/certificate_maker.h"
#include "fakes/server/http_server.h"
#include "tests/support/temp_directory.h"

namespace seedbed {
namespace {

using testing_support::TempDirectory;

Bytes bytes_of(std::string_view text) {
  const ByteSpan span = as_bytes(text);
  return {span.begin(), span.end()};
}

// Answers with what it was asked, in headers, and the body back.
class Mirror final : public HttpHandler {
 public:
  HttpResponse handle(const HttpRequest& request) override {
    HttpResponse response;
    response.status = request.target == "/none" ? 204 : 200;
    response.headers = {{"seen-method", request.method},
                        {"seen-target", hex_lower(as_bytes(request.target))}};
    for (const auto& [name, value] : request.headers) response.headers.emplace_back("seen-" + name, value);
    if (request.method == "HEAD")
      response.head_length_bytes = 1'234'567'890'123;
    else if (!request.body.empty())
      response.headers.emplace_back("Content-Type", "text/plain");
    response.body = request.method == "HEAD" ? Bytes() : request.body;
    if (request.target == "/redirect") {
      response.status = 302;
      response.headers.emplace_back("Location", "/elsewhere");
    }
    return response;
  }
};

class Loopback : public testing::Test {
 protected:
  void serve(HttpServerOptions options = {}) {
    auto server = HttpServer::bind(options);
    ASSERT_TRUE(server) << server.error().message();
    server_ = std::move(*server);
    server_->serve(runtime_, mirror_);
  }
  HttpResult ask(HttpTransport& client, const std::string& method, const std::string& target,
                 HttpHeaders headers = {}, Bytes body = {}) {
    return client.send({.method = method,
                        .target = server_->origin() + target,
                        .headers = std::move(headers),
                        .body = std::move(body)});
  }
  ThreadRuntime runtime_;
  Mirror mirror_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(Loopback, EveryMethodArrivesAsItWasSent) {
  serve();
  HttpClient client;
  for (const std::string method : {"GET", "PUT", "POST", "PATCH", "DELETE", "HEAD", "OPTIONS"}) {
    const bool with_body = method == "PUT" || method == "POST" || method == "PATCH" || method == "DELETE";
    const Bytes body = with_body ? bytes_of("a body for " + method) : Bytes();
    const auto answer = ask(client, method, "/a%20b/%C3%A4?x=%26&comp=page",
                            {{"X-Ms-Date", "now"}, {"Range", "bytes=2-3"}}, body);
    ASSERT_TRUE(answer) << method << ": " << answer.error().what;
    EXPECT_EQ(answer->status, 200) << method;
    EXPECT_EQ(header_of(answer->headers, "seen-method"), method);
    EXPECT_EQ(header_of(answer->headers, "seen-target"),
              hex_lower(as_bytes("/a%20b/%C3%A4?x=%26&comp=page")));
    EXPECT_EQ(header_of(answer->headers, "seen-x-ms-date"), "now");
    EXPECT_EQ(header_of(answer->headers, "seen-range"), "bytes=2-3");
    EXPECT_FALSE(has_header(answer->headers, "seen-content-type")) << "nobody gave one";
    EXPECT_EQ(answer->body, body) << "not cut by the Range that is the handler's business";
    if (method == "HEAD") {
      EXPECT_EQ(answer->head_length_bytes, 1'234'567'890'123u);
    }
  }
  for (const char* method : {"PUT", "POST", "PATCH", "DELETE"}) {
    const auto empty = ask(client, method, "/none");
    ASSERT_TRUE(empty) << method << ": " << empty.error().what;
    EXPECT_EQ(empty->status, 204);
  }
  const auto moved = ask(client, "GET", "/redirect");
  ASSERT_TRUE(moved);
  EXPECT_EQ(moved->status, 302);
}

TEST_F(Loopback, HeadersOfTheInsideStayOutside) {
  serve();
  HttpClient client;
  const auto answer =
      ask(client, "PUT", "/",
          {{"x-seedbed-internal", "guess"}, {"X-Seedbed-Import-Id", "1"}, {"x-seedbed-sha256", "2"}});
  ASSERT_TRUE(answer);
  EXPECT_FALSE(has_header(answer->headers, "seen-x-seedbed-internal"));
  EXPECT_FALSE(has_header(answer->headers, "seen-x-seedbed-import-id"));
  EXPECT_EQ(header_of(answer->headers, "seen-x-seedbed-sha256"), "2");
}

TEST_F(Loopback, BodiesOfAllSizesAndKindsComeBackWhole) {
  serve();
  HttpClient client;
  for (const size_t size : {size_t{1}, size_t{4096}, size_t{9'000'000}}) {
    Bytes body(size);
    for (size_t i = 0; i < size; i++) body[i] = static_cast<uint8_t>(i * 31 + (i >> 8));
    for (const char* type :
         {"application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"}) {
      const auto answer = ask(client, "PUT", "/",
                              {{"Content-Type", type},
                               {"Content-Encoding", "gzip"},
                               {"Accept-Encoding", "gzip"},
                               {"Expect", "100-continue"}},
                              body);
      ASSERT_TRUE(answer) << answer.error().what;
      EXPECT_TRUE(answer->body == body) << size << " " << type;
      EXPECT_EQ(header_of(answer->headers, "seen-content-encoding"), "gzip");
    }
  }
}

TEST_F(Loopback, TooLargeIsSaidOnBothSides) {
  serve({.body_bytes_max = 1000});
  HttpClient client({.body_bytes_max = 900});
  const auto refused = ask(client, "PUT", "/", {}, Bytes(1001));
  ASSERT_TRUE(refused) << refused.error().what;
  EXPECT_EQ(refused->status, 413);
  const auto again = ask(client, "PUT", "/", {}, Bytes(900));  // the connection is still in step
  ASSERT_TRUE(again) << again.error().what;
  EXPECT_EQ(again->status, 200);
  const auto large = ask(client, "PUT", "/", {}, Bytes(1000));
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().kind, HttpFailure::Kind::maybe_applied);
}

TEST_F(Loopback, ManyThreadsAtOnce) {
  serve();
  HttpClient client;
  std::vector<Task> tasks;
  std::atomic<int> good{0};
  for (int t = 0; t < 8; t++)
    tasks.push_back(runtime_.spawn("client", [&, t] {
      for (int i = 0; i < 20; i++) {
        const Bytes body(1000 + static_cast<size_t>(i), static_cast<uint8_t>(t));
        const auto answer = ask(client, "PUT", "/", {}, body);
        if (answer && answer->body == body) good++;
      }
    }));
  for (const Task& task : tasks) task->join();
  EXPECT_EQ(good, 160);
}

TEST_F(Loopback, AServerThatWentAndCameIsFoundAgain) {
  serve();
  HttpClient client;
  ASSERT_TRUE(ask(client, "PUT", "/", {}, Bytes(10)));
  const uint16_t port = server_->port();
  server_.reset();  // the kept connection is dead
  const auto gone = client.send({.method = "PUT",
                                 .target = "http://127.0.0.1:" + std::to_string(port) + "/",
                                 .headers = {},
                                 .body = Bytes(10)});
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().kind, HttpFailure::Kind::not_sent);
  serve({.port = port});
  EXPECT_TRUE(ask(client, "PUT", "/", {}, Bytes(10)));
  const auto second = HttpServer::bind({.port = port});
  ASSERT_FALSE(second) << "two servers on one port";
  EXPECT_EQ(second.error().code, ErrorCode::busy);
}

TEST_F(Loopback, TlsBelievesTheRightAuthorityOnly) {
  TempDirectory directory;
  const auto write = [&](const char* name, std::string_view text) {
    std::ofstream(directory.file(name)) << text;
    return directory.file(name);
  };
  const int64_t now_ns = runtime_.utc_ns();
  const auto own = make_certificate("service", "127.0.0.1", now_ns, 10);
  const auto other = make_certificate("service", "127.0.0.1", now_ns, 10);
  ASSERT_TRUE(own && other);
  serve({.certificate_file = write("own.pem", own->certificate_pem),
         .key_file = write("own.key", own->key_pem.text())});
  ASSERT_TRUE(server_->origin().starts_with("https://"));
  HttpClient right({.ca_file = directory.file("own.pem")});
  for (int i = 0; i < 3; i++) {
    const auto answer = ask(right, "PUT", "/x", {}, Bytes(100'000, 5));
    ASSERT_TRUE(answer) << answer.error().what;
    EXPECT_EQ(answer->body, Bytes(100'000, 5));
  }
  HttpClient wrong({.ca_file = write("other.pem", other->certificate_pem)});
  HttpClient system;
  for (HttpClient* client : {&wrong, &system}) {
    const auto answer = ask(*client, "PUT", "/x", {}, Bytes(10));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, HttpFailure::Kind::not_sent);
    EXPECT_NE(answer.error().what.find("certificate"), std::string::npos) << answer.error().what;
  }
  const auto plain = right.send({.method = "GET",
                                 .target = "http://127.0.0.1:" + std::to_string(server_->port()) + "/",
                                 .headers = {},
                                 .body = {}});
  EXPECT_FALSE(plain && plain->status == 200);
}

// A server that does `with` to each connection, in a thread of its own.
class OddServer {
 public:
  explicit OddServer(std::function<void(int)> with)
      : listening_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    EXPECT_EQ(::bind(listening_, reinterpret_cast<sockaddr*>(&address), length), 0);
    EXPECT_EQ(::listen(listening_, 8), 0);
    ::getsockname(listening_, reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this, with = std::move(with)] {
      for (int peer = 0; (peer = ::accept(listening_, nullptr, nullptr)) >= 0; ::close(peer)) with(peer);
    });
  }
  ~OddServer() {
    ::shutdown(listening_, SHUT_RDWR);
    thread_.join();
    ::close(listening_);
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/x"; }

 private:
  int listening_;
  uint16_t port_ = 0;
  std::thread thread_;
};

void read_request(int peer) {
  std::string got;
  char buffer[4096];
  while (got.find("\r\n\r\n") == std::string::npos) {
    const ssize_t size = ::recv(peer, buffer, sizeof buffer, 0);
    if (size <= 0) return;
    got.append(buffer, static_cast<size_t>(size));
  }
}
void say(int peer, std::string_view text) {
  ::send(peer, text.data(), text.size(), MSG_NOSIGNAL);
}

TEST(OddServers, ACutAfterTheRequestMayHaveBeenApplied) {
  for (const char* text : {"", "HTTP/1.1 20", "HTTP/1.1 200 OK\r\nContent-Le",
                           "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"}) {
    OddServer server([text](int peer) {
      read_request(peer);
      say(peer, text);
    });
    HttpClient client;
    const auto answer = client.send({.method = "PUT", .target = server.url(), .headers = {}, .body = {}});
    ASSERT_FALSE(answer) << text;
    EXPECT_EQ(answer.error().kind, HttpFailure::Kind::maybe_applied) << text;
  }
}

TEST(OddServers, SilenceIsGivenUp) {
  OddServer server([](int peer) {
    read_request(peer);
    char end;
    while (::recv(peer, &end, 1, 0) > 0) {
    }
  });
  HttpClient client({.transfer_s = 1});
  const auto answer = client.send({.method = "PUT", .target = server.url(), .headers = {}, .body = {}});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, HttpFailure::Kind::maybe_applied);
}

TEST(OddServers, RubbishIsNoAnswer) {
  for (const char* text : {"SMTP ready\r\n\r\n", "HTTP/1.1 999999 X\r\n\r\n",
                           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"}) {
    OddServer server([text](int peer) {
      read_request(peer);
      say(peer, text);
    });
    HttpClient client;
    const auto answer = client.send({.method = "GET", .target = server.url(), .headers = {}, .body = {}});
    ASSERT_FALSE(answer) << text;
    EXPECT_EQ(answer.error().kind, HttpFailure::Kind::maybe_applied);
  }
}

TEST(OddServers, NobodyThereIsNotSent) {
  std::string url;
  {
    url = OddServer([](int) {}).url();
  }
  HttpClient client;
  for (const std::string& target :
       {url, std::string("ftp://127.0.0.1/"), std::string("/x"), std::string("http://a b/")}) {
    const auto answer = client.send({.method = "GET", .target = target, .headers = {}, .body = {}});
    ASSERT_FALSE(answer) << target;
    EXPECT_EQ(answer.error().kind, HttpFailure::Kind::not_sent) << target;
  }
  const auto split =
      client.send({.method = "GET", .target = url, .headers = {{"a", "b\r\nc: d"}}, .body = {}});
  ASSERT_FALSE(split);
  EXPECT_EQ(split.error().kind, HttpFailure::Kind::not_sent);
}

}  // namespace
}  // namespace seedbed
