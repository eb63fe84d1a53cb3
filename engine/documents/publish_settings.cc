#include "engine/documents/publish_settings.h"

#include <algorithm>

#include "engine/base/text.h"
#include "engine/documents/credential_xml.h"

namespace seedbed {

namespace {

using Tag = XmlReader::Tag;

constexpr size_t kSubscriptionsMax = 1000;

bool same_id(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](unsigned char x, unsigned char y) {
    return (x >= 'A' && x <= 'Z' ? x + 32 : x) == (y >= 'A' && y <= 'Z' ? y + 32 : y);
  });
}

class PublishSettingsReader {
 public:
  PublishSettingsReader(std::string_view text, const std::string& where)
      : xml_(xml_source_of(text), where, credential_limits(kPublishSettingsBytesMax)) {}

  Result<PublishSettings> read() {
    if (TRY(xml_.next()) != Tag::begin || xml_.name() != "PublishData")
      return xml_.fail_here("the document is no publish settings file");
    PublishSettings settings;
    while (TRY(xml_.next()) == Tag::begin) {
      if (xml_.name() != "PublishProfile") return xml_.fail_here("a PublishProfile was expected");
      TRY(read_profile(settings));
    }
    if (settings.subscriptions.empty()) return xml_.fail_here("there is no subscription in it");
    if (TRY(xml_.next()) != Tag::none) return xml_.fail_here("the document goes on after its end");
    return settings;
  }

 private:
  std::string attribute(std::string_view name) const {
    for (const auto& [key, value] : xml_.attributes())
      if (key == name) return value;
    return {};
  }

  Status read_profile(PublishSettings& settings) {
    const std::string url = attribute("Url");  // the older schema: address and certificate for all
    const SecretBytes shared = SecretBytes::of_text(attribute("ManagementCertificate"));
    while (TRY(xml_.next()) == Tag::begin) {
      if (xml_.name() != "Subscription") return xml_.fail_here("a Subscription was expected");
      if (settings.subscriptions.size() == kSubscriptionsMax)
        return xml_.fail_here("there are too many subscriptions");
      PublishSettings::Subscription one;
      one.id = attribute("Id");
      one.name = attribute("Name");
      one.management_url = attribute("ServiceManagementUrl");
      if (one.management_url.empty()) one.management_url = url;
      if (one.id.empty()) return xml_.fail_here("a subscription has no Id");
      if (settings.find(one.id) != nullptr) return xml_.fail_here("a subscription comes twice");
      const SecretBytes own = SecretBytes::of_text(attribute("ManagementCertificate"));
      if (own.empty() && shared.empty()) return xml_.fail_here("a subscription has no ManagementCertificate");
      one.certificate =
          TRY(certificate_here(xml_, "ManagementCertificate", (own.empty() ? shared : own).text()));
      settings.subscriptions.push_back(std::move(one));
      TRY(xml_.skip());
    }
    return {};
  }

  XmlReader xml_;
};

}  // namespace

const PublishSettings::Subscription* PublishSettings::find(std::string_view id) const noexcept {
  for (const auto& subscription : subscriptions)
    if (same_id(subscription.id, id)) return &subscription;
  return nullptr;
}

Result<PublishSettings> parse_publish_settings(std::string_view text, const std::string& where) {
  return PublishSettingsReader(without_byte_order_mark(text), where).read();
}

}  // namespace seedbed
