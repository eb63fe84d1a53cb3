#include "simulator/simulated_network.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <deque>
#include <optional>
#include <vector>

#include "engine/base/url.h"
#include "simulator/die.h"

namespace seedbed {

namespace {

constexpr std::string_view kInternalHeader = "x-seedbed-internal";
constexpr uint64_t kLate_ns = 10'000'000'000;  // beyond the client's patience

std::unexpected<HttpFailure> not_sent(std::string what) {
  return std::unexpected(HttpFailure{HttpFailure::Kind::not_sent, std::move(what)});
}

std::unexpected<HttpFailure> maybe_applied(std::string what) {
  return std::unexpected(HttpFailure{HttpFailure::Kind::maybe_applied, std::move(what)});
}

// Of all that the other side sees, so that two logs differ where two requests did; nothing can be read off
// it.
uint64_t digest_of(std::string_view query, const HttpHeaders& headers, const Bytes& body) {
  uint64_t digest = detail_of(as_text(body)) ^ std::rotl(detail_of(query), 7);
  for (const auto& [name, value] : headers)
    digest = std::rotl(digest, 13) ^ detail_of(name) ^ std::rotl(detail_of(value), 29);
  return digest;
}

HttpResponse busy_answer(int status) {
  HttpResponse answer{.status = status, .headers = {}, .body = {}};
  answer.headers.emplace_back("Retry-After", "1");
  return answer;
}

// As the management service and a storage account say it.
HttpResponse expired_answer() {
  static constexpr std::string_view kBody =
      R"({"error":{"code":"ExpiredAuthenticationToken","message":"The access token has expired."}})";
  return {.status = 401,
          .headers = {{"Content-Type", "application/json"}},
          .body = Bytes(kBody.begin(), kBody.end())};
}
HttpResponse forbidden_answer() {
  static constexpr std::string_view kBody =
      "<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>AuthorizationFailure</Code>"
      "<Message>This request is not authorized to perform this operation.</Message></Error>";
  return {.status = 403,
          .headers = {{"Content-Type", "application/xml"}, {"x-ms-error-code", "AuthorizationFailure"}},
          .body = Bytes(kBody.begin(), kBody.end())};
}

// What a client that can say nothing about its request's fate says in the log.
std::string end_of(const HttpResult& result) {
  if (result) return std::to_string(result->status);
  return result.error().kind == HttpFailure::Kind::not_sent ? "NOT-SENT" : "MAYBE-APPLIED";
}

}  // namespace

struct SimulatedNetwork::State : std::enable_shared_from_this<SimulatedNetwork::State> {
  struct Service;
  // One request and what became of it. Whoever still needs it holds it; the client's fibre may be dead.
  struct Exchange {
    explicit Exchange(Scheduler& scheduler) : waiting(scheduler, "waits for an answer") {}
    HttpRequest request;  // as the service sees it
    std::string what;     // "PUT /path"
    std::string origin;
    Traffic* traffic = nullptr;
    HttpTrouble trouble = HttpTrouble::none;
    std::shared_ptr<Service> service;  // that took the connection
    std::optional<HttpResult> result;
    WaitList waiting;
  };
  using Held = std::shared_ptr<Exchange>;

  // An incarnation of a service: what is attached again is another one.
  struct Service {
    Service(Scheduler& scheduler, VirtualRuntime& its_machine, HttpHandler& its_handler, std::string its_name)
        : machine(its_machine),
          handler(its_handler),
          name(std::move(its_name)),
          changed(scheduler, "serves requests") {}
    bool open() const noexcept { return !closed && !machine.dead(); }
    VirtualRuntime& machine;
    HttpHandler& handler;
    std::string name;
    std::deque<Held> queue;  // not empty: a worker will come to it
    unsigned running = 0;    // workers
    bool closed = false;     // takes nothing any more; the machine may have gone
    WaitList changed;
  };

