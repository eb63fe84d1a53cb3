#include "fakes/server/http_server.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fmt/format.h>
#include <httplib.h>

#include <algorithm>
#include <cstdlib>

#include "engine/base/text.h"

namespace seedbed {

namespace {

constexpr int kBacklog = 128;
constexpr size_t kRequestsPerConnectionMax = 1'000'000;

bool is_inside_header(std::string_view name) {
  return same_header(name, "x-seedbed-internal") || same_header(name, "x-seedbed-import-id");
}

// The library would read meaning into headers that are the handler's business: cut ranges out of answers,
// compress them, unpack bodies, parse forms. So they are taken out of its request once they are ours.
HttpHeaders take_headers(const httplib::Request& request) {
  auto& open = const_cast<httplib::Request&>(request);
  HttpHeaders headers;
  for (const auto& [name, value] : request.headers) {
    static constexpr const char* kTransport[] = {"Content-Length", "Transfer-Encoding", "Connection",
                                                 "Expect",         "REMOTE_ADDR",       "REMOTE_PORT",
                                                 "LOCAL_ADDR",     "LOCAL_PORT"};
    if (is_inside_header(name) ||
        std::ranges::any_of(kTransport, [&](const char* own) { return same_header(name, own); }))
      continue;
    headers.emplace_back(name, value);
  }
  open.ranges.clear();
  for (const char* name : {"Range", "Accept-Encoding", "Content-Encoding", "Content-Type"})
    open.headers.erase(name);
  return headers;
}

void give_answer(const HttpResponse& answer, bool head, httplib::Response& out) {
  out.status = answer.status;
  for (const auto& [name, value] : answer.headers) out.set_header(name, value);
  if (head) {
    const uint64_t length_bytes =
        answer.head_length_bytes != 0 ? answer.head_length_bytes : answer.body.size();
    out.set_header("Content-Length", std::to_string(length_bytes));
    return;
  }
  out.body.assign(reinterpret_cast<const char*>(answer.body.data()), answer.body.size());
}

void refuse(httplib::Response& out, int status, const char* text) {
  out.status = status;
  out.set_content(text, "text/plain");
}

void answer(HttpHandler& handler, const httplib::Request& request, httplib::Response& out,
            const httplib::ContentReader* reader, uint64_t body_bytes_max) {
  HttpRequest asked;
  asked.method = request.method;
  asked.target = request.target;
  const bool chunked = request.has_header("Transfer-Encoding");
  const auto length_bytes = parse_u64(request.get_header_value("Content-Length"));
  if (!chunked && request.has_header("Content-Length") && !length_bytes)
    return refuse(out, 400, "Content-Length is no number.\n");
  asked.headers = take_headers(request);
  if (reader != nullptr && (chunked || length_bytes.value_or(0) > 0)) {
    if (length_bytes && *length_bytes <= body_bytes_max) asked.body.reserve(*length_bytes);
    bool too_large = length_bytes && *length_bytes > body_bytes_max;
    const bool whole = (*reader)([&](const char* data, size_t size) {
      if (too_large || asked.body.size() + size > body_bytes_max) {
        too_large = true;
        asked.body.clear();
        return true;  // read on: a connection cut while the client writes hides the answer
      }
      append(asked.body, {reinterpret_cast<const uint8_t*>(data), size});
      return true;
    });
    if (too_large) return refuse(out, 413, "The body is too large.\n");
    if (!whole) return refuse(out, 400, "The body ends too early.\n");
  }
  give_answer(handler.handle(asked), request.method == "HEAD", out);
}

// With the library's listening socket in reach.
template <typename Base>
class Listening : public Base {
 public:
  using Base::Base;
  void widen_backlog() { ::listen(this->svr_sock_, kBacklog); }  // it listens with a backlog of 5
};

uint16_t local_port(int descriptor) {
  sockaddr_in address{};
  socklen_t length = sizeof address;
  if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &length) != 0) return 0;
  return address.sin_family == AF_INET ? ntohs(address.sin_port) : 0;
}

// The library's threads wait on silent connections for idle_s; an end of input wakes them. Their descriptors
// are known to nobody but the kernel.
void end_input_at(uint16_t port) {
  DIR* const list = ::opendir("/proc/self/fd");
  if (list == nullptr) return;
  while (const dirent* entry = ::readdir(list))
    if (const auto number = parse_u64(entry->d_name); number && local_port(static_cast<int>(*number)) == port)
      ::shutdown(static_cast<int>(*number), SHUT_RD);
  ::closedir(list);
}

}  // namespace

