// Clients and services of the simulated network die anywhere: what a response, not_sent and maybe_applied
// mean holds all the same, nothing is left, and the same seed makes the same log.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>

#include "engine/base/random.h"
#include "fakes/store/service_state.h"
#include "simulator/seeded_entropy.h"
#include "simulator/simulated_files.h"
#include "simulator/simulated_network.h"
#include "tests/network/network_words.h"

namespace seedbed {
namespace {

struct Ledger {
  std::map<int, int> begun, acted;  // requests, by number
  std::map<int, std::string> outcomes;
  int witnesses = 0;
};

struct Witness {
  explicit Witness(int& alive) : alive_(alive) { ++alive_; }
  Witness(const Witness&) = delete;
  ~Witness() { --alive_; }
  int& alive_;
  std::string heap = std::string(100, 'w');
};

// Does what it is asked under a lock and over some files, with places to die at.
class Clerk final : public HttpHandler {
 public:
  Clerk(VirtualRuntime& machine, FileStore& files, Ledger& ledger)
      : machine_(machine),
        files_(files),
        ledger_(ledger),
        lock_(machine.make_monitor()),
        here_(ledger.witnesses) {}
  HttpResponse handle(const HttpRequest& request) override {
    const Witness mine(ledger_.witnesses);
    const int number = std::stoi(request.target.substr(1));
    ledger_.begun[number]++;
    {
      const Locked locked(*lock_);
      const auto file = files_.open("/" + std::to_string(number), OpenMode::create);
      if (!file || !(*file)->write_at(0, request.body) || !(*file)->sync())
        return {.status = 500, .headers = {}, .body = {}};
      ledger_.acted[number]++;
    }
    machine_.sleep_ns(3'000'000);
    return {.status = 201, .headers = {}, .body = request.body};
  }

