// Volumes of ours opened by other people's programs, and volumes that Windows made opened by us.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/command.h"
#include "tests/support/temp_directory.h"
#include "tests/volume/sealed_volume.h"

using namespace seedbed;
using namespace seedbed::testing_support;
using testing::HasSubstr;

namespace {

Bytes file_bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// A real NTFS volume by mkntfs, sealed into an image with nothing around it, both secrets stretched in
// earnest.
struct NtfsImage {
  explicit NtfsImage(uint32_t sector_bytes)
      : geometry(test_geometry(sector_bytes)), recovery(recovery_password_of(secrets.recovery_key).text()) {
    const std::string plain_path = directory.file("ntfs.img");
    std::ofstream(plain_path).close();
    std::filesystem::resize_file(plain_path, geometry.volume_bytes);
    const auto made =
        run_command({"mkntfs", "-q", "-Q", "-F", "-T", "-s", std::to_string(sector_bytes), "-c", "4096", "-p",
                     std::to_string(geometry.partition_start_sector), "-H", "255", "-S", "63", plain_path});
    if (!made.ok()) throw std::runtime_error(made.text());
    plain = file_bytes(plain_path);
    ImageDevice device(path, geometry.volume_bytes, 4096);
    const Status written = write_sealed_volume(device, 0, geometry, secrets, plain);
    if (!written) throw std::runtime_error(written.error().message());
  }

  TempDirectory directory;
  std::string path = directory.file("sealed.img");
  BitlockerSecrets secrets = test_secrets(21);
  BitlockerGeometry geometry;
  std::string recovery;
  Bytes plain;
};

class IndependentReaders : public testing::TestWithParam<uint32_t> {
 protected:
  void SetUp() override {
    for (const auto& [program, package] : {std::pair{"mkntfs", "ntfs-3g"},
                                           {"cryptsetup", "cryptsetup-bin"},
                                           {"dislocker-file", "dislocker"},
                                           {"bdeinfo", "libbde-utils"}})
      ASSERT_EQ(missing_program(program, package), "");
  }
};
INSTANTIATE_TEST_SUITE_P(sectors, IndependentReaders, testing::Values(512U, 4096U),
                         [](const auto& info) { return std::to_string(info.param); });

// The hex digits behind "MK dump:", which cryptsetup spreads over lines.
std::string dumped_key(const std::string& output) {
  std::string digits;
  const size_t at = output.find("MK dump:");
  if (at == std::string::npos) return output;
  for (const char c : output.substr(at + 8))
    if (std::isxdigit(static_cast<unsigned char>(c))) digits += c;
  return digits;
}

TEST_P(IndependentReaders, cryptsetup_sees_the_same_volume_and_the_same_key) {
  const NtfsImage image(GetParam());
  const auto dump = run_command({"cryptsetup", "bitlkDump", image.path});
  ASSERT_TRUE(dump.ok()) << dump.text();
  EXPECT_THAT(dump.output, HasSubstr(image.secrets.volume_id.text()));
  EXPECT_THAT(dump.output, HasSubstr("\t" + std::to_string(GetParam()) + " [bytes]"));
  EXPECT_THAT(dump.output, HasSubstr(std::string(kTestDescription)));
  EXPECT_THAT(dump.output, HasSubstr("xts-plain64"));
  EXPECT_THAT(dump.output, HasSubstr("VMK protected with passphrase"));
  EXPECT_THAT(dump.output, HasSubstr("VMK protected with recovery passphrase"));
  EXPECT_THAT(dump.output, HasSubstr(std::to_string(image.geometry.header_offset_bytes) + " [bytes]"));

  const auto key_with = [&](std::string_view secret) {
    return run_command({"cryptsetup", "bitlkDump", "--dump-volume-key", "-q", "--key-file", "-", image.path},
                       secret);
  };
  for (const std::string_view secret : {kTestPassword, std::string_view(image.recovery)}) {
    const auto key = key_with(secret);
    ASSERT_TRUE(key.ok()) << key.text();
    EXPECT_EQ(dumped_key(key.output), hex_lower(image.secrets.full_volume_key.span()));
  }
  EXPECT_FALSE(key_with("wrong").ok());
}

TEST_P(IndependentReaders, libbde_unlocks_with_both_secrets) {
  const NtfsImage image(GetParam());
  const auto by_password = run_command({"bdeinfo", "-p", std::string(kTestPassword), image.path});
  EXPECT_TRUE(by_password.ok()) << by_password.text();
  EXPECT_THAT(by_password.output, HasSubstr("AES-XTS 128-bit"));
  EXPECT_THAT(by_password.output, HasSubstr("Nov 02, 2016 18:24:14.735"));
  const auto by_recovery = run_command({"bdeinfo", "-r", image.recovery, image.path});
  EXPECT_TRUE(by_recovery.ok()) << by_recovery.text();
  EXPECT_FALSE(run_command({"bdeinfo", "-p", "wrong", image.path}).ok());
}

TEST_P(IndependentReaders, dislocker_decrypts_to_what_was_sealed) {
  const NtfsImage image(GetParam());
  const Bytes expected = visible_plain(image.geometry, image.plain);
  const std::string out = image.directory.file("decrypted.img");
  const auto decrypt = [&](const std::string& secret) {
    std::filesystem::remove(out);
    return run_command({"dislocker-file", "-V", image.path, secret, "--", out});
  };
  const auto by_password = decrypt("-u" + std::string(kTestPassword));
  ASSERT_TRUE(by_password.ok()) << by_password.text();
  EXPECT_TRUE(file_bytes(out) == expected);
  EXPECT_FALSE(decrypt("-uwrong").ok());

  // The first copy of the metadata gone: dislocker takes the second, as we do.
  {
    ImageDevice device(image.path, image.geometry.volume_bytes, 4096);
    ASSERT_TRUE(write_device(device, image.geometry.metadata_offset_bytes[0], Bytes(kFveAreaBytes, 0xff)));
    auto volume = BitlockerVolume::open(device, {0, image.geometry.volume_bytes}, image.recovery);
    ASSERT_TRUE(volume) << volume.error().message();
    Bytes ours(image.geometry.volume_bytes);
    ASSERT_TRUE(volume->read(0, ours));
    EXPECT_TRUE(ours == expected);
  }
  const auto by_recovery = decrypt("-p" + image.recovery);
  ASSERT_TRUE(by_recovery.ok()) << by_recovery.text();
  EXPECT_TRUE(file_bytes(out) == expected);
}

// Two volumes that Windows made, from the test data of cryptsetup; third-party data, so it lies outside the
// source tree.
class WindowsSamples : public testing::Test {
 protected:
  static constexpr uint64_t kSampleBytes = 100 * MiB;

