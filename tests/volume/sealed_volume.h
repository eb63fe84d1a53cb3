// What tests of BitLocker volumes share: secrets from a seed, a small layout, a quick stand-in for key
// stretching, and a whole sealed volume in an image, encrypted sector by sector the way the engine's writers
// do it (map, encrypt, write).
#pragma once

#include <algorithm>

#include "engine/base/checksum.h"
#include "engine/base/random.h"
#include "engine/volume/bitlocker_volume.h"
#include "tests/volume/image_device.h"

namespace seedbed::testing_support {

class SeededTestEntropy final : public Entropy {
 public:
  explicit SeededTestEntropy(uint64_t seed) : random_(seed) {}
  void fill(MutableByteSpan out) override {
    random_.fill(out);
    drawn_bytes.push_back(out.size());
  }
  std::vector<size_t> drawn_bytes;

 private:
  Random random_;
};

// Not BitLocker's function, but one of the same shape: properties run thousands of times.
class QuickStretcher final : public KeyStretcher {
 public:
  SecretBytes stretch(const SecretBytes& hashed_secret32, const Salt& salt) override {
    Bytes both(hashed_secret32.span().begin(), hashed_secret32.span().end());
    append(both, salt);
    return SecretBytes(ByteSpan(sha256_of(both)));
  }
};

inline constexpr int64_t kTestNow_ns = 1'478'111'054'735'000'000;  // 2016-11-02 18:24:14.735 UTC
inline constexpr std::string_view kTestPassword = "correct horse 7";
inline constexpr std::string_view kTestDescription = "SEEDHOST E: 11/2/2016";

inline BitlockerSecrets test_secrets(uint64_t seed = 1, std::string_view password = kTestPassword) {
  SeededTestEntropy entropy(seed);
  return BitlockerSecrets::draw(entropy, password);
}

// The areas lie apart and out of order, as hints around used clusters may put them.
inline BitlockerGeometry test_geometry(uint32_t sector_bytes, uint64_t volume_bytes = 32 * MiB) {
  return {.volume_bytes = volume_bytes,
          .sector_bytes = sector_bytes,
          .cluster_bytes = 4096,
          .partition_start_sector = MiB / sector_bytes,
          .metadata_offset_bytes = {volume_bytes / 8 * 5, volume_bytes / 8 * 3, volume_bytes / 8 * 6 + 4096},
          .header_offset_bytes = volume_bytes / 8 * 5 + kFveAreaBytes,
          .extra_offset_bytes = volume_bytes / 8 * 7};
}

// Writes `plain` (volume_bytes of it) as an encrypted volume at partition_offset_bytes.
inline Status write_sealed_volume(BlockDevice& device, uint64_t partition_offset_bytes,
                                  const BitlockerGeometry& geometry, const BitlockerSecrets& secrets,
                                  ByteSpan plain, KeyStretcher* stretcher = nullptr) {
  const auto encoded = TRY(encode_bitlocker(geometry, secrets, kTestDescription, kTestNow_ns, stretcher));
  const auto volume =
      TRY(BitlockerVolume::over(device, partition_offset_bytes, geometry, secrets.full_volume_key));
  SectorCipher cipher = volume.cipher();
  for (const MappedPiece& piece : volume.map(0, geometry.volume_bytes)) {
    if (piece.zeros) continue;
    const ByteSpan source = plain.subspan(piece.logical_offset_bytes, piece.length_bytes);
    Bytes sealed(source.begin(), source.end());
    cipher.encrypt(piece.physical_offset_bytes, sealed);
    TRY(write_device(device, partition_offset_bytes + piece.physical_offset_bytes, sealed));
  }
  Bytes start(4096);  // the header's sector, and the rest of a physical sector: never visible
  std::ranges::copy(encoded.volume_header, start.begin());
  TRY(write_device(device, partition_offset_bytes, start));
  for (const uint64_t offset_bytes : geometry.metadata_offset_bytes)
    TRY(write_device(device, partition_offset_bytes + offset_bytes, encoded.metadata_area));
  return {};
}

// What must be read back: `plain` with the metadata areas and the relocated header blanked.
inline Bytes visible_plain(const BitlockerGeometry& geometry, ByteSpan plain) {
  Bytes visible(plain.begin(), plain.end());
  const auto blank = [&](uint64_t offset_bytes, uint64_t length_bytes) {
    std::fill_n(visible.begin() + static_cast<ptrdiff_t>(offset_bytes), length_bytes, uint8_t{0});
  };
  for (const uint64_t offset_bytes : geometry.metadata_offset_bytes) blank(offset_bytes, kFveAreaBytes);
  blank(geometry.header_offset_bytes, kFveHeaderBytes);
  return visible;
}

}  // namespace seedbed::testing_support
