#include "engine/agent/cloud.h"

#include <fmt/format.h>

#include "engine/agent/registration.h"
#include "engine/base/url.h"
#include "engine/documents/publish_settings.h"

namespace seedbed {

static std::string origin_of(const std::string& endpoint) {
  const auto url = parse_url(endpoint);
  return url ? url->origin() : endpoint;
}

Result<Authority> management_authority(FileStore& files, const SeedPolicy& seed,
                                       const std::string& endpoint) {
  if (!seed.token_file.empty()) {
    Bytes text = TRY(read_file(files, seed.token_file, 64 * KiB));
    auto authority = token_authority(as_text(text), seed.token_file);
    wipe(text);
    return authority;
  }
  Bytes text = TRY(read_file(files, seed.publish_settings, kPublishSettingsBytesMax));
  auto settings = parse_publish_settings(as_text(text), seed.publish_settings);
  wipe(text);
  if (!settings) return std::unexpected(std::move(settings).error());
  const auto* subscription = settings->find(seed.subscription);
  if (subscription == nullptr)
    return fail(ErrorCode::refused,
                fmt::format("the publish settings hold no subscription {}", seed.subscription),
                seed.publish_settings,
                "Download the publish settings of that subscription, or correct seed.subscription");
  return certificate_authority(subscription->certificate.clone(), origin_of(endpoint));
}

Cloud::Cloud(AgentPorts& ports, const Policy& policy)
    : ports_(ports), policy_(policy), caller_(ports.runtime, ports.http, [&] {
        RetryPolicy retry = ports.retry;
        retry.tries_max = policy.tries;
        return retry;
      }()) {}

Result<JobClient*> Cloud::jobs() {
  if (!jobs_) {
    Authority authority = TRY(management_authority(ports_.files, policy_.seed, policy_.management_endpoint));
    jobs_.emplace(caller_, ports_.runtime, policy_.management_endpoint, policy_.seed.subscription,
                  policy_.seed.resource_group, std::move(authority));
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
