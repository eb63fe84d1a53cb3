// The manifest reader against documents written by hand after the published format, and against damage.
#include "fakes/reference/manifest.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace seedbed::reference_test {
namespace {

using namespace reference;

constexpr const char* kSample = R"(<?xml version="1.0" encoding="UTF-8"?>
<DriveManifest Version="2014-11-01">
  <Drive>
    <DriveId>9WM35C2V</DriveId>
    <StorageAccountKey>AAAA==</StorageAccountKey>
    <ClientCreator>by hand</ClientCreator>
    <BlobList Id="session#1-0">
      <MetadataPath Hash="E72A22EA959566066AD89E3B49020C0A">\meta.xml</MetadataPath>
      <Blob>
        <BlobPath>pictures/a &amp; b/ü.jpg</BlobPath>
        <FilePath>\pictures\a &amp; b\ü.jpg</FilePath>
        <ClientData>x</ClientData>
        <Length>15360</Length>
        <ImportDisposition>no-overwrite</ImportDisposition>
        <PageRangeList>
          <PageRange Offset="0" Length="3584" Hash="72FC55ED9AFDD40A0C8D5C4193208416" />
          <PageRange Offset="3584" Length="11776" Hash="700CE7E21ED55525977FAF7AAA9E546B" />
        </PageRangeList>
        <PropertiesPath Hash="00000000000000000000000000000000">\p.xml</PropertiesPath>
      </Blob>
      <Blob>
        <BlobPath>c/empty</BlobPath><FilePath>\empty</FilePath><Length>0</Length><BlockList/>
      </Blob>
      <Blob>
        <BlobPath>c/b</BlobPath><FilePath>\b</FilePath><Length>5</Length>
        <BlockList><Block Offset="0" Length="5" Id="AAAAAA==" Hash="700CE7E21ED55525977FAF7AAA9E546B"/></BlockList>
      </Blob>
    </BlobList>
  </Drive>
</DriveManifest>
)";

struct Read {
  Result<ManifestHead> head;
  std::vector<ManifestEntry> blobs;
};

