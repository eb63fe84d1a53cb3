// The vault client: the shape of each request, what it makes of each answer, and damaged documents.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "engine/base/text.h"
#include "engine/cloud/vault_client.h"
#include "engine/cloud/vault_documents.h"
#include "tests/cloud/scripted_transport.h"

namespace seedbed {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing_support::answer;
using testing_support::ManualRuntime;
using testing_support::maybe_applied;
using testing_support::ScriptedTransport;

VaultChunkId id_of(uint8_t byte) {
  VaultChunkId id;
  id.fill(byte);
  return id;
}
std::string hex_of(uint8_t byte) {
  return hex_lower(id_of(byte));
}

struct VaultClientTest : testing::Test {
  ManualRuntime runtime;
  ScriptedTransport transport;
  HttpCaller caller{runtime, transport, {.tries_max = 3}};
  VaultClient vault{caller, runtime, "http://127.0.0.1:10000", "vault-1",
                    [](int64_t) -> Result<std::string> { return std::string("T"); }};
};

constexpr const char* kItem =
    R"({"server":"srv","backup_id":"00112233445566778899aabbccddeeff","kdf":{"name":"scrypt","log2_n":15,"r":8,"p":1,"salt":"0102"},"key_check":"ff"})";

TEST_F(VaultClientTest, Items) {
  const VaultItem item{.server = "srv",
                       .backup_id = "00112233445566778899aabbccddeeff",
                       .kdf = {.name = "scrypt", .log2_n = 15, .r = 8, .p = 1, .salt = {1, 2}},
                       .key_check = {0xff},
                       .points = 0};
  transport.then(maybe_applied());
  transport.then(answer(200));
  EXPECT_EQ(*vault.put_item("a b", item), false);
  EXPECT_EQ(transport.lines()[1], "PUT /vaults/vault-1/items/a%20b");
  EXPECT_EQ(transport.body(1), kItem);
  EXPECT_EQ(transport.header(1, "Authorization"), "Bearer T");
  transport.then(answer(201));
  EXPECT_EQ(*vault.put_item("a", item), true);
  transport.then(answer(409, R"({"error":{"code":"ItemExists","message":"m"}})"));
  EXPECT_EQ(vault.put_item("a", item).error().code, ErrorCode::already_exists);
  transport.then(answer(401, R"({"error":{"code":"AuthenticationFailed","message":"m"}})"));
  EXPECT_EQ(vault.put_item("a", item).error().code, ErrorCode::permission_denied);

  std::string told = kItem;
  told.insert(told.size() - 1, ",\"points\":3");
  transport.then(answer(200, told));
  const auto got = vault.get_item("a");
  ASSERT_TRUE(got && *got);
  EXPECT_EQ((*got)->kdf, item.kdf);
  EXPECT_EQ((*got)->key_check, item.key_check);
  EXPECT_EQ((*got)->points, 3u);
  transport.then(answer(404));
  EXPECT_FALSE(vault.get_item("a")->has_value());
}

TEST_F(VaultClientTest, QueriesAreCutIntoRequests) {
  std::vector<VaultChunkId> ids(kVaultQueryMax + 2, id_of(1));
  ids.back() = id_of(9);
  transport.always([](const HttpRequest& request) -> HttpResult {
    std::string body;
    for (size_t at = 0; at < request.body.size(); at += 32)
      body += static_cast<char>(request.body[at] == 9 ? 1 : 0);
    return answer(200, body);
  });
  const auto known = vault.query_chunks("i", ids);
  ASSERT_TRUE(known);
  ASSERT_EQ(known->size(), ids.size());
  EXPECT_TRUE(known->back());
  EXPECT_FALSE(known->front());
  EXPECT_THAT(transport.lines(), ElementsAre("POST /vaults/vault-1/items/i/chunks/query",
                                             "POST /vaults/vault-1/items/i/chunks/query"));
  EXPECT_EQ(transport.requests[1].body.size(), 64u);
  EXPECT_TRUE(vault.query_chunks("i", {})->empty());
  for (const std::string& bad : {std::string("\x01"), std::string("\x02\x01"), std::string()}) {
    transport.then(answer(200, bad));
    EXPECT_EQ(vault.query_chunks("i", std::vector{id_of(1), id_of(2)}).error().code, ErrorCode::corrupt);
  }
}

TEST_F(VaultClientTest, ChunksGoWithTheirHash) {
  const Bytes record = {1, 2, 3};
  transport.then(answer(201));
  EXPECT_EQ(*vault.put_chunk("i", "u 1", id_of(0xab), record), true);
  EXPECT_EQ(transport.lines()[0], "PUT /vaults/vault-1/items/i/chunks/" + hex_of(0xab) + "?upload=u%201");
  EXPECT_EQ(transport.header(0, "x-seedbed-sha256"), hex_lower(sha256_of(record)));
  EXPECT_EQ(transport.requests[0].body, record);
  transport.then(answer(200));
  EXPECT_EQ(*vault.put_chunk("i", "u", id_of(0xab), record), false);
  transport.then(answer(409, R"({"error":{"code":"UploadNotOpen","message":"m"}})"));
  EXPECT_EQ(vault.put_chunk("i", "u", id_of(0xab), record).error().code, ErrorCode::refused);
  EXPECT_FALSE(vault.put_chunk("i", "u", id_of(0xab), {}));
  EXPECT_FALSE(vault.put_chunk("i", "u", id_of(0xab), Bytes(kVaultRecordBytesMax + 1)));

  transport.then(answer(200, "abc", {{"x-seedbed-sha256", hex_lower(sha256_of(as_bytes("abc")))}}));
  EXPECT_EQ(as_text(*vault.get_chunk("i", id_of(1))), "abc");
  transport.then(answer(200, "abd", {{"x-seedbed-sha256", hex_lower(sha256_of(as_bytes("abc")))}}));
  EXPECT_EQ(vault.get_chunk("i", id_of(1)).error().code, ErrorCode::corrupt);
  transport.then(answer(404));
  EXPECT_EQ(vault.get_chunk("i", id_of(1)).error().code, ErrorCode::not_found);
  for (int i = 0; i < 3; i++)
    transport.then(answer(500, R"({"error":{"code":"ChunkCorrupt","message":"rot"}})"));
  EXPECT_EQ(vault.get_chunk("i", id_of(1)).error().code, ErrorCode::corrupt);
}

TEST_F(VaultClientTest, CopiesTellOfEachRange) {
  const std::vector<VaultCopyRange> ranges = {
      {.id = id_of(1), .offset_bytes = 512, .length_bytes = 100, .sha256 = id_of(7)},
      {.id = id_of(2), .offset_bytes = 612, .length_bytes = 50, .sha256 = id_of(8)}};
  const std::string results = R"({"results":[{"id":")" + hex_of(1) + R"(","status":"copied"},{"id":")" +
                              hex_of(2) + R"(","status":"mismatch","detail":"sig=x y"}]})";
  transport.then(answer(200, results));
  const auto copied = vault.copy_chunks("i", "u", "http://h/b?sig=SECRET", ranges);
  ASSERT_TRUE(copied) << copied.error().message();
  EXPECT_TRUE((*copied)[0].good());
  EXPECT_EQ((*copied)[1].status, VaultCopyResult::Status::mismatch);
  EXPECT_EQ((*copied)[1].detail, "sig=*** y");
  EXPECT_EQ(transport.lines()[0], "POST /vaults/vault-1/items/i/chunks/copy?upload=u");
  EXPECT_EQ(transport.body(0),
            R"({"source":"http://h/b?sig=SECRET","chunks":[{"id":")" + hex_of(1) +
                R"(","offset_bytes":512,"length_bytes":100,"sha256":")" + hex_of(7) + R"("},{"id":")" +
                hex_of(2) + R"(","offset_bytes":612,"length_bytes":50,"sha256":")" + hex_of(8) + R"("}]})");
  for (const std::string& bad : {std::string(R"({"results":[]})"), std::string("{}"),
                                 R"({"results":[{"id":")" + hex_of(2) + R"(","status":"copied"}]})",
                                 R"({"results":[{"id":")" + hex_of(1) + R"(","status":"perhaps"}]})"}) {
    transport.then(answer(200, bad));
    const auto refused = vault.copy_chunks("i", "u", "http://h/b?sig=SECRET", ranges);
    ASSERT_FALSE(refused) << bad;
    EXPECT_EQ(refused.error().code, ErrorCode::corrupt);
    EXPECT_THAT(refused.error().message(), testing::Not(HasSubstr("SECRET")));
  }
  EXPECT_FALSE(vault.copy_chunks("i", "u", "x", std::vector<VaultCopyRange>(kVaultCopyMax + 1)));
}

