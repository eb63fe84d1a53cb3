// The unlocking half of bitlocker_metadata.h: from a secret to the volume's key.
//   secret ─ hash ─ stretch ─ opens a protector's VMK ─ opens the digest of the block, which must match ─
//   opens the FVEK
#include <fmt/format.h>

#include <algorithm>

#include "engine/base/checksum.h"
#include "engine/volume/bitlocker_metadata.h"
#include "engine/volume/fve_datum.h"
#include "engine/volume/fve_layout.h"

namespace seedbed {

namespace {

// A volume has a handful of protectors; each try costs a stretching, so metadata made up to cost hours is cut
// off here.
constexpr size_t kProtectorsMax = 16;

Result<std::vector<FveDatum>> entries_of(const BitlockerHeader& header) {
  const ByteSpan block = header.block;
  return parse_datums(block.subspan(kEntriesAt, load_le<uint32_t>(block, 0x40) - kDatasetHeaderBytes));
}

const FveDatum* find_type(const std::vector<FveDatum>& datums, FveType type) {
  const auto found = std::ranges::find(datums, type, &FveDatum::type);
  return found == datums.end() ? nullptr : &*found;
}

Result<SecretBytes> open_master_key(const std::vector<FveDatum>& entries, uint16_t kind,
                                    const SecretBytes& hashed_secret, KeyStretcher* stretcher) {
  constexpr size_t kSaltAt = 4;
  size_t tried = 0;
  for (const FveDatum& entry : entries) {
    if (entry.role != FveRole::volume_master_key || entry.type != FveType::protector ||
        entry.payload.size() < kProtectorHeaderBytes ||
        load_le<uint16_t>(entry.payload, kProtectorKindAt) != kind)
      continue;
    const auto parts = TRY(parse_datums(entry.payload.subspan(kProtectorHeaderBytes)));
    const FveDatum* const stretch = find_type(parts, FveType::stretched);
    const FveDatum* const sealed = find_type(parts, FveType::sealed);
    if (stretch == nullptr || sealed == nullptr || stretch->payload.size() < kSaltAt + sizeof(Salt)) continue;
    if (++tried > kProtectorsMax) break;
    Salt salt;
    std::ranges::copy(stretch->payload.subspan(kSaltAt, sizeof(Salt)), salt.begin());
    const SecretBytes stretched = stretcher != nullptr ? stretcher->stretch(hashed_secret, salt)
                                                       : stretch_hashed_secret(hashed_secret, salt);
    auto opened = open_sealed_key(sealed->payload, stretched);
    if (opened && opened->kind == FveKeyKind::volume_master_key && opened->key.size() == 32)
      return std::move(opened->key);
  }
  const char* const name = kind == kProtectorPassword ? "password" : "recovery password";
  if (tried == 0)
    return fail(ErrorCode::permission_denied, fmt::format("the BitLocker volume has no {}", name), {},
                "Use its other secret");
  return fail(ErrorCode::permission_denied, fmt::format("wrong BitLocker {}", name), {},
              "Check it against the drive's record and type it again");
}

Result<UnlockedKeys> unlock(const BitlockerHeader& header, ByteSpan area, uint16_t kind,
                            const SecretBytes& hashed_secret, KeyStretcher* stretcher) {
  const size_t block_bytes = header.block.size();
  if (block_bytes < kEntriesAt || area.size() < kFveAreaBytes ||
      !std::ranges::equal(area.first(block_bytes), header.block))
    return fail(ErrorCode::invalid_argument,
                "the BitLocker metadata area is not the one its header was read from");
  const auto entries = TRY(entries_of(header));
  const SecretBytes master_key = TRY(open_master_key(entries, kind, hashed_secret, stretcher));

  const auto validation = parse_datums(area.subspan(block_bytes + kValidationHeaderBytes));
  const FveDatum* const sealed_digest = validation ? find_type(*validation, FveType::sealed) : nullptr;
  const auto digest =
      sealed_digest != nullptr ? open_sealed_key(sealed_digest->payload, master_key) : std::nullopt;
  const Sha256 expected = sha256_of(header.block);
  if (!digest || digest->kind != FveKeyKind::block_digest ||
      !std::ranges::equal(digest->key.span(), expected))
    return fail(ErrorCode::corrupt, "the SHA-256 of a BitLocker metadata block does not match");

  for (const FveDatum& entry : entries) {
    if (entry.role != FveRole::full_volume_key || entry.type != FveType::sealed) continue;
    auto opened = open_sealed_key(entry.payload, master_key);
    if (!opened || opened->kind != FveKeyKind::aes_xts_128 || opened->key.size() != 32)
      return fail(ErrorCode::corrupt, "the BitLocker volume key cannot be opened with its master key");
    return UnlockedKeys{.full_volume_key = std::move(opened->key)};
  }
  return fail(ErrorCode::corrupt, "the BitLocker metadata holds no volume key");
}

Status check_cipher(const BitlockerHeader& header) {
  if (header.cipher == kCipherXtsAes128) return {};
  return fail(ErrorCode::unsupported,
              fmt::format("the BitLocker volume is encrypted with {}; seedbed reads XTS-AES-128",
                          bitlocker_cipher_name(header.cipher)),
              {}, "Encrypt it again with XTS-AES-128, or let seedbed prepare the drive");
}

}  // namespace

Result<UnlockedKeys> unlock_with_recovery_password(const BitlockerHeader& header, ByteSpan area,
                                                   std::string_view password, KeyStretcher* stretcher) {
  TRY(check_cipher(header));
  const auto key = parse_recovery_password(password);
  if (!key)
    return fail(ErrorCode::permission_denied, "that is no BitLocker recovery password", {},
                "Give eight groups of six digits joined by '-', each group divisible by 11");
  return unlock(header, area, kProtectorRecovery, hash_recovery_key(*key), stretcher);
}

Result<UnlockedKeys> unlock_with_password(const BitlockerHeader& header, ByteSpan area,
                                          std::string_view password, KeyStretcher* stretcher) {
  TRY(check_cipher(header));
  return unlock(header, area, kProtectorPassword, TRY(hash_password(password)), stretcher);
}

}  // namespace seedbed
