#include "engine/cloud/management_login.h"

#include <fmt/format.h>

#include "engine/base/url.h"
#include "engine/documents/publish_settings.h"

namespace seedbed {

static constexpr const char* kAzureEndpoint = "https://management.azure.com";

static std::string without_slash(std::string text) {
  while (text.ends_with('/')) text.pop_back();
  return text;
}

Result<ManagementDoor> log_in(FileStore& files, const ManagementLogin& login,
                              const std::string& subscription) {
  ManagementDoor door;
  door.endpoint = without_slash(login.endpoint);
  if (!login.token_file.empty()) {
    Bytes text = TRY(read_file(files, login.token_file, 64 * KiB));
    auto authority = token_authority(as_text(text), login.token_file);
    wipe(text);
    door.authority = TRY(std::move(authority));
    if (door.endpoint.empty()) door.endpoint = kAzureEndpoint;
    return door;
  }
  if (login.publish_settings.empty())
    return fail(ErrorCode::refused, "nothing says who asks for the import job", {},
                "Give the publish settings file (p:FILE) or a token file");
  Bytes text = TRY(read_file(files, login.publish_settings, kPublishSettingsBytesMax));
  const auto settings = parse_publish_settings(as_text(text), login.publish_settings);
  wipe(text);
  if (!settings) return std::unexpected(settings.error());
  const auto* found = settings->find(subscription);
  if (found == nullptr)
    return fail(ErrorCode::refused, fmt::format("the publish settings hold no subscription {}", subscription),
                login.publish_settings, "Download the publish settings of that subscription");
  if (door.endpoint.empty()) door.endpoint = without_slash(found->management_url);
  const auto url = parse_url(door.endpoint);
  if (!url || url->host.empty())
    return fail(ErrorCode::corrupt, "the publish settings name no address of the management service",
                login.publish_settings, "Download the publish settings again");
  door.authority = certificate_authority(found->certificate.clone(), url->origin());
  return door;
}

}  // namespace seedbed
