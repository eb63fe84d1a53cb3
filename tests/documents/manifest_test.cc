// The drive manifest: its golden text, its round trip, and what the reader makes of damaged and hostile
// documents.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "engine/base/random.h"
#include "engine/base/text.h"
#include "engine/ports/runtime.h"
#include "tests/documents/manifest_samples.h"

namespace seedbed {
namespace {

using test::hash_filled;
using test::manifest_of;
using test::SampleManifest;
using test::small_manifest;
using test::text_of;

constexpr std::string_view kGolden =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<DriveManifest Version=\"2014-11-01\">\n"
    "  <Drive>\n"
    "    <DriveId>9WM35C2V</DriveId>\n"
    "    <StorageAccountKey>a2V5</StorageAccountKey>\n"
    "    <ClientCreator>seedbed</ClientCreator>\n"
    "    <BlobList Id=\"session#1-0\">\n"
    "      <Blob>\n"
    "        <BlobPath>backup/a.BaseBlob</BlobPath>\n"
    "        <FilePath>\\session#1\\a.BaseBlob</FilePath>\n"
    "        <Length>4195328</Length>\n"
    "        <ImportDisposition>rename</ImportDisposition>\n"
    "        <PageRangeList>\n"
    "          <PageRange Offset=\"0\" Length=\"4194304\" Hash=\"0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A\" />\n"
    "          <PageRange Offset=\"4194304\" Length=\"1024\" Hash=\"BFBFBFBFBFBFBFBFBFBFBFBFBFBFBFBF\" />\n"
    "        </PageRangeList>\n"
    "      </Blob>\n"
    "      <Blob>\n"
    "        <BlobPath>movies/Tom &amp; &quot;Jerry&quot;.mov</BlobPath>\n"
    "        <FilePath>\\session#1\\Tom &amp; _Jerry_.mov</FilePath>\n"
    "        <Length>700</Length>\n"
    "        <ImportDisposition>no-overwrite</ImportDisposition>\n"
    "        <BlockList>\n"
    "          <Block Offset=\"0\" Length=\"700\" Hash=\"11111111111111111111111111111111\" />\n"
    "        </BlockList>\n"
    "      </Blob>\n"
    "    </BlobList>\n"
    "    <BlobList Id=\"session#2-0\">\n"
    "      <Blob>\n"
    "        <BlobPath>movies/empty</BlobPath>\n"
    "        <FilePath>\\session#2\\empty</FilePath>\n"
    "        <Length>0</Length>\n"
    "        <ImportDisposition>overwrite</ImportDisposition>\n"
    "        <BlockList>\n"
    "        </BlockList>\n"
    "      </Blob>\n"
    "    </BlobList>\n"
    "  </Drive>\n"
    "</DriveManifest>\n";

// The golden text with one piece of it replaced.
std::string golden_with(std::string_view from, std::string_view to) {
  std::string text(kGolden);
  const size_t at = text.find(from);
  if (at == std::string::npos) throw std::logic_error("no such piece: " + std::string(from));
  return text.replace(at, from.size(), to);
}

void expect_refused(const std::string& text, ErrorCode code = ErrorCode::corrupt) {
  const auto manifest = manifest_of(text);
  ASSERT_FALSE(manifest) << text;
  EXPECT_EQ(manifest.error().code, code) << manifest.error().message();
  EXPECT_TRUE(manifest.error().where.starts_with("DriveManifest.xml: line ")) << manifest.error().where;
  EXPECT_NE(manifest.error().where.find(", column "), std::string::npos) << manifest.error().where;
  EXPECT_EQ(manifest.error().message().find("a2V5"), std::string::npos)
      << "the account key shows in an error";
}

TEST(Manifest, TheTextIsTheDocumentedOne) {
  EXPECT_EQ(text_of(small_manifest()).value(), kGolden);
}

TEST(Manifest, ReadsItsOwnText) {
  EXPECT_TRUE(same(manifest_of(kGolden).value(), small_manifest()));
}

TEST(Manifest, ASasStandsInTheKeysPlace) {
  SampleManifest manifest;
  manifest.key.clear();
  manifest.sas = "mycontainer?sv=2014-02-14&sr=c&sig=x%2B&sp=rwdl";
  const std::string text = text_of(manifest).value();
  EXPECT_NE(
      text.find("<ContainerSas>mycontainer?sv=2014-02-14&amp;sr=c&amp;sig=x%2B&amp;sp=rwdl</ContainerSas>"),
      std::string::npos);
  EXPECT_TRUE(same(manifest_of(text).value(), manifest));
}

TEST(Manifest, ReadsWhatOthersMayWrite) {
  EXPECT_TRUE(manifest_of(golden_with("<Drive>", "<!-- a comment --><Drive>")));
  EXPECT_TRUE(manifest_of(golden_with("    <ClientCreator>seedbed</ClientCreator>\n", "")));
  EXPECT_TRUE(manifest_of(golden_with("<Length>700", "<ClientData>x</ClientData><Length>700")));
  EXPECT_TRUE(manifest_of(golden_with("Length=\"700\" Hash", "Length=\"700\" Id=\"AAAAAA==\" Hash")));
  EXPECT_TRUE(manifest_of(golden_with("<BlockList>\n        </BlockList>", "<BlockList/>")));
  EXPECT_TRUE(manifest_of(golden_with("11111111\" />", "11111111\"></Block>")));
  EXPECT_EQ(manifest_of(golden_with("<ImportDisposition>overwrite</ImportDisposition>", ""))
                .value()
                .lists[1]
                .blobs[0]
                .blob.disposition,
            "rename");
  EXPECT_EQ(
      manifest_of(golden_with("<DriveId>9WM35C2V", "<DriveId><![CDATA[9WM]]>35&#67;2V")).value().drive_id,
      "9WM35C2V");
  std::string carriage(kGolden);
  for (size_t at = 0; (at = carriage.find('\n', at)) != std::string::npos; at += 2) carriage.insert(at, "\r");
  EXPECT_TRUE(same(manifest_of(carriage).value(), small_manifest()));
}

// ---- The writer
// ----------------------------------------------------------------------------------------------------------------

SampleManifest any_manifest() {
  SampleManifest manifest;
  const auto any_text = [] {
    return *rc::gen::map(
        rc::gen::container<std::u16string>(rc::gen::weightedOneOf<char16_t>(
            {{6, rc::gen::inRange<char16_t>(0x20, 0x7f)},
             {1, rc::gen::element<char16_t>(u'\t', u'\n', u'\r', u'<', u'&', u'"', u'\'', u']', u'>')},
             {2, rc::gen::inRange<char16_t>(0x80, 0xd800)},
             {1, rc::gen::inRange<char16_t>(0xe000, 0xfffe)}})),
        [](const std::u16string& text) { return "x" + utf8_of(text).value(); });
  };
  manifest.drive_id = any_text();
  if (*rc::gen::arbitrary<bool>()) {
    manifest.sas = any_text();
    manifest.key.clear();
  }
  const int lists = *rc::gen::inRange(0, 3);
  for (int l = 0; l < lists; l++) {
    auto& list = manifest.lists.emplace_back();
    list.id = any_text();
    const int blobs = *rc::gen::inRange(0, 4);
    for (int b = 0; b < blobs; b++) {
      auto& [blob, ranges] = list.blobs.emplace_back();
      blob = {any_text(), any_text(), 0,
              *rc::gen::element<std::string>("rename", "no-overwrite", "overwrite"),
              *rc::gen::element(BlobType::page_blob, BlobType::block_blob)};
      const uint64_t unit = blob.type == BlobType::page_blob ? 512 : 1;
      const int count = *rc::gen::inRange(0, 6);
      for (int r = 0; r < count; r++) {
        const uint64_t gap = blob.type == BlobType::page_blob ? *rc::gen::inRange<uint64_t>(0, 10) : 0;
        const uint64_t length = *rc::gen::inRange<uint64_t>(1, 4 * MiB / unit + 1);
        ranges.push_back(
            {blob.length_bytes + gap * unit, length * unit, hash_filled(*rc::gen::arbitrary<uint8_t>())});
        blob.length_bytes += (gap + length) * unit;
      }
    }
  }
  return manifest;
}

RC_GTEST_PROP(ManifestProperty, WhatIsWrittenIsRead, ()) {
  const SampleManifest manifest = any_manifest();
  const auto text = text_of(manifest);
  RC_ASSERT(text.has_value());
  const auto read = manifest_of(*text);
  if (!read) RC_FAIL(read.error().message() + "\n" + *text);
  RC_ASSERT(same(*read, manifest));
}

RC_GTEST_PROP(ManifestProperty, TheLengthDoesNotDependOnHashes, ()) {
  SampleManifest manifest = any_manifest();
  const size_t length = text_of(manifest).value().size();
  for (auto& list : manifest.lists)
    for (auto& blob : list.blobs)
      for (auto& range : blob.ranges) range.hash = hash_filled(*rc::gen::arbitrary<uint8_t>());
  RC_ASSERT(text_of(manifest).value().size() == length);
}

TEST(ManifestWriter, RefusesWhatNoManifestCanHoldAndNamesThePath) {
  for (const std::string& name : {std::string("c/bell\a"), std::string("c/\0x", 4), std::string("c/\xff"),
                                  std::string("c/\xef\xbf\xbf"), std::string()}) {
    SampleManifest manifest = small_manifest();
    manifest.lists[0].blobs[0].blob.blob_path = name;
    const auto refused = text_of(manifest);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(refused.error().where, printable(name));
    manifest = small_manifest();
    manifest.lists[0].blobs[0].blob.file_path = name;
    EXPECT_EQ(text_of(manifest).error().where, printable(name));
  }
  EXPECT_EQ(printable("c/bell\a\xff"), "c/bell\\x07\\xFF");
}

TEST(ManifestWriter, RefusesWhatTheReaderWouldRefuse) {
  const auto refuses = [](auto change) {
    SampleManifest manifest = small_manifest();
    change(manifest, manifest.lists[0].blobs[0]);
    const auto text = text_of(manifest);
    EXPECT_FALSE(text);
    return !text && text.error().code == ErrorCode::invalid_argument;
  };
  EXPECT_TRUE(refuses([](auto& m, auto&) { m.sas = "both"; }));
  EXPECT_TRUE(refuses([](auto& m, auto&) { m.key = ""; }));
  EXPECT_TRUE(refuses([](auto& m, auto&) { m.key = "\x01"; }));
  EXPECT_TRUE(refuses([](auto& m, auto&) { m.drive_id = ""; }));
  EXPECT_TRUE(refuses([](auto&, auto& b) { b.blob.disposition = "Rename"; }));
  EXPECT_TRUE(refuses([](auto&, auto& b) { b.blob.length_bytes += 1; }));
  EXPECT_TRUE(refuses([](auto&, auto& b) { b.blob.length_bytes -= 512; }));
  EXPECT_TRUE(refuses([](auto&, auto& b) { b.ranges[1].offset_bytes -= 512; }));
  EXPECT_TRUE(refuses([](auto&, auto& b) { b.ranges[0].length_bytes = 5 * MiB; }));
  EXPECT_TRUE(refuses([](auto&, auto& b) { b.ranges[1].length_bytes = 0; }));
  EXPECT_TRUE(refuses([](auto&, auto& b) { b.ranges[1].offset_bytes = UINT64_MAX - 511; }));
  EXPECT_TRUE(refuses([](auto& m, auto&) { m.lists[0].blobs[1].ranges.clear(); }));
}

TEST(ManifestWriter, WritesOnlyInOrderAndPassesTheSinksErrorOn) {
  ManifestWriter writer([](ByteSpan) -> Status { return fail(ErrorCode::out_of_space, "full"); });
  EXPECT_EQ(writer.begin_list("1").error().code, ErrorCode::internal);
  ASSERT_TRUE(writer.begin("9WM35C2V", "a2V5", ""));
  EXPECT_EQ(writer.range({}).error().code, ErrorCode::internal);
  EXPECT_EQ(writer.end_blob().error().code, ErrorCode::internal);
  EXPECT_EQ(writer.finish().error().code, ErrorCode::out_of_space);
}

// ---- The reader and bad documents
// -----------------------------------------------------------------------------------------------

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

RC_GTEST_PROP(ManifestProperty, MutatedDocumentsAreReadSanely, ()) {
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

RC_GTEST_PROP(ManifestProperty, RandomBytesAreRefused, ()) {
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
