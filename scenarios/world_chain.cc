#include "scenarios/world_chain.h"

#include <fmt/format.h>

#include "engine/base/random.h"
#include "engine/base/text.h"
#include "scenarios/chain_certificate.h"

namespace seedbed {

namespace {

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
      kJob, kSubscription, kResourceGroup, kAccount, kContainer, kVault, kOrigin, kOrigin, kAccount, kOrigin,
      spec.blob_bytes_max / MiB, spec.chunk_bytes / KiB, spec.batch_bytes / KiB);
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
