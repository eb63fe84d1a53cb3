// A small world for the whole chain in one process: the computer that is backed up (fibres, virtual time,
// simulated files and drives), and the services on a disk of their own, called directly. Each command is a
// boot of its own and may be killed at any of its port calls, the requests it sends among them: before they
// leave, or after they were answered. The services outlive it.
//
// The services run on the caller's fibre with a runtime of OS threads and files in memory, so nothing of
// theirs parks.
#pragma once

#include <fmt/format.h>

#include <functional>
#include <map>
#include <optional>

#include "engine/agent/agent.h"
#include "engine/base/random.h"
#include "engine/base/text.h"
#include "engine/base/url.h"
#include "engine/cloud/blob_client.h"
#include "engine/linux/thread_runtime.h"
#include "engine/prep/disk_prep.h"
#include "fakes/import_service/datacenter.h"
#include "fakes/server/service.h"
#include "scenarios/world_medium_source.h"
#include "simulator/scheduler.h"
#include "tests/support/session_world.h"
#include "tests/support/test_certificate.h"

namespace seedbed::testing_support {

inline constexpr const char* kChainOrigin = "http://127.0.0.1:10000";
inline constexpr int64_t kChainStart_ns = 1'478'044'800'000'000'000;

class DriveBay final : public Bay {
 public:
  explicit DriveBay(std::map<std::string, DriveState>& drives) : drives_(drives) {}
  std::vector<std::string> slots() override {
    std::vector<std::string> slots;
    for (const auto& [slot, drive] : drives_) slots.push_back(slot);
    return slots;
  }
  std::string serial_of(const std::string& slot) override {
    const auto found = drives_.find(slot);
    return found == drives_.end() ? "" : found->second.identity.serial;
  }
  Result<std::unique_ptr<reference::ByteSource>> open(const std::string& slot) override {
    const auto found = drives_.find(slot);
    if (found == drives_.end()) return fail(ErrorCode::not_found, "an empty slot", slot);
    return std::make_unique<MediumSource>(found->second.cache.visible(), found->second.identity.serial);
  }

 private:
  std::map<std::string, DriveState>& drives_;
};

// What one command sent.
struct Sent {
  uint64_t requests = 0, chunks_put = 0, chunk_bytes_put = 0, up_bytes = 0, down_bytes = 0;
};

class ChainWorld {
 public:
  explicit ChainWorld(uint64_t seed)
      : seed(seed),
        tree(std::make_shared<FileTree>()),
        service_tree_(std::make_shared<FileTree>()),
        service_runtime_({.workers = 1, .utc_clock = [this] { return utc_ns_; }}),
        service_files_(service_runtime_, service_tree_, {.latency_ns = 0}),
        service_entropy_(sub_seed(seed, "service"), 1),
        bay_(drives) {
    for (const char* directory : {"/source", "/staging", "/state", "/desk", "/etc", "/back"})
      must(tree->make_directory(directory, 0755, 0));
    state_ = *ServiceState::open(service_runtime_, service_files_, service_entropy_, "/data");
    inside_ = std::make_unique<Inside>(*this);
    service_ = std::make_unique<Service>(*state_, *inside_, bay_,
                                         ServiceOptions{.origin = kChainOrigin, .only_token = {}});
    must(service_->open());
    must(service_->vaults().add_vault("vault1", TestCertificate::shared().der()));
    plant("/etc/passphrase", "correct horse battery staple\n", 0600);
    plant("/etc/token", "a-token\n", 0600);
    plant("/etc/vault.VaultCredentials", credentials(), 0600);
    policy = *parse_policy(policy_text(), "/etc/policy.toml");
  }
  ChainWorld(const ChainWorld&) = delete;
  ChainWorld& operator=(const ChainWorld&) = delete;

