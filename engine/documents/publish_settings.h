// A .publishsettings file: which subscriptions a person may manage, and with which certificate. Both
// schemas: the certificate with each subscription (2.0), or one for all of them (the older one).
// [azure-import-export facts, 5.1; docs/formats/credential-files.md]. Pure; any thread. The text holds
// private keys.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/documents/management_certificate.h"

namespace seedbed {

struct PublishSettings {
  struct Subscription {
    std::string id, name, management_url;
    ManagementCertificate certificate;
  };
  std::vector<Subscription> subscriptions;  // at least one; their ids differ
  // By id, whatever the case of its letters; nullptr when it is not there.
  const Subscription* find(std::string_view id) const noexcept;
};

inline constexpr uint64_t kPublishSettingsBytesMax = 1 * MiB;

// corrupt, with `where`, line and column: no publish settings, an id that is missing or doubled, a
// certificate that is missing, no base64, or no PFX without password.
Result<PublishSettings> parse_publish_settings(std::string_view text, const std::string& where);

}  // namespace seedbed