 private:
  VirtualRuntime& machine_;
  FileStore& files_;
  Ledger& ledger_;
  std::unique_ptr<Monitor> lock_;
  Witness here_;
};

struct Plan {
  uint64_t seed = 0;
  uint64_t kill_client_at = 0, kill_service_at = 0;  // port calls; 0: never
  uint64_t client_dies_at = 0, service_dies_at = 0;  // events
  EventSide side = EventSide::before;
  unsigned troubles_in_16 = 0;
};

struct Seen {
  Ledger ledger;
  uint64_t hash = 0, events = 0, client_calls = 0, service_calls = 0;
  std::string ran;
  size_t alive = 0;
  std::vector<bool> duplicated;
};

constexpr int kSenders = 3, kEach = 3;

// Three senders of three requests each; the service comes back once; somebody dies as planned.
Seen live(const Plan& plan) {
  Seen seen;
  EventLog log;
  Random dice(plan.seed);
  Scheduler scheduler({.seed = plan.seed, .stacks = {}, .trace = {}});
  VirtualRuntime director(scheduler, {.name = "director", .costs = {}});
  VirtualRuntime client(scheduler, {.name = "client", .costs = {}});
  VirtualRuntime service(scheduler, {.name = "services", .costs = {}});
  VirtualRuntime reborn(scheduler, {.name = "services again", .costs = {}});
  log.set_clock([&] { return scheduler.now_ns(); });
  log.set_hook([&](const Event& event, EventSide side) {
    Interference what;
    if (side == plan.side && event.number == plan.client_dies_at) client.kill();
    if (side == plan.side && event.number == plan.service_dies_at) service.kill();
    const auto* here = static_cast<const VirtualRuntime*>(scheduler.current()->machine);
    if (here->dead()) throw Killed{};
    if (side == EventSide::before && event.kind >= EventKind::http_request &&
        dice.below(16) < plan.troubles_in_16)
      what.trouble = static_cast<HttpTrouble>(1 + dice.below(static_cast<uint64_t>(HttpTrouble::duplicated)));
    return what;
  });
  const auto tree = std::make_shared<FileTree>();
  SimulatedNetwork network(scheduler, {}, &log);
  HttpTransport& transport = network.client(client);
  bool over = false;
  const auto serve = [&](VirtualRuntime& machine) {
    return machine.spawn("service", [&] {
      SimulatedFiles files(machine, tree, {.machine = "service"}, &log);
      Clerk clerk(machine, files, seen.ledger);
      network.serve(machine, kOrigin, clerk);
    });
  };
  const Task directs = director.spawn("director", [&] {
    Task again;
    const Task reboots = director.spawn("reboots", [&] {
      service.await_end();
      tree->power_cut();
      if (!over) again = serve(reborn);
    });
    director.sleep_ns(0);
    client.await_end();
    over = true;
    for (int i = 0; i < 3; i++) {
      network.stop(kOrigin);
      director.sleep_ns(1'000);
    }
    reboots->join();
  });
  const Task serves = serve(service);
  std::vector<Task> senders;
  for (int sender = 0; sender < kSenders; sender++)
    senders.push_back(client.spawn("sender", [&, sender] {
      const Witness mine(seen.ledger.witnesses);
      client.sleep_ns(1'000);
      for (int i = 0; i < kEach; i++) {
        const int number = sender * kEach + i;
        const HttpResult result = transport.send(put("/" + std::to_string(number), std::string(100, 'x')));
        seen.ledger.outcomes[number] = outcome(result);
      }
    }));
  // Spawning from out here was a port call too, and cannot die.
  client.kill_at_port_call(plan.kill_client_at);
  service.kill_at_port_call(plan.kill_service_at);
  const Status ran = scheduler.run();
  seen.ran = ran ? "" : ran.error().message();
  senders.clear();
  seen.alive = scheduler.alive();
  seen.hash = log.hash();
  seen.events = log.count();
  seen.client_calls = client.port_calls();
  seen.service_calls = service.port_calls();
  return seen;
}

// Tells what is wrong; "": nothing.
std::string wrong_with(const Seen& seen) {
  if (!seen.ran.empty()) return seen.ran;
  if (seen.alive != 0) return "fibres are left";
  if (seen.ledger.witnesses != 0) return "frames are left";
  for (const auto& [number, outcome] : seen.ledger.outcomes) {
    const auto count = [&](const std::map<int, int>& of) {
      const auto found = of.find(number);
      return found == of.end() ? 0 : found->second;
    };
    const int begun = count(seen.ledger.begun), acted = count(seen.ledger.acted);
    if (outcome == "201" && acted < 1) return outcome + ", but nothing was done";
    if (outcome.starts_with("not sent") && begun != 0) return outcome + ", but it was handled";
    if ((outcome == "429" || outcome == "500" || outcome == "503") && begun != 0)
      return outcome + ", but it was asked";
  }
  return "";
}

TEST(NetworkDeaths, UndisturbedEverythingIsHandledOnce) {
  const Seen seen = live({.seed = 1});
  EXPECT_EQ(wrong_with(seen), "");
  EXPECT_EQ(seen.ledger.outcomes.size(), static_cast<size_t>(kSenders * kEach));
  for (const auto& [number, outcome] : seen.ledger.outcomes) {
    EXPECT_EQ(outcome, "201");
    EXPECT_EQ(seen.ledger.acted.at(number), 1);
  }
}

TEST(NetworkDeaths, WhoeverDiesAtWhateverEventTheOutcomesHold) {
  size_t deaths = 0;
  std::map<std::string, size_t> outcomes;
  for (uint64_t seed = 1; seed <= 10; seed++) {
    const uint64_t events = live({.seed = seed}).events;
    for (uint64_t number = 1; number <= events; number++)
      for (const EventSide side : {EventSide::before, EventSide::after})
        for (const bool service : {false, true}) {
          Plan plan{.seed = seed, .side = side};
          (service ? plan.service_dies_at : plan.client_dies_at) = number;
          const Seen seen = live(plan);
          ASSERT_EQ(wrong_with(seen), "")
              << (service ? "service" : "client") << " dies "
              << (side == EventSide::before ? "before" : "after") << " event " << number << ", seed " << seed;
          for (const auto& [request, outcome] : seen.ledger.outcomes) outcomes[outcome]++;
          deaths++;
        }
  }
  EXPECT_GT(deaths, 1500u);
  EXPECT_GT(outcomes["201"], 0u);
  EXPECT_GT(outcomes["maybe applied: connection reset"], 0u);
}

TEST(NetworkDeaths, WhoeverDiesAtWhateverPortCallTheOutcomesHold) {
  size_t deaths = 0;
  for (uint64_t seed = 1; seed <= 15; seed++) {
    const Seen whole = live({.seed = seed});
    for (uint64_t call = 1; call <= whole.client_calls; call++, deaths++)
      ASSERT_EQ(wrong_with(live({.seed = seed, .kill_client_at = call})), "")
          << "client, call " << call << ", seed " << seed;
    for (uint64_t call = 1; call <= whole.service_calls; call++, deaths++)
      ASSERT_EQ(wrong_with(live({.seed = seed, .kill_service_at = call})), "")
          << "service, call " << call << ", seed " << seed;
  }
  EXPECT_GT(deaths, 1000u);
}

TEST(NetworkDeaths, SeedsDiffer) {
  std::set<uint64_t> hashes;
  for (uint64_t seed = 1; seed <= 20; seed++) hashes.insert(live({.seed = seed}).hash);
  EXPECT_GT(hashes.size(), 8u);
}

RC_GTEST_PROP(NetworkDeathsProperty, TroublesAndDeathsTogetherAndTheSameSeedMakesTheSameLog, ()) {
  Plan plan;
  plan.seed = *rc::gen::arbitrary<uint64_t>();
  plan.troubles_in_16 = *rc::gen::inRange(0u, 12u);
  plan.kill_client_at = *rc::gen::element<uint64_t>(0, 1) * *rc::gen::inRange<uint64_t>(1, 60);
  plan.kill_service_at = *rc::gen::element<uint64_t>(0, 1) * *rc::gen::inRange<uint64_t>(1, 150);
  const Seen seen = live(plan);
  RC_ASSERT(wrong_with(seen) == "");
  if (plan.kill_client_at == 0)
    RC_ASSERT(seen.ledger.outcomes.size() == static_cast<size_t>(kSenders * kEach));
  RC_ASSERT(live(plan).hash == seen.hash);
}

// --- a service that keeps its state in a database ---

// 201: the number is in the table, durably. GET: 200 when it is.
class Registrar final : public HttpHandler {
 public:
  explicit Registrar(ServiceState& state) : state_(state) {}
  HttpResponse handle(const HttpRequest& request) override {
    const Locked locked(*state_.lock);
    const auto answer = [&]() -> Result<int> {
      const int64_t number = std::stoi(request.target.substr(1));
      if (request.method == "GET") {
        auto find = TRY(state_.database->prepare("SELECT 1 FROM numbers WHERE number = ?1"));
        find.bind(1, number);
        return TRY(find.step()) ? 200 : 404;
      }
      auto transaction = TRY(state_.database->begin());
      {
        auto insert = TRY(state_.database->prepare("INSERT INTO numbers (number) VALUES (?1)"));
        insert.bind(1, number);
        TRY(insert.run());
      }
      TRY(transaction.commit());
      return 201;
    }();
    return {.status = answer.value_or(500), .headers = {}, .body = {}};
  }

 private:
  ServiceState& state_;
};

// Five numbers are registered while the service may die at one event, losing its power; then all are asked
// for. Tells what is wrong, and how many events there are.
std::string register_five(uint64_t seed, uint64_t dies_at, EventSide side, uint64_t& events) {
  EventLog log(false);
  Scheduler scheduler({.seed = seed, .stacks = {}, .trace = {}});
  VirtualRuntime director(scheduler, {.name = "director", .costs = {}});
  VirtualRuntime client(scheduler, {.name = "client", .costs = {}});
  VirtualRuntime service(scheduler, {.name = "services", .costs = {}});
  VirtualRuntime reborn(scheduler, {.name = "services again", .costs = {}});
  const auto tree = std::make_shared<FileTree>();
  log.set_clock([&] { return scheduler.now_ns(); });
  log.set_hook([&](const Event& event, EventSide at) -> Interference {
    if (event.number != dies_at || at != side) return {};
    tree->power_cut({.shape = Survivors::Shape::seeded, .seed = seed + dies_at});
    service.kill();
    if (event.machine == "service") throw Killed{};
    return {};
  });
  SimulatedNetwork network(scheduler, {}, &log);
  HttpTransport& transport = network.client(client);
  std::string wrong;
  const auto serve = [&](VirtualRuntime& machine, uint64_t incarnation) {
    return machine.spawn("service", [&, incarnation] {
      SimulatedFiles files(machine, tree, {.machine = "service"}, &log);
      SeededEntropy entropy(seed, incarnation);
      auto state = ServiceState::open(machine, files, entropy, "/state");
      if (!state ||
          !(*state)->database->execute("CREATE TABLE IF NOT EXISTS numbers (number INTEGER PRIMARY KEY)")) {
        wrong = "the state does not open";
        return;
      }
      Registrar registrar(**state);
      network.serve(machine, kOrigin, registrar);
    });
  };
  const Task directs = director.spawn("director", [&] {
    Task again;
    bool over = false;
    const Task reboots = director.spawn("reboots", [&] {
      service.await_end();
      if (!over) again = serve(reborn, 2);
    });
    client.await_end();
    over = true;
    network.stop(kOrigin);
    reboots->join();
  });
  const Task serves = serve(service, 1);
  const Task asks = client.spawn("client", [&] {
    std::map<int, std::string> told;
    // Once it serves for the first time; one that died before is waited for below.
    for (int i = 0; i < 50 && !network.attached(kOrigin); i++) client.sleep_ns(10'000'000);
    for (int number = 1; number <= 5; number++)
      told[number] = outcome(transport.send(put("/" + std::to_string(number))));
    for (int i = 0; i < 50 && !network.attached(kOrigin); i++) client.sleep_ns(10'000'000);
    for (const auto& [number, said] : told) {
      HttpRequest get = put("/" + std::to_string(number));
      get.method = "GET";
      std::string there = outcome(transport.send(get));
      for (int i = 0; i < 50 && there.size() != 3; i++) {  // it dies only now
        client.sleep_ns(10'000'000);
        there = outcome(transport.send(get));
      }
      if (said == "201" && there != "200") wrong = said + ", but then " + there;
      if (said.starts_with("not sent") && there != "404") wrong = said + ", but then " + there;
      if (there != "200" && there != "404") wrong = "then " + there;
    }
  });
  const Status ran = scheduler.run();
  events = log.count();
  return ran ? wrong : ran.error().message();
}

TEST(NetworkDeaths, WhatAServiceSaidItDidIsInItsDatabaseWhereverItsPowerWasCut) {
  uint64_t events = 0, ignored = 0;
  ASSERT_EQ(register_five(1, 0, EventSide::before, events), "");
  EXPECT_GT(events, 50u);
  for (uint64_t number = 1; number < events - 5; number++)
    for (const EventSide side : {EventSide::before, EventSide::after})
      ASSERT_EQ(register_five(1, number, side, ignored), "") << "at event " << number;
}

}  // namespace
}  // namespace seedbed
