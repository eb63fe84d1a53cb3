#include "scenarios/world_judge_services.h"

#include "engine/base/text.h"
#include "engine/documents/vault_credentials.h"
#include "scenarios/world_service.h"
#include "simulator/simulated_files.h"

namespace seedbed {

namespace {

// All worlds have one certificate, and opening its file takes longer than most judgements.
Result<std::reference_wrapper<const ManagementCertificate>> world_certificate(World& world) {
  static std::optional<ManagementCertificate> known;
  if (!known) {
    const Bytes text = TRY(world.file("/vault.VaultCredentials"));
    known = TRY(parse_vault_credentials(as_text(text), "/vault.VaultCredentials")).certificate;
  }
  return std::cref(*known);
}

Status ask(World& world, VirtualRuntime& machine, HttpTransport& http,
           const std::function<Status(JudgeClients&)>& look) {
  HttpCaller caller(machine, http, {.tries_max = 2});
  const Authority authority = TRY(token_authority(world.chain->token, "the judge"));
  JobClient jobs(caller, machine, kOrigin, kSubscription, kResourceGroup, authority);
  const auto keys = TRY(jobs.storage_keys(kAccount));
  if (keys.empty()) return fail(ErrorCode::internal, "the account has no keys", kAccount);
  SecretBytes key = TRY(decode_storage_key(keys.front().base64));
  BlobClient blobs(caller, machine, std::string(kOrigin) + "/" + kAccount, kAccount, std::move(key));
  const ManagementCertificate& certificate = TRY(world_certificate(world)).get();
  VaultClient vault(caller, machine, kOrigin, kVault, certificate_authority(certificate.clone(), kOrigin));
  JudgeClients clients{jobs, blobs, vault};
  return look(clients);
}

}  // namespace

void look_at_disk(const FileTree& disk, const std::function<void(FileStore&)>& look) {
  auto copy = std::make_shared<FileTree>(disk);
  copy->reach_everything();
  Scheduler scheduler({.seed = 1, .trace = {}});
  VirtualRuntime machine(scheduler, {.name = "judge", .workers = 1, .utc_ns = 0, .costs = CostTable::none()});
  SimulatedFiles files(machine, copy, {.latency_ns = 0});
  Task task = machine.spawn("judge", [&] { look(files); });
  (void)scheduler.run();  // one fibre that waits for nobody
}

void look_at_services(const World& world, std::vector<std::string>& findings,
                      const std::function<Status(JudgeClients&)>& look) {
  World copy = world;
  copy.defect = nullptr;  // a judge's ports are right
  copy.chain->services.power_cut(Survivors{.shape = Survivors::Shape::none});
  EventLog log(false);
  Scheduler scheduler({.seed = 1, .trace = {}});
  SimulatedNetwork network(scheduler, {.round_trip_ns = 1000, .bytes_per_second = 1'000'000'000'000}, &log);
  const int64_t utc_ns = kFirstDay_ns + static_cast<int64_t>(copy.elapsed_ns);
  VirtualRuntime machine(scheduler,
                         {.name = "judge", .workers = 1, .utc_ns = utc_ns, .costs = CostTable::none()});
  WorldService service(copy, log, scheduler, network);
  service.start();
  Task task = machine.spawn("judge", [&] {
    for (int i = 0; i < 60'000 && !network.attached(kOrigin); i++) machine.sleep_ns(1'000'000);
    if (const Status looked = ask(copy, machine, network.client(machine, {.name = "judge"}), look); !looked)
      findings.push_back(looked.error().message());
    service.stop();
  });
  if (const Status ran = scheduler.run(); !ran) findings.push_back(ran.error().message());
}

}  // namespace seedbed
