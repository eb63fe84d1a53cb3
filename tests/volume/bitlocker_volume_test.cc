#include "engine/volume/bitlocker_volume.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/support/temp_directory.h"
#include "tests/volume/sealed_volume.h"

using namespace seedbed;
using namespace seedbed::testing_support;

namespace {

constexpr uint64_t kPartitionAt = 1 * MiB;
constexpr uint64_t kVolumeBytes = 4 * MiB;

// A sealed volume of random content in an image, behind a partition offset.
struct Sealed {
  explicit Sealed(uint32_t sector_bytes, uint32_t physical_sector_bytes = 4096)
      : geometry(test_geometry(sector_bytes, kVolumeBytes)),
        device(directory.file("drive.img"), kPartitionAt + kVolumeBytes, physical_sector_bytes),
        plain(kVolumeBytes) {
    Random(11).fill(plain);
    const Status written = write_sealed_volume(device, kPartitionAt, geometry, secrets, plain, &stretcher);
    if (!written) throw std::runtime_error(written.error().message());
  }
  Result<BitlockerVolume> open(std::string_view secret) {
    return BitlockerVolume::open(device, {kPartitionAt, kVolumeBytes}, secret, &stretcher);
  }
  Result<BitlockerVolume> open() { return open(kTestPassword); }
  void overwrite_copy(size_t copy, uint8_t value) {
    ASSERT_TRUE(write_device(device, kPartitionAt + geometry.metadata_offset_bytes[copy],
                             Bytes(kFveAreaBytes, value)));
  }

