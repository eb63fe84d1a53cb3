// Volumes that Windows itself encrypted: test data of the cryptsetup project, third-party and therefore
// beside the project, not in it.
#include <gtest/gtest.h>

#include <filesystem>
#include <iostream>

#include "engine/linux/posix_files.h"
#include "fakes/reference/fve.h"
#include "tests/support/command.h"
#include "tests/support/temp_directory.h"

namespace seedbed::reference_test {
namespace {

using namespace reference;

constexpr const char* kArchive = SEEDBED_SHARED_DATA "/bitlk-samples/samples.tar.xz";
constexpr const char* kXtsSha256 = "674e3a976927fd62f3fc26df2c695cac75b8d364e3b45393717efa971f16db0f";

bool absent() {
  if (std::filesystem::exists(kArchive)) return false;
  std::cout << "ABSENT: the genuine Windows volumes (" << kArchive
            << ") are not on this machine; this check has not been made\n";
  return true;
}

std::string unpack(const testing_support::TempDirectory& directory, const std::string& name) {
  const auto unpacked = testing_support::run_command(
      {"tar", "-xJSf", kArchive, "-C", directory.path(), "--wildcards", "--no-anchored", name});
  EXPECT_TRUE(unpacked.ok()) << unpacked.text();
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory.path()))
    if (entry.path().filename() == name) return entry.path();
  ADD_FAILURE() << name << " is not in " << kArchive;
  return "";
}

std::string sha256_of_volume(ByteSource& volume) {
  Digest digest(DigestKind::sha256);
  Bytes chunk(1 * MiB);
  for (uint64_t at = 0; at < volume.size_bytes(); at += chunk.size()) {
    const auto part =
        MutableByteSpan(chunk).first(std::min<uint64_t>(chunk.size(), volume.size_bytes() - at));
    EXPECT_TRUE(volume.read(at, part));
    digest.update(part);
  }
  return hex_lower(digest.snapshot());
}

TEST(WindowsVolume, OpensWithBothSecretsToThePublishedBytes) {
  if (absent()) return;
  const testing_support::TempDirectory directory;
  PosixFiles files;
  const auto image = FileSource::open(files, unpack(directory, "bitlk-aes-xts-128.img"));
  ASSERT_TRUE(image) << image.error().message();
  const std::pair<DriveSecret::Kind, const char*> secrets[] = {
      {DriveSecret::Kind::password, "anaconda"},
      {DriveSecret::Kind::recovery_password, "235818-357951-253979-013365-241120-245575-342914-591910"}};
  for (const auto& [kind, text] : secrets) {
    const auto volume = FveVolume::open(**image, {kind, SecretBytes::of_text(text)});
    ASSERT_TRUE(volume) << volume.error().message();
    EXPECT_EQ(sha256_of_volume(**volume), kXtsSha256);
    for (const auto& finding : (*volume)->findings()) ADD_FAILURE() << finding.line();
  }
  const auto wrong =
      FveVolume::open(**image, {DriveSecret::Kind::password, SecretBytes::of_text("Anaconda")});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, ErrorCode::permission_denied);
}

TEST(WindowsVolume, AnotherCipherIsRefusedByName) {
  if (absent()) return;
  const testing_support::TempDirectory directory;
  PosixFiles files;
  const auto image = FileSource::open(files, unpack(directory, "bitlk-aes-cbc-128.img"));
  ASSERT_TRUE(image) << image.error().message();
  const auto volume =
      FveVolume::open(**image, {DriveSecret::Kind::password, SecretBytes::of_text("anaconda")});
  ASSERT_FALSE(volume);
  EXPECT_EQ(volume.error().code, ErrorCode::unsupported) << volume.error().message();
}

}  // namespace
}  // namespace seedbed::reference_test
