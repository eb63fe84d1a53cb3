// The volume hash file: what is written is read; what is malformed or out of bounds is refused.
#include "engine/prep/volume_hashes.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "engine/base/checksum.h"
#include "engine/base/text.h"
#include "engine/prep/drive_marker.h"

namespace seedbed {
namespace {

constexpr uint64_t kCapacity_bytes = 1 * GiB;

VolumeHashes some_hashes(const std::vector<uint16_t>& units) {
  VolumeHashes hashes;
  Bytes content(kVolumeUnitBytes);
  for (const uint16_t unit : units) {
    if (unit * kVolumeUnitBytes == kMarkerOffset_bytes) continue;  // never saved
    store_le(content, 0, unit);
    hashes.put(unit * kVolumeUnitBytes, content);
  }
  return hashes;
}

ErrorCode code_of_hashes(ByteSpan bytes, uint64_t capacity_bytes = kCapacity_bytes) {
  const auto parsed = parse_volume_hashes(bytes, capacity_bytes, "here");
  return parsed ? ErrorCode::internal : parsed.error().code;
}

TEST(VolumeHashes, TheWorkedExampleOfTheDocument) {
  VolumeHashes hashes;
  hashes.put(0, Bytes(kVolumeUnitBytes));
  hashes.put(1 * MiB, Bytes(kVolumeUnitBytes, 0xff));
  EXPECT_EQ(hex_lower(encode_volume_hashes(hashes)),
            "5345454442454420564f4c4841534831"
            "0200000000000000"
            "0000000000000000"
            "ad7facb2586fc6e966c004d7d1d16b02"
            "0000100000000000"
            "f47a8ec3e9aff2318d896942282ad4fe");
}

TEST(VolumeHashes, TheDriveMarkerIsComparedButNeverSaved) {
  VolumeHashes hashes;
  hashes.put(kMarkerOffset_bytes - kVolumeUnitBytes, Bytes(3 * kVolumeUnitBytes));
  EXPECT_EQ(hashes.find_other(kMarkerOffset_bytes, Bytes(kVolumeUnitBytes, 1)), kMarkerOffset_bytes);
  const auto saved = parse_volume_hashes(encode_volume_hashes(hashes), kCapacity_bytes, "here");
  ASSERT_TRUE(saved);
  EXPECT_EQ(saved->size(), 2u);
  EXPECT_FALSE(saved->units().contains(kMarkerOffset_bytes));
}

TEST(VolumeHashes, AnyChangedBitIsFoundInItsUnitAndOnlyInKnownOnes) {
  VolumeHashes hashes;
  Bytes written(4 * kVolumeUnitBytes, 0x5a);
  hashes.put(1 * MiB, ByteSpan(written).first(kVolumeUnitBytes));
  hashes.put(1 * MiB + 2 * kVolumeUnitBytes,
             ByteSpan(written).subspan(2 * kVolumeUnitBytes, kVolumeUnitBytes));
  EXPECT_FALSE(hashes.find_other(1 * MiB, written));
  for (const size_t at :
       {size_t{0}, size_t{4095}, size_t{4096}, size_t{8191}, size_t{8192}, size_t{12287}, size_t{12288}}) {
    Bytes found = written;
    found[at] ^= 0x10;
    const uint64_t unit_bytes = round_down(at, kVolumeUnitBytes);
    const auto other = hashes.find_other(1 * MiB, found);
    if (unit_bytes == 0 || unit_bytes == 2 * kVolumeUnitBytes)
      EXPECT_EQ(other, 1 * MiB + unit_bytes) << at;
    else
      EXPECT_FALSE(other) << at;
  }
}

RC_GTEST_PROP(VolumeHashes, WhatIsWrittenIsRead, (const std::vector<uint16_t>& units)) {
  const VolumeHashes hashes = some_hashes(units);
  const Bytes encoded = encode_volume_hashes(hashes);
  const auto parsed = parse_volume_hashes(encoded, kCapacity_bytes, "here");
  RC_ASSERT(parsed.has_value());
  RC_ASSERT(*parsed == hashes);
  RC_ASSERT(encode_volume_hashes(*parsed) == encoded);
}

// Whatever bytes stand there: refused, or a value that encodes to the very bytes.
RC_GTEST_PROP(VolumeHashes, DamagedBytesAreRefusedOrAnotherWholeValue,
              (const std::vector<uint16_t>& units, uint16_t at, uint8_t with, uint8_t cut)) {
  Bytes bytes = encode_volume_hashes(some_hashes(units));
  bytes[at % bytes.size()] ^= with;
  bytes.resize(bytes.size() - std::min<size_t>(cut / 16, bytes.size()));
  const auto parsed = parse_volume_hashes(bytes, kCapacity_bytes, "here");
  if (parsed)
    RC_ASSERT(encode_volume_hashes(*parsed) == bytes);
  else
    RC_ASSERT(parsed.error().code == ErrorCode::corrupt);
}

TEST(VolumeHashes, MalformedFilesAreRefused) {
  const Bytes good = encode_volume_hashes(some_hashes({1, 2, 300}));
  ASSERT_TRUE(parse_volume_hashes(good, kCapacity_bytes, "here"));
  const auto with = [&](size_t at, uint64_t value) {
    Bytes bytes = good;
    store_le(bytes, at, value);
    return bytes;
  };
  constexpr size_t kCountAt = 16, kFirstAt = 24, kSecondAt = 48, kThirdAt = 72;
  EXPECT_EQ(code_of_hashes({}), ErrorCode::corrupt);
  EXPECT_EQ(code_of_hashes(ByteSpan(good).first(23)), ErrorCode::corrupt);
  EXPECT_EQ(code_of_hashes(ByteSpan(good).first(good.size() - 1)), ErrorCode::corrupt);
  EXPECT_EQ(code_of_hashes(with(0, 0)), ErrorCode::corrupt);
  for (const uint64_t count : {uint64_t{0}, uint64_t{2}, uint64_t{4}, kVolumeUnitsMax + 1, ~uint64_t{0},
                               uint64_t{3} + (uint64_t{1} << 61)})  // the last: 24 times it is 72 again
    EXPECT_EQ(code_of_hashes(with(kCountAt, count)), ErrorCode::corrupt) << count;
  EXPECT_EQ(code_of_hashes(with(kFirstAt, 4095)), ErrorCode::corrupt);                  // not a unit
  EXPECT_EQ(code_of_hashes(with(kFirstAt, 2 * kVolumeUnitBytes)), ErrorCode::corrupt);  // twice
  EXPECT_EQ(code_of_hashes(with(kSecondAt, 0)), ErrorCode::corrupt);                    // out of order
  EXPECT_EQ(code_of_hashes(with(kThirdAt, kCapacity_bytes)), ErrorCode::corrupt);       // beyond the drive
  EXPECT_EQ(code_of_hashes(with(kThirdAt, ~uint64_t{4095})), ErrorCode::corrupt);       // and of all drives
  EXPECT_EQ(code_of_hashes(with(kThirdAt, kMarkerOffset_bytes)), ErrorCode::corrupt);   // the marker
  EXPECT_EQ(code_of_hashes(good, 300 * kVolumeUnitBytes + 512), ErrorCode::corrupt);    // half a unit
}

}  // namespace
}  // namespace seedbed
