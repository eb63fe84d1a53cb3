#include "engine/documents/import_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/base/text.h"
#include "engine/documents/json_reader.h"
#include "engine/documents/xml.h"

namespace seedbed {

namespace {

using nlohmann::ordered_json;

// Azure compares names without case; locations also without blanks ("West US", "westus").
std::string folded(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (c != ' ') out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

void put_if(ordered_json& object, const char* name, const std::string& text) {
  if (!text.empty()) object[name] = text;
}

ordered_json json_of(const PostalAddress& address) {
  ordered_json out = {{"recipientName", address.recipient_name}, {"streetAddress1", address.street_address1}};
  put_if(out, "streetAddress2", address.street_address2);
  out["city"] = address.city;
  put_if(out, "stateOrProvince", address.state_or_province);
  out["postalCode"] = address.postal_code;
  out["countryOrRegion"] = address.country_or_region;
  out["phone"] = address.phone;
  out["email"] = address.email;
  return out;
}

Status check_given(const std::string& value, const char* what) {
  if (value.empty())
    return fail(ErrorCode::invalid_argument, fmt::format("an import job needs {}", what), "",
                "Give it and run the command again.");
  if (!is_xml_text(value))
    return fail(ErrorCode::invalid_argument, fmt::format("{} of an import job is no text", what),
                printable(value));
  return {};
}

Status check_complete(const ImportJob& job) {
  const PostalAddress& address = job.return_address;
  const std::pair<const std::string*, const char*> required[] = {
      {&job.name, "a name"},
      {&job.location, "a location"},
      {&job.storage_account_id, "a storage account"},
      {&address.recipient_name, "the recipient's name of the return address"},
      {&address.street_address1, "the street of the return address"},
      {&address.city, "the city of the return address"},
      {&address.postal_code, "the postal code of the return address"},
      {&address.country_or_region, "the country of the return address"},
      {&address.phone, "the phone number of the return address"},
      {&address.email, "the e-mail address of the return address"},
      {&job.return_shipping.carrier_name, "the carrier that brings the drives back"},
      {&job.return_shipping.carrier_account_number, "the account number with the carrier"},
  };
  for (const auto& [value, what] : required) TRY(check_given(*value, what));
  if (job.drives.empty() || job.drives.size() > kDrivesPerJobMax)
    return fail(ErrorCode::invalid_argument,
                fmt::format("an import job has 1 to {} drives, not {}", kDrivesPerJobMax, job.drives.size()),
                printable(job.name));
  for (const auto& drive : job.drives) {
    TRY(check_given(drive.drive_id, "the id of each drive"));
    TRY(check_given(drive.manifest_file, "the manifest of each drive"));
    TRY(check_given(drive.manifest_hash, "the manifest's hash of each drive"));
    if (drive.bitlocker_key.empty())
      return fail(ErrorCode::invalid_argument, "an import job needs the key of each drive",
                  printable(drive.drive_id));
  }
  return {};
}

Result<PostalAddress> address_at(const JsonPlace& place) {
  PostalAddress out;
  out.recipient_name = TRY(place.text_of("recipientName"));
  out.street_address1 = TRY(place.text_of("streetAddress1"));
  out.street_address2 = TRY(place.text_of("streetAddress2"));
  out.city = TRY(place.text_of("city"));
  out.state_or_province = TRY(place.text_of("stateOrProvince"));
  out.postal_code = TRY(place.text_of("postalCode"));
  out.country_or_region = TRY(place.text_of("countryOrRegion"));
  out.phone = TRY(place.text_of("phone"));
  out.email = TRY(place.text_of("email"));
  out.additional_information = TRY(place.text_of("additionalInformation"));
  if (out.additional_information.empty())
    out.additional_information = TRY(place.text_of("additionalShippingInformation"));  // of a location
  return out;
}

Result<std::optional<DeliveryPackage>> package_at(const JsonPlace& properties, std::string_view name) {
  const auto place = TRY(properties.find(name));
  if (!place) return std::optional<DeliveryPackage>();
  DeliveryPackage out;
  out.carrier_name = TRY(place->text_of("carrierName"));
  out.tracking_number = TRY(place->text_of("trackingNumber"));
  out.drive_count = TRY(place->number_of("driveCount"));
  out.ship_date = TRY(place->text_of("shipDate"));
  return std::optional(std::move(out));
}

Result<ImportDrive> drive_at(const JsonPlace& place) {
  ImportDrive out;
  const auto id = TRY(place.member("driveId"));
  out.drive_id = TRY(id.text());
  if (out.drive_id.empty()) return id.fail_here("a drive has no id");
  std::string key = TRY(place.text_of("bitLockerKey"));  // never told by the real service
  out.bitlocker_key = SecretBytes::of_text(key);
  wipe({reinterpret_cast<uint8_t*>(key.data()), key.size()});
  out.manifest_file = TRY(place.text_of("manifestFile"));
  out.manifest_hash = TRY(place.text_of("manifestHash"));
  out.header_hash = TRY(place.text_of("driveHeaderHash"));
  out.state = TRY(place.text_of("state"));
  out.copy_status = TRY(place.text_of("copyStatus"));
  out.percent_complete = TRY(place.number_of("percentComplete"));
  out.bytes_succeeded = TRY(place.number_of("bytesSucceeded"));
  out.verbose_log_uri = TRY(place.text_of("verboseLogUri"));
  out.error_log_uri = TRY(place.text_of("errorLogUri"));
  out.manifest_uri = TRY(place.text_of("manifestUri"));
  return out;
}

Status read_properties(const JsonPlace& place, ImportJob& job) {
  job.storage_account_id = TRY(place.text_of("storageAccountId"));
  const std::string type = TRY(place.text_of("jobType"));
  if (folded(type) != "import" && folded(type) != "export") return place.fail_here("jobType is unknown");
  if (const auto address = TRY(place.find("returnAddress"))) job.return_address = TRY(address_at(*address));
  if (const auto shipping = TRY(place.find("returnShipping"))) {
    job.return_shipping.carrier_name = TRY(shipping->text_of("carrierName"));
    job.return_shipping.carrier_account_number = TRY(shipping->text_of("carrierAccountNumber"));
  }
  if (const auto address = TRY(place.find("shippingInformation")))
    job.shipping_information = TRY(address_at(*address));
  job.delivery_package = TRY(package_at(place, "deliveryPackage"));
  job.return_package = TRY(package_at(place, "returnPackage"));
  job.diagnostics_path = TRY(place.text_of("diagnosticsPath"));
  job.log_level = TRY(place.text_of("logLevel"));
  job.backup_drive_manifest = TRY(place.flag_of("backupDriveManifest"));
  job.state = TRY(place.text_of("state"));
  job.cancel_requested = TRY(place.flag_of("cancelRequested"));
  job.percent_complete = TRY(place.number_of("percentComplete"));
  job.incomplete_blob_list_uri = TRY(place.text_of("incompleteBlobListUri"));
  job.provisioning_state = TRY(place.text_of("provisioningState"));
  if (const auto list = TRY(place.find("driveList")))
    for (const auto& drive : TRY(list->elements(kDrivesPerJobMax)))
      job.drives.push_back(TRY(drive_at(drive)));
  return {};
}

Result<ImportJob> job_at(const JsonPlace& place) {
  ImportJob job;
  job.id = TRY(place.text_of("id"));
  const auto name = TRY(place.member("name"));
  job.name = TRY(name.text());
  if (job.name.empty()) return name.fail_here("a job has no name");
  job.location = TRY(place.text_of("location"));
  if (const auto tags = TRY(place.find("tags")))
    for (const auto& [key, value] : TRY(tags->members())) job.tags[key] = TRY(value.text());
  const auto properties = TRY(place.member("properties"));
  TRY(read_properties(properties, job));
  return job;
}

Status add_locations(const JsonPlace& place, const char* member, std::vector<std::string>& out) {
  const auto list = TRY(place.find(member));
  if (!list) return {};
  for (const auto& element : TRY(list->elements(1000))) out.push_back(TRY(element.text()));
  return {};
}

Result<ImportLocation> location_at(const JsonPlace& place) {
  ImportLocation out;
  out.id = TRY(place.text_of("id"));
  const auto name = TRY(place.member("name"));
  out.name = TRY(name.text());
  const auto properties = TRY(place.member("properties"));
  out.address = TRY(address_at(properties));
  TRY(add_locations(properties, "supportedCarriers", out.supported_carriers));
  TRY(add_locations(properties, "alternateLocations", out.alternate_locations));
  return out;
}

}  // namespace

std::string storage_account_id(std::string_view subscription, std::string_view resource_group,
                               std::string_view account) {
  return fmt::format("/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Storage/storageAccounts/{}",
                     subscription, resource_group, account);
}

Result<SecretBytes> encode_import_job(const ImportJob& job) {
  TRY(check_complete(job));
  ordered_json drives = ordered_json::array();
  for (const auto& drive : job.drives)
    drives.push_back({{"driveId", drive.drive_id},
                      {"bitLockerKey", drive.bitlocker_key.text()},
                      {"manifestFile", drive.manifest_file},
                      {"manifestHash", drive.manifest_hash},
                      {"driveHeaderHash", drive.header_hash}});
  ordered_json document = {{"location", job.location}};
  if (!job.tags.empty()) document["tags"] = job.tags;
  document["properties"] = {{"storageAccountId", job.storage_account_id},
                            {"jobType", "Import"},
                            {"returnAddress", json_of(job.return_address)},
                            {"returnShipping",
                             {{"carrierName", job.return_shipping.carrier_name},
                              {"carrierAccountNumber", job.return_shipping.carrier_account_number}}},
                            {"diagnosticsPath", job.diagnostics_path},
                            {"logLevel", job.log_level},
                            {"backupDriveManifest", job.backup_drive_manifest},
                            {"driveList", std::move(drives)}};
  std::string text = document.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
  SecretBytes body = SecretBytes::of_text(text);
  wipe({reinterpret_cast<uint8_t*>(text.data()), text.size()});
  for (auto& drive : document["properties"]["driveList"]) {
    auto& key = drive["bitLockerKey"].get_ref<std::string&>();
    wipe({reinterpret_cast<uint8_t*>(key.data()), key.size()});
  }
  return body;
}

Result<ImportJob> parse_import_job(std::string_view json, const std::string& where) {
  auto document = TRY(parse_json(json, where));
  auto job = job_at(JsonPlace(document, where));
  wipe_json(document, {"bitLockerKey"});
  return job;
}

Result<ImportJobPage> parse_import_job_page(std::string_view json, const std::string& where) {
  const auto document = TRY(parse_json(json, where));
  const JsonPlace place(document, where);
  ImportJobPage page;
  const auto value = TRY(place.member("value"));
  for (const auto& job : TRY(value.elements(10'000))) page.jobs.push_back(TRY(job_at(job)));
  page.next_link = TRY(place.text_of("nextLink"));
  return page;
}

std::string encode_shipping_update(const DeliveryPackage& package, bool ships) {
  ordered_json delivery = {{"carrierName", package.carrier_name},
                           {"trackingNumber", package.tracking_number},
                           {"driveCount", package.drive_count}};
  put_if(delivery, "shipDate", package.ship_date);
  ordered_json properties = ordered_json::object();
  if (ships) properties["state"] = "Shipping";
  properties["deliveryPackage"] = std::move(delivery);
  const ordered_json document = {{"properties", std::move(properties)}};
  return document.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

std::string encode_cancel_request() {
  return R"({"properties":{"cancelRequested":true}})";
}

std::string import_job_difference(const ImportJob& wanted, const ImportJob& found) {
  if (folded(wanted.storage_account_id) != folded(found.storage_account_id))
    return "it is for another storage account: " + printable(found.storage_account_id);
  if (folded(wanted.location) != folded(found.location))
    return "it is for another location: " + printable(found.location);
  if (wanted.drives.size() != found.drives.size())
    return fmt::format("it has {} drives, not {}", found.drives.size(), wanted.drives.size());
  for (const auto& drive : wanted.drives) {
    const auto same = std::ranges::find_if(found.drives, [&](const ImportDrive& other) {
      return folded(other.drive_id) == folded(drive.drive_id);
    });
    if (same == found.drives.end()) return fmt::format("drive {} is not in it", printable(drive.drive_id));
    if (same->manifest_file != drive.manifest_file)
      return fmt::format("drive {} has another manifest file there", printable(drive.drive_id));
    if (folded(same->manifest_hash) != folded(drive.manifest_hash))
      return fmt::format("drive {} has another manifest hash there", printable(drive.drive_id));
    if (folded(same->header_hash) != folded(drive.header_hash))
      return fmt::format("drive {} has another header hash there", printable(drive.drive_id));
  }
  return {};
}

Result<ImportLocation> parse_import_location(std::string_view json, const std::string& where) {
  const auto document = TRY(parse_json(json, where));
  return location_at(JsonPlace(document, where));
}

Result<std::vector<ImportLocation>> parse_import_locations(std::string_view json, const std::string& where) {
  const auto document = TRY(parse_json(json, where));
  const auto value = TRY(JsonPlace(document, where).member("value"));
  std::vector<ImportLocation> out;
  for (const auto& location : TRY(value.elements(1000))) out.push_back(TRY(location_at(location)));
  return out;
}

}  // namespace seedbed
