// The drive manifest: its golden text, its round trip, and what the reader makes of damaged and hostile
// documents.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "engine/base/text.h"
#include "tests/documents/manifest_samples.h"

namespace seedbed {
namespace {

using test::golden_with;
using test::hash_filled;
using test::kGolden;
using test::manifest_of;
using test::SampleManifest;
using test::small_manifest;
using test::text_of;

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

}  // namespace
}  // namespace seedbed