  static std::string policy_text() {
    return "name = \"fileserver\"\n[source]\npaths = [\"/source\"]\nexclude = [\"*.tmp\"]\n"
           "[staging]\npath = \"/staging\"\n[passphrase]\nfile = \"passphrase\"\n[state]\npath = \"/state\"\n"
           "[seed]\njob = \"job1\"\nsubscription = \"sub1\"\nresource_group = \"rg1\"\n"
           "storage_account = \"devstoreaccount1\"\ncontainer = \"seed\"\nlocation = \"West US\"\n"
           "token_file = \"token\"\n[vault]\nname = \"vault1\"\n[endpoints]\n"
           "management = \"http://127.0.0.1:10000\"\nblob = \"http://127.0.0.1:10000/{account}\"\n"
           "vault = \"http://127.0.0.1:10000\"\n"
           "[limits]\nkdf_log2_n = 10\nbatch_kib = 512\nblob_mib = 1\nchunk_kib = 16\ntries = 3\n";
  }

  void plant(const std::string& path, std::string_view text, uint32_t mode = 0644) {
    static_cast<void>(tree->remove(path, 0));
    must(tree->plant_file(path, as_bytes(text), mode, kChainStart_ns - 1'000'000'000'000));
  }
  void put(const std::string& name, size_t size_bytes, uint64_t version = 0) {
    Bytes content(size_bytes);
    static_cast<void>(tree->remove("/source/" + name, 0));
    Random(sub_seed(seed + version, name)).fill(content);
    must(
        tree->plant_file("/source/" + name, content, 0640,
                         kChainStart_ns - 1'000'000'000'000 + static_cast<int64_t>(version) * 1'000'000'000));
  }
  void put_usual_tree() {
    must(tree->make_directory("/source/dir", 0755, 0));
    put("a.bin", 300'000);
    put("dir/b.bin", 200'000);
    put("dir/empty", 0);
    put("one", 1);
    put("left.tmp", 5000);
    must(tree->plant_file("/source/zeros", Bytes(100'000, 0), 0600, kChainStart_ns));
    must(tree->plant_symlink("a.bin", "/source/link"));
    tree->settle();
  }

  // One boot of the computer. Nothing: it was killed.
  template <typename T>
  std::optional<T> boot(const std::function<T(AgentPorts&, VirtualRuntime&)>& body, uint64_t kill_at = 0,
                        Cut cut = Cut::kill) {
    std::optional<T> out;
    Scheduler scheduler({.seed = sub_seed(seed, "schedule"), .start_ns = 1'000'000'000, .trace = {}});
    sent = {};
    stuck.clear();
    {
      VirtualRuntime machine(scheduler,
                             {.name = "source computer", .workers = 2, .utc_ns = utc_ns_, .costs = {}});
      machine.kill_at_port_call(kill_at);
      SimulatedFiles files(machine, tree);
      SeededEntropy entropy(seed, incarnation++);
      Wire wire(*this, machine, scheduler);
      AgentPorts ports{.runtime = machine,
                       .files = files,
                       .entropy = entropy,
                       .person = person,
                       .http = wire,
                       .log = {},
                       .retry = {},
                       .computer = "source-1"};
      Task task;
      try {
        task = machine.spawn("command", [&] { out.emplace(body(ports, machine)); });
      } catch (const Killed&) {
      }
      if (const Status ran = scheduler.run(); !ran) {
        stuck = ran.error().message();
        machine.kill();
        static_cast<void>(scheduler.run());
      }
      port_calls = machine.port_calls();
      task.reset();
      utc_ns_ += static_cast<int64_t>(scheduler.now_ns() - scheduler.start_ns()) + 1'000'000'000;
    }
    if (!out) {
      tree->kill();
      if (cut == Cut::host_power) {
        tree->power_cut();
        for (auto& [slot, drive] : drives) drive.power_cut();
      }
    }
    return out;
  }

  using Backup = Result<BackupOutcome>;
  std::optional<Backup> backup(uint64_t kill_at = 0, Cut cut = Cut::kill, BackupOptions options = {}) {
    return boot<Backup>(
        [&](AgentPorts& ports, VirtualRuntime&) { return run_backup(ports, policy, options); }, kill_at, cut);
  }
  Status register_here() {
    return *boot<Status>([&](AgentPorts& ports, VirtualRuntime&) {
      return register_computer(ports, "/etc/vault.VaultCredentials", "/state", &policy);
    });
  }
  std::optional<Result<DiskPrepOutcome>> prepare_drives(
      std::vector<std::string> targets, uint64_t kill_at = 0, Cut cut = Cut::kill,
      const std::function<void(DiskPrepOptions&)>& tune = {}) {
    return boot<Result<DiskPrepOutcome>>(
        [&](AgentPorts& ports, VirtualRuntime& machine) {
          PrepPorts prep = prep_ports(ports, machine);
          DiskPrepOptions options;
          options.staging = "/staging";
          options.login.token_file = "/etc/token";
          options.login.endpoint = kChainOrigin;
          options.drives = targets;
          options.yes = true;
          options.log_directory = "/desk";
          options.computer = "copy-1";
          PostalAddress& back = options.return_address;
          back.recipient_name = "Test";
          back.street_address1 = "Street 1";
          back.city = "Redmond";
          back.state_or_province = "WA";
          back.postal_code = "98007";
          back.country_or_region = "USA";
          back.phone = "4250000000";
          back.email = "test@contoso.com";
          options.return_shipping = {.carrier_name = "FedEx", .carrier_account_number = "989ffff"};
          if (tune) tune(options);
          SessionOptions session;
          session.writer.chunk_bytes = 64 * KiB;
          session.writer.queue_bytes = 128 * KiB;
          session.writer.checkpoint_bytes = 128 * KiB;
          session.writer.redo_bytes = 256 * KiB;
          session.writer.buffer_bytes = 1 * MiB;
          return disk_prep(prep, ports.http, options, session);
        },
        kill_at, cut);
  }
  Result<PrepOutcome> prep(const std::vector<std::string>& words) {
    return *boot<Result<PrepOutcome>>([&](AgentPorts& ports, VirtualRuntime& machine) -> Result<PrepOutcome> {
      const PrepImportOptions options = TRY(parse_prep_import(words));
      return prep_import(prep_ports(ports, machine), options, {}, false);
    });
  }
  Result<ShippingOutcome> ship(const std::string& carrier, const std::string& tracking) {
    return *boot<Result<ShippingOutcome>>([&](AgentPorts& ports, VirtualRuntime& machine) {
      PrepPorts prep = prep_ports(ports, machine);
      ShippingOptions options;
      options.login.token_file = "/etc/token";
      options.carrier = carrier;
      options.tracking = tracking;
      options.yes = true;
      options.log_directory = "/desk";
      return disk_prep_update(prep, ports.http, options);
    });
  }
  void add_drive(const std::string& slot, uint64_t capacity_bytes = 48 * MiB) {
    DeviceContract contract;
    contract.capacity_bytes = capacity_bytes;
    contract.logical_sector_bytes = 512;
    drives.emplace(slot, DriveState("SER" + slot, contract));
  }

  void empty_staging() {
    const auto entries = tree->list("/staging");
    for (const DirectoryEntry& entry : *entries) must(tree->remove("/staging/" + entry.name, 0));
  }

  // A request as a person at the dock sends it.
  HttpResponse dock(const std::string& path, const std::string& json, const char* method = "POST") {
    return answer(method, path, json, {});
  }
  HttpResponse arm(const char* method, const std::string& path, const std::string& json) {
    return answer(method, path, json,
                  {{"Authorization", "Bearer a-token"}, {"Content-Type", "application/json"}});
  }
  HttpResponse inner(const char* method, const std::string& path, const std::string& json) {
    return answer(method, path, json, {{"x-seedbed-internal", state_->internal_token}});
  }
  // The box arrives, the data centre works until nothing is left, the box goes home.
  std::vector<std::string> import_drives(const std::string& tracking) {
    std::string slots;
    for (const auto& [slot, drive] : drives) slots += (slots.empty() ? "\"" : ",\"") + slot + "\"";
    std::vector<std::string> lines;
    lines.push_back(std::string(
        as_text(dock("/_dock/deliver",
                     fmt::format(R"({{"carrier":"FedEx","tracking":"{}","drives":[{}]}})", tracking, slots))
                    .body)));
    Datacenter datacenter(service_runtime_, *inside_, bay_,
                          {.internal_token = state_->internal_token, .origin = kChainOrigin});
    const auto round = datacenter.run_round();
    if (!round)
      lines.push_back(round.error().message());
    else
      lines.insert(lines.end(), round->lines.begin(), round->lines.end());
    lines.push_back(std::string(as_text(dock("/_dock/return", "{}").body)));
    return lines;
  }
  // For tests that reach into the account.
  template <typename T>
  T with_account(const std::function<T(BlobClient&)>& body) {
    HttpCaller caller(service_runtime_, *inside_, {});
    const auto keys = service_->accounts().keys_of("devstoreaccount1");
    BlobClient blobs(caller, service_runtime_, std::string(kChainOrigin) + "/devstoreaccount1",
                     "devstoreaccount1", *decode_storage_key(SecretBytes::of_text(keys->key1)));
    return body(blobs);
  }
  Status make_container() {
    return with_account<Status>([](BlobClient& blobs) { return blobs.create_container("seed"); });
  }
  // What only an accident does to the services' state.
  void in_database(const std::string& sql) { must(state_->database->execute(sql)); }
  void rotate_storage_keys() {
    for (const char* key : {"key1", "key2"}) {
      const HttpResponse answer =
          dock("/_dock/accounts/devstoreaccount1/rotate", fmt::format(R"({{"key":"{}"}})", key));
      if (answer.status >= 300) throw std::runtime_error(std::string(as_text(answer.body)));
    }
  }
  void advance(int64_t seconds) { utc_ns_ += seconds * 1'000'000'000; }

  uint64_t hash_of(const std::string& path) const { return tree->hash_under(path); }

  uint64_t seed, incarnation = 1;
  std::shared_ptr<FileTree> tree;
  std::map<std::string, DriveState> drives;
  ScriptedOperator person;
  Policy policy;
  Sent sent;
  uint64_t port_calls = 0;
  std::string stuck;
  // Asked before a request leaves: it never arrives. Asked after it was carried out: nobody hears of it.
  std::function<bool(const HttpRequest&)> loses_request, loses_answer;

 private:
  // Between the services themselves.
  class Inside final : public HttpTransport {
   public:
    explicit Inside(ChainWorld& world) : world_(world) {}
    HttpResult send(const HttpRequest& request) override { return world_.carry(request, true); }

   private:
    ChainWorld& world_;
  };
  // From the computer: two points at which it may die.
  class Wire final : public HttpTransport {
   public:
    Wire(ChainWorld& world, VirtualRuntime& machine, Scheduler& scheduler)
        : world_(world), machine_(machine), scheduler_(scheduler), start_ns_(world.utc_ns_) {}
    HttpResult send(const HttpRequest& request) override {
      machine_.sleep_ns(1'000'000);
      if (world_.loses_request && world_.loses_request(request))
        return std::unexpected(HttpFailure{HttpFailure::Kind::not_sent, "connection refused"});
      const int64_t before_ns = world_.utc_ns_;
      world_.utc_ns_ = start_ns_ + static_cast<int64_t>(scheduler_.now_ns() - scheduler_.start_ns());
      HttpResult result = world_.carry(request, false);
      world_.utc_ns_ = before_ns;
      world_.sent.requests++;
      world_.sent.up_bytes += request.body.size();
      if (result) world_.sent.down_bytes += result->body.size();
      if (request.method == "PUT" && request.target.find("/chunks/") != std::string::npos) {
        world_.sent.chunks_put++;
        world_.sent.chunk_bytes_put += request.body.size();
      }
      machine_.sleep_ns(1'000'000);
      if (world_.loses_answer && world_.loses_answer(request))
        return std::unexpected(HttpFailure{HttpFailure::Kind::maybe_applied, "no answer within 30 s"});
      return result;
    }

   private:
    ChainWorld& world_;
    VirtualRuntime& machine_;
    Scheduler& scheduler_;
    int64_t start_ns_;
  };

  HttpResult carry(const HttpRequest& request, bool inside) {
    const auto url = parse_url(request.target);
    if (!url || url->origin() != kChainOrigin)
      return std::unexpected(HttpFailure{HttpFailure::Kind::not_sent, "nobody answers at that address"});
    HttpRequest handed = request;
    handed.target = url->target();
    if (!inside)
      std::erase_if(handed.headers, [](const auto& header) {
        return header.first.size() > 10 && same_header(header.first.substr(0, 10), "x-seedbed-") &&
               !same_header(header.first, "x-seedbed-sha256");
      });
    handed.headers.emplace_back("Host", "127.0.0.1:10000");
    handed.headers.emplace_back("Content-Length", std::to_string(request.body.size()));
    return service_->handle(handed);
  }

  HttpResponse answer(const char* method, const std::string& path, const std::string& json,
                      HttpHeaders headers) {
    headers.emplace_back("Host", "127.0.0.1:10000");
    headers.emplace_back("Content-Length", std::to_string(json.size()));
    HttpRequest request{.method = method, .target = path, .headers = std::move(headers), .body = {}};
    request.body.assign(json.begin(), json.end());
    return service_->handle(request);
  }

  PrepPorts prep_ports(AgentPorts& ports, VirtualRuntime& machine) {
    const auto open = [this, &machine](const std::string& target) -> Result<std::unique_ptr<BlockDevice>> {
      const auto found = drives.find(target);
      if (found == drives.end()) return fail(ErrorCode::not_found, "no such drive", target);
      return std::make_unique<SimulatedDrive>(machine, found->second);
    };
    return {ports.runtime,      ports.files, ports.entropy,      ports.person,
            shared_formatter(), open,        &shared_stretcher()};
  }

  static std::string credentials() {
    return fmt::format(
        R"(<?xml version="1.0" encoding="utf-8"?>
<RSBackupVaultAADCreds xmlns="http://schemas.datacontract.org/2004/07/Microsoft.Azure.Portal.RecoveryServices.Models.Common">
<Version>1.0</Version><SubscriptionId>sub1</SubscriptionId><ResourceType>Vault</ResourceType>
<ResourceName>vault1</ResourceName><ManagementCert>{}</ManagementCert><ResourceId>1</ResourceId>
<ResourceGroup>rg1</ResourceGroup><Location>westus</Location>
<ProviderNamespace>Microsoft.RecoveryServices</ProviderNamespace><AadAuthority>x</AadAuthority>
<AadTenantId>x</AadTenantId><ServicePrincipalClientId>x</ServicePrincipalClientId>
<IdMgmtRestEndpoint>http://127.0.0.1:10000</IdMgmtRestEndpoint><AgentLinks></AgentLinks>
</RSBackupVaultAADCreds>
)",
        base64(TestCertificate::shared().pfx(PfxKind::modern)));
  }
  static void must(const Status& status) {
    if (!status) throw std::runtime_error(status.error().message());
  }

  int64_t utc_ns_ = kChainStart_ns;
  std::shared_ptr<FileTree> service_tree_;
  ThreadRuntime service_runtime_;
  SimulatedFiles service_files_;
  SeededEntropy service_entropy_;
  DriveBay bay_;
  std::unique_ptr<ServiceState> state_;
  std::unique_ptr<Inside> inside_;
  std::unique_ptr<Service> service_;
};

}  // namespace seedbed::testing_support
