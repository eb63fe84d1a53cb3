#include "scenarios/world_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "fakes/server/service.h"
#include "simulator/seeded_entropy.h"
#include "simulator/simulated_drive.h"
#include "simulator/simulated_files.h"

namespace seedbed {

namespace {

constexpr uint64_t kRestart_ns = 2'000'000'000;

// A drive in the bay with the handle it is read through.
class BayDrive final : public reference::ByteSource {
 public:
  explicit BayDrive(std::unique_ptr<SimulatedDrive> device) : device_(std::move(device)), source_(*device_) {}
  uint64_t size_bytes() const noexcept override { return source_.size_bytes(); }
  const std::string& name() const noexcept override { return source_.name(); }

 protected:
  Status read_inside(uint64_t offset_bytes, MutableByteSpan out) override {
    return source_.read(offset_bytes, out);
  }

 private:
  std::unique_ptr<SimulatedDrive> device_;
  reference::DeviceSource source_;
};

}  // namespace

std::vector<std::string> WorldBay::slots() {
  return world_.chain->bay;
}

std::string WorldBay::serial_of(const std::string& slot) {
  const auto& bay = world_.chain->bay;
  if (std::ranges::find(bay, slot) == bay.end() || world_.index_of(slot) >= world_.drives.size()) return "";
  return world_.drive_in(slot).identity.serial;
}

Result<std::unique_ptr<reference::ByteSource>> WorldBay::open(const std::string& slot) {
  if (machine_ == nullptr || serial_of(slot).empty())
    return fail(ErrorCode::not_found, "there is no drive in the slot", slot, "Deliver it");
  return std::make_unique<BayDrive>(std::make_unique<SimulatedDrive>(*machine_, world_.drive_in(slot), log_));
}

// How the job stands by this answer of the service's: changed where the answer tells of it.
void see_job(const HttpRequest& request, const HttpResponse& answer, std::string& state) {
  const std::string_view path = std::string_view(request.target).substr(0, request.target.find('?'));
  const bool of_job = path.ends_with(std::string("/jobs/") + kJob) && path.starts_with("/subscriptions/") &&
                      path.find(kSubscription) != path.npos;
  if (of_job && (answer.status == 404 || (request.method == "DELETE" && answer.status < 300))) state.clear();
  if (answer.status >= 300 || answer.body.empty()) return;
  const nlohmann::json body = nlohmann::json::parse(answer.body.begin(), answer.body.end(), nullptr, false);
  if (!body.is_object()) return;
  const auto take = [&](const nlohmann::json& told) {
    if (told.is_string()) state = told.get<std::string>();
  };
  const auto take_job = [&](const nlohmann::json& job) {
    if (job.is_object() && job.value("name", "") == kJob && job.value("subscription", "") == kSubscription)
      take(job.value("state", nlohmann::json()));
  };
  if (of_job && body.contains("properties")) return take(body["properties"].value("state", nlohmann::json()));
  if (!path.starts_with("/_dock/")) return;
  if (body.contains("job")) take_job(body["job"]);
  if (body.contains("jobs") && body["jobs"].is_array())
    for (const nlohmann::json& job : body["jobs"]) take_job(job);
  if (path.starts_with("/_dock/jobs/") && body.contains("jobState")) take(body["jobState"]);
}

// The services, and what they tell of the job.
class SeenService final : public HttpHandler {
 public:
  SeenService(HttpHandler& service, World& world) : service_(service), world_(world) {}
  HttpResponse handle(const HttpRequest& request) override {
    HttpResponse answer = service_.handle(request);
    see_job(request, answer, world_.chain->job_state);
    return answer;
  }

 private:
  HttpHandler& service_;
  World& world_;
};

// One life of the machine. What its fibres refer to is here, and goes when they have ended.
struct WorldService::Incarnation {
  Incarnation(World& world, EventLog& log, Scheduler& scheduler, SimulatedNetwork& network, int64_t utc_ns)
      : machine(scheduler, {.name = "services", .workers = 2, .utc_ns = utc_ns, .costs = {}}),
        files(machine, std::shared_ptr<FileTree>(&world.chain->services, [](FileTree*) {}),
              {.machine = "service"}, &log),
        entropy(sub_seed(world.seed, "services"), ++world.chain->service_boots),
        inside(network.client(machine, {.name = "service", .inside = true})),
        bay(world, nullptr, nullptr),
        site{world, "services"},
        bad_files(world.defect ? world.defect->files(files, site) : nullptr) {}

  VirtualRuntime machine;
  SimulatedFiles files;
  SeededEntropy entropy;
  HttpTransport& inside;
  WorldBay bay;
  DefectSite site;
  std::unique_ptr<FileStore> bad_files;  // when a defect is planted there
  Task task;
};

WorldService::WorldService(World& world, EventLog& log, Scheduler& scheduler, SimulatedNetwork& network)
    : world_(world),
      log_(log),
      scheduler_(scheduler),
      network_(network),
      utc_ns_(kFirstDay_ns + static_cast<int64_t>(world.elapsed_ns)) {}

WorldService::~WorldService() {
  for (const auto& incarnation : incarnations_) network_.detach(incarnation->machine);
}

void WorldService::start() {
  incarnations_.push_back(std::make_unique<Incarnation>(world_, log_, scheduler_, network_, utc_ns_));
  Incarnation& now = *incarnations_.back();
  world_.chain->services_answer = false;
  now.task = now.machine.spawn("services", [this, &now] {
    FileStore& files = now.bad_files ? *now.bad_files : now.files;
    auto state = ServiceState::open(now.machine, files, now.entropy, kServiceDirectory);
    if (!state) return log_.note(EventKind::halt, "services: " + state.error().message());
    Service service(**state, now.inside, now.bay, {.origin = kOrigin, .only_token = world_.chain->token});
    if (const Status opened = service.open(); !opened)
      return log_.note(EventKind::halt, "services: " + opened.error().message());
    internal_token_ = (*state)->internal_token;
    if (stopped_) return;
    world_.chain->services_answer = true;
    SeenService seen(service, world_);
    const auto bad = world_.defect ? world_.defect->handler(seen, now.site) : nullptr;
    network_.serve(now.machine, kOrigin, bad ? *bad : static_cast<HttpHandler&>(seen));
  });
}

void WorldService::stop() {
  stopped_ = true;
  network_.stop(kOrigin);
}

void WorldService::die(bool power, const Survivors& survivors) {
  if (incarnations_.empty() || incarnations_.back()->machine.dead()) return;
  power ? world_.chain->services.power_cut(survivors) : world_.chain->services.kill();
  network_.detach(incarnations_.back()->machine);
  incarnations_.back()->machine.kill();
  if (stopped_) return;
  scheduler_.at(scheduler_.now_ns() + kRestart_ns, [this] {
    if (!stopped_) start();
  });
}

}  // namespace seedbed
