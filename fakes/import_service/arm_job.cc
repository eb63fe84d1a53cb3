#include "fakes/import_service/arm_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "engine/base/text.h"
#include "engine/base/url.h"
#include "fakes/import_service/json_fields.h"
#include "fakes/import_service/locations.h"

namespace seedbed {

using nlohmann::json;

namespace {

constexpr size_t kTextMax = 256;
constexpr size_t kPathMax = 1024;
constexpr size_t kTagsMax = 50;

Result<json> read_texts(const json& value, const char* path, std::initializer_list<const char*> needed,
                        std::initializer_list<const char*> optional) {
  JsonFields fields = TRY(JsonFields::of(value, path));
  json out = json::object();
  for (const char* name : needed) out[name] = TRY(fields.needed_text(name, kTextMax));
  for (const char* name : optional)
    if (const auto text = TRY(fields.text(name, kTextMax))) out[name] = *text;
  TRY(fields.finish());
  return out;
}

Result<json> read_return_address(const json& value) {
  return read_texts(
      value, "properties.returnAddress",
      {"recipientName", "streetAddress1", "city", "postalCode", "countryOrRegion", "phone", "email"},
      {"streetAddress2", "stateOrProvince"});
}

Result<json> read_return_shipping(const json& value) {
  return read_texts(value, "properties.returnShipping", {"carrierName", "carrierAccountNumber"}, {});
}

Result<std::string> read_tags(const json* value) {
  if (!value) return std::string("{}");
  if (!value->is_object()) return fail(ErrorCode::invalid_argument, "tags must be an object.", "tags");
  if (value->size() > kTagsMax)
    return fail(ErrorCode::invalid_argument, "There are more than 50 tags.", "tags");
  for (const auto& [name, tag] : value->items())
    if (!tag.is_string() || name.size() > 512 || tag.get_ref<const std::string&>().size() > kTextMax)
      return fail(ErrorCode::invalid_argument, "A tag is a string of at most 256 bytes.",
                  "tags." + name.substr(0, 100));
  return value->dump();
}

Status read_delivery(const json& value, bool old_version, Job& job) {
  JsonFields fields = TRY(JsonFields::of(value, "properties.deliveryPackage"));
  const std::string carrier = TRY(fields.needed_text("carrierName", kTextMax));
  const std::string tracking = TRY(fields.needed_text("trackingNumber", kTextMax));
  const auto count = TRY(fields.integer("driveCount", 0, static_cast<int64_t>(kDrivesMax)));
  const auto date = TRY(fields.text("shipDate", 64));
  TRY(fields.finish());
  if (old_version && (!count || !date))
    return fields.refuse("driveCount and shipDate are required in this api-version.",
                         count ? "shipDate" : "driveCount");
  job.carrier = carrier;
  job.tracking = tracking;
  job.drive_count = count.value_or(static_cast<int64_t>(job.drives.size()));
  job.ship_date = date.value_or("");
  return {};
}

bool is_drive_id(std::string_view id) {
  return std::all_of(id.begin(), id.end(),
                     [](char c) { return c > ' ' && c <= '~' && c != '/' && c != '\\'; });
}

Result<JobDrive> read_drive(const json& value, const std::string& path) {
  JsonFields fields = TRY(JsonFields::of(value, path));
  JobDrive drive;
  drive.drive_id = TRY(fields.needed_text("driveId", 64));
  if (!is_drive_id(drive.drive_id))
    return fields.refuse("driveId is the drive's serial number, without spaces.", "driveId");
  drive.bitlocker_key = TRY(fields.needed_text("bitLockerKey", kTextMax));
  drive.manifest_file = TRY(fields.needed_text("manifestFile", kPathMax));
  if (drive.manifest_file[0] != '\\')
    return fields.refuse("manifestFile is a path from the volume's root: it begins with a backslash.",
                         "manifestFile");
  drive.manifest_hash = TRY(fields.needed_text("manifestHash", 64));
  const auto hash = parse_hex(drive.manifest_hash);
  if (!hash || (hash->size() != 16 && hash->size() != 32))
    return fields.refuse("manifestHash is the MD5 (or SHA-256) of the manifest in hexadecimal.",
                         "manifestHash");
  const auto header = TRY(fields.text("driveHeaderHash", 8 * kPathMax));
  drive.header_hash = header.value_or("");
  fields.ignore({"state", "copyStatus", "percentComplete", "verboseLogUri", "errorLogUri", "manifestUri",
                 "bytesSucceeded"});  // read-only: what the service says is not taken back
  TRY(fields.finish());
  return drive;
}

Result<std::vector<JobDrive>> read_drives(const json& value) {
  static constexpr const char* kPath = "properties.driveList";
  if (!value.is_array() || value.empty())
    return fail(ErrorCode::invalid_argument, "driveList must name at least one drive.", kPath);
  if (value.size() > kDrivesMax)
    return fail(ErrorCode::invalid_argument, fmt::format("A job has at most {} drives.", kDrivesMax), kPath);
  std::vector<JobDrive> drives;
  std::set<std::string> ids;
  for (size_t i = 0; i < value.size(); i++) {
    const std::string path = fmt::format("{}[{}]", kPath, i);
    JobDrive drive = TRY(read_drive(value[i], path));
    if (!ids.insert(lower_case(drive.drive_id)).second)
      return fail(ErrorCode::invalid_argument, "The drive is listed twice.", path + ".driveId");
    drives.push_back(std::move(drive));
  }
  return drives;
}

Result<std::string> read_account(const std::string& id) {
  std::string_view rest = id;
  const size_t slash = rest.rfind('/');
  const std::string head = lower_case(rest.substr(0, slash == std::string_view::npos ? 0 : slash));
  const std::string_view name = slash == std::string_view::npos ? "" : rest.substr(slash + 1);
  const bool provider = head.ends_with("/providers/microsoft.storage/storageaccounts") ||
                        head.ends_with("/providers/microsoft.classicstorage/storageaccounts");
  if (!provider || !head.starts_with("/subscriptions/") || name.empty())
    return fail(ErrorCode::invalid_argument,
                "storageAccountId is the resource id of a storage account: "
                "/subscriptions/../resourceGroups/../providers/Microsoft.Storage/storageAccounts/NAME.",
                "properties.storageAccountId");
  return lower_case(name);
}

Status read_log_level(JsonFields& fields, json& properties) {
  const auto level = TRY(fields.text("logLevel", kTextMax));
  if (!level) return {};
  if (*level != "Error" && *level != "Verbose")
    return fields.refuse("logLevel is Error or Verbose.", "logLevel");
  properties["logLevel"] = *level;
  return {};
}

Status read_properties(const json& value, bool old_version, Job& job) {
  JsonFields fields = TRY(JsonFields::of(value, "properties"));
  json properties = json::object();
  const std::string account_id = TRY(fields.needed_text("storageAccountId", kPathMax));
  job.account = TRY(read_account(account_id));
  properties["storageAccountId"] = account_id;
  const std::string type = TRY(fields.needed_text("jobType", kTextMax));
  if (type != "Import")
    return fields.refuse("jobType must be Import: export jobs are not offered here.", "jobType");
  properties["jobType"] = type;
  if (const json* address = fields.any("returnAddress"))
    properties["returnAddress"] = TRY(read_return_address(*address));
  if (const json* shipping = fields.any("returnShipping"))
    properties["returnShipping"] = TRY(read_return_shipping(*shipping));
  const auto diagnostics = TRY(fields.text("diagnosticsPath", kPathMax));
  properties["diagnosticsPath"] = diagnostics && !diagnostics->empty() ? *diagnostics : "waimportexport";
  properties["logLevel"] = "Error";
  TRY(read_log_level(fields, properties));
  properties["backupDriveManifest"] = TRY(fields.flag("backupDriveManifest")).value_or(false);
  if (TRY(fields.flag("cancelRequested")).value_or(false))
    return fields.refuse("A new job cannot be cancelled.", "cancelRequested");
  const auto state = TRY(fields.text("state", kTextMax));
  if (state && !state->empty() && *state != "Creating")
    return fields.refuse("A new job is in state Creating.", "state");
  const json* drives = fields.any("driveList");
  if (!drives) return fields.refuse("driveList is required for an import job.", "driveList");
  job.drives = TRY(read_drives(*drives));
  if (const json* delivery = fields.any("deliveryPackage")) TRY(read_delivery(*delivery, old_version, job));
  if (const json* key = fields.any("encryptionKey")) {
    JsonFields key_fields = TRY(JsonFields::of(*key, "properties.encryptionKey"));
    const auto kind = TRY(key_fields.text("kekType", kTextMax));
    if (kind && *kind != "MicrosoftManaged")
      return key_fields.refuse("Only MicrosoftManaged keys are offered here.", "kekType");
    TRY(key_fields.finish());
  }
  if (fields.any("export")) return fields.refuse("export does not belong to an import job.", "export");
  fields.ignore({"shippingInformation", "returnPackage", "percentComplete", "incompleteBlobListUri",
                 "provisioningState"});  // read-only
  TRY(fields.finish());
  job.properties = properties.dump();
  return {};
}

std::unexpected<Error> wrong_state(const Job& job, const char* field) {
  return fail(ErrorCode::refused,
              fmt::format("The job is in state {}: this cannot be changed any more.", job.state),
              fmt::format("properties.{}", field));
}

Status cancel(Job& job, int64_t now_ns) {
  if (job.cancelled) return {};
  if (job.state != "Creating" && job.state != "Shipping") return wrong_state(job, "cancelRequested");
  job.cancelled = true;
  if (job.state == "Creating") {  // no drive is under way: there is nothing to wait for
    job.state = "Completed";
    job.ended_ns = now_ns;
  }
  return {};
}

Status ship(const std::string& state, const json& properties, Job& job, int64_t now_ns) {
  if (state != "Shipping")
    return fail(ErrorCode::invalid_argument, "The state of a job can only be set to Shipping.",
                "properties.state");
  if (job.state == "Shipping") return {};
  if (job.state != "Creating") return wrong_state(job, "state");
  if (job.tracking.empty())
    return fail(ErrorCode::invalid_argument, "deliveryPackage must be set before or with the state Shipping.",
                "properties.deliveryPackage");
  if (!properties.contains("returnAddress"))
    return fail(ErrorCode::invalid_argument, "returnAddress must be set before or with the state Shipping.",
                "properties.returnAddress");
  job.state = "Shipping";
  job.shipped_ns = now_ns;
  return {};
}

json drive_json(const JobDrive& drive) {
  json out = {{"driveId", drive.drive_id},
              {"manifestFile", drive.manifest_file},
              {"manifestHash", drive.manifest_hash},
              {"driveHeaderHash", drive.header_hash},
              {"state", drive.state}};
  if (drive.started_ns == 0) return out;
  out["copyStatus"] = drive.copy_status;
  out["percentComplete"] = drive.percent_complete;
  out["bytesSucceeded"] = drive.bytes_succeeded;
  if (!drive.error_log_uri.empty()) out["errorLogUri"] = drive.error_log_uri;
  if (!drive.verbose_log_uri.empty()) out["verboseLogUri"] = drive.verbose_log_uri;
  if (!drive.manifest_uri.empty()) out["manifestUri"] = drive.manifest_uri;
  return out;
}

}  // namespace

bool is_job_name(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return !name.empty() && name.size() <= 64 && letter(name[0]) &&
         std::all_of(name.begin(), name.end(),
                     [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_'; });
}

Status read_put_body(const json& body, bool old_version, int64_t now_ns, Job& job) {
  JsonFields fields = TRY(JsonFields::of(body, ""));
  Job made;
  made.row = job.row;
  made.subscription = job.subscription;
  made.group = job.group;
  made.name = job.name;
  const std::string location = TRY(fields.needed_text("location", kTextMax));
  const LocationEntry* place = find_location(location);
  if (!place) return fields.refuse("The service has no such location; list the locations.", "location");
  made.location = place->name;
  made.tags = TRY(read_tags(fields.any("tags")));
  const json* properties = fields.any("properties");
  if (!properties) return fields.refuse("properties is required.", "properties");
  TRY(read_properties(*properties, old_version, made));
  fields.ignore({"id", "name", "type", "identity", "systemData"});  // the service's own
  TRY(fields.finish());
  made.updated_ns = now_ns;
  job = std::move(made);
  return {};
}

Status apply_patch_body(const json& body, bool old_version, int64_t now_ns, Job& job) {
  JsonFields top = TRY(JsonFields::of(body, ""));
  if (const json* tags = top.any("tags")) job.tags = TRY(read_tags(tags));
  const json* value = top.any("properties");
  TRY(top.finish());
  job.updated_ns = now_ns;
  if (!value) return {};
  JsonFields fields = TRY(JsonFields::of(*value, "properties"));
  json properties = json::parse(job.properties);
  const bool early = job.state == "Creating" || job.state == "Shipping";
  const bool returnable = early || job.state == "Received" || job.state == "Transferring";
  if (const json* address = fields.any("returnAddress")) {
    if (!returnable) return wrong_state(job, "returnAddress");
    properties["returnAddress"] = TRY(read_return_address(*address));
  }
  if (const json* shipping = fields.any("returnShipping")) {
    if (!returnable) return wrong_state(job, "returnShipping");
    properties["returnShipping"] = TRY(read_return_shipping(*shipping));
  }
  if (const json* drives = fields.any("driveList")) {
    if (job.state != "Creating") return wrong_state(job, "driveList");
    job.drives = TRY(read_drives(*drives));
  }
  if (const json* delivery = fields.any("deliveryPackage")) {
    if (!early) return wrong_state(job, "deliveryPackage");
    TRY(read_delivery(*delivery, old_version, job));
  }
  const json before = properties;
  TRY(read_log_level(fields, properties));
  if (const auto backup = TRY(fields.flag("backupDriveManifest")))
    properties["backupDriveManifest"] = *backup;
  if (properties != before && !early) return wrong_state(job, "logLevel");
  if (const auto wanted = TRY(fields.flag("cancelRequested"))) {
    if (!*wanted) return fields.refuse("cancelRequested must be true if it is given.", "cancelRequested");
    TRY(cancel(job, now_ns));
  }
  const auto state = TRY(fields.text("state", kTextMax));
  TRY(fields.finish());
  if (state && !state->empty()) TRY(ship(*state, properties, job, now_ns));
  job.properties = properties.dump();
  return {};
}

json job_json(const Job& job, bool old_version) {
  json properties = json::parse(job.properties);
  if (const LocationEntry* place = find_location(job.location))
    properties["shippingInformation"] = shipping_information_json(*place);
  properties["state"] = job.state;
  properties["cancelRequested"] = job.cancelled;
  properties["provisioningState"] = "Succeeded";
  if (!job.tracking.empty())
    properties["deliveryPackage"] = {{"carrierName", job.carrier},
                                     {"trackingNumber", job.tracking},
                                     {"driveCount", job.drive_count},
                                     {"shipDate", job.ship_date}};
  if (!job.return_tracking.empty())
    properties["returnPackage"] = {{"carrierName", job.return_carrier},
                                   {"trackingNumber", job.return_tracking},
                                   {"driveCount", job.drives.size()},
                                   {"shipDate", iso_date(job.ended_ns)}};
  json drives = json::array();
  int64_t percent = 0;
  bool started = false;
  for (const JobDrive& drive : job.drives) {
    drives.push_back(drive_json(drive));
    percent += drive.percent_complete;
    started = started || drive.started_ns != 0;
  }
  if (started) properties["percentComplete"] = percent / static_cast<int64_t>(job.drives.size());
  properties["driveList"] = std::move(drives);
  json out = {
      {"id", fmt::format("/subscriptions/{}/resourceGroups/{}/providers/Microsoft.ImportExport/jobs/{}",
                         job.subscription, job.group, job.name)},
      {"name", job.name},
      {"type", "Microsoft.ImportExport/jobs"},
      {"location", job.location}};
  if (job.tags != "{}") out["tags"] = json::parse(job.tags);
  if (!old_version) {
    properties["encryptionKey"] = {{"kekType", "MicrosoftManaged"}};
    out["identity"] = {{"type", "None"}};
  }
  out["properties"] = std::move(properties);
  return out;
}

json bitlocker_keys_json(const Job& job) {
  json keys = json::array();
  for (const JobDrive& drive : job.drives)
    keys.push_back({{"driveId", drive.drive_id}, {"bitLockerKey", drive.bitlocker_key}});
  return {{"value", std::move(keys)}};
}

}  // namespace seedbed
