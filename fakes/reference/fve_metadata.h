// The plain structures of a BitLocker (FVE) volume as they lie on the disk: the volume header and one of the
// three 64 KiB metadata areas. Pure functions over untrusted bytes. [libbde, "BitLocker Drive Encryption
// (BDE) format"; cryptsetup's bitlk]
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/text.h"
#include "fakes/reference/fve_keys.h"

namespace seedbed::reference {

inline constexpr uint64_t kFveMetadataBytes = 0x10000;

struct FveHeader {
  uint32_t sector_bytes = 0;
  std::array<uint64_t, 3> metadata_offset_bytes{};
};
// sector: at least the first 512 bytes of the partition. not_found when there is no BitLocker signature.
Result<FveHeader> parse_fve_header(ByteSpan sector, uint64_t partition_bytes);

// One typed value; `payload` points into the area it was read from.
struct FveDatum {
  uint16_t role = 0, type = 0;
  ByteSpan payload;
};

struct FveMetadata {
  uint64_t volume_bytes = 0;
  std::array<uint64_t, 3> metadata_offset_bytes{};
  Extent relocated_header;  // where the volume's first bytes live
  uint16_t cipher = 0;      // 0x8004 = XTS-AES-128, 0x8005 = XTS-AES-256
  Guid volume_id;
  std::string description;
  std::vector<FveDatum> data;
  ByteSpan block;          // what the CRC-32 and the sealed SHA-256 cover
  ByteSpan sealed_digest;  // AES-CCM payload
};
// area: kFveMetadataBytes, and it must outlive the result. Signature, bounds and CRC-32 are checked.
Result<FveMetadata> parse_fve_metadata(ByteSpan area, const FveHeader& header, uint64_t partition_bytes);

struct FveKeys {
  SecretBytes volume_master_key, full_volume_key;
};
// permission_denied when no protector of that kind opens with the secret.
Result<FveKeys> unlock_fve(const FveMetadata& metadata, const DriveSecret& secret);
// Whether the SHA-256 sealed under the volume master key is the block's own.
bool sealed_digest_matches(const FveMetadata& metadata, const SecretBytes& volume_master_key);

}  // namespace seedbed::reference