TEST_F(VaultClientTest, ProofsMayBeMissing) {
  transport.then(answer(200, R"({"proofs":[")" + hex_of(3) + R"(",null]})"));
  const auto proofs = vault.prove_chunks("i", Bytes{0xaa}, std::vector{id_of(1), id_of(2)});
  ASSERT_TRUE(proofs) << proofs.error().message();
  EXPECT_EQ((*proofs)[0], id_of(3));
  EXPECT_FALSE((*proofs)[1]);
  EXPECT_EQ(transport.lines()[0], "POST /vaults/vault-1/items/i/chunks/proof");
  EXPECT_EQ(transport.body(0), R"({"nonce":"aa","ids":[")" + hex_of(1) + R"(",")" + hex_of(2) + R"("]})");
  transport.then(answer(200, R"({"proofs":[null]})"));
  EXPECT_FALSE(vault.prove_chunks("i", Bytes{0xaa}, std::vector{id_of(1), id_of(2)}));
}

TEST_F(VaultClientTest, Points) {
  const VaultPoint point{.id = "p1",
                         .created_utc = "2016-11-02T18:24:14.0000000Z",
                         .kind = "seed",
                         .catalog = {id_of(1)},
                         .chunks_digest = ""};
  const std::vector<VaultChunkId> chunks = {id_of(2), id_of(3)};
  Bytes octets(32, 2);
  append(octets, Bytes(32, 3));
  const std::string line =
      R"({"id":"p1","created_utc":"2016-11-02T18:24:14.0000000Z","kind":"seed","catalog":[")" + hex_of(1) +
      R"("],"chunks_digest":")" + hex_lower(sha256_of(octets)) + "\"}";
  const std::string whole = line + "\n" + std::string(as_text(octets));
  transport.then(answer(201));
  const auto made = vault.put_point("i", "u", point, chunks);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->outcome, VaultPutPoint::Outcome::made);
  EXPECT_EQ(transport.lines()[0], "PUT /vaults/vault-1/items/i/points/p1?upload=u");
  EXPECT_EQ(transport.body(0), whole);
  transport.then(answer(200));
  EXPECT_EQ(vault.put_point("i", "u", point, chunks)->outcome, VaultPutPoint::Outcome::same);
  transport.then(
      answer(409, R"({"error":{"code":"ChunksMissing","message":"m","missing":[")" + hex_of(2) + R"("]}})"));
  const auto missing = vault.put_point("i", "u", point, chunks);
  ASSERT_TRUE(missing);
  EXPECT_EQ(missing->outcome, VaultPutPoint::Outcome::chunks_missing);
  EXPECT_THAT(missing->missing, ElementsAre(id_of(2)));
  transport.then(answer(409, R"({"error":{"code":"PointExists","message":"m"}})"));
  EXPECT_EQ(vault.put_point("i", "u", point, chunks).error().code, ErrorCode::already_exists);
  transport.requests.clear();

  transport.then(answer(200, R"({"points":[)" + line + "]}"));
  const auto points = vault.points("i");
  ASSERT_TRUE(points) << points.error().message();
  EXPECT_EQ(points->at(0).kind, "seed");
  transport.then(answer(200, whole));
  const auto content = vault.get_point("i", "p1");
  ASSERT_TRUE(content && *content);
  EXPECT_EQ((*content)->chunks, chunks);
  EXPECT_THAT((*content)->point.catalog, ElementsAre(id_of(1)));
  std::string other = whole;
  other.back() ^= 1;
  transport.then(answer(200, other));
  EXPECT_EQ(vault.get_point("i", "p1").error().code, ErrorCode::corrupt);
  transport.then(answer(404));
  EXPECT_FALSE(vault.get_point("i", "p2")->has_value());
  transport.then(answer(404));
  EXPECT_TRUE(vault.delete_point("i", "p1"));
  EXPECT_FALSE(vault.delete_point("i", ""));
  EXPECT_THAT(transport.lines(),
              ElementsAre("GET /vaults/vault-1/items/i/points", "GET /vaults/vault-1/items/i/points/p1",
                          "GET /vaults/vault-1/items/i/points/p1", "GET /vaults/vault-1/items/i/points/p2",
                          "DELETE /vaults/vault-1/items/i/points/p1"));
}

