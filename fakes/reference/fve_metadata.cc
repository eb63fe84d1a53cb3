#include "fakes/reference/fve_metadata.h"

#include <fmt/format.h>

#include <algorithm>

namespace seedbed::reference {

namespace {

constexpr std::string_view kSignature = "-FVE-FS-";
constexpr std::string_view kVolumeGuid = "4967d63b-2e29-4ad8-8399-f6a339e3d001";
constexpr size_t kBlockHeaderBytes = 0x40, kDatasetHeaderBytes = 0x30, kDatumHeaderBytes = 8;
constexpr uint64_t kRelocatedMax = 64 * KiB;
// roles and types of data
constexpr uint16_t kMasterKey = 2, kFullVolumeKey = 3, kDescription = 7;
constexpr uint16_t kTypeKey = 1, kTypeStretch = 3, kTypeCcm = 5, kTypeProtector = 8;
constexpr uint16_t kByRecoveryPassword = 0x0800, kByPassword = 0x2000;

std::unexpected<Error> bad_metadata(std::string what) {
  return fail(ErrorCode::corrupt, std::move(what), "BitLocker metadata");
}

Result<std::vector<FveDatum>> parse_data(ByteSpan bytes) {
  std::vector<FveDatum> data;
  while (bytes.size() >= kDatumHeaderBytes) {
    const auto size = load_le<uint16_t>(bytes, 0);
    if (size < kDatumHeaderBytes || size > bytes.size())
      return bad_metadata(fmt::format("an entry of {} bytes where {} are left", size, bytes.size()));
    data.push_back({load_le<uint16_t>(bytes, 2), load_le<uint16_t>(bytes, 4),
                    bytes.subspan(kDatumHeaderBytes, size - kDatumHeaderBytes)});
    bytes = bytes.subspan(size);
  }
  if (!bytes.empty()) return bad_metadata("bytes are left after the last entry");
  return data;
}

const FveDatum* first_of(const std::vector<FveDatum>& data, uint16_t type) {
  const auto found =
      std::find_if(data.begin(), data.end(), [&](const FveDatum& datum) { return datum.type == type; });
  return found == data.end() ? nullptr : &*found;
}

// The key in an opened box: a datum of type 1 that says which algorithm it is for.
std::optional<SecretBytes> key_in(const SecretBytes& box, uint32_t algorithm, size_t key_bytes) {
  const ByteSpan bytes = box.span();
  if (bytes.size() != kDatumHeaderBytes + 4 + key_bytes || load_le<uint16_t>(bytes, 0) != bytes.size())
    return std::nullopt;
  if (load_le<uint16_t>(bytes, 4) != kTypeKey || load_le<uint32_t>(bytes, 8) != algorithm)
    return std::nullopt;
  return SecretBytes(bytes.subspan(kDatumHeaderBytes + 4));
}

}  // namespace

Result<FveHeader> parse_fve_header(ByteSpan sector, uint64_t partition_bytes) {
  if (sector.size() < 512 || as_text(sector.subspan(3, 8)) != kSignature)
    return fail(ErrorCode::not_found, "no BitLocker signature at the start of the partition");
  if (sector[0] != 0xeb || sector[1] != 0x58)
    return bad_metadata("the volume header is not of the Windows 7 layout");
  if (sector[510] != 0x55 || sector[511] != 0xaa) return bad_metadata("the volume header lacks its 55 AA");
  Guid guid;
  std::copy_n(sector.begin() + 160, 16, guid.bytes.begin());
  if (guid != Guid::parse(kVolumeGuid))
    return fail(ErrorCode::unsupported, "the volume header's GUID is " + guid.text(), "BitLocker metadata");
  FveHeader header;
  header.sector_bytes = load_le<uint16_t>(sector, 11);
  if (header.sector_bytes != 512 && header.sector_bytes != 4096)
    return bad_metadata(fmt::format("sectors of {} bytes", header.sector_bytes));
  for (size_t i = 0; i < 3; i++) {
    const auto offset = load_le<uint64_t>(sector, 176 + 8 * i);
    if (offset == 0 || offset % header.sector_bytes != 0 || offset > partition_bytes ||
        partition_bytes - offset < kFveMetadataBytes)
      return bad_metadata(fmt::format("metadata area {} at byte {} is out of bounds", i + 1, offset));
    header.metadata_offset_bytes[i] = offset;
  }
  return header;
}

Result<FveMetadata> parse_fve_metadata(ByteSpan area, const FveHeader& header, uint64_t partition_bytes) {
  if (area.size() < kFveMetadataBytes || as_text(area.first(8)) != kSignature)
    return bad_metadata("no signature");
  const size_t block_bytes = size_t{load_le<uint16_t>(area, 8)} * 16;
  if (load_le<uint16_t>(area, 10) != 2)
    return fail(ErrorCode::unsupported, "metadata version is not 2", "BitLocker metadata");
  if (block_bytes < kBlockHeaderBytes + kDatasetHeaderBytes || block_bytes + 16 > area.size())
    return bad_metadata(fmt::format("a block of {} bytes", block_bytes));

  FveMetadata metadata;
  metadata.block = area.first(block_bytes);
  const ByteSpan validation = area.subspan(block_bytes);
  const auto validation_bytes = load_le<uint16_t>(validation, 0);
  if (validation_bytes < 8 + kDatumHeaderBytes || validation_bytes > validation.size())
    return bad_metadata(fmt::format("a validation part of {} bytes", validation_bytes));
  if (load_le<uint16_t>(validation, 2) != 2) return bad_metadata("validation version is not 2");
  if (crc32_of(metadata.block) != load_le<uint32_t>(validation, 4))
    return bad_metadata("CRC-32 does not match");
  const auto digest_bytes = load_le<uint16_t>(validation, 8);
  if (digest_bytes < kDatumHeaderBytes || digest_bytes > validation_bytes - 8 ||
      load_le<uint16_t>(validation, 12) != kTypeCcm)
    return bad_metadata("no sealed digest after the CRC-32");
  metadata.sealed_digest = validation.subspan(8 + kDatumHeaderBytes, digest_bytes - kDatumHeaderBytes);

  const auto state = load_le<uint16_t>(area, 12), next_state = load_le<uint16_t>(area, 14);
  if (state != 4 || next_state != 4)
    return fail(ErrorCode::unsupported,
                fmt::format("the volume is in state {} → {}, not fully encrypted", state, next_state),
                "BitLocker metadata");
  metadata.volume_bytes = load_le<uint64_t>(area, 0x10);
  if (metadata.volume_bytes < 1 * MiB || metadata.volume_bytes > partition_bytes ||
      metadata.volume_bytes % header.sector_bytes != 0)
    return bad_metadata(
        fmt::format("a volume of {} bytes in a partition of {}", metadata.volume_bytes, partition_bytes));
  for (size_t i = 0; i < 3; i++) metadata.metadata_offset_bytes[i] = load_le<uint64_t>(area, 0x20 + 8 * i);
  if (metadata.metadata_offset_bytes != header.metadata_offset_bytes)
    return bad_metadata("the metadata offsets are not those of the volume header");
  metadata.relocated_header = {load_le<uint64_t>(area, 0x38),
                               uint64_t{load_le<uint32_t>(area, 0x1c)} * header.sector_bytes};
  const auto& relocated = metadata.relocated_header;
  if (relocated.length_bytes == 0 || relocated.length_bytes > kRelocatedMax ||
      relocated.offset_bytes % header.sector_bytes != 0 || relocated.offset_bytes > metadata.volume_bytes ||
      relocated.length_bytes > metadata.volume_bytes - relocated.offset_bytes)
    return bad_metadata(fmt::format("a relocated header of {} bytes at byte {}", relocated.length_bytes,
                                    relocated.offset_bytes));

  const ByteSpan dataset = metadata.block.subspan(kBlockHeaderBytes);
  const auto dataset_bytes = load_le<uint32_t>(dataset, 0);
  if (dataset_bytes < kDatasetHeaderBytes || dataset_bytes > dataset.size() ||
      load_le<uint32_t>(dataset, 8) != kDatasetHeaderBytes || load_le<uint32_t>(dataset, 12) != dataset_bytes)
    return bad_metadata(fmt::format("a dataset of {} bytes", dataset_bytes));
  std::copy_n(dataset.begin() + 0x10, 16, metadata.volume_id.bytes.begin());
  metadata.cipher = load_le<uint16_t>(dataset, 0x24);
  metadata.data = TRY(parse_data(dataset.first(dataset_bytes).subspan(kDatasetHeaderBytes)));
  for (const auto& datum : metadata.data) {
    if (datum.role != kDescription) continue;
    std::u16string text;
    for (size_t at = 0; at + 2 <= datum.payload.size() && load_le<char16_t>(datum.payload, at) != 0; at += 2)
      text += load_le<char16_t>(datum.payload, at);
    metadata.description = utf8_of(text).value_or("");
  }
  return metadata;
}

Result<FveKeys> unlock_fve(const FveMetadata& metadata, const DriveSecret& secret) {
  const auto initial = initial_hash(secret);
  if (!initial)
    return fail(ErrorCode::permission_denied, "that is no recovery password or no UTF-8 password",
                "BitLocker", "A recovery password has 8 groups of 6 digits joined by '-'");
  const uint16_t kind = secret.kind == DriveSecret::Kind::password ? kByPassword : kByRecoveryPassword;
  bool has_protector = false;
  for (const auto& datum : metadata.data) {
    // GUID, FILETIME, u16, u16 kind, then the nested data
    if (datum.role != kMasterKey || datum.type != kTypeProtector || datum.payload.size() < 28 ||
        load_le<uint16_t>(datum.payload, 26) != kind)
      continue;
    has_protector = true;
    const auto nested = TRY(parse_data(datum.payload.subspan(28)));
    const FveDatum *stretching = first_of(nested, kTypeStretch), *box = first_of(nested, kTypeCcm);
    if (!stretching || stretching->payload.size() < 20 || !box)
      return bad_metadata("a protector without salt or sealed key");
    const ByteSpan salt = stretching->payload.subspan(4, 16);
    const auto opened =
        open_ccm(secret.memo != nullptr ? secret.memo->stretch(*initial, salt) : stretch(*initial, salt),
                 box->payload);
    if (!opened) continue;
    auto master = key_in(*opened, 0x2003, 32);
    if (!master) return bad_metadata("the sealed volume master key has a wrong form");
    for (const auto& candidate : metadata.data) {
      if (candidate.role != kFullVolumeKey || candidate.type != kTypeCcm) continue;
      const auto full = open_ccm(*master, candidate.payload);
      if (!full) return bad_metadata("the full volume key does not open under the volume master key");
      if (metadata.cipher != 0x8004 && metadata.cipher != 0x8005)
        return fail(
            ErrorCode::unsupported,
            fmt::format("the cipher is {:04X}, only XTS-AES (8004, 8005) is read here", metadata.cipher),
            "BitLocker");
      auto key = key_in(*full, metadata.cipher, metadata.cipher == 0x8004 ? 32 : 64);
      if (!key) return bad_metadata("the sealed full volume key has a wrong form");
      return FveKeys{std::move(*master), std::move(*key)};
    }
    return bad_metadata("no full volume key");
  }
  if (!has_protector)
    return fail(ErrorCode::permission_denied, "the volume has no protector of that kind", "BitLocker");
  return fail(ErrorCode::permission_denied, "the secret does not open the volume", "BitLocker",
              "Check the password or recovery password of this drive");
}

bool sealed_digest_matches(const FveMetadata& metadata, const SecretBytes& volume_master_key) {
  const auto box = open_ccm(volume_master_key, metadata.sealed_digest);
  if (!box) return false;
  const auto digest = key_in(*box, 0x2005, 32);
  const Sha256 own = sha256_of(metadata.block);
  return digest && std::equal(own.begin(), own.end(), digest->span().begin());
}

}  // namespace seedbed::reference
