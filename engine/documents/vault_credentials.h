// A .VaultCredentials file: which vault a computer may back up to, and the certificate it proves itself with.
// The current form (RSBackupVaultAADCreds) and that of the old backup vaults (BackupVaultCreds).
// [azure-import-export facts, 5.2; docs/formats/credential-files.md]. Pure; any thread. The text holds a
// private key.
#pragma once

#include <string>
#include <string_view>

#include "engine/documents/management_certificate.h"

namespace seedbed {

struct VaultCredentials {
  std::string version;  // "" in the old form
  std::string subscription_id, resource_type, resource_name, resource_group, location;
  std::string endpoint;  // IdMgmtRestEndpoint: the origin the vault is spoken to at; "" in the old form
  ManagementCertificate certificate;
};

inline constexpr uint64_t kVaultCredentialsBytesMax = 256 * KiB;

// corrupt, with `where`, line and column: no vault credentials, or without subscription, vault or
// certificate; the certificate must come with its private key.
Result<VaultCredentials> parse_vault_credentials(std::string_view text, const std::string& where);

}  // namespace seedbed
