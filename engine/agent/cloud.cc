#include "engine/agent/cloud.h"

#include <fmt/format.h>

#include "engine/agent/registration.h"
#include "engine/base/url.h"
#include "engine/cloud/management_login.h"

namespace seedbed {

static std::string origin_of(const std::string& endpoint) {
  const auto url = parse_url(endpoint);
  return url ? url->origin() : endpoint;
}

Cloud::Cloud(AgentPorts& ports, const Policy& policy)
    : ports_(ports), policy_(policy), caller_(ports.runtime, ports.http, [&] {
        RetryPolicy retry = ports.retry;
        retry.tries_max = policy.tries;
        return retry;
      }()) {}

Result<JobClient*> Cloud::jobs() {
  if (!jobs_) {
    ManagementDoor door = TRY(log_in(ports_.files,
                                     {.publish_settings = policy_.seed.publish_settings,
                                      .token_file = policy_.seed.token_file,
                                      .endpoint = policy_.management_endpoint},
                                     policy_.seed.subscription));
    jobs_.emplace(caller_, ports_.runtime, door.endpoint, policy_.seed.subscription,
                  policy_.seed.resource_group, std::move(door.authority));
  }
  return &*jobs_;
}

Result<BlobClient*> Cloud::blobs() {
  if (!blobs_) {
    JobClient* management = TRY(jobs());
    std::vector<StorageKey> keys = TRY(management->storage_keys(policy_.seed.account));
    if (keys.empty())
      return fail(ErrorCode::refused, "the management service tells no key of the storage account",
                  policy_.seed.account, "Look whether the subscription may list the account's keys");
    SecretBytes key = TRY(decode_storage_key(keys.front().base64));
    blobs_.emplace(caller_, ports_.runtime, policy_.blob_endpoint, policy_.seed.account, std::move(key));
  }
  return &*blobs_;
}

Result<VaultClient*> Cloud::vault() {
  if (!vault_) {
    const VaultCredentials credentials = TRY(read_registration(ports_.files, policy_.state));
    if (credentials.resource_name != policy_.vault)
      return fail(ErrorCode::refused,
                  fmt::format("this computer is registered to the vault {}, the policy names {}",
                              credentials.resource_name, policy_.vault),
                  policy_.path, "Register with that vault's credentials, or correct vault.name");
    if (ports_.runtime.utc_ns() > credentials.certificate.not_after_ns)
      return fail(ErrorCode::refused, "the vault credentials have expired", policy_.state,
                  "Download new ones and run offseed register");
    vault_.emplace(caller_, ports_.runtime, policy_.vault_endpoint, policy_.vault,
                   certificate_authority(credentials.certificate.clone(), origin_of(policy_.vault_endpoint)));
  }
  return &*vault_;
}

}  // namespace seedbed