  // Answers what is in the queue, on the service's machine. Its fibre owns it; when the machine died, also
  // before the fibre's first step, what it had and what nobody else will come to is cut.
  struct Worker {
    Worker(std::shared_ptr<State> network, std::shared_ptr<Service> its_service)
        : state(std::move(network)), service(std::move(its_service)) {
      service->running++;
    }
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;
    ~Worker() {
      service->running--;
      if (service->machine.dead()) {
        if (current) state->reset(current);
        for (const Held& exchange : service->queue) state->reset(exchange);
        service->queue.clear();
      }
      service->changed.wake_all();
    }
    void work() {
      while (!service->queue.empty()) {
        current = std::move(service->queue.front());
        service->queue.pop_front();
        HttpResponse response = service->handler.handle(current->request);
        if (current->trouble == HttpTrouble::duplicated) response = service->handler.handle(current->request);
        Event handled{.kind = EventKind::http_handled,
                      .place = fmt::format("{} {}", current->what, response.status),
                      .length_bytes = response.body.size(),
                      .detail = digest_of("", response.headers, response.body),
                      .machine = service->name};
        if (state->log != nullptr) (void)state->log->begin(handled);
        state->reply(std::exchange(current, nullptr), std::move(response));
        if (state->log != nullptr) state->log->end(handled, false);
      }
    }
    std::shared_ptr<State> state;
    std::shared_ptr<Service> service;
    Held current;
  };

  class Client final : public HttpTransport {
   public:
    Client(State& state, VirtualRuntime& machine, ClientOptions options)
        : state_(state), machine_(machine), options_(std::move(options)) {}
    HttpResult send(const HttpRequest& request) override;

   private:
    State& state_;
    VirtualRuntime& machine_;
    ClientOptions options_;
  };

  State(Scheduler& its_scheduler, SimulatedNetworkOptions its_options, EventLog* its_log)
      : scheduler(its_scheduler), options(its_options), log(its_log) {
    options.bytes_per_second = std::max<uint64_t>(options.bytes_per_second, 1);
    options.handlers_max = std::max(options.handlers_max, 1u);
  }

  uint64_t half_trip_ns() const noexcept { return options.round_trip_ns / 2; }
  uint64_t transfer_ns(uint64_t bytes) const noexcept {
    const uint64_t rest = bytes % options.bytes_per_second;
    return bytes / options.bytes_per_second * 1'000'000'000 +
           static_cast<uint64_t>(static_cast<unsigned __int128>(rest) * 1'000'000'000 /
                                 options.bytes_per_second);
  }
  void after(uint64_t wait_ns, std::function<void()> event) {
    scheduler.at(scheduler.now_ns() + wait_ns, std::move(event));
  }
  // The client learns it then. What it learned before stands.
  void settle(const Held& exchange, uint64_t wait_ns, HttpResult result) {
    after(wait_ns, [exchange, result = std::move(result)] {
      if (exchange->result) return;
      exchange->result = result;
      exchange->waiting.wake_all();
    });
  }
  void reset(const Held& exchange) { settle(exchange, half_trip_ns(), maybe_applied("connection reset")); }

  void depart(const Held& exchange, const Interference& what);
  void connect(const Held& exchange);
  void deliver(const Held& exchange);
  void reply(Held exchange, HttpResponse response);
  static void close(Service& service) {
    service.closed = true;
    service.changed.wake_all();
  }
  std::shared_ptr<Service> open_at(VirtualRuntime& machine, const std::string& origin, HttpHandler& handler,
                                   const std::string& name);
  void forget(const Service& service) {
    std::erase_if(services, [&](const auto& entry) { return entry.second.get() == &service; });
  }
  static std::string normal(const std::string& origin) {
    const auto url = parse_url(origin);
    if (!url || url->host.empty()) die(fmt::format("'{}' is no origin of a service", origin));
    return url->origin();
  }

