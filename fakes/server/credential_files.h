// The files that a portal hands out: vault credentials and publish settings, as text. They hold private keys:
// whoever writes them gives them mode 0600. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/bytes.h"

namespace seedbed {

struct VaultCredentialsFor {
  std::string subscription, resource_group, vault, location;
  std::string endpoint;  // of the vault: scheme://host:port
};

// RSBackupVaultAADCreds, as a Recovery Services vault gives it out.
std::string vault_credentials_xml(const VaultCredentialsFor& what, ByteSpan pfx);
// Schema 2.0: a management certificate for one subscription.
std::string publish_settings_xml(std::string_view subscription, std::string_view name,
                                 std::string_view endpoint, ByteSpan pfx);

}  // namespace seedbed
