#include "engine/linux/http_client.h"

#include <fmt/format.h>
#include <httplib.h>

#include <algorithm>
#include <csignal>
#include <map>
#include <mutex>
#include <vector>

#include "engine/base/text.h"
#include "engine/base/url.h"

namespace seedbed {

namespace {

constexpr size_t kIdlePerOriginMax = 16;

using Connection = std::unique_ptr<httplib::ClientImpl>;

Connection make_connection(const Url& url, const HttpClientOptions& options) {
  Connection connection;
  if (url.scheme == "https") {
    auto secure = std::make_unique<httplib::SSLClient>(url.host, url.port);
    if (!options.ca_file.empty()) secure->set_ca_cert_path(options.ca_file.c_str());
    secure->enable_server_certificate_verification(true);
    connection = std::move(secure);
  } else {
    connection = std::make_unique<httplib::ClientImpl>(url.host, url.port);
  }
  connection->set_keep_alive(true);
  connection->set_tcp_nodelay(true);
  connection->set_follow_location(false);
  connection->set_url_encode(false);
  connection->set_decompress(false);
  connection->set_connection_timeout(options.connect_s);
  connection->set_read_timeout(options.transfer_s);
  connection->set_write_timeout(options.transfer_s);
  return connection;
}

bool is_plain(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

bool is_transport_header(std::string_view name) {
  for (const char* own : {"Content-Length", "Connection", "Keep-Alive", "Transfer-Encoding"})
    if (same_header(name, own)) return true;
  return false;
}

std::unexpected<HttpFailure> not_sent(std::string what, std::string remedy = {}) {
  return std::unexpected(HttpFailure{HttpFailure::Kind::not_sent, std::move(what), std::move(remedy)});
}

std::unexpected<HttpFailure> failure_of(httplib::Error error, const Url& url,
                                        const HttpClientOptions& options) {
  const std::string where = url.origin();
  switch (error) {
    case httplib::Error::Connection:
    case httplib::Error::BindIPAddress:
      return not_sent(
          fmt::format("no connection to {}: nobody listens there, or it cannot be reached", where));
    case httplib::Error::ConnectionTimeout:
      return not_sent(fmt::format("no connection to {} within {} s", where, options.connect_s));
    case httplib::Error::SSLConnection:
      return not_sent(fmt::format("no TLS connection to {}: does it speak HTTPS?", where));
    case httplib::Error::SSLLoadingCerts:
      return not_sent(fmt::format("the authorities in {} cannot be read", options.ca_file),
                      "Name a PEM file of certificates");
    case httplib::Error::SSLServerVerification:
      return not_sent(fmt::format("the certificate of {} is not by an authority that is trusted here", where),
                      "If the service is yours, name its authority's certificate: offseed --ca-file FILE …; "
                      "else look who "
                      "answers there");
    case httplib::Error::Write:
      return std::unexpected(
          HttpFailure{HttpFailure::Kind::maybe_applied,
                      fmt::format("the connection to {} broke while the request was sent", where)});
    case httplib::Error::Canceled:
      return std::unexpected(HttpFailure{
          HttpFailure::Kind::maybe_applied,
          fmt::format("the answer of {} is larger than {} bytes", where, options.body_bytes_max)});
    default:
      return std::unexpected(HttpFailure{
          HttpFailure::Kind::maybe_applied,
          fmt::format("the connection to {} broke before the answer was whole, or it was silent for {} s",
                      where, options.transfer_s)});
  }
}

}  // namespace

struct HttpClient::State {
  HttpClientOptions options;
  std::mutex mutex;
  std::map<std::string, std::vector<Connection>> idle;

  Connection take(const Url& url) {
    {
      const std::lock_guard held(mutex);
      auto& kept = idle[url.origin()];
      if (!kept.empty()) {
        Connection connection = std::move(kept.back());
        kept.pop_back();
        return connection;
      }
    }
    return make_connection(url, options);
  }
  void keep(const Url& url, Connection connection) {
    const std::lock_guard held(mutex);
    auto& kept = idle[url.origin()];
    if (kept.size() < kIdlePerOriginMax) kept.push_back(std::move(connection));
  }
};

HttpClient::HttpClient(HttpClientOptions options) : state_(std::make_unique<State>()) {
  state_->options = std::move(options);
  std::signal(SIGPIPE, SIG_IGN);
}

HttpClient::~HttpClient() = default;

HttpResult HttpClient::send(const HttpRequest& request) {
  const auto url = parse_url(request.target);
  if (!url || url->scheme.empty()) return not_sent("no absolute http or https URL: " + request.target);
  httplib::Request out;
  out.method = request.method;
  out.path = url->target();
  if (!is_plain(out.method)) return not_sent("the method holds a line end");
  for (const auto& [name, value] : request.headers) {
    if (!is_plain(name) || !is_plain(value)) return not_sent("the header " + name + " holds a line end");
    out.headers.emplace(name, value);
  }
  if (!out.has_header("Accept-Encoding")) out.headers.emplace("Accept-Encoding", "identity");
  // By a provider and not as `body`: the library would call that text/plain, which nobody signed.
  if (!request.body.empty()) {
    out.content_length_ = request.body.size();
    out.content_provider_ = [&body = request.body](size_t offset, size_t length, httplib::DataSink& sink) {
      return sink.write(reinterpret_cast<const char*>(body.data()) + offset, length);
    };
  } else if (request.method == "DELETE") {
    out.headers.emplace("Content-Length", "0");
  }
  HttpResponse answer;
  const uint64_t bytes_max = state_->options.body_bytes_max;
  out.content_receiver = [&answer, bytes_max](const char* data, size_t size, uint64_t, uint64_t) {
    if (answer.body.size() + size > bytes_max) return false;
    append(answer.body, {reinterpret_cast<const uint8_t*>(data), size});
    return true;
  };
  Connection connection = state_->take(*url);
  httplib::Response in;
  auto error = httplib::Error::Success;
  if (!connection->send(out, in, error)) return failure_of(error, *url, state_->options);
  answer.status = in.status;
  for (const auto& [name, value] : in.headers)
    if (!is_transport_header(name)) answer.headers.emplace_back(name, value);
  if (request.method == "HEAD")
    answer.head_length_bytes = parse_u64(in.get_header_value("Content-Length")).value_or(0);
  state_->keep(*url, std::move(connection));
  return answer;
}

}  // namespace seedbed