  Scheduler& scheduler;
  SimulatedNetworkOptions options;
  EventLog* log;
  std::map<std::string, std::shared_ptr<Service>> services;  // by origin
  std::vector<std::unique_ptr<Client>> clients;
  std::map<Route, Traffic> traffic;
};

// --- a request's way ---

HttpResult SimulatedNetwork::State::Client::send(const HttpRequest& request) {
  machine_.check_alive();
  machine_.yield();
  const auto url = parse_url(request.target);
  if (!url || url->host.empty()) return not_sent("the target is no absolute URL");

  const auto exchange = std::make_shared<Exchange>(state_.scheduler);
  exchange->origin = url->origin();
  exchange->what = request.method + ' ' + url->path;
  exchange->request = request;
  exchange->request.target = url->target();
  if (!options_.inside)
    std::erase_if(exchange->request.headers,
                  [](const auto& header) { return same_header(header.first, kInternalHeader); });
  exchange->request.headers.emplace_back("Host", exchange->origin.substr(exchange->origin.find("://") + 3));
  exchange->traffic = &state_.traffic[{options_.name, exchange->origin}];
  exchange->traffic->requests++;

  const uint64_t sent_ns = state_.transfer_ns(request.body.size()) + state_.options.round_trip_ns;
  const uint64_t deadline_ns = state_.scheduler.now_ns() + sent_ns + state_.options.timeout_ns;
  const auto silence = [&] {
    return maybe_applied(fmt::format("no answer within {} s", state_.options.timeout_ns / 1'000'000'000));
  };
  Event asked{.kind = EventKind::http_request,
              .place = exchange->what,
              .length_bytes = request.body.size(),
              .detail = digest_of(url->query, exchange->request.headers, request.body),
              .machine = options_.name};
  const Interference on_the_way = state_.log != nullptr ? state_.log->begin(asked) : Interference{};
  state_.depart(exchange, on_the_way);
  if (state_.log != nullptr)  // a client that dies here has sent it
    state_.log->end(asked, on_the_way.error || on_the_way.trouble == HttpTrouble::refused);

  while (!exchange->result)
    if (!exchange->waiting.park_until(deadline_ns) && !exchange->result) exchange->result = silence();
  HttpResult& result = *exchange->result;
  if (result) {
    exchange->traffic->answers++;
    exchange->traffic->down_bytes += result->body.size();
  }
  if (state_.log == nullptr) return std::move(result);
  Event answered{.kind = EventKind::http_answer,
                 .place = exchange->what + ' ' + end_of(result),
                 .length_bytes = result ? result->body.size() : 0,
                 .detail = result ? digest_of("", result->headers, result->body) : 0,
                 .machine = options_.name};
  const HttpTrouble trouble = state_.log->begin(answered).trouble;
  const bool lost = result && trouble == HttpTrouble::lost_after, cut = result && trouble == HttpTrouble::cut;
  state_.log->end(answered, !result || lost || cut);
  if (cut) return maybe_applied("connection reset while the answer came");
  if (!lost) return std::move(result);
  machine_.park_until(deadline_ns);
  return silence();
}

// From here on it goes its way without the client.
void SimulatedNetwork::State::depart(const Held& exchange, const Interference& what) {
  const uint64_t body_bytes = exchange->request.body.size();
  const uint64_t up_ns = transfer_ns(body_bytes);
  exchange->trouble = what.trouble;
  if (what.error) return settle(exchange, options.round_trip_ns, not_sent(what.error->message()));
  switch (what.trouble) {
    case HttpTrouble::refused:
      return settle(exchange, options.round_trip_ns, not_sent("connection refused"));
    case HttpTrouble::lost_before:
      exchange->traffic->up_bytes += body_bytes;
      return;
    case HttpTrouble::cut:
      exchange->traffic->up_bytes += body_bytes / 2;
      return settle(exchange, options.round_trip_ns + up_ns / 2,
                    maybe_applied("connection reset while the request was sent"));
    case HttpTrouble::answer_429:
    case HttpTrouble::answer_500:
    case HttpTrouble::answer_503: {
      const int status = what.trouble == HttpTrouble::answer_429   ? 429
                         : what.trouble == HttpTrouble::answer_500 ? 500
                                                                   : 503;
      exchange->traffic->up_bytes += body_bytes;
      return settle(exchange, options.round_trip_ns + up_ns, busy_answer(status));
    }
    case HttpTrouble::answer_401:
    case HttpTrouble::answer_403:
      exchange->traffic->up_bytes += body_bytes;
      return settle(exchange, options.round_trip_ns + up_ns,
                    what.trouble == HttpTrouble::answer_401 ? expired_answer() : forbidden_answer());
    case HttpTrouble::late:
      after(half_trip_ns() + up_ns + options.timeout_ns + kLate_ns,
            [state = shared_from_this(), exchange] { state->connect(exchange); });
      return;
    default:
      after(half_trip_ns(), [state = shared_from_this(), exchange] { state->connect(exchange); });
  }
}

void SimulatedNetwork::State::connect(const Held& exchange) {
  const auto found = services.find(exchange->origin);
  if (found == services.end() || !found->second->open())
    return settle(exchange, half_trip_ns(), not_sent("connection refused"));
  exchange->service = found->second;
  exchange->traffic->up_bytes += exchange->request.body.size();
  after(transfer_ns(exchange->request.body.size()),
        [state = shared_from_this(), exchange] { state->deliver(exchange); });
}

void SimulatedNetwork::State::deliver(const Held& exchange) {
  const auto service = std::move(exchange->service);
  if (!service->open()) return reset(exchange);  // it knew the connection, not the request
  service->queue.push_back(exchange);
  if (service->running >= options.handlers_max) return;
  auto worker = std::make_shared<Worker>(shared_from_this(), service);
  service->machine.start("http handler", [worker = std::move(worker)] { worker->work(); });
}

void SimulatedNetwork::State::reply(Held exchange, HttpResponse response) {
  if (exchange->trouble == HttpTrouble::lost_after) return;
  if (exchange->request.method == "HEAD") {
    if (response.head_length_bytes == 0) response.head_length_bytes = response.body.size();
    response.body.clear();
  }
  const uint64_t down_ns = transfer_ns(response.body.size());
  settle(exchange, half_trip_ns() + down_ns, std::move(response));
}

// --- who takes part ---

SimulatedNetwork::SimulatedNetwork(Scheduler& scheduler, SimulatedNetworkOptions options, EventLog* log)
    : state_(std::make_shared<State>(scheduler, options, log)) {}

SimulatedNetwork::~SimulatedNetwork() {
  for (const auto& [origin, service] : state_->services) State::close(*service);
  state_->services.clear();
  state_->log = nullptr;
}

HttpTransport& SimulatedNetwork::client(VirtualRuntime& machine, ClientOptions options) {
  state_->clients.push_back(std::make_unique<State::Client>(*state_, machine, std::move(options)));
  return *state_->clients.back();
}

std::shared_ptr<SimulatedNetwork::State::Service> SimulatedNetwork::State::open_at(VirtualRuntime& machine,
                                                                                   const std::string& origin,
                                                                                   HttpHandler& handler,
                                                                                   const std::string& name) {
  std::shared_ptr<Service>& there = services[normal(origin)];
  if (there) close(*there);
  return there = std::make_shared<Service>(scheduler, machine, handler, name);
}

void SimulatedNetwork::serve(VirtualRuntime& machine, const std::string& origin, HttpHandler& handler,
                             const std::string& name) {
  machine.check_alive();
  // Handlers refer to `handler`, a frame below this one: as a task's destructor, this outlasts death.
  struct Stay {
    ~Stay() {
      State::close(*service);
      state->forget(*service);
      while (service->running > 0) service->changed.park_through_death();
    }
    std::shared_ptr<State> state;
    std::shared_ptr<State::Service> service;
  };
  {
    const Stay stay{state_, state_->open_at(machine, origin, handler, name)};
    while (!stay.service->closed) stay.service->changed.park();
  }
  machine.check_alive();
}

void SimulatedNetwork::stop(const std::string& origin) {
  const auto found = state_->services.find(State::normal(origin));
  if (found != state_->services.end()) State::close(*found->second);
}

void SimulatedNetwork::attach(VirtualRuntime& machine, const std::string& origin, HttpHandler& handler,
                              const std::string& name) {
  (void)state_->open_at(machine, origin, handler, name);
}

void SimulatedNetwork::detach(VirtualRuntime& machine) {
  std::erase_if(state_->services, [&](const auto& entry) {
    if (&entry.second->machine != &machine) return false;
    State::close(*entry.second);
    return true;
  });
}

bool SimulatedNetwork::attached(const std::string& origin) const {
  const auto found = state_->services.find(State::normal(origin));
  return found != state_->services.end() && found->second->open();
}

const std::map<SimulatedNetwork::Route, Traffic>& SimulatedNetwork::traffic() const noexcept {
  return state_->traffic;
}

Traffic SimulatedNetwork::traffic_of(const std::string& client, const std::string& origin) const {
  const auto found = state_->traffic.find({client, origin});
  return found == state_->traffic.end() ? Traffic{} : found->second;
}

}  // namespace seedbed
