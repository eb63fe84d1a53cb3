// An import job as Azure Resource Manager tells of it and takes it (Microsoft.ImportExport, api-version
// 2021-01-01), its delivery package, locations and keys. JSON both ways. [azure-import-export facts, 3.5].
// Pure; any thread. What is read is bounded, of bounded depth, and errors name the place as a JSON pointer.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/base/secret.h"

namespace seedbed {

struct PostalAddress {
  std::string recipient_name, street_address1, street_address2, city, state_or_province, postal_code,
      country_or_region, phone;
  std::string email;                   // of a return address
  std::string additional_information;  // of a data centre's
  friend bool operator==(const PostalAddress&, const PostalAddress&) = default;
};

struct ReturnShipping {
  std::string carrier_name, carrier_account_number;
  friend bool operator==(const ReturnShipping&, const ReturnShipping&) = default;
};

struct DeliveryPackage {
  std::string carrier_name, tracking_number;
  uint64_t drive_count = 0;
  std::string ship_date;  // as the carrier's day; "" when unknown
  friend bool operator==(const DeliveryPackage&, const DeliveryPackage&) = default;
};

struct ImportDrive {
  std::string drive_id;       // the serial number, without blanks
  SecretBytes bitlocker_key;  // sent, never told back
  std::string manifest_file;  // "\DriveManifest.xml"
  std::string manifest_hash;  // upper-case hex
  std::string header_hash;    // "offset:length:SHA-512;…", or ""
  // Told by the service.
  std::string state, copy_status;
  uint64_t percent_complete = 0, bytes_succeeded = 0;
  std::string verbose_log_uri, error_log_uri, manifest_uri;
};

inline constexpr size_t kDrivesPerJobMax = 10;

struct ImportJob {
  std::string name, location, storage_account_id;
  std::map<std::string, std::string> tags;
  PostalAddress return_address;
  ReturnShipping return_shipping;
  std::vector<ImportDrive> drives;
  std::string diagnostics_path = "waimportexport", log_level = "Error";
  bool backup_drive_manifest = false;
  // Told by the service.
  std::string id, state, provisioning_state, incomplete_blob_list_uri;
  uint64_t percent_complete = 0;
  bool cancel_requested = false;
  std::optional<PostalAddress> shipping_information;
  std::optional<DeliveryPackage> delivery_package, return_package;
};

// "/subscriptions/S/resourceGroups/G/providers/Microsoft.Storage/storageAccounts/A"
std::string storage_account_id(std::string_view subscription, std::string_view resource_group,
                               std::string_view account);

// The body of the PUT that creates it; it holds the drives' keys. invalid_argument when something the service
// requires is missing (return address, carrier, 1 to 10 drives with id, key, manifest and hash).
Result<SecretBytes> encode_import_job(const ImportJob& job);
Result<ImportJob> parse_import_job(std::string_view json, const std::string& where);

struct ImportJobPage {
  std::vector<ImportJob> jobs;
  std::string next_link;  // absolute URL; "" when this was the last page
};
Result<ImportJobPage> parse_import_job_page(std::string_view json, const std::string& where);

// Bodies of a PATCH.
// `ships`: the state becomes "Shipping" with it; else only the package changes.
std::string encode_shipping_update(const DeliveryPackage& package, bool ships);
std::string encode_cancel_request();

// Are these the same job: account, location, drives with their manifests and hashes? What differs, in words;
// "" when nothing does. What only the service tells, tags and keys (never told back) are not looked at.
std::string import_job_difference(const ImportJob& wanted, const ImportJob& found);

struct ImportLocation {
  std::string id, name;
  PostalAddress address;
  std::vector<std::string> supported_carriers, alternate_locations;
};
Result<ImportLocation> parse_import_location(std::string_view json, const std::string& where);
Result<std::vector<ImportLocation>> parse_import_locations(std::string_view json, const std::string& where);

struct DriveKey {
  std::string drive_id;
  SecretBytes bitlocker_key;
};
Result<std::vector<DriveKey>> parse_drive_keys(std::string_view json, const std::string& where);

struct StorageKey {
  std::string name;    // "key1"
  SecretBytes base64;  // as people and manifests know it
};
Result<std::vector<StorageKey>> parse_storage_keys(std::string_view json, const std::string& where);
// The bytes of it, which sign. invalid_argument when it is no base64 of 16 to 256 bytes.
Result<SecretBytes> decode_storage_key(const SecretBytes& base64);

}  // namespace seedbed
