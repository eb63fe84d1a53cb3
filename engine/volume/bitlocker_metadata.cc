#include "engine/volume/bitlocker_metadata.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "engine/base/checksum.h"
#include "engine/volume/fve_datum.h"
#include "engine/volume/fve_layout.h"

namespace seedbed {

namespace {

std::unexpected<Error> bad_geometry(std::string what) {
  return fail(ErrorCode::invalid_argument, "BitLocker layout: " + std::move(what));
}

Bytes encode_volume_header(const BitlockerGeometry& geometry) {
  Bytes out(geometry.sector_bytes);
  const auto put_text = [&](size_t at, std::string_view text) {
    std::ranges::copy(text, out.begin() + static_cast<ptrdiff_t>(at));
  };
  constexpr std::array<uint8_t, 4> kStub = {0xfa, 0xf4, 0xeb,
                                            0xfc};  // cli, hlt, and back: nothing boots from here
  constexpr std::array<uint8_t, 2> kBootSignature = {0x55, 0xaa};
  std::ranges::copy(kFveJump, out.begin());
  put_text(3, kFveSignature);
  store_le(out, 11, static_cast<uint16_t>(geometry.sector_bytes));
  out[13] = static_cast<uint8_t>(geometry.cluster_bytes / geometry.sector_bytes);
  out[21] = 0xf8;                     // medium: fixed disk
  store_le<uint16_t>(out, 24, 0x3f);  // sectors per track
  store_le<uint16_t>(out, 26, 0xff);  // heads
  store_le(out, 28, static_cast<uint32_t>(geometry.partition_start_sector));
  store_le<uint32_t>(out, 36, 0x1fe0);  // from here on a FAT32 boot sector of no meaning
  store_le<uint16_t>(out, 48, 1);
  store_le<uint16_t>(out, 50, 6);
  out[64] = 0x80;
  out[66] = 0x29;
  put_text(71, "NO NAME    FAT32   ");
  std::ranges::copy(kStub, out.begin() + 90);
  std::ranges::copy(kFveVolumeGuid, out.begin() + kHeaderGuidAt);
  for (size_t i = 0; i < 3; i++) store_le(out, kHeaderAreasAt + 8 * i, geometry.metadata_offset_bytes[i]);
  std::ranges::copy(kBootSignature, out.begin() + 510);
  return out;
}

// A protector: the VMK under a key stretched from one secret, and copies under the VMK of what was stretched.
struct Protector {
  Guid id;
  uint16_t kind;
  uint32_t stretch_method;
  Salt salt;
  FveRole copy_role;
  FveKeyKind copy_kind;
  SecretBytes stretched;
};

void append_protector(Bytes& out, const Protector& protector, const BitlockerSecrets& secrets,
                      uint64_t filetime, FveNonces& nonces) {
  Bytes stretch;
  append_le(stretch, protector.stretch_method);
  append(stretch, protector.salt);
  if (protector.kind == kProtectorRecovery)
    append_sealed_key(stretch, FveRole::recovery_key, secrets.volume_master_key, nonces.next(),
                      FveKeyKind::recovery_key, secrets.recovery_key.span());
  append_sealed_key(stretch, protector.copy_role, secrets.volume_master_key, nonces.next(),
                    protector.copy_kind, protector.stretched.span());

  Bytes payload(protector.id.bytes.begin(), protector.id.bytes.end());
  append_le(payload, filetime);
  append_le<uint16_t>(payload, 0);
  append_le(payload, protector.kind);
  append_datum(payload, FveRole::none, FveType::stretched, stretch);
  append_sealed_key(payload, FveRole::none, protector.stretched, nonces.next(), FveKeyKind::volume_master_key,
                    secrets.volume_master_key.span());
  append_datum(out, FveRole::volume_master_key, FveType::protector, payload);
}

// Where the start of the volume went, and what Windows says about itself. The run of 10, 0, build, 2, 0,
// 0x02010110 reads like an OSVERSIONINFOEX; the meaning of the flags is not known. Samples made by Windows
// carry these values.
void append_header_block(Bytes& out, const BitlockerGeometry& geometry) {
  Bytes payload;
  append_le(payload, geometry.header_offset_bytes);
  append_le(payload, kFveHeaderBytes);
  if (geometry.extra_offset_bytes != 0) {
    constexpr uint32_t kWindowsBuild = 18362;
    append_le<uint16_t>(payload, 5);
    append_le<uint16_t>(payload, kExtendedInfoBytes);
    append_le<uint32_t>(payload, 0);
    append_le<uint64_t>(payload, geometry.sector_bytes == 4096 ? 0x0b : 0x0a);
    append_le<uint64_t>(payload, 0);
    for (const uint32_t value :
         {0U, geometry.sector_bytes, geometry.sector_bytes, 10U, 0U, kWindowsBuild, 2U, 0U, 0x02010110U})
      append_le(payload, value);
    append_le(payload, geometry.extra_offset_bytes);
    append_le(payload, static_cast<uint32_t>(kFveAreaBytes));
    append_le<uint32_t>(payload, 0);
  }
  append_datum(out, FveRole::header_block, FveType::header_block, payload);
}

Result<Bytes> encode_description(std::string_view description) {
  const auto utf16 = utf16_of(description);
  if (!utf16 || utf16->size() > kDescriptionUnitsMax)
    return fail(ErrorCode::invalid_argument,
                fmt::format("a BitLocker description is UTF-8 text of at most {} UTF-16 units",
                            kDescriptionUnitsMax));
  Bytes out;
  for (const char16_t unit : *utf16) append_le(out, unit);
  append_le(out, u'\0');
  return out;
}

Status check_secrets(const BitlockerSecrets& secrets) {
  if (secrets.volume_master_key.size() != 32 || secrets.full_volume_key.size() != 32 ||
      secrets.recovery_key.size() != 16)
    return fail(ErrorCode::invalid_argument, "BitLocker keys have 32, 32 and 16 bytes");
  return {};
}

}  // namespace

Status check_bitlocker_geometry(const BitlockerGeometry& geometry) {
  const uint64_t sector_bytes = geometry.sector_bytes;
  if (sector_bytes != 512 && sector_bytes != 4096)
    return bad_geometry(fmt::format("sectors of {} bytes, not 512 or 4096", sector_bytes));
  const uint64_t per_cluster = geometry.cluster_bytes / sector_bytes;
  if (geometry.cluster_bytes % sector_bytes != 0 || !std::has_single_bit(per_cluster) || per_cluster > 128)
    return bad_geometry(
        fmt::format("clusters of {} bytes with sectors of {}", geometry.cluster_bytes, sector_bytes));
  if (geometry.volume_bytes % sector_bytes != 0)
    return bad_geometry(fmt::format("{} bytes are no whole sectors", geometry.volume_bytes));
  if (geometry.partition_start_sector > UINT32_MAX)
    return bad_geometry(
        fmt::format("the partition starts at sector {}, beyond 32 bits", geometry.partition_start_sector));

  std::vector<Extent> areas = {{0, kFveHeaderBytes}, {geometry.header_offset_bytes, kFveHeaderBytes}};
  for (const uint64_t offset_bytes : geometry.metadata_offset_bytes)
    areas.push_back({offset_bytes, kFveAreaBytes});
  if (geometry.extra_offset_bytes != 0) areas.push_back({geometry.extra_offset_bytes, kFveAreaBytes});
  std::ranges::sort(areas, {}, &Extent::offset_bytes);
  uint64_t free_from_bytes = 0;
  for (const Extent& area : areas) {
    if (area.offset_bytes % sector_bytes != 0)
      return bad_geometry(fmt::format("an area at byte {} is not on a sector", area.offset_bytes));
    if (area.offset_bytes < free_from_bytes)
      return bad_geometry(fmt::format("two areas overlap at byte {}", area.offset_bytes));
    if (area.length_bytes > geometry.volume_bytes ||
        area.offset_bytes > geometry.volume_bytes - area.length_bytes)
      return bad_geometry(fmt::format("an area at byte {} lies outside the volume of {} bytes",
                                      area.offset_bytes, geometry.volume_bytes));
    free_from_bytes = area.end_bytes();
  }
  return {};
}

Result<EncodedBitlocker> encode_bitlocker(const BitlockerGeometry& geometry, const BitlockerSecrets& secrets,
                                          std::string_view description, int64_t now_ns,
                                          KeyStretcher* stretcher) {
  TRY(check_bitlocker_geometry(geometry));
  TRY(check_secrets(secrets));
  const uint64_t filetime = filetime_of(now_ns);
  const auto stretch = [&](const SecretBytes& hashed, const Salt& salt) {
    return stretcher != nullptr ? stretcher->stretch(hashed, salt) : stretch_hashed_secret(hashed, salt);
  };
  FveNonces nonces(filetime);

  Bytes entries;
  append_datum(entries, FveRole::description, FveType::text, TRY(encode_description(description)));
  if (!secrets.password.empty())
    append_protector(
        entries,
        {.id = secrets.password_protector_id,
         .kind = kProtectorPassword,
         .stretch_method = kStretchPassword,
         .salt = secrets.password_salt,
         .copy_role = FveRole::none,
         .copy_kind = FveKeyKind::stretched_password,
         .stretched = stretch(TRY(hash_password(secrets.password.text())), secrets.password_salt)},
        secrets, filetime, nonces);
  append_protector(entries,
                   {.id = secrets.recovery_protector_id,
                    .kind = kProtectorRecovery,
                    .stretch_method = kStretchRecovery,
                    .salt = secrets.recovery_salt,
                    .copy_role = FveRole::stretched_key,
                    .copy_kind = FveKeyKind::stretched_recovery,
                    .stretched = stretch(hash_recovery_key(secrets.recovery_key), secrets.recovery_salt)},
                   secrets, filetime, nonces);
  append_sealed_key(entries, FveRole::full_volume_key, secrets.volume_master_key, nonces.next(),
                    FveKeyKind::aes_xts_128, secrets.full_volume_key.span());
  append_header_block(entries, geometry);
  // The digest's nonce is taken before the block is finished: the block tells the next free one, and the
  // digest covers the block.
  const std::array<uint8_t, 12> digest_nonce = nonces.next();

  const size_t dataset_bytes = kDatasetHeaderBytes + entries.size();
  const size_t block_bytes = round_up(kBlockHeaderBytes + dataset_bytes, 16);
  Bytes area(kFveAreaBytes);
  std::ranges::copy(kFveSignature, area.begin());
  store_le(area, 0x08, static_cast<uint16_t>(block_bytes / 16));
  store_le(area, 0x0a, kMetadataVersion);
  store_le(area, 0x0c, kStateEncrypted);
  store_le(area, 0x0e, kStateEncrypted);
  store_le(area, 0x10, geometry.volume_bytes);
  store_le(area, 0x1c, static_cast<uint32_t>(kFveHeaderBytes / geometry.sector_bytes));
  for (size_t i = 0; i < 3; i++) store_le(area, 0x20 + 8 * i, geometry.metadata_offset_bytes[i]);
  store_le(area, 0x38, geometry.header_offset_bytes);
  store_le(area, 0x40, static_cast<uint32_t>(dataset_bytes));
  store_le<uint32_t>(area, 0x44, 1);
  store_le(area, 0x48, static_cast<uint32_t>(kDatasetHeaderBytes));
  store_le(area, 0x4c, static_cast<uint32_t>(dataset_bytes));
  std::ranges::copy(secrets.volume_id.bytes, area.begin() + 0x50);
  store_le(area, 0x60, nonces.next_counter());
  store_le(area, 0x64, kCipherXtsAes128);
  store_le(area, 0x68, filetime);
  std::ranges::copy(entries, area.begin() + kEntriesAt);

  const ByteSpan block = ByteSpan(area).first(block_bytes);
  Bytes validation;
  append_le(validation, static_cast<uint16_t>(kFveAreaBytes - block_bytes));
  append_le(validation, kMetadataVersion);
  append_le(validation, crc32_of(block));
  append_sealed_key(validation, FveRole::none, secrets.volume_master_key, digest_nonce,
                    FveKeyKind::block_digest, sha256_of(block));
  std::ranges::copy(validation, area.begin() + static_cast<ptrdiff_t>(block_bytes));
  return EncodedBitlocker{.volume_header = encode_volume_header(geometry), .metadata_area = std::move(area)};
}

}  // namespace seedbed
