#include "engine/documents/vault_credentials.h"

#include <algorithm>

#include "engine/documents/credential_xml.h"

namespace seedbed {

namespace {

using Tag = XmlReader::Tag;

// DataContractSerializer may write a prefix before each name.
std::string_view local_name(std::string_view name) {
  const size_t colon = name.find(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

}  // namespace

Result<VaultCredentials> parse_vault_credentials(std::string_view text, const std::string& where) {
  text = without_byte_order_mark(text);
  XmlReader xml(xml_source_of(text), where, credential_limits(kVaultCredentialsBytesMax));
  const auto root = TRY(xml.next());
  const bool current = root == Tag::begin && local_name(xml.name()) == "RSBackupVaultAADCreds";
  if (!current && (root != Tag::begin || local_name(xml.name()) != "BackupVaultCreds"))
    return xml.fail_here("the document is no vault credentials file");
  VaultCredentials out;
  std::vector<std::string> seen;
  while (TRY(xml.next()) == Tag::begin) {
    const std::string name(local_name(xml.name()));
    if (std::ranges::find(seen, name) != seen.end()) return xml.fail_here("an element comes twice");
    if (seen.size() == 64) return xml.fail_here("there are too many elements");
    seen.push_back(name);
    const std::pair<const char*, std::string*> texts[] = {
        {"Version", &out.version},
        {"SubscriptionId", &out.subscription_id},
        {"ResourceType", &out.resource_type},
        {"ResourceName", &out.resource_name},
        {"ResourceGroup", &out.resource_group},
        {"Location", &out.location},
        {"IdMgmtRestEndpoint", &out.endpoint},
    };
    const auto known = std::ranges::find_if(texts, [&](const auto& entry) { return name == entry.first; });
    if (known != std::end(texts)) {
      *known->second = TRY(xml.text());
    } else if (name == "ManagementCert") {
      std::string base64_text = TRY(xml.text());
      auto certificate = certificate_here(xml, name, base64_text);
      wipe({reinterpret_cast<uint8_t*>(base64_text.data()), base64_text.size()});
      out.certificate = TRY(std::move(certificate));
    } else {
      TRY(xml.skip());
    }
  }
  if (out.subscription_id.empty()) return xml.fail_here("SubscriptionId is missing");
  if (out.resource_name.empty()) return xml.fail_here("ResourceName is missing");
  if (out.certificate.der.empty()) return xml.fail_here("ManagementCert is missing");
  if (TRY(xml.next()) != Tag::none) return xml.fail_here("the document goes on after its end");
  return out;
}

}  // namespace seedbed
