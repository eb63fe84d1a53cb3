// The plain structures of a BitLocker (FVE) volume: volume header and the three metadata areas, written and
// read. [docs/formats/bitlocker.md] Pure functions over bytes. Readers bound every size and offset before
// they believe it and try all three copies.
#pragma once

#include <array>
#include <string>

#include "engine/base/result.h"
#include "engine/volume/bitlocker_keys.h"

namespace seedbed {

inline constexpr uint64_t kFveAreaBytes = 0x10000;
inline constexpr uint64_t kFveHeaderBytes = 0x2000;  // relocated start of the NTFS volume

// Where the parts of the volume lie; byte offsets from the start of the partition.
struct BitlockerGeometry {
  uint64_t volume_bytes = 0;
  uint32_t sector_bytes = 512;
  uint32_t cluster_bytes = 4096;
  uint64_t partition_start_sector = 0;
  std::array<uint64_t, 3> metadata_offset_bytes{};
  uint64_t header_offset_bytes = 0;  // the encrypted home of logical bytes 0..0x1FFF
  uint64_t extra_offset_bytes = 0;   // the area W of the extended info
};

// Sector and cluster sizes are ones BitLocker has, and the areas are whole sectors, apart from one another
// and inside the volume.
Status check_bitlocker_geometry(const BitlockerGeometry& geometry);

struct EncodedBitlocker {
  Bytes volume_header;  // one sector, at offset 0 of the partition
  Bytes metadata_area;  // 64 KiB, the same at each of the three offsets
};
// description: "HOST LABEL DATE" as Windows writes it. now_ns: UTC, for the FILETIMEs of nonces and
// protectors.
Result<EncodedBitlocker> encode_bitlocker(const BitlockerGeometry& geometry, const BitlockerSecrets& secrets,
                                          std::string_view description, int64_t now_ns,
                                          KeyStretcher* stretcher = nullptr);

// What can be told without a key.
struct BitlockerHeader {
  BitlockerGeometry geometry;
  uint16_t cipher = 0;  // 0x8004 = XTS-AES-128
  Guid volume_id;
  std::string description;
  bool has_password = false, has_recovery = false;
  Bytes block;  // the metadata block the keys are read from (validated CRC)
};
// header: the first 512 bytes of the partition or more. No BitLocker: not_found. The geometry still lacks
// what only the areas tell (header_offset_bytes, extra_offset_bytes).
Result<BitlockerGeometry> parse_bitlocker_header(ByteSpan header, uint64_t volume_bytes);
// area: the 64 KiB at one of the metadata offsets, fetched by the caller. Any cipher parses; only XTS-AES-128
// unlocks.
Result<BitlockerHeader> parse_bitlocker_area(ByteSpan area, const BitlockerGeometry& from_header);
// "XTS-AES-128", "AES-CBC-128", …
std::string bitlocker_cipher_name(uint16_t cipher);

struct UnlockedKeys {
  SecretBytes full_volume_key;  // 32
};
// area: the one `header` was parsed from. Wrong secret: permission_denied. The SHA-256 under the VMK is
// checked (corrupt otherwise). Another cipher: unsupported, before any stretching.
Result<UnlockedKeys> unlock_with_recovery_password(const BitlockerHeader& header, ByteSpan area,
                                                   std::string_view password,
                                                   KeyStretcher* stretcher = nullptr);
Result<UnlockedKeys> unlock_with_password(const BitlockerHeader& header, ByteSpan area,
                                          std::string_view password, KeyStretcher* stretcher = nullptr);

}  // namespace seedbed
