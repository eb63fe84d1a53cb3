// What the manifest's reader makes of damaged and hostile documents: an error with line and column, never the
// document's text.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "engine/base/random.h"
#include "engine/ports/runtime.h"
#include "tests/documents/manifest_samples.h"

namespace seedbed {
namespace {

using test::golden_with;
using test::kGolden;
using test::manifest_of;
using test::SampleManifest;
using test::text_of;

void expect_refused(const std::string& text, ErrorCode code = ErrorCode::corrupt) {
  const auto manifest = manifest_of(text);
  ASSERT_FALSE(manifest) << text;
  EXPECT_EQ(manifest.error().code, code) << manifest.error().message();
  EXPECT_TRUE(manifest.error().where.starts_with("DriveManifest.xml: line ")) << manifest.error().where;
  EXPECT_NE(manifest.error().where.find(", column "), std::string::npos) << manifest.error().where;
  EXPECT_EQ(manifest.error().message().find("a2V5"), std::string::npos)
      << "the account key shows in an error";
}

TEST(ManifestReader, SaysLineAndColumn) {
  const auto manifest =
      manifest_of(golden_with("\"4194304\" Length=\"1024\"", "\"4194303\" Length=\"1024\""));
  ASSERT_FALSE(manifest);
  EXPECT_EQ(manifest.error().where, "DriveManifest.xml: line 15, column 95");
}

TEST(ManifestReader, RefusesBadRanges) {
  expect_refused(golden_with("\"4194304\" Length=\"1024\"", "\"4193792\" Length=\"1024\""));  // overlap
  expect_refused(golden_with("\"4194304\" Length=\"1024\"", "\"0\" Length=\"1024\""));        // order
  expect_refused(
      golden_with("\"4194304\" Length=\"1024\"", "\"4194304\" Length=\"1536\""));  // beyond the blob
  expect_refused(golden_with("\"4194304\" Length=\"1024\"", "\"4194304\" Length=\"1000\""));  // no pages
  expect_refused(golden_with("\"4194304\" Length=\"1024\"", "\"4194304\" Length=\"0\""));
  expect_refused(golden_with("\"4194304\" Length=\"1024\"",
                             "\"18446744073709551104\" Length=\"1024\""));  // end overflows
  expect_refused(golden_with("\"4194304\" Length=\"1024\"", "\"18446744073709551616\" Length=\"1024\""));
  expect_refused(golden_with("\"4194304\" Length=\"1024\"", "\"-1\" Length=\"1024\""));
  expect_refused(golden_with("\"4194304\" Length=\"1024\"", "\"4194304\""));
  expect_refused(golden_with("<Length>4195328", "<Length>4195329"));  // no page blob
  std::string longer = golden_with("<Length>4195328", "<Length>9437184");
  longer.replace(longer.find("Length=\"4194304\""), 16, "Length=\"5242880\"");  // 5 MiB
  expect_refused(longer.replace(longer.find("Offset=\"4194304\""), 16, "Offset=\"5242880\""));
  expect_refused(
      golden_with("Offset=\"0\" Length=\"700\"", "Offset=\"1\" Length=\"699\""));  // a gap before the block
  expect_refused(golden_with("Offset=\"0\" Length=\"700\"", "Offset=\"0\" Length=\"699\""));  // and after it
  std::string gap =
      golden_with("<Block Offset=\"0\" Length=\"700\"",
                  "<Block Offset=\"0\" Length=\"300\" Hash=\"11111111111111111111111111111111\"/><Block "
                  "Offset=\"301\" Length=\"399\"");
  expect_refused(gap);
}

TEST(ManifestReader, RefusesTooManyBlocks) {
  SampleManifest manifest;
  manifest.lists = {{"s", {{{"c/b", "\\b", 50'000, "rename", BlobType::block_blob}, {}}}}};
  for (uint64_t i = 0; i < 50'000; i++) manifest.lists[0].blobs[0].ranges.push_back({i, 1, {}});
  std::string text = text_of(manifest).value();
  EXPECT_TRUE(manifest_of(text));
  text.replace(text.find("50000"), 5, "50001");
  text.insert(text.find("        </BlockList>"),
              "<Block Offset=\"50000\" Length=\"1\" Hash=\"11111111111111111111111111111111\"/>");
  expect_refused(text);
}

TEST(ManifestReader, RefusesBadHashes) {
  for (const char* hash : {"", "0A", "0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0", "0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0G",
                           "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a", "0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A"})
    expect_refused(golden_with("0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A", hash));
}

TEST(ManifestReader, RefusesWrongStructure) {
  expect_refused("");
  expect_refused("<A/>");
  expect_refused(golden_with(" Version=\"2014-11-01\"", ""));
  expect_refused(golden_with("2014-11-01", "2011-10-01"), ErrorCode::unsupported);
  expect_refused(golden_with("    <DriveId>9WM35C2V</DriveId>\n", ""));
  expect_refused(golden_with("9WM35C2V", ""));
  expect_refused(golden_with("    <StorageAccountKey>a2V5</StorageAccountKey>\n", ""));
  expect_refused(golden_with("<StorageAccountKey>a2V5</StorageAccountKey>",
                             "<StorageAccountKey>a2V5</StorageAccountKey><ContainerSas>x</ContainerSas>"));
  expect_refused(golden_with("<FilePath>\\session#1\\a.BaseBlob</FilePath>\n", ""));
  expect_refused(golden_with("        <Length>4195328</Length>\n", ""));
  expect_refused(golden_with("<Length>4195328", "<Length> 4195328"));
  expect_refused(golden_with(">rename<", ">delete<"));
  expect_refused(golden_with("<ClientCreator>seedbed</ClientCreator>", "<Other/>"));
  expect_refused(golden_with("<Drive>", "<Drive Id=\"1\">"));
  expect_refused(golden_with("<Drive>", "<Drive>text"));
  expect_refused(golden_with("</DriveManifest>", "<Drive/></DriveManifest>"));
  expect_refused(golden_with("</DriveManifest>\n", "</DriveManifest><More/>"));
  expect_refused(golden_with("</DriveManifest>\n", "</DriveManifest>more"));
  expect_refused(golden_with("<PageRangeList>", "<BlockList>"));
  expect_refused(golden_with("</PageRangeList>", "</PageRangeList><PageRangeList></PageRangeList>"));
  expect_refused(golden_with("<Block Offset", "<PageRange Offset"));
  expect_refused(golden_with("<Block Offset", "<Block Extra=\"1\" Offset"));
  expect_refused(golden_with("<Block Offset", "<Block Offset=\"0\" Offset"));
  expect_refused(golden_with("<DriveId>", "<DriveId><Deeper/>"));
  expect_refused(golden_with("<DriveManifest", "<x:DriveManifest xmlns:x=\"y\""));
  expect_refused(golden_with("<Drive>", "<?php evil ?><Drive>"));
  expect_refused(golden_with("</PageRangeList>", "</PageRangeList><MetadataPath Hash=\"x\">y</MetadataPath>"),
                 ErrorCode::unsupported);
  expect_refused(golden_with("<Length>4195328", "<Snapshot>x</Snapshot><Length>4195328"),
                 ErrorCode::unsupported);
}

TEST(ManifestReader, WrongOrderIsRefused) {
  expect_refused(
      golden_with("<BlobPath>movies/empty</BlobPath>\n        <FilePath>\\session#2\\empty</FilePath>",
                  "<FilePath>\\session#2\\empty</FilePath><BlobPath>movies/empty</BlobPath>"));
  expect_refused(golden_with("<Length>0</Length>\n        <ImportDisposition>overwrite</ImportDisposition>",
                             "<ImportDisposition>overwrite</ImportDisposition><Length>0</Length>"));
  expect_refused(golden_with("<DriveId>9WM35C2V</DriveId>\n    <StorageAccountKey>a2V5</StorageAccountKey>",
                             "<StorageAccountKey>a2V5</StorageAccountKey><DriveId>9WM35C2V</DriveId>"));
}

TEST(ManifestReader, RefusesDocumentTypesAndEntities) {
  const std::string laughs =
      "<?xml version=\"1.0\"?><!DOCTYPE lolz [<!ENTITY a \"ha\"><!ENTITY b "
      "\"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">"
      "<!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;\"><!ENTITY d "
      "\"&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;\">]><DriveManifest Version=\"&d;\">&d;</DriveManifest>";
  expect_refused(laughs);
  expect_refused(
      golden_with("<DriveManifest", "<!DOCTYPE x SYSTEM \"http://127.0.0.1:1/x.dtd\"><DriveManifest"));
  expect_refused(golden_with("<DriveManifest",
                             "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/hostname\">]><DriveManifest"));
  expect_refused(golden_with("<DriveManifest", "<!DOCTYPE x><DriveManifest"));
  expect_refused(golden_with("9WM35C2V", "&unknown;"));
  expect_refused(golden_with("9WM35C2V", "&#0;"));
}

TEST(ManifestReader, RefusesWhatIsTooDeepTooLongOrNotUtf8) {
  std::string deep;
  for (int i = 0; i < 100'000; i++) deep += "<Drive>";
  expect_refused("<DriveManifest Version=\"2014-11-01\">" + deep);
  expect_refused(golden_with("9WM35C2V", std::string(33 * KiB, 'x')));
  expect_refused(golden_with("session#1-0", std::string(33 * KiB, 'x')));
  expect_refused(golden_with("session#1-0", std::string(12 * MiB, 'x')));  // libxml2's own bound
  expect_refused(golden_with("<Drive>", "<" + std::string(60'000, 'D') + ">"));
  std::string attributes = "<Block ";
  for (int i = 0; i < 1000; i++) attributes += "a" + std::to_string(i) + "=\"1\" ";
  expect_refused(golden_with("<Block ", attributes));
  expect_refused(golden_with("9WM35C2V", "\xff"));
  std::string utf16;
  for (const char c : kGolden) utf16 += {c, '\0'};
  expect_refused("\xff\xfe" + utf16);
  EXPECT_TRUE(manifest_of("\xef\xbb\xbf" + std::string(kGolden)))
      << "a byte order mark of UTF-8 is none of these";
}

TEST(ManifestReader, EveryTruncationIsRefused) {
  for (size_t length = 0; length < kGolden.size() - 1; length++) {  // without its last line feed it is whole
    const auto manifest = manifest_of(kGolden.substr(0, length));
    ASSERT_FALSE(manifest) << length;
    ASSERT_EQ(manifest.error().code, ErrorCode::corrupt);
    ASSERT_NE(manifest.error().where.find(": line "), std::string::npos);
  }
}

// Whatever happens to the bytes: an error with a place, or a manifest that keeps the rules and can be written
// again.
void expect_sane(std::string_view text) {
  const auto manifest = manifest_of(text);
  if (manifest) {
    SampleManifest again = *manifest;
    RC_ASSERT(text_of(again).has_value());
  } else {
    RC_ASSERT(manifest.error().code == ErrorCode::corrupt || manifest.error().code == ErrorCode::unsupported);
    RC_ASSERT(manifest.error().where.find(": line ") != std::string::npos);
  }
}

RC_GTEST_PROP(ManifestReaderProperty, MutatedDocumentsAreReadSanely, ()) {
  std::string text(kGolden);
  Random random(*rc::gen::arbitrary<uint64_t>());
  for (uint64_t i = random.between(1, 4); i > 0; i--) {
    const size_t at = random.below(text.size()),
                 length = std::min<size_t>(random.below(30), text.size() - at);
    switch (random.below(5)) {
      case 0:
        text[at] = static_cast<char>(random.next());
        break;
      case 1:
        text.erase(at, length);
        break;
      case 2:
        text.insert(random.below(text.size()), text.substr(at, length));
        break;
      case 3:
        text[at] = "<>&\"/='; \n"[random.below(10)];
        break;
      default:
        text[at] = static_cast<char>(text[at] ^ 1 << random.below(8));
    }
  }
  expect_sane(text);
}

RC_GTEST_PROP(ManifestReaderProperty, RandomBytesAreRefused, ()) {
  const auto bytes = *rc::gen::arbitrary<std::string>();
  RC_ASSERT(!manifest_of(bytes).has_value());
}

TEST(ManifestReader, PassesErrorsAndDeathOfTheSourceAndTheHandlerOn) {
  const ManifestHandler quiet{[](auto...) { return Status(); }, [](auto...) { return Status(); },
                              [](const auto&) { return Status(); }, [](const auto&) { return Status(); },
                              [] { return Status(); }};
  const auto cut_at = [](uint64_t limit_bytes, auto stop) {
    return [=](uint64_t offset_bytes, MutableByteSpan out) -> Result<size_t> {
      if (offset_bytes >= limit_bytes) return stop();
      return xml_source_of(kGolden)(offset_bytes, out.first(std::min<size_t>(out.size(), 100)));
    };
  };
  for (uint64_t limit = 0; limit < kGolden.size(); limit += 100) {
    const auto broken = read_manifest(
        cut_at(limit, []() -> Result<size_t> { return fail(ErrorCode::device_gone, "gone"); }), quiet, "x");
    ASSERT_FALSE(broken);
    EXPECT_EQ(broken.error().code, ErrorCode::device_gone) << limit;
    EXPECT_THROW((void)read_manifest(cut_at(limit, []() -> Result<size_t> { throw Killed{}; }), quiet, "x"),
                 Killed)
        << limit;
  }
  ManifestHandler stopping = quiet;
  int ranges = 0;
  stopping.range = [&](const auto&) -> Status {
    if (++ranges == 2) return fail(ErrorCode::refused, "enough");
    return {};
  };
  EXPECT_EQ(read_manifest(xml_source_of(kGolden), stopping, "x").error().code, ErrorCode::refused);
  EXPECT_EQ(ranges, 2);
}

}  // namespace
}  // namespace seedbed
