// The block function of SHA-256 by itself is a deprecated interface of OpenSSL 3, and a quarter faster here
// than the digest around it.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "engine/volume/bitlocker_keys.h"

#include <openssl/sha.h>

#include <algorithm>

#include "engine/base/text.h"

namespace seedbed {

static constexpr uint64_t kStretchRounds = 1 << 20;
static constexpr size_t kRecoveryGroups = 8, kDigitsPerGroup = 6;
static constexpr size_t kRecoveryTextBytes = kRecoveryGroups * kDigitsPerGroup + kRecoveryGroups - 1;

SecretBytes recovery_password_of(const SecretBytes& key16) {
  SecretBytes text(kRecoveryTextBytes);
  for (size_t group = 0; group < kRecoveryGroups; group++) {
    uint32_t value = load_le<uint16_t>(key16.span(), 2 * group) * 11U;
    uint8_t* const digits = text.mutable_span().data() + group * (kDigitsPerGroup + 1);
    for (size_t i = kDigitsPerGroup; i-- > 0; value /= 10) digits[i] = static_cast<uint8_t>('0' + value % 10);
    if (group + 1 < kRecoveryGroups) digits[kDigitsPerGroup] = '-';
  }
  return text;
}

std::optional<SecretBytes> parse_recovery_password(std::string_view text) {
  if (text.size() != kRecoveryTextBytes) return std::nullopt;
  SecretBytes key(2 * kRecoveryGroups);
  for (size_t group = 0; group < kRecoveryGroups; group++) {
    const std::string_view part = text.substr(group * (kDigitsPerGroup + 1));
    if (group + 1 < kRecoveryGroups && part[kDigitsPerGroup] != '-') return std::nullopt;
    const auto value = parse_u64(part.substr(0, kDigitsPerGroup));
    if (!value || *value % 11 != 0 || *value / 11 > UINT16_MAX) return std::nullopt;
    store_le(key.mutable_span(), 2 * group, static_cast<uint16_t>(*value / 11));
  }
  return key;
}

static SecretBytes sha256_of_secret(ByteSpan secret) {
  Sha256 digest = sha256_of(secret);
  SecretBytes out{ByteSpan(digest)};
  wipe(digest);
  return out;
}

SecretBytes hash_recovery_key(const SecretBytes& key16) {
  return sha256_of_secret(key16.span());
}

Result<SecretBytes> hash_password(std::string_view utf8_password) {
  auto utf16 = utf16_of(utf8_password);
  if (!utf16)
    return fail(ErrorCode::invalid_argument, "the BitLocker password is not valid UTF-8", {},
                "Set the terminal's locale to UTF-8 and type it again");
  const MutableByteSpan units(reinterpret_cast<uint8_t*>(utf16->data()), utf16->size() * sizeof(char16_t));
  const SecretBytes once = sha256_of_secret(units);
  wipe(units);
  return sha256_of_secret(once.span());
}

// Each round hashes last[32] ‖ hashed secret[32] ‖ salt[16] ‖ round number[8]: two blocks of SHA-256, of
// which the first changes in its first half only and the second in eight bytes. Padding is laid out once.
// [libbde, "BitLocker Drive Encryption (BDE) format", key stretching]
SecretBytes stretch_hashed_secret(const SecretBytes& hashed_secret32, const Salt& salt) {
  constexpr size_t kMessageBytes = 88, kNumberAt = 80;
  SecretBytes buffer(2 * SHA256_CBLOCK);
  uint8_t* const blocks = buffer.mutable_span().data();
  std::copy_n(hashed_secret32.span().data(), 32, blocks + 32);
  std::ranges::copy(salt, blocks + 64);
  blocks[kMessageBytes] = 0x80;
  blocks[2 * SHA256_CBLOCK - 2] = kMessageBytes * 8 >> 8;
  blocks[2 * SHA256_CBLOCK - 1] = kMessageBytes * 8 & 0xff;

  SHA256_CTX initial, state;
  SHA256_Init(&initial);
  SHA256_Init(&state);
  for (uint64_t round = 0; round < kStretchRounds; round++) {
    std::memcpy(blocks + kNumberAt, &round, sizeof round);
    std::memcpy(state.h, initial.h, sizeof state.h);
    SHA256_Transform(&state, blocks);
    SHA256_Transform(&state, blocks + SHA256_CBLOCK);
    for (size_t i = 0; i < 8; i++) {
      const uint32_t word = __builtin_bswap32(state.h[i]);  // digests are big-endian
      std::memcpy(blocks + 4 * i, &word, sizeof word);
    }
  }
  wipe({reinterpret_cast<uint8_t*>(&state), sizeof state});
  return SecretBytes(buffer.span().first(32));
}

SecretBytes stretch_recovery_key(const SecretBytes& key16, const Salt& salt) {
  return stretch_hashed_secret(hash_recovery_key(key16), salt);
}

Result<SecretBytes> stretch_password(std::string_view utf8_password, const Salt& salt) {
  return stretch_hashed_secret(TRY(hash_password(utf8_password)), salt);
}

SecretBytes RememberingStretcher::stretch(const SecretBytes& hashed_secret32, const Salt& salt) {
  SecretBytes both(hashed_secret32.size() + salt.size());
  std::ranges::copy(hashed_secret32.span(), both.mutable_span().begin());
  std::ranges::copy(salt, both.mutable_span().begin() + static_cast<ptrdiff_t>(hashed_secret32.size()));
  const Sha256 of = sha256_of(both.span());
  for (const Remembered& known : remembered_)
    if (known.of == of) return known.key.clone();
  remembered_.push_back({of, stretch_hashed_secret(hashed_secret32, salt)});
  return remembered_.back().key.clone();
}

BitlockerSecrets BitlockerSecrets::draw(Entropy& entropy, std::string_view password) {
  BitlockerSecrets secrets;
  const auto draw_key = [&](size_t size_bytes) {
    SecretBytes key(size_bytes);
    entropy.fill(key.mutable_span());
    return key;
  };
  secrets.volume_master_key = draw_key(32);
  secrets.full_volume_key = draw_key(32);
  secrets.recovery_key = draw_key(16);
  secrets.password = SecretBytes::of_text(password);
  // Drawn with or without a password: a world's later draws must not depend on it.
  entropy.fill(secrets.recovery_salt);
  entropy.fill(secrets.password_salt);
  secrets.volume_id = entropy.guid();
  secrets.recovery_protector_id = entropy.guid();
  secrets.password_protector_id = entropy.guid();
  return secrets;
}

}  // namespace seedbed