Read read(std::string_view text) {
  MemorySource file(Bytes(text.begin(), text.end()), "\\DriveManifest.xml");
  std::vector<ManifestEntry> blobs;
  auto head = read_manifest(file, [&](ManifestEntry&& blob) -> Status {
    blobs.push_back(std::move(blob));
    return {};
  });
  return {std::move(head), std::move(blobs)};
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(ManifestReader, ReadsEveryPartOfTheFormat) {
  const auto [head, blobs] = read(kSample);
  ASSERT_TRUE(head) << head.error().message();
  EXPECT_EQ(head->version, "2014-11-01");
  EXPECT_EQ(head->drive_id, "9WM35C2V");
  EXPECT_TRUE(head->has_account_key);
  EXPECT_FALSE(head->has_container_sas);
  ASSERT_EQ(head->attachments.size(), 1u);
  EXPECT_EQ(head->attachments[0].path, "\\meta.xml");
  ASSERT_EQ(blobs.size(), 3u);
  EXPECT_EQ(blobs[0].blob_path, "pictures/a & b/ü.jpg");
  EXPECT_EQ(blobs[0].file_path, "\\pictures\\a & b\\ü.jpg");
  EXPECT_EQ(blobs[0].length_bytes, 15360u);
  EXPECT_EQ(blobs[0].disposition, "no-overwrite");
  EXPECT_TRUE(blobs[0].page_blob);
  ASSERT_EQ(blobs[0].pieces.size(), 2u);
  EXPECT_EQ(blobs[0].pieces[1].offset_bytes, 3584u);
  EXPECT_EQ(blobs[0].pieces[1].length_bytes, 11776u);
  EXPECT_EQ(blobs[0].pieces[1].hash, "700CE7E21ED55525977FAF7AAA9E546B");
  ASSERT_EQ(blobs[0].attachments.size(), 1u);
  EXPECT_EQ(blobs[0].attachments[0].element, "PropertiesPath");
  EXPECT_TRUE(blobs[1].has_pieces_list);
  EXPECT_FALSE(blobs[1].page_blob);
  EXPECT_EQ(blobs[2].pieces.at(0).id, "AAAAAA==");
  EXPECT_EQ(blobs[0].line, 9u);
}

TEST(ManifestReader, RefusesWhatAManifestMayNotHave) {
  const std::pair<const char*, const char*> changes[] = {
      {"<DriveManifest ", "<!DOCTYPE DriveManifest [<!ENTITY e \"x\">]><DriveManifest "},
      {"<ClientData>x", "<ClientData>&undefined;"},
      {"<ClientData>x</ClientData>", "<Surprise/>"},
      {"<Length>15360", "<Length>15360x"},
      {"<Length>15360", "<Length>99999999999999999999999"},
      {"Offset=\"3584\"", "Offset=\"-1\""},
      {"</BlockList>", "</BlockList><BlockList/>"},
      {"<PageRange Offset=\"0\"", "<Block Offset=\"0\""},
      {"<Drive>", "<Blob/><Drive>"},
      {"</DriveManifest>", ""},
      {"</DriveManifest>", "</DriveManifest><More/>"},
  };
  for (const auto& [from, to] : changes) {
    const auto [head, blobs] = read(replaced(kSample, from, to));
    ASSERT_FALSE(head) << from << " → " << to;
    EXPECT_EQ(head.error().code, ErrorCode::corrupt);
    EXPECT_NE(head.error().where.find("DriveManifest.xml:"), std::string::npos) << head.error().where;
  }
  EXPECT_FALSE(read("").head);
}

TEST(ManifestReader, EntitiesAreNeverExpanded) {
  const std::string bomb =
      replaced(kSample, "<DriveManifest ",
               "<!DOCTYPE d [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY f "
               "SYSTEM \"file:///etc/passwd\">]><DriveManifest ");
  for (const char* use : {"&b;", "&f;"}) {
    const auto [head, blobs] = read(replaced(bomb, "<ClientData>x", std::string("<ClientData>") + use));
    ASSERT_FALSE(head);
    EXPECT_NE(head.error().what.find("document type"), std::string::npos) << head.error().message();
    EXPECT_TRUE(blobs.empty());
  }
}

TEST(ManifestReader, ReadsManyBlobsAsAStream) {
  std::string text =
      "<DriveManifest "
      "Version=\"2014-11-01\"><Drive><DriveId>D</DriveId><ContainerSas>s</ContainerSas><BlobList>";
  constexpr size_t kBlobs = 60'000;
  for (size_t i = 0; i < kBlobs; i++)
    text += "<Blob><BlobPath>c/" + std::to_string(i) + "</BlobPath><FilePath>\\c\\" + std::to_string(i) +
            "</FilePath><Length>5</Length><BlockList><Block Offset=\"0\" Length=\"5\" "
            "Hash=\"700CE7E21ED55525977FAF7AAA9E546B\"/></BlockList></Blob>\n";
  text += "</BlobList></Drive></DriveManifest>";
  ASSERT_GT(text.size(), 10'000'000u);  // beyond libxml2's look-up limit: the input must not pile up
  const auto [head, blobs] = read(text);
  ASSERT_TRUE(head) << head.error().message();
  ASSERT_EQ(blobs.size(), kBlobs);
  EXPECT_EQ(blobs.back().blob_path, "c/" + std::to_string(kBlobs - 1));
}

TEST(ManifestReader, TheHandlersErrorEndsTheReading) {
  const std::string_view text = kSample;
  MemorySource file(Bytes(text.begin(), text.end()));
  int calls = 0;
  const auto head = read_manifest(file, [&](ManifestEntry&&) -> Status {
    calls++;
    return fail(ErrorCode::refused, "enough");
  });
  ASSERT_FALSE(head);
  EXPECT_EQ(head.error().what, "enough");
  EXPECT_EQ(calls, 1);
}

RC_GTEST_PROP(ManifestReaderProperty, DamageEndsInAnAnswer, ()) {
  std::string text = kSample;
  for (int changes = *rc::gen::inRange(1, 4); changes > 0; changes--) {
    const size_t at = *rc::gen::inRange<size_t>(0, text.size());
    switch (*rc::gen::inRange(0, 4)) {
      case 0:
        text[at] = static_cast<char>(*rc::gen::inRange(0, 256));
        break;
      case 1:
        text.resize(at + 1);
        break;
      case 2:
        text.insert(
            at, *rc::gen::elementOf(std::vector<std::string>{"<", ">", "&", "\"", "<![CDATA[", "]]>", "<!--",
                                                             "<Blob>", "&#0;", "\xff\xfe", "<?xml?>"}));
        break;
      default:
        text.erase(at, *rc::gen::inRange<size_t>(1, 60));
    }
  }
  const auto [head, blobs] = read(text);
  RC_ASSERT((head || head.error().code == ErrorCode::corrupt));
  RC_ASSERT(blobs.size() <= 4u);
}

RC_GTEST_PROP(ManifestReaderProperty, RandomBytesAreNoManifest, (const std::string& text)) {
  RC_ASSERT(!read(text).head);
}

}  // namespace
}  // namespace seedbed::reference_test
