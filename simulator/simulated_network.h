// The network of a simulated world: clients on some machines, services on others, all on one Scheduler. A
// request costs virtual time, meets what the event log's hook answers (event_log.h, HttpTrouble), and is
// handled by a fibre of the service's machine. Each outcome is what the port says it is
// (engine/ports/http.h).
//
// A service is an HttpHandler at an origin ("http://127.0.0.1:10000"), attached by the machine it runs on. At
// most `handlers_max` requests of a service are handled at once, others wait in its queue; a handler that
// sends requests to its own service holds one place and needs another.
//
// When the client's machine dies, its fibre unwinds, and what it sent is handled all the same. When the
// service's machine dies, requests that were connected or handed over are cut (maybe_applied), later ones
// refused (not_sent), until another machine attaches at the origin. A killed network loses nothing else: an
// answer that was given travels on.
//
// One thread. Made before the machines' fibres run, outlived by no call of them; it may go before the
// scheduler. Nothing here is durable.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "engine/ports/http.h"
#include "simulator/event_log.h"
#include "simulator/virtual_runtime.h"

namespace seedbed {

struct SimulatedNetworkOptions {
  uint64_t round_trip_ns = 20'000'000;
  uint64_t bytes_per_second = 12'500'000;  // of each request and each answer by itself
  uint64_t timeout_ns = 30'000'000'000;    // how long a client waits once it has sent everything
  unsigned handlers_max = 8;               // of one service at once
};

struct ClientOptions {
  std::string name;     // of the machine in events and traffic; "": the computer
  bool inside = false;  // whether "x-seedbed-internal" passes; from outside it is taken away
};

// What one client sent to one origin and got from it: bodies, in bytes. What never left counts as a request
// without bytes; a duplicate made on the way is not the client's.
struct Traffic {
  uint64_t requests = 0, answers = 0;
  uint64_t up_bytes = 0, down_bytes = 0;
};

class SimulatedNetwork {
 public:
  explicit SimulatedNetwork(Scheduler& scheduler, SimulatedNetworkOptions options = {},
                            EventLog* log = nullptr);
  ~SimulatedNetwork();
  SimulatedNetwork(const SimulatedNetwork&) = delete;
  SimulatedNetwork& operator=(const SimulatedNetwork&) = delete;

  // The transport of a machine, for its own fibres; lives as long as the network, and is not used after the
  // machine has gone.
  HttpTransport& client(VirtualRuntime& machine, ClientOptions options = {});

  // In a fibre of the service's machine: answers requests at `origin` until stop() was called and all that
  // were handed over are answered. Killed comes through once no handler runs any more: `handler` may go then.
  void serve(VirtualRuntime& machine, const std::string& origin, HttpHandler& handler,
             const std::string& name = "service");
  // From anywhere: serve() at that origin is to end. No effect when nobody serves there.
  void stop(const std::string& origin);
  // The same without a fibre that waits: from anywhere, for a handler that outlives the machine's fibres.
  // Replaces who was attached at the origin.
  void attach(VirtualRuntime& machine, const std::string& origin, HttpHandler& handler,
              const std::string& name = "service");
  // Nothing more is handed over to services of this machine; what was is still answered while it lives. To be
  // called before the machine goes.
  void detach(VirtualRuntime& machine);
  bool attached(const std::string& origin) const;  // and alive

  // By name of the client and origin.
  using Route = std::pair<std::string, std::string>;
  const std::map<Route, Traffic>& traffic() const noexcept;
  Traffic traffic_of(const std::string& client, const std::string& origin) const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace seedbed
