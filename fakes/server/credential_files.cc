#include "fakes/server/credential_files.h"

#include <fmt/format.h>

#include "engine/base/text.h"
#include "fakes/store/xml_text.h"

namespace seedbed {

std::string vault_credentials_xml(const VaultCredentialsFor& what, ByteSpan pfx) {
  std::string out =
      "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
      "<RSBackupVaultAADCreds xmlns=\"http://schemas.datacontract.org/2004/07/"
      "Microsoft.Azure.Portal.RecoveryServices.Models.Common\">\n";
  const auto leaf = [&out](const char* name, std::string_view text) {
    out += fmt::format("  <{0}>{1}</{0}>\n", name, XmlText::escaped(text));
  };
  leaf("Version", "1.0");
  leaf("SubscriptionId", what.subscription);
  leaf("ResourceType", "vaults");
  leaf("ResourceName", what.vault);
  leaf("ManagementCert", base64(pfx));
  leaf("ResourceId", "0");
  leaf("ResourceGroup", what.resource_group);
  leaf("Location", what.location);
  leaf("ProviderNamespace", "Microsoft.RecoveryServices");
  leaf("AadAuthority", what.endpoint);
  leaf("AadTenantId", "00000000-0000-0000-0000-000000000000");
  leaf("ServicePrincipalClientId", "00000000-0000-0000-0000-000000000000");
  leaf("IdMgmtRestEndpoint", what.endpoint);
  leaf("AgentLinks", "");
  return out + "</RSBackupVaultAADCreds>\n";
}

std::string publish_settings_xml(std::string_view subscription, std::string_view name,
                                 std::string_view endpoint, ByteSpan pfx) {
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
      "<PublishData>\n"
      "  <PublishProfile SchemaVersion=\"2.0\" PublishMethod=\"AzureServiceManagementAPI\">\n"
      "    <Subscription ServiceManagementUrl=\"{}\" Id=\"{}\" Name=\"{}\"\n"
      "      ManagementCertificate=\"{}\" />\n"
      "  </PublishProfile>\n"
      "</PublishData>\n",
      XmlText::escaped(endpoint), XmlText::escaped(subscription), XmlText::escaped(name), base64(pfx));
}

}  // namespace seedbed
