#include "scenarios/portal_programs.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "engine/base/random.h"
#include "engine/base/text.h"
#include "engine/cloud/job_client.h"
#include "engine/cloud/shared_key.h"

namespace seedbed {

namespace {

// Of nobody here: a recovery password that is well formed.
constexpr const char* kOthersKey = "111111-222222-333333-444444-555555-666666-000011-000022";
constexpr const char* kOthersSubscription = "0a1b2c3d-0b5e-4c1e-9d3a-2f6f0a8b5c12";

// The management service as people use it at the portal.
struct PortalClient {
  static Result<PortalClient> open(World& world, BootPorts& ports, const char* subscription = kSubscription) {
    auto caller = std::make_unique<HttpCaller>(ports.runtime, *ports.http);
    auto jobs = std::make_unique<JobClient>(*caller, ports.runtime, kOrigin, subscription, kResourceGroup,
                                            TRY(token_authority(world.chain->token, "/token")));
    return PortalClient{std::move(caller), std::move(jobs)};
  }
  std::unique_ptr<HttpCaller> caller;
  std::unique_ptr<JobClient> jobs;
};

// A job of a drive that nobody here has.
Status others_job(World& world, BootPorts& ports, const char* subscription, const char* name,
                  const std::string& tracking) {
  const PortalClient portal = TRY(PortalClient::open(world, ports, subscription));
  ImportJob job;
  job.name = name;
  job.location = "West US";
  job.storage_account_id = storage_account_id(kSubscription, kResourceGroup, kAccount);
  job.return_address = return_address();
  job.return_shipping = {.carrier_name = kCarrier, .carrier_account_number = "989"};
  ImportDrive drive;
  drive.drive_id = "OTHERS1";
  drive.bitlocker_key = SecretBytes::of_text(kOthersKey);
  drive.manifest_file = "\\DriveManifest.xml";
  drive.manifest_hash = std::string(32, 'A');
  job.drives.push_back(std::move(drive));
  TRY(portal.jobs->create(job));
  if (tracking.empty()) return {};
  DeliveryPackage package{
      .carrier_name = kCarrier, .tracking_number = tracking, .drive_count = 1, .ship_date = {}};
  package.ship_date = "2016-11-02";
  TRY(portal.jobs->update_shipping(name, package));
  return {};
}

}  // namespace

PostalAddress return_address() {
  PostalAddress address;
  address.recipient_name = "Seedbed";
  address.street_address1 = "Street 1";
  address.city = "Redmond";
  address.postal_code = "98007";
  address.country_or_region = "USA";
  address.phone = "4250000000";
  address.email = "seed@example.com";
  return address;
}

Status cancel_job(World& world, BootPorts& ports) {
  const PortalClient portal = TRY(PortalClient::open(world, ports));
  world.chain->job_cancelled = true;
  TRY(portal.jobs->cancel(kJob));
  return {};
}

Status delete_job(World& world, BootPorts& ports) {
  const PortalClient portal = TRY(PortalClient::open(world, ports));
  world.chain->job_removed = true;  // perhaps, from here on
  const Status removed = portal.jobs->remove(kJob);
  return removed || removed.error().code == ErrorCode::not_found ? Status() : removed;
}

Status take_job_name(World& world, BootPorts& ports) {
  return others_job(world, ports, kSubscription, kJob, "");
}

Status make_strangers_job(World& world, BootPorts& ports, const std::string& tracking) {
  return others_job(world, ports, kOthersSubscription, "stranger-1", tracking);
}

Status edit_job(World& world, const CommandSpec& command, BootPorts& ports) {
  const PortalClient portal = TRY(PortalClient::open(world, ports));
  const ImportJob job = TRY(portal.jobs->get(kJob));
  const auto keys = TRY(portal.jobs->keys(kJob));
  std::string list;
  for (size_t i = 0; i < job.drives.size() && i < keys.size(); i++) {
    const ImportDrive& drive = job.drives[i];
    std::string id = drive.drive_id, key(keys[i].bitlocker_key.text()), file = "\\\\DriveManifest.xml",
                hash = drive.manifest_hash;
    const bool meant =
        command.drives.empty() || std::ranges::any_of(command.drives, [&](const std::string& name) {
          return world.drives[world.spec_of(name)].identity.serial == id;
        });
    if (meant && command.edit == JobEdit::key) key = kOthersKey;
    if (meant && command.edit == JobEdit::manifest_file) file = "\\\\Manifest.xml";
    if (meant && command.edit == JobEdit::manifest_hash) hash = std::string(32, 'A');
    if (meant && command.edit == JobEdit::drive_id && !id.ends_with('X')) id += 'X';
    list += fmt::format(
        R"({}{{"driveId":"{}","bitLockerKey":"{}","manifestFile":"{}","manifestHash":"{}","driveHeaderHash":"{}"}})",
        list.empty() ? "" : ",", id, key, file, hash, drive.header_hash);
  }
  const std::string body = fmt::format(R"({{"properties":{{"driveList":[{}]}}}})", list);
  HttpRequest request{
      .method = "PATCH",
      .target = fmt::format("{}/subscriptions/{}/resourceGroups/{}/providers/Microsoft.ImportExport/jobs/{}"
                            "?api-version={}",
                            kOrigin, kSubscription, kResourceGroup, kJob, kImportExportVersion),
      .headers = {{"Content-Type", "application/json"}, {"Authorization", "Bearer " + world.chain->token}},
      .body = Bytes(body.begin(), body.end())};
  const HttpResponse answer = TRY(portal.caller->call(std::move(request), true, {}));
  if (answer.status >= 300)
    return fail(ErrorCode::refused,
                fmt::format("the portal answers {}: {}", answer.status, as_text(answer.body)), kJob,
                "Edit the job before it is shipped");
  world.chain->job_edited = true;
  return {};
}

Status renew_token(World& world) {
  Bytes secret(12);
  Random(sub_seed(world.seed, fmt::format("token {}", world.elapsed_ns))).fill(secret);
  world.chain->token = "token-" + hex_lower(secret);
  world.chain->token_expired = false;
  TRY(world.files.remove("/token", 0));
  TRY(world.files.plant_file("/token", as_bytes(world.chain->token + "\n"), 0600));
  world.files.settle_under("/token");
  return {};
}

Status drop_container(World& world, BootPorts& ports) {
  const PortalClient portal = TRY(PortalClient::open(world, ports));
  HttpCaller& caller = *portal.caller;
  JobClient& jobs = *portal.jobs;
  const auto keys = TRY(jobs.storage_keys(kAccount));
  const SecretBytes key = TRY(decode_storage_key(keys.front().base64));
  HttpRequest request{.method = "DELETE",
                      .target = fmt::format("{}/{}/{}?restype=container", kOrigin, kAccount,
                                            world.scenario->chain->container),
                      .headers = {},
                      .body = {}};
  TRY(caller.call(std::move(request), true, [&](HttpRequest& signed_one) {
    return sign_shared_key(signed_one, kAccount, key, ports.runtime.utc_ns());
  }));
  return {};
}

}  // namespace seedbed
