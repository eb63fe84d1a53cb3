// The XML of one prepared drive.
#include "engine/documents/drive_info.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace seedbed {
namespace {

constexpr std::string_view kGoldenInfo =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<Drive>\n"
    "  <DriveId>9WM35C2V</DriveId>\n"
    "  <BitLockerKey>238810-662376-448998-450120-652806-203390-606320-483076</BitLockerKey>\n"
    "  <ManifestFile>\\DriveManifest.xml</ManifestFile>\n"
    "  <ManifestHash>D41D8CD98F00B204E9800998ECF8427E</ManifestHash>\n"
    "</Drive>\n";

DriveInfo sample() {
  return {"9WM35C2V", SecretBytes::of_text("238810-662376-448998-450120-652806-203390-606320-483076"),
          "\\DriveManifest.xml", md5_of({})};
}

std::string golden_info_with(std::string_view from, std::string_view to) {
  std::string text(kGoldenInfo);
  return text.replace(text.find(from), from.size(), to);
}

TEST(DriveInfo, TheTextIsTheDocumentedOne) {
  EXPECT_EQ(encode_drive_info(sample()).value(), kGoldenInfo);
}

TEST(DriveInfo, ComesBack) {
  const DriveInfo info = parse_drive_info(kGoldenInfo, "x").value();
  EXPECT_EQ(info.drive_id, sample().drive_id);
  EXPECT_EQ(info.bitlocker_key.text(), sample().bitlocker_key.text());
  EXPECT_EQ(info.manifest_file, sample().manifest_file);
  EXPECT_EQ(info.manifest_hash, sample().manifest_hash);
}

TEST(DriveInfo, ReadsThePublishedSampleOfTheOriginal) {
  const auto info = parse_drive_info(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Drive>\n   <DriveId>drive-id</DriveId>\n   "
      "<BitLockerKey>*******</BitLockerKey>\n"
      "   <ManifestFile>\\DriveManifest.xml</ManifestFile>\n   "
      "<ManifestHash>D863FE44F861AE0DA4DCEAEEFFCCCE68</ManifestHash> </Drive>\n",
      "x");
  ASSERT_TRUE(info) << info.error().message();
  EXPECT_EQ(info->manifest_hash[0], 0xd8);
}

TEST(DriveInfo, RefusesWhatIsIncompleteOrUnknown) {
  const auto refused = [](const std::string& text) {
    const auto info = parse_drive_info(text, "journal");
    return !info && info.error().code == ErrorCode::corrupt &&
           info.error().where.starts_with("journal: line ") &&
           info.error().message().find("238810") == std::string::npos;
  };
  EXPECT_TRUE(refused(""));
  EXPECT_TRUE(refused("<Drive/>"));
  EXPECT_TRUE(refused(golden_info_with("9WM35C2V", "")));
  EXPECT_TRUE(refused(golden_info_with("  <DriveId>9WM35C2V</DriveId>\n", "")));
  EXPECT_TRUE(refused(golden_info_with("<DriveId>", "<DriveId>1</DriveId><DriveId>")));
  EXPECT_TRUE(refused(golden_info_with("<DriveId>", "<DriveId a=\"b\">")));
  EXPECT_TRUE(refused(golden_info_with("<DriveId>", "<Other/><DriveId>")));
  EXPECT_TRUE(refused(golden_info_with("D41D", "d41d")));
  EXPECT_TRUE(refused(golden_info_with("D41D", "")));
  EXPECT_TRUE(refused(golden_info_with("</Drive>", "</Drive><Drive/>")));
  EXPECT_TRUE(refused(golden_info_with("</Drive>", "")));
  EXPECT_TRUE(refused(golden_info_with("<Drive>", "<!DOCTYPE Drive><Drive>")));
  EXPECT_TRUE(refused(golden_info_with("<DriveId>", "<DriveId>" + std::string(70'000, 'x'))));
  for (size_t length = 0; length < kGoldenInfo.size() - 1; length++)
    EXPECT_TRUE(refused(std::string(kGoldenInfo.substr(0, length)))) << length;
}

TEST(DriveInfo, RefusesToWriteWhatCannotBeRead) {
  DriveInfo info = sample();
  info.drive_id = "";
  EXPECT_EQ(encode_drive_info(info).error().code, ErrorCode::invalid_argument);
  info = sample();
  info.manifest_file = "\\bell\a";
  EXPECT_EQ(encode_drive_info(info).error().code, ErrorCode::invalid_argument);
}

RC_GTEST_PROP(DriveInfoProperty, MutationsAreReadOrRefused, ()) {
  std::string text(kGoldenInfo);
  const auto at = *rc::gen::inRange<size_t>(0, text.size());
  text[at] = *rc::gen::arbitrary<char>();
  const auto info = parse_drive_info(text, "x");
  RC_ASSERT(info.has_value() || info.error().code == ErrorCode::corrupt);
  if (info) RC_ASSERT(encode_drive_info(*info).has_value());
}

}  // namespace
}  // namespace seedbed