  TempDirectory directory;
  QuickStretcher stretcher;
  BitlockerSecrets secrets = test_secrets();
  BitlockerGeometry geometry;
  ImageDevice device;
  Bytes plain;
};

class BitlockerVolumes : public testing::TestWithParam<uint32_t> {};
INSTANTIATE_TEST_SUITE_P(sectors, BitlockerVolumes, testing::Values(512U, 4096U),
                         [](const auto& info) { return std::to_string(info.param); });

TEST_P(BitlockerVolumes, reads_back_what_was_sealed) {
  Sealed sealed(GetParam());
  for (const std::string& secret :
       {std::string(kTestPassword), std::string(recovery_password_of(sealed.secrets.recovery_key).text())}) {
    auto volume = sealed.open(secret);
    ASSERT_TRUE(volume) << volume.error().message();
    EXPECT_EQ(volume->volume_id(), sealed.secrets.volume_id);
    EXPECT_EQ(volume->description(), kTestDescription);
    EXPECT_EQ(volume->partition_offset_bytes(), kPartitionAt);
    Bytes out(kVolumeBytes);
    const Status read = volume->read(0, out);
    ASSERT_TRUE(read) << read.error().message();
    EXPECT_TRUE(out == visible_plain(sealed.geometry, sealed.plain));
  }
}

TEST_P(BitlockerVolumes, any_range_reads_like_the_whole) {
  for (const uint32_t physical_sector_bytes : {512U, 4096U}) {
    Sealed sealed(GetParam(), physical_sector_bytes);
    auto volume = sealed.open();
    ASSERT_TRUE(volume);
    const Bytes expected = visible_plain(sealed.geometry, sealed.plain);
    Random random(GetParam());
    for (int i = 0; i < 300; i++) {
      const uint64_t length_bytes = random.chance(1, 2) ? random.below(3000) : random.below(300'000);
      // Half of the ranges near a border between pieces
      const uint64_t border =
          sealed.geometry.metadata_offset_bytes[random.below(3)] + (random.chance(1, 2) ? kFveAreaBytes : 0);
      const uint64_t from = random.chance(1, 2) ? random.below(kVolumeBytes - length_bytes + 1)
                                                : std::min(border - random.below(length_bytes + 1),
                                                           kVolumeBytes - length_bytes);
      Bytes out(length_bytes, 0xee);
      const Status read = volume->read(from, out);
      ASSERT_TRUE(read) << read.error().message();
      ASSERT_TRUE(std::ranges::equal(out, ByteSpan(expected).subspan(from, length_bytes)))
          << from << " + " << length_bytes;
    }
  }
}

TEST(BitlockerVolume, reads_in_big_steps) {
  Sealed sealed(512);
  auto volume = sealed.open();
  ASSERT_TRUE(volume);
  sealed.device.forget_reads();
  Bytes out(kVolumeBytes);
  ASSERT_TRUE(volume->read(0, out));
  // The start's new home and the four runs between and around the areas that read as zeros, each in one
  // request
  EXPECT_EQ(sealed.device.reads().size(), 5U);
  sealed.device.forget_reads();
  ASSERT_TRUE(volume->read(8192, MutableByteSpan(out).first(1 * MiB)));
  EXPECT_EQ(sealed.device.reads(), (std::vector<Extent>{{kPartitionAt + 8192, 1 * MiB}}));
}

TEST(BitlockerVolume, reading_outside_is_refused) {
  Sealed sealed(512);
  auto volume = sealed.open();
  ASSERT_TRUE(volume);
  Bytes out(1024);
  EXPECT_EQ(volume->read(kVolumeBytes - 1023, out).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(volume->read(UINT64_MAX, out).error().code, ErrorCode::invalid_argument);
  EXPECT_TRUE(volume->read(kVolumeBytes, {}));
  EXPECT_TRUE(volume->map(kVolumeBytes, 10).empty());
  EXPECT_TRUE(volume->map(UINT64_MAX, UINT64_MAX).empty());
}

TEST(BitlockerVolume, falls_back_from_copy_to_copy) {
  Sealed sealed(512);
  sealed.overwrite_copy(0, 0xff);
  EXPECT_TRUE(sealed.open());
  sealed.device.make_unreadable({kPartitionAt + sealed.geometry.metadata_offset_bytes[1], kFveAreaBytes});
  EXPECT_TRUE(sealed.open());
  sealed.device.make_unreadable({});
  sealed.overwrite_copy(1, 0xff);
  EXPECT_TRUE(sealed.open());
  sealed.overwrite_copy(2, 0xff);
  const auto all_damaged = sealed.open();
  ASSERT_FALSE(all_damaged);
  EXPECT_EQ(all_damaged.error().code, ErrorCode::corrupt);
  EXPECT_THAT(all_damaged.error().message(), testing::HasSubstr("copy 3"));
}

// Whole by its CRC, but not what the master key vouches for: the next copy is taken.
TEST(BitlockerVolume, a_forged_first_copy_is_passed_over) {
  Sealed sealed(512);
  QuickStretcher stretcher;
  Bytes area = encode_bitlocker(sealed.geometry, sealed.secrets, kTestDescription, kTestNow_ns, &stretcher)
                   ->metadata_area;
  area[0x78] = 'X';
  const size_t block_bytes = size_t{load_le<uint16_t>(area, 8)} * 16;
  store_le(area, block_bytes + 4, crc32_of(ByteSpan(area).first(block_bytes)));
  ASSERT_TRUE(write_device(sealed.device, kPartitionAt + sealed.geometry.metadata_offset_bytes[0], area));
  const auto volume = sealed.open();
  ASSERT_TRUE(volume) << volume.error().message();
  EXPECT_EQ(volume->description(), kTestDescription);
}

TEST(BitlockerVolume, a_wrong_secret_is_told_from_damage) {
  Sealed sealed(512);
  EXPECT_EQ(sealed.open("wrong").error().code, ErrorCode::permission_denied);
  EXPECT_EQ(sealed.open(recovery_password_of(test_secrets(2).recovery_key).text()).error().code,
            ErrorCode::permission_denied);
  sealed.overwrite_copy(0, 0x00);
  EXPECT_EQ(sealed.open("wrong").error().code, ErrorCode::permission_denied);
  const auto nothing =
      BitlockerVolume::open(sealed.device, {0, kVolumeBytes}, kTestPassword, &sealed.stretcher);
  EXPECT_EQ(nothing.error().code, ErrorCode::not_found);
  EXPECT_NE(nothing.error().where, "");
  const auto outside = BitlockerVolume::open(sealed.device, {kPartitionAt + 1, kVolumeBytes}, kTestPassword);
  EXPECT_EQ(outside.error().code, ErrorCode::invalid_argument);
}

// Against a model that decides for every sector by itself.
RC_GTEST_PROP(BitlockerVolume, the_map_covers_any_range_without_gaps, ()) {
  static Sealed sealed(512);
  const auto volume =
      BitlockerVolume::over(sealed.device, 0, sealed.geometry, sealed.secrets.full_volume_key);
  RC_ASSERT(volume.has_value());
  const uint64_t from = *rc::gen::inRange<uint64_t>(0, kVolumeBytes + 10),
                 length = *rc::gen::inRange<uint64_t>(0, kVolumeBytes + 10);
  const auto inside = [](uint64_t at, uint64_t area, uint64_t area_bytes) {
    return at >= area && at < area + area_bytes;
  };
  uint64_t at = from;
  for (const MappedPiece& piece : volume->map(from, length)) {
    RC_ASSERT(piece.logical_offset_bytes == at);
    RC_ASSERT(piece.length_bytes > 0);
    for (const uint64_t byte : {at, at + piece.length_bytes - 1, at + piece.length_bytes / 2}) {
      bool zeros = inside(byte, sealed.geometry.header_offset_bytes, kFveHeaderBytes);
      for (const uint64_t area : sealed.geometry.metadata_offset_bytes)
        zeros |= inside(byte, area, kFveAreaBytes);
      RC_ASSERT(piece.zeros == zeros);
      const uint64_t physical = piece.physical_offset_bytes + (byte - piece.logical_offset_bytes);
      if (!zeros)
        RC_ASSERT(physical == (byte < kFveHeaderBytes ? sealed.geometry.header_offset_bytes + byte : byte));
    }
    at += piece.length_bytes;
  }
  RC_ASSERT(at == std::max(from, std::min(from + length, kVolumeBytes)));
}

}  // namespace
