// The reading half of bitlocker_metadata.h: what can be told of a volume without a key.
#include <fmt/format.h>

#include <algorithm>

#include "engine/base/checksum.h"
#include "engine/volume/bitlocker_metadata.h"
#include "engine/volume/fve_datum.h"
#include "engine/volume/fve_layout.h"

namespace seedbed {

static std::unexpected<Error> corrupt(std::string what) {
  return fail(ErrorCode::corrupt, std::move(what));
}

static bool starts_with(ByteSpan bytes, size_t at, std::string_view text) {
  return bytes.size() >= at + text.size() && as_text(bytes.subspan(at, text.size())) == text;
}

std::string bitlocker_cipher_name(uint16_t cipher) {
  switch (cipher) {
    case 0x8000:
      return "AES-CBC-128 with diffuser";
    case 0x8001:
      return "AES-CBC-256 with diffuser";
    case 0x8002:
      return "AES-CBC-128";
    case 0x8003:
      return "AES-CBC-256";
    case 0x8004:
      return "XTS-AES-128";
    case 0x8005:
      return "XTS-AES-256";
    default:
      return fmt::format("unknown cipher 0x{:04x}", cipher);
  }
}

Result<BitlockerGeometry> parse_bitlocker_header(ByteSpan header, uint64_t volume_bytes) {
  if (header.size() < 512) return fail(ErrorCode::invalid_argument, "a volume header has at least 512 bytes");
  if (starts_with(header, 3, "MSWIN4.1") && std::ranges::search(header.first(512), kFveVolumeGuid))
    return fail(ErrorCode::unsupported, "the volume is a BitLocker To Go volume with a FAT file system", {},
                "Format it as NTFS with BitLocker, or let seedbed prepare the drive");
  if (!starts_with(header, 3, kFveSignature))
    return fail(ErrorCode::not_found, "no BitLocker volume starts here");
  if (!std::ranges::equal(header.first(3), kFveJump))
    return fail(ErrorCode::unsupported, "the BitLocker volume has the layout of Windows Vista", {},
                "Encrypt it again with a newer Windows");
  if (!std::ranges::equal(header.subspan(kHeaderGuidAt, 16), kFveVolumeGuid))
    return fail(ErrorCode::unsupported,
                "the BitLocker volume is of a kind seedbed does not read (encrypt-on-write, or unknown)");

  BitlockerGeometry geometry;
  geometry.volume_bytes = volume_bytes;
  geometry.sector_bytes = load_le<uint16_t>(header, 11);
  geometry.cluster_bytes = header[13] * geometry.sector_bytes;
  geometry.partition_start_sector = load_le<uint32_t>(header, 28);
  for (size_t i = 0; i < 3; i++)
    geometry.metadata_offset_bytes[i] = load_le<uint64_t>(header, kHeaderAreasAt + 8 * i);

  if (geometry.sector_bytes != 512 && geometry.sector_bytes != 4096)
    return corrupt(
        fmt::format("the BitLocker volume header says sectors of {} bytes", geometry.sector_bytes));
  std::array<uint64_t, 3> sorted = geometry.metadata_offset_bytes;
  std::ranges::sort(sorted);
  uint64_t free_from_bytes = kFveHeaderBytes;
  for (const uint64_t offset_bytes : sorted) {
    if (offset_bytes % geometry.sector_bytes != 0 || offset_bytes < free_from_bytes ||
        volume_bytes < kFveAreaBytes || offset_bytes > volume_bytes - kFveAreaBytes)
      return corrupt(fmt::format("the BitLocker volume header puts a metadata area at byte {} of {}",
                                 offset_bytes, volume_bytes));
    free_from_bytes = offset_bytes + kFveAreaBytes;
  }
  return geometry;
}

static std::string parse_description(ByteSpan payload) {
  std::u16string units;
  for (size_t at = 0; at + 2 <= payload.size(); at += 2) {
    const auto unit = load_le<char16_t>(payload, at);
    if (unit == 0) break;
    units += unit;
  }
  return utf8_of(units).value_or("");  // a label only: not worth refusing a volume
}

// The relocated header's place is written twice, in the block header and in an entry; both must agree.
static Status parse_header_block(ByteSpan payload, ByteSpan block, BitlockerGeometry& geometry) {
  if (payload.size() < 16)
    return corrupt("the BitLocker entry about the relocated volume header is too short");
  const auto length_bytes = load_le<uint64_t>(payload, 8);
  if (load_le<uint64_t>(payload, 0) != geometry.header_offset_bytes ||
      uint64_t{load_le<uint32_t>(block, 0x1c)} * geometry.sector_bytes != length_bytes)
    return corrupt("the BitLocker metadata contradicts itself about the relocated volume header");
  if (length_bytes != kFveHeaderBytes)
    return fail(ErrorCode::unsupported,
                fmt::format("the BitLocker volume has {} bytes of its start relocated, not {}", length_bytes,
                            kFveHeaderBytes));
  // What follows the two numbers is optional. The extra area is ordinary data to every reader, so an odd
  // place is only not reported.
  constexpr size_t kExtraAt = 16 + 60;
  if (payload.size() >= 16 + size_t{kExtendedInfoBytes}) {
    BitlockerGeometry with_extra = geometry;
    with_extra.extra_offset_bytes = load_le<uint64_t>(payload, kExtraAt);
    if (check_bitlocker_geometry(with_extra)) geometry = with_extra;
  }
  return {};
}

Result<BitlockerHeader> parse_bitlocker_area(ByteSpan area, const BitlockerGeometry& from_header) {
  if (area.size() < kFveAreaBytes)
    return fail(ErrorCode::invalid_argument, "a BitLocker metadata area has 64 KiB");
  if (!starts_with(area, 0, kFveSignature)) return corrupt("a BitLocker metadata area lacks its signature");
  const auto version = load_le<uint16_t>(area, 0x0a);
  if (version != kMetadataVersion)
    return fail(ErrorCode::unsupported,
                fmt::format("BitLocker metadata of version {}, not {}", version, kMetadataVersion));
  const size_t block_bytes = size_t{load_le<uint16_t>(area, 0x08)} * 16;
  if (block_bytes < kEntriesAt || block_bytes > kFveAreaBytes - kValidationHeaderBytes)
    return corrupt(fmt::format("a BitLocker metadata block says it has {} bytes", block_bytes));
  const ByteSpan block = area.first(block_bytes);
  const auto crc = load_le<uint32_t>(area, block_bytes + 4);
  if (crc != crc32_of(block)) return corrupt("the CRC-32 of a BitLocker metadata block does not match");

  const auto dataset_bytes = load_le<uint32_t>(block, 0x40);
  if (dataset_bytes < kDatasetHeaderBytes || dataset_bytes > block_bytes - kBlockHeaderBytes ||
      load_le<uint32_t>(block, 0x48) != kDatasetHeaderBytes)
    return corrupt(fmt::format("a BitLocker dataset says it has {} bytes", dataset_bytes));
  const auto state = load_le<uint16_t>(block, 0x0c), next_state = load_le<uint16_t>(block, 0x0e);
  if (state != kStateEncrypted || next_state != kStateEncrypted)
    return fail(
        ErrorCode::unsupported,
        fmt::format("the BitLocker volume is not wholly encrypted (state {}, next {})", state, next_state),
        {}, "Let Windows finish encrypting or decrypting it");

  BitlockerHeader header;
  header.geometry = from_header;
  header.geometry.volume_bytes = load_le<uint64_t>(block, 0x10);
  if (header.geometry.volume_bytes > from_header.volume_bytes)
    return corrupt(fmt::format("the BitLocker volume says {} bytes in a partition of {}",
                               header.geometry.volume_bytes, from_header.volume_bytes));
  for (size_t i = 0; i < 3; i++)
    if (load_le<uint64_t>(block, 0x20 + 8 * i) != from_header.metadata_offset_bytes[i])
      return corrupt("BitLocker volume header and metadata disagree on where the metadata lies");
  header.geometry.header_offset_bytes = load_le<uint64_t>(block, 0x38);
  header.geometry.extra_offset_bytes = 0;
  if (auto checked = check_bitlocker_geometry(header.geometry); !checked)
    return corrupt(checked.error().what);
  std::ranges::copy(block.subspan(0x50, 16), header.volume_id.bytes.begin());
  header.cipher = load_le<uint16_t>(block, 0x64);

  bool has_header_block = false;
  const auto entries = TRY(parse_datums(block.subspan(kEntriesAt, dataset_bytes - kDatasetHeaderBytes)));
  for (const FveDatum& datum : entries) {
    if (datum.role == FveRole::description && datum.type == FveType::text) {
      header.description = parse_description(datum.payload);
    } else if (datum.role == FveRole::volume_master_key && datum.type == FveType::protector &&
               datum.payload.size() >= kProtectorHeaderBytes) {
      const auto kind = load_le<uint16_t>(datum.payload, kProtectorKindAt);
      header.has_password |= kind == kProtectorPassword;
      header.has_recovery |= kind == kProtectorRecovery;
    } else if (datum.role == FveRole::header_block && datum.type == FveType::header_block) {
      TRY(parse_header_block(datum.payload, block, header.geometry));
      has_header_block = true;
    }
  }
  if (!has_header_block)
    return corrupt("the BitLocker metadata does not tell where the volume's start was put");
  header.block.assign(block.begin(), block.end());
  return header;
}

}  // namespace seedbed
