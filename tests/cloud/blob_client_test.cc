// The blob client: the shape of each request, what it makes of each answer, and damaged lists.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "engine/base/text.h"
#include "engine/cloud/blob_client.h"
#include "engine/cloud/blob_listing.h"
#include "tests/cloud/scripted_transport.h"

namespace seedbed {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing_support::answer;
using testing_support::ManualRuntime;
using testing_support::maybe_applied;
using testing_support::ScriptedTransport;

struct BlobClientTest : testing::Test {
  ManualRuntime runtime;
  ScriptedTransport transport;
  HttpCaller caller{runtime, transport};
  BlobClient blobs{caller, runtime, "http://127.0.0.1:10000/acc/", "acc",
                   SecretBytes(ByteSpan(Bytes(32, 1)))};
};

TEST_F(BlobClientTest, Containers) {
  transport.then(answer(201));
  EXPECT_TRUE(blobs.create_container("box"));
  transport.then(answer(409, "<Error><Code>ContainerAlreadyExists</Code></Error>"));
  EXPECT_TRUE(blobs.create_container("$root"));
  transport.then(answer(409, "<Error><Code>ContainerBeingDeleted</Code></Error>"));
  EXPECT_FALSE(blobs.create_container("box"));
  transport.then(answer(200));
  EXPECT_EQ(*blobs.container_exists("box"), true);
  transport.then(answer(404));
  EXPECT_EQ(*blobs.container_exists("box"), false);
  transport.then(answer(403));
  EXPECT_EQ(blobs.container_exists("box").error().code, ErrorCode::permission_denied);
  EXPECT_THAT(transport.lines(),
              ElementsAre("PUT /acc/box?restype=container", "PUT /acc/$root?restype=container",
                          "PUT /acc/box?restype=container", "HEAD /acc/box?restype=container",
                          "HEAD /acc/box?restype=container", "HEAD /acc/box?restype=container"));
  EXPECT_THAT(transport.header(0, "Authorization"), testing::StartsWith("SharedKey acc:"));
  EXPECT_EQ(transport.header(0, "x-ms-version"), "2021-12-02");
}

TEST_F(BlobClientTest, PageBlobsArePutWithTheirMd5) {
  transport.then(answer(201));
  EXPECT_TRUE(blobs.create_page_blob("box", "dir/a b%.BaseBlob", 1024));
  const Bytes page(512, 7);
  transport.then(answer(201));
  EXPECT_TRUE(blobs.put_page("box", "dir/a b%.BaseBlob", 512, page));
  EXPECT_THAT(transport.lines(), ElementsAre("PUT /acc/box/dir/a%20b%25.BaseBlob",
                                             "PUT /acc/box/dir/a%20b%25.BaseBlob?comp=page"));
  EXPECT_EQ(transport.header(0, "x-ms-blob-type"), "PageBlob");
  EXPECT_EQ(transport.header(0, "x-ms-blob-content-length"), "1024");
  EXPECT_EQ(transport.header(0, "If-None-Match"), "*");
  EXPECT_EQ(transport.body(0), "");
  EXPECT_EQ(transport.header(1, "x-ms-page-write"), "update");
  EXPECT_EQ(transport.header(1, "x-ms-range"), "bytes=512-1023");
  EXPECT_EQ(transport.header(1, "Content-MD5"), base64(md5_of(page)));
  EXPECT_EQ(transport.requests[1].body, page);
  transport.requests.clear();
  EXPECT_FALSE(blobs.create_page_blob("box", "a", 513));
  EXPECT_FALSE(blobs.create_page_blob("box", "", 512));
  EXPECT_FALSE(blobs.put_page("box", "a", 1, page));
  EXPECT_FALSE(blobs.put_page("box", "a", 0, Bytes(511)));
  EXPECT_FALSE(blobs.put_page("box", "a", 0, {}));
  EXPECT_FALSE(blobs.put_page("box", "a", 0, Bytes(kPutPageBytesMax + 512)));
  EXPECT_TRUE(transport.requests.empty());
  transport.then(answer(400, "<Error><Code>Md5Mismatch</Code></Error>"));
  EXPECT_THAT(blobs.put_page("box", "a", 0, page).error().what, HasSubstr("Md5Mismatch"));
}

TEST_F(BlobClientTest, ABlobOfThatNameIsOursOnlyIfATryOfOursMayHaveMadeIt) {
  transport.then(answer(409));
  EXPECT_EQ(blobs.create_page_blob("box", "a", 512).error().code, ErrorCode::already_exists);
  transport.then(maybe_applied());
  transport.then(answer(409));
  transport.then(answer(200, "", {{"Content-Length", "512"}, {"x-ms-blob-type", "PageBlob"}}));
  EXPECT_TRUE(blobs.create_page_blob("box", "a", 512));
  transport.then(maybe_applied());
  transport.then(answer(412));
  transport.then(answer(200, "", {{"Content-Length", "1024"}, {"x-ms-blob-type", "PageBlob"}}));
  EXPECT_EQ(blobs.create_page_blob("box", "a", 512).error().code, ErrorCode::already_exists);
}

TEST_F(BlobClientTest, PageRangesAreJoinedOverAllPagesOfTheList) {
  transport.then(answer(
      200,
      "\xef\xbb\xbf<?xml version=\"1.0\" "
      "encoding=\"utf-8\"?><PageList><PageRange><Start>0</Start><End>511</End>"
      "</PageRange><ClearRange><Start>512</Start><End>1023</End></ClearRange><PageRange><Start>1024</Start>"
      "<End>1535</End></PageRange><NextMarker>m/1</NextMarker></PageList>"));
  transport.then(answer(
      200, "<PageList><PageRange><Start>1536</Start><End>2047</End></PageRange><NextMarker/></PageList>"));
  const auto ranges = blobs.page_ranges("box", "a");
  ASSERT_TRUE(ranges) << ranges.error().message();
  EXPECT_THAT(*ranges, ElementsAre(Extent{0, 512}, Extent{1024, 1024}));
  EXPECT_THAT(transport.lines(),
              ElementsAre("GET /acc/box/a?comp=pagelist", "GET /acc/box/a?comp=pagelist&marker=m%2F1"));
  transport.then(
      answer(200,
             "<PageList><PageRange><Start>512</Start><End>1023</End></PageRange><PageRange><Start>0</Start>"
             "<End>511</End></PageRange></PageList>"));
  EXPECT_EQ(blobs.page_ranges("box", "a").error().code, ErrorCode::corrupt);
}

TEST_F(BlobClientTest, PropertiesReadsAndLists) {
  transport.then(answer(200, "",
                        {{"Content-Length", "5"},
                         {"x-ms-blob-type", "BlockBlob"},
                         {"ETag", "\"1\""},
                         {"Content-MD5", base64(md5_of(as_bytes("hello")))},
                         {"x-ms-meta-A", "b"}}));
  const auto properties = blobs.properties("box", "a");
  ASSERT_TRUE(properties && *properties);
  EXPECT_EQ((*properties)->length_bytes, 5u);
  EXPECT_EQ((*properties)->type, "BlockBlob");
  EXPECT_EQ((*properties)->content_md5, md5_of(as_bytes("hello")));
  EXPECT_EQ((*properties)->metadata.at("a"), "b");
  transport.then(answer(404));
  EXPECT_FALSE(blobs.properties("box", "a")->has_value());
  HttpResponse head = answer(200);  // what a transport may tell apart from the header
  head.head_length_bytes = 7;
  transport.then(head);
  EXPECT_EQ((*blobs.properties("box", "a"))->length_bytes, 7u);
  transport.requests.clear();

  transport.then(answer(206, "ell"));
  EXPECT_EQ(as_text(*blobs.read("box", "a", 1, 3)), "ell");
  EXPECT_EQ(transport.header(0, "x-ms-range"), "bytes=1-3");
  transport.then(answer(206, "el"));
  EXPECT_EQ(blobs.read("box", "a", 1, 3).error().code, ErrorCode::corrupt);
  transport.then(answer(200, "hel"));  // not the range asked for
  EXPECT_EQ(blobs.read("box", "a", 1, 3).error().code, ErrorCode::corrupt);
  transport.then(answer(416));
  EXPECT_FALSE(blobs.read("box", "a", 100, 3));
  EXPECT_TRUE(blobs.read("box", "a", 1, 0)->empty());
  transport.then(answer(200, "", {{"Content-Length", "5"}}));
  transport.then(answer(200, "hello"));
  EXPECT_EQ(as_text(*blobs.read_all("box", "a", 5)), "hello");
  transport.then(answer(200, "", {{"Content-Length", "6"}}));
  EXPECT_EQ(blobs.read_all("box", "a", 5).error().code, ErrorCode::corrupt);
  transport.then(answer(404));
  EXPECT_EQ(blobs.read_all("box", "a", 5).error().code, ErrorCode::not_found);
  transport.requests.clear();

  transport.then(answer(
      200,
      "<EnumerationResults ServiceEndpoint=\"x\" "
      "ContainerName=\"box\"><Prefix>p/</Prefix><Blobs><Blob><Name>p/a &amp; b</Name>"
      "<Properties><Etag>1</Etag><Content-Length>9</Content-Length><BlobType>PageBlob</BlobType></"
      "Properties></Blob>"
      "<BlobPrefix><Name>p/d/</Name></BlobPrefix></Blobs><NextMarker>n</NextMarker></EnumerationResults>"));
  transport.then(answer(200, "<EnumerationResults><Blobs/><NextMarker/></EnumerationResults>"));
  const auto list = blobs.list("box", "p/");
  ASSERT_TRUE(list) << list.error().message();
  ASSERT_EQ(list->size(), 1u);
  EXPECT_EQ((*list)[0].name, "p/a & b");
  EXPECT_EQ((*list)[0].length_bytes, 9u);
  EXPECT_EQ((*list)[0].type, "PageBlob");
  EXPECT_THAT(transport.lines(),
              ElementsAre("GET /acc/box?restype=container&comp=list&prefix=p%2F",
                          "GET /acc/box?restype=container&comp=list&prefix=p%2F&marker=n"));
}

TEST_F(BlobClientTest, BlockBlobsDeletingAndSas) {
  transport.then(answer(201));
  EXPECT_TRUE(blobs.put_block_blob("box", "log.xml", as_bytes("hello")));
  EXPECT_EQ(transport.header(0, "x-ms-blob-type"), "BlockBlob");
  EXPECT_EQ(transport.header(0, "Content-MD5"), base64(md5_of(as_bytes("hello"))));
  transport.then(answer(404));
  EXPECT_TRUE(blobs.delete_blob("box", "log.xml"));
  EXPECT_FALSE(blobs.delete_blob("box", "")) << "that would be the container";
  EXPECT_EQ(transport.requests.size(), 2u);
  const std::string url = blobs.sas_url("box", "a b", ManualRuntime::kStart_ns + 60'000'000'000);
  EXPECT_THAT(url, testing::StartsWith(
                       "http://127.0.0.1:10000/acc/box/a%20b?sv=2020-12-06&st=2016-11-02T18%3A19%3A14Z"
                       "&se=2016-11-02T18%3A25%3A14Z&sr=b&sp=r&sig="));
}

TEST(BlobListing, MutationsNeverCrash) {
  const bool holds = rc::check("pieces removed, doubled, changed", [] {
    std::string text =
        "<EnumerationResults><Blobs><Blob><Name>a</Name><Properties><Content-Length>9</Content-Length></"
        "Properties></Blob>"
        "</Blobs><NextMarker/></EnumerationResults><PageList><PageRange><Start>0</Start><End>511</End></"
        "PageRange></PageList>";
    text = text.substr(*rc::gen::element<size_t>(0, text.find("<PageList>")));
    for (auto edits = *rc::gen::inRange(0, 4); edits > 0; edits--) {
      const auto at = *rc::gen::inRange<size_t>(0, text.size());
      const int kind = *rc::gen::inRange(0, 3);
      if (kind == 0) text.erase(at, *rc::gen::inRange<size_t>(1, 20));
      if (kind == 1) text.insert(at, text.substr(at, *rc::gen::inRange<size_t>(1, 40)));
      if (kind == 2) text[at] = static_cast<char>(*rc::gen::inRange(0, 256));
      if (text.empty()) break;
    }
    (void)parse_page_listing(text, "x");
    (void)parse_blob_listing(text, "x");
  });
  EXPECT_TRUE(holds);
}

}  // namespace
}  // namespace seedbed