TEST_F(VaultClientTest, UploadsAndTheSweep) {
  transport.then(answer(201));
  EXPECT_TRUE(vault.open_upload("u", "i"));
  EXPECT_EQ(transport.body(0), R"({"id":"u","item":"i"})");
  transport.then(answer(404));
  EXPECT_TRUE(vault.close_upload("u"));
  transport.then(answer(200));
  EXPECT_TRUE(vault.sweep());
  EXPECT_THAT(transport.lines(),
              ElementsAre("POST /vaults/vault-1/uploads", "DELETE /vaults/vault-1/uploads/u",
                          "POST /vaults/vault-1/sweep"));
  transport.then(maybe_applied());
  EXPECT_EQ(vault.sweep().error().code, ErrorCode::io_error) << "two sweeps are not one";
  EXPECT_TRUE(transport.done());
}

TEST(VaultDocuments, MutationsNeverCrash) {
  const bool holds = rc::check("pieces removed, doubled, changed", [] {
    std::string text = *rc::gen::element(
        std::string(kItem), R"({"results":[{"id":")" + hex_of(1) + R"(","status":"copied"}]})",
        R"({"proofs":[null,")" + hex_of(1) + R"("]})", R"({"error":{"missing":[")" + hex_of(1) + R"("]}})",
        R"({"points":[{"id":"p","catalog":[")" + hex_of(1) + R"("],"chunks_digest":")" + hex_of(2) +
            "\"}]}\n");
    for (auto edits = *rc::gen::inRange(0, 4); edits > 0; edits--) {
      const auto at = *rc::gen::inRange<size_t>(0, text.size());
      const int kind = *rc::gen::inRange(0, 3);
      if (kind == 0) text.erase(at, *rc::gen::inRange<size_t>(1, 20));
      if (kind == 1) text.insert(at, text.substr(at, *rc::gen::inRange<size_t>(1, 40)));
      if (kind == 2) text[at] = static_cast<char>(*rc::gen::inRange(0, 256));
      if (text.empty()) break;
    }
    const std::vector<VaultCopyRange> asked = {
        {.id = id_of(1), .offset_bytes = 0, .length_bytes = 1, .sha256 = {}}};
    (void)parse_vault_item(text, "x");
    (void)parse_copy_results(text, asked, "x");
    (void)parse_proofs(text, 2, "x");
    (void)parse_vault_points(text, "x");
    (void)parse_missing_chunks(text, "x");
    (void)parse_point_content(as_bytes(text), "x");
  });
  EXPECT_TRUE(holds);
}

}  // namespace
}  // namespace seedbed
