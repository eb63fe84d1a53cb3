#include "engine/documents/drive_info.h"

#include <fmt/format.h>

#include "engine/base/text.h"
#include "engine/documents/xml.h"

namespace seedbed {

static constexpr std::string_view kDrive = "Drive";

Result<std::string> encode_drive_info(const DriveInfo& info) {
  if (info.drive_id.empty() || info.bitlocker_key.empty() || info.manifest_file.empty())
    return fail(ErrorCode::invalid_argument, "the drive info is incomplete", printable(info.drive_id));
  std::string text;
  XmlWriter xml([&text](ByteSpan piece) -> Status {
    text += as_text(piece);
    return {};
  });
  TRY(xml.declaration());
  TRY(xml.begin(kDrive));
  TRY(xml.text("DriveId", info.drive_id));
  TRY(xml.text("BitLockerKey", info.bitlocker_key.text()));
  TRY(xml.text("ManifestFile", info.manifest_file));
  TRY(xml.text("ManifestHash", hex_upper(info.manifest_hash)));
  TRY(xml.end(kDrive));
  TRY(xml.finish());
  return text;
}

Result<DriveInfo> parse_drive_info(std::string_view text, const std::string& where) {
  XmlReader xml(xml_source_of(text), where, {.depth_max = 2, .document_bytes_max = 64 * KiB});
  if (TRY(xml.next()) != XmlReader::Tag::begin || xml.name() != kDrive || !xml.attributes().empty())
    return xml.fail_here("the document is no drive info");
  DriveInfo info;
  std::string hash;
  while (TRY(xml.next()) == XmlReader::Tag::begin) {
    const std::string name(xml.name());
    if (!xml.attributes().empty()) return xml.fail_here("an element has an unknown attribute");
    if (name == "DriveId" && info.drive_id.empty()) {
      info.drive_id = TRY(xml.text());
    } else if (name == "BitLockerKey" && info.bitlocker_key.empty()) {
      std::string key = TRY(xml.text());
      info.bitlocker_key = SecretBytes::of_text(key);
      wipe({reinterpret_cast<uint8_t*>(key.data()), key.size()});
    } else if (name == "ManifestFile" && info.manifest_file.empty()) {
      info.manifest_file = TRY(xml.text());
    } else if (name == "ManifestHash" && hash.empty()) {
      hash = TRY(xml.text());
    } else {
      return xml.fail_here("an element is unknown or comes twice");
    }
  }
  const auto digest = parse_hex(hash);
  if (!digest || digest->size() != info.manifest_hash.size() || hex_upper(*digest) != hash)
    return xml.fail_here("ManifestHash is no MD5 in upper-case hex");
  std::copy(digest->begin(), digest->end(), info.manifest_hash.begin());
  if (info.drive_id.empty() || info.bitlocker_key.empty() || info.manifest_file.empty())
    return xml.fail_here("the drive info is incomplete");
  if (TRY(xml.next()) != XmlReader::Tag::none) return xml.fail_here("the drive info goes on after its end");
  return info;
}

}  // namespace seedbed
