#include <nlohmann/json.hpp>

#include "engine/base/text.h"
#include "engine/documents/import_job.h"
#include "engine/documents/json_reader.h"

namespace seedbed {

namespace {

SecretBytes taken(std::string text) {
  SecretBytes out = SecretBytes::of_text(text);
  wipe({reinterpret_cast<uint8_t*>(text.data()), text.size()});
  return out;
}

Result<std::vector<DriveKey>> drive_keys_at(const JsonPlace& list) {
  std::vector<DriveKey> out;
  for (const auto& element : TRY(list.elements(kDrivesPerJobMax))) {
    DriveKey key;
    const auto id = TRY(element.member("driveId"));
    key.drive_id = TRY(id.text());
    const auto value = TRY(element.member("bitLockerKey"));
    key.bitlocker_key = taken(TRY(value.text()));
    out.push_back(std::move(key));
  }
  return out;
}

Result<std::vector<StorageKey>> storage_keys_at(const JsonPlace& list) {
  std::vector<StorageKey> out;
  for (const auto& element : TRY(list.elements(16))) {
    StorageKey key;
    const auto name = TRY(element.member("keyName"));
    key.name = TRY(name.text());
    const auto value = TRY(element.member("value"));
    key.base64 = taken(TRY(value.text(1024)));
    if (!decode_storage_key(key.base64)) return value.fail_here("the key is no base64");
    out.push_back(std::move(key));
  }
  if (out.empty()) return list.fail_here("there are no keys");
  return out;
}

}  // namespace

Result<std::vector<DriveKey>> parse_drive_keys(std::string_view json, const std::string& where) {
  auto document = TRY(parse_json(json, where));
  const auto list = TRY(JsonPlace(document, where).member("value"));
  auto keys = drive_keys_at(list);
  wipe_json(document, {"bitLockerKey"});
  return keys;
}

Result<std::vector<StorageKey>> parse_storage_keys(std::string_view json, const std::string& where) {
  auto document = TRY(parse_json(json, where));
  const auto list = TRY(JsonPlace(document, where).member("keys"));
  auto keys = storage_keys_at(list);
  wipe_json(document, {"value"});
  return keys;
}

Result<SecretBytes> decode_storage_key(const SecretBytes& base64) {
  auto bytes = parse_base64(base64.text());
  if (!bytes || bytes->size() < 16 || bytes->size() > 256)
    return fail(ErrorCode::invalid_argument, "the storage account's key is no base64 of 16 to 256 bytes", "",
                "Copy the key from the portal as it stands there.");
  SecretBytes key{ByteSpan(*bytes)};
  wipe(*bytes);
  return key;
}

}  // namespace seedbed
