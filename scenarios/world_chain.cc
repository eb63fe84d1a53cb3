#include "scenarios/world_chain.h"

#include <fmt/format.h>

#include "engine/base/random.h"
#include "engine/base/text.h"
#include "scenarios/chain_certificate.h"

namespace seedbed {

namespace {

// The import service's rules, said again: a job without tracking number is gone after two weeks, a finished
// one after 90 days.
constexpr uint64_t kDay_ns = 86'400'000'000'000;
constexpr uint64_t kUnshippedKept_ns = 14 * kDay_ns, kFinishedKept_ns = 90 * kDay_ns;

std::string policy_text(const ChainSpec& spec) {
  return fmt::format(
      "name = \"files\"\n"
      "[source]\npaths = [\"/source\"]\n"
      "[staging]\npath = \"/staging\"\n"
      "[passphrase]\nfile = \"/passphrase\"\n"
      "[state]\npath = \"/agent\"\n"
      "[seed]\njob = \"{}\"\nsubscription = \"{}\"\nresource_group = \"{}\"\nstorage_account = \"{}\"\n"
      "container = \"{}\"\nlocation = \"West US\"\ntoken_file = \"/token\"\n"
      "[vault]\nname = \"{}\"\n"
      "[endpoints]\nmanagement = \"{}\"\nblob = \"{}/{}\"\nvault = \"{}\"\n"
      "[limits]\nkdf_log2_n = 10\nblob_mib = {}\nchunk_kib = {}\nbatch_kib = {}\n",
      kJob, kSubscription, kResourceGroup, kAccount, spec.container, kVault, kOrigin, kOrigin, kAccount,
      kOrigin, spec.blob_bytes_max / MiB, spec.chunk_bytes / KiB, spec.batch_bytes / KiB);
}

std::string credentials_text() {
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
      "<RSBackupVaultAADCreds xmlns=\"http://schemas.datacontract.org/2004/07/"
      "Microsoft.Azure.Portal.RecoveryServices.Models.Common\">"
      "<Version>V1.0</Version><SubscriptionId>{}</SubscriptionId><ResourceType>vaults</ResourceType>"
      "<ResourceName>{}</ResourceName><ManagementCert>{}</ManagementCert><ResourceId>1</ResourceId>"
      "<ResourceGroup>{}</ResourceGroup><Location>westus</Location>"
      "<ProviderNamespace>Microsoft.RecoveryServices</ProviderNamespace><IdMgmtRestEndpoint>{}</"
      "IdMgmtRestEndpoint>"
      "</RSBackupVaultAADCreds>\n",
      kSubscription, kVault, kWorldCertificatePfx, kResourceGroup, kOrigin);
}

}  // namespace

HttpTrouble ChainWorld::trouble_of(const std::string& request) const {
  const std::string_view path = std::string_view(request).substr(request.find(' ') + 1);
  if (token_expired && (path.starts_with("/subscriptions/") || path.starts_with("/providers/")))
    return HttpTrouble::answer_401;
  if (account_refuses && request.starts_with("PUT ") && path.starts_with(fmt::format("/{}/", kAccount)))
    return HttpTrouble::answer_403;
  return HttpTrouble::none;
}

bool ChainWorld::job_may_be_gone(uint64_t elapsed_ns) const {
  const uint64_t kept_ns = job_shipped ? kFinishedKept_ns : kUnshippedKept_ns;
  return job_removed || elapsed_ns - job_made_ns >= kept_ns;
}

Status plant_chain(FileTree& files, ChainWorld& chain, const Scenario& scenario, uint64_t seed) {
  Bytes secret(12);
  Random(sub_seed(seed, "passphrase")).fill(secret);
  chain.passphrase = "pass " + hex_lower(secret);
  Random(sub_seed(seed, "token")).fill(secret);
  chain.token = "token-" + hex_lower(secret);
  for (const char* directory : {"/staging", "/agent"}) TRY(files.make_directory(directory, 0700, 0));
  const std::pair<const char*, std::string> planted[] = {{"/policy.toml", policy_text(*scenario.chain)},
                                                         {"/passphrase", chain.passphrase + "\n"},
                                                         {"/token", chain.token + "\n"},
                                                         {"/vault.VaultCredentials", credentials_text()}};
  for (const auto& [path, text] : planted)
    TRY(files.plant_file(path, as_bytes(text), 0600, 1'400'000'000'000'000'000));
  return chain.services.make_directory(kServiceDirectory, 0700, 0);
}

}  // namespace seedbed