struct HttpServer::State {
  HttpServerOptions options;
  std::unique_ptr<httplib::Server> server;
  uint16_t port = 0;
  Task task;
};

HttpServer::HttpServer(std::unique_ptr<State> state) : state_(std::move(state)) {}

HttpServer::~HttpServer() {
  stop();
}

Result<std::unique_ptr<HttpServer>> HttpServer::bind(const HttpServerOptions& options) {
  auto state = std::make_unique<State>();
  state->options = options;
  std::function<void()> widen_backlog;
  if (options.certificate_file.empty()) {
    auto server = std::make_unique<Listening<httplib::Server>>();
    widen_backlog = [raw = server.get()] { raw->widen_backlog(); };
    state->server = std::move(server);
  } else {
    auto server = std::make_unique<Listening<httplib::SSLServer>>(options.certificate_file.c_str(),
                                                                  options.key_file.c_str());
    widen_backlog = [raw = server.get()] { raw->widen_backlog(); };
    state->server = std::move(server);
  }
  httplib::Server& server = *state->server;
  if (!server.is_valid())
    return fail(ErrorCode::corrupt, "the certificate or its key cannot be used", options.certificate_file,
                "Remove both files: new ones are made.");
  server.set_keep_alive_max_count(kRequestsPerConnectionMax);
  server.set_keep_alive_timeout(options.idle_s);
  server.set_read_timeout(options.transfer_s);
  server.set_write_timeout(options.transfer_s);
  server.set_tcp_nodelay(true);
  server.set_payload_max_length(SIZE_MAX >> 1);    // bounded here, so that the answer is ours
  server.set_socket_options([](socket_t socket) {  // not SO_REUSEPORT: a second server must notice the first
    const int yes = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  });
  server.new_task_queue = [threads = options.threads] { return new httplib::ThreadPool(threads); };
  const std::string where = fmt::format("{}:{}", options.host, options.port);
  if (options.port == 0) {
    const int port = server.bind_to_any_port(options.host);
    if (port <= 0)
      return fail(ErrorCode::io_error, "cannot listen", where, "Name an address of this machine.");
    state->port = static_cast<uint16_t>(port);
  } else {
    if (!server.bind_to_port(options.host, options.port))
      return fail(ErrorCode::busy, "cannot listen", where,
                  "Is another program listening there? Choose another port.");
    state->port = options.port;
  }
  widen_backlog();
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(state)));
}

uint16_t HttpServer::port() const noexcept {
  return state_->port;
}

std::string HttpServer::origin() const {
  return fmt::format("{}://{}:{}", state_->options.certificate_file.empty() ? "http" : "https",
                     state_->options.host, state_->port);
}

void HttpServer::serve(Runtime& runtime, HttpHandler& handler) {
  httplib::Server& server = *state_->server;
  const uint64_t body_bytes_max = state_->options.body_bytes_max;
  server.set_pre_routing_handler([&handler, body_bytes_max](const auto& request, auto& out) {
    static constexpr const char* kWithBody[] = {"POST", "PUT", "PATCH", "DELETE"};
    if (std::ranges::find(kWithBody, request.method) != std::end(kWithBody))
      return httplib::Server::HandlerResponse::Unhandled;
    answer(handler, request, out, nullptr, body_bytes_max);
    return httplib::Server::HandlerResponse::Handled;
  });
  const auto with_body = [&handler, body_bytes_max](const auto& request, auto& out, const auto& reader) {
    answer(handler, request, out, &reader, body_bytes_max);
  };
  constexpr const char* everything = "[\\s\\S]*";
  server.Post(everything, with_body);
  server.Put(everything, with_body);
  server.Patch(everything, with_body);
  server.Delete(everything, with_body);
  state_->task = runtime.spawn("http", [&server] { server.listen_after_bind(); });
}

void HttpServer::stop() noexcept {
  if (!state_->task) return;
  // stop() does nothing before the loop runs, which is a moment after serve()
  while (!state_->server->is_running()) ::sched_yield();
  state_->server->stop();
  end_input_at(state_->port);
  state_->task.reset();
}

}  // namespace seedbed