  bool unpack() {
    const std::string archive = std::string(SEEDBED_SHARED_DATA) + "/bitlk-samples/samples.tar.xz";
    if (!std::filesystem::exists(archive)) {
      std::cout << "ABSENT: " << archive
                << " is not there; nothing was checked against volumes made by Windows\n";
      return false;
    }
    EXPECT_EQ(missing_program("tar", "tar"), "");
    EXPECT_EQ(missing_program("xz", "xz-utils"), "");
    const auto unpacked = run_command({"tar", "xJSf", archive, "-C", directory_.path()});
    EXPECT_TRUE(unpacked.ok()) << unpacked.text();
    return true;
  }
  std::string decrypted_sha256(BitlockerVolume& volume) {
    Digest digest(DigestKind::sha256);
    Bytes buffer(10 * MiB);
    for (uint64_t at = 0; at < kSampleBytes; at += buffer.size()) {
      const Status read = volume.read(at, buffer);
      if (!read) return read.error().message();
      digest.update(buffer);
    }
    return hex_lower(digest.snapshot());
  }
  TempDirectory directory_;
};

TEST_F(WindowsSamples, xts_aes_128_decrypts_to_the_published_digest) {
  if (!unpack()) return;
  ImageDevice device(directory_.file("bitlk-aes-xts-128.img"), kSampleBytes, 4096);
  for (const std::string_view secret :
       {"anaconda", "235818-357951-253979-013365-241120-245575-342914-591910"}) {
    auto volume = BitlockerVolume::open(device, {0, kSampleBytes}, secret);
    ASSERT_TRUE(volume) << volume.error().message();
    EXPECT_EQ(volume->description(), "DESKTOP-NPM7RCA H: 7/4/2019");
    EXPECT_EQ(decrypted_sha256(*volume), "674e3a976927fd62f3fc26df2c695cac75b8d364e3b45393717efa971f16db0f");
  }
  EXPECT_EQ(BitlockerVolume::open(device, {0, kSampleBytes}, "Anaconda").error().code,
            ErrorCode::permission_denied);
}

TEST_F(WindowsSamples, aes_cbc_is_unsupported_and_named) {
  if (!unpack()) return;
  ImageDevice device(directory_.file("bitlk-aes-cbc-128.img"), kSampleBytes, 4096);
  const auto volume = BitlockerVolume::open(device, {0, kSampleBytes}, "anaconda");
  ASSERT_FALSE(volume);
  EXPECT_EQ(volume.error().code, ErrorCode::unsupported);
  EXPECT_THAT(volume.error().what, HasSubstr("AES-CBC-128"));
}

}  // namespace
