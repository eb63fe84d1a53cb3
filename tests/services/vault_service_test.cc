// The vault: who may speak to it, what it keeps, and that it keeps it whenever it dies.
#include "fakes/vault_service/vault_service.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "engine/base/random.h"
#include "fakes/store/json_answer.h"
#include "fakes/vault_service/assertion.h"
#include "tests/services/service_world.h"
#include "tests/services/vault_world.h"

namespace seedbed {
namespace {

using nlohmann::json;
using testing_support::Machine;
using testing_support::ServiceWorld;
using testing_support::shared_certificate;
using testing_support::TestCertificate;

constexpr const char* kOrigin = "http://127.0.0.1:10000";
constexpr const char* kItem = "/vaults/safe/items/thing";

// One blob that can be read in ranges.
struct BlobTransport final : HttpTransport {
  HttpResult send(const HttpRequest& request) override {
    requests++;
    if (failures > 0) {
      failures--;
      return std::unexpected(HttpFailure{HttpFailure::Kind::not_sent, "connection refused"});
    }
    HttpResponse answer;
    if (status != 206) {
      answer.status = status;
      return answer;
    }
    unsigned long long first = 0, last = 0;
    if (std::sscanf(std::string(header_of(request.headers, "x-ms-range")).c_str(), "bytes=%llu-%llu", &first,
                    &last) != 2)
      return std::unexpected(HttpFailure{HttpFailure::Kind::not_sent, "no range"});
    answer.status = 206;
    last = std::min<unsigned long long>(last + 1, blob.size());
    if (first < last)
      answer.body.assign(blob.begin() + static_cast<long>(first), blob.begin() + static_cast<long>(last));
    return answer;
  }
  Bytes blob;
  int requests = 0, failures = 0, status = 206;
};

struct Vault {
  explicit Vault(Machine& machine, HttpTransport& inside)
      : state(ServiceState::open(machine.runtime, machine.files, machine.entropy, "/state").value()),
        service(*state, inside, {.origins = {kOrigin}}) {
    Status ready = service.create_tables();
    if (ready) ready = service.add_vault("Safe", shared_certificate().der);
    if (!ready) throw std::runtime_error(ready.error().message());
  }
  HttpResponse ask(const std::string& method, const std::string& path, Bytes body = {},
                   HttpHeaders headers = {}) {
    HttpRequest request;
    request.method = method;
    request.target = path;
    request.headers = std::move(headers);
    if (!has_header(request.headers, "Authorization"))
      request.headers.emplace_back("Authorization", "Bearer " + token);
    request.body = std::move(body);
    return service.handle(request, *parse_url(request.target));
  }
  HttpResponse ask(const std::string& method, const std::string& path, const json& body) {
    const std::string text = body.dump();
    return ask(method, path, Bytes(text.begin(), text.end()));
  }
  int put(const Bytes& record, const std::string& upload = "u1") {
    return ask("PUT", fmt::format("{}/chunks/{}?upload={}", kItem, hex_lower(id_of(record)), upload), record,
               {{"x-seedbed-sha256", hex_lower(sha256_of(record))}})
        .status;
  }
  bool has(const Bytes& record) {
    const HttpResponse answer = ask("POST", std::string(kItem) + "/chunks/query", id_of(record));
    return answer.status == 200 && answer.body == Bytes{1};
  }
  HttpResponse get(const Bytes& record) {
    return ask("GET", fmt::format("{}/chunks/{}", kItem, hex_lower(id_of(record))));
  }
  HttpResponse point(const std::string& name, const std::vector<Bytes>& records,
                     const std::string& upload = "u1") {
    Bytes ids;
    for (const Bytes& record : records) append(ids, id_of(record));
    const json line = {{"id", name},
                       {"created_utc", "2016-11-02T00:00:00.0000000Z"},
                       {"kind", "seed"},
                       {"catalog", json::array({hex_lower(id_of(records.at(0)))})},
                       {"chunks_digest", hex_lower(sha256_of(ids))}};
    const std::string text = line.dump() + "\n";
    Bytes body(text.begin(), text.end());
    append(body, ids);
    return ask("PUT", fmt::format("{}/points/{}?upload={}", kItem, name, upload), body);
  }
  void begin(const std::string& upload = "u1") {
    const HttpResponse item = ask("PUT", kItem, item_body());
    const int opened = ask("POST", "/vaults/safe/uploads", {{"id", upload}, {"item", "thing"}}).status;
    if (item.status > 201 || opened > 201) throw std::runtime_error(std::string(as_text(item.body)));
  }
  json sweep() { return json::parse(ask("POST", "/vaults/safe/sweep").body); }
  static json item_body() {
    return {{"server", "host"},
            {"backup_id", "00112233445566778899aabbccddeeff"},
            {"kdf",
             {{"name", "scrypt"},
              {"log2_n", 15},
              {"r", 8},
              {"p", 1},
              {"salt", "00112233445566778899aabbccddeeff"}}},
            {"key_check", "00112233445566778899aabbccddeeff"}};
  }
  // Any 32 bytes will do for the vault.
  static Bytes id_of(const Bytes& record) {
    Bytes salted = record;
    salted.push_back('i');
    const Sha256 digest = sha256_of(salted);
    return {digest.begin(), digest.end()};
  }

  std::unique_ptr<ServiceState> state;
  VaultService service;
  std::string token = shared_certificate().assertion(kOrigin, 1'478'044'800'000'000'000);
};

Bytes record_of(uint64_t seed, size_t size = 700) {
  Bytes record(size);
  Random(seed).fill(record);
  return record;
}

void with_vault(const std::function<void(Vault&, BlobTransport&)>& body) {
  ServiceWorld world(5);
  BlobTransport inside;
  EXPECT_TRUE(world.boot([&](Machine& machine) {
    Vault vault(machine, inside);
    body(vault, inside);
  }));
}

std::string code_of(const HttpResponse& answer) {
  return json::parse(answer.body)["error"]["code"];
}

TEST(VaultService, OnlyAHolderOfTheCertificateIsHeard) {
  with_vault([](Vault& vault, BlobTransport&) {
    const auto status = [&](const std::string& token) {
      return vault.ask("PUT", kItem, Bytes(), {{"Authorization", token}}).status;
    };
    const TestCertificate& good = shared_certificate();
    const int64_t now_ns = 1'478'044'800'000'000'000, minute_ns = 60'000'000'000;
    EXPECT_EQ(status("Bearer " + good.assertion(kOrigin, now_ns)), 400) << "heard, but it said nothing";
    EXPECT_EQ(status(""), 401);
    EXPECT_EQ(status("Bearer x"), 401);
    EXPECT_EQ(status("Bearer a.b.c"), 401);
    EXPECT_EQ(status("Bearer " + good.assertion("http://elsewhere", now_ns)), 401);
    EXPECT_EQ(status("Bearer " + good.assertion(kOrigin, now_ns - 14 * minute_ns)), 400) << "within the skew";
    EXPECT_EQ(status("Bearer " + good.assertion(kOrigin, now_ns - 16 * minute_ns)), 401);
    EXPECT_EQ(status("Bearer " + good.assertion(kOrigin, now_ns + 6 * minute_ns)), 401);
    std::string forged = good.assertion(kOrigin, now_ns);
    forged[forged.find('.') + 5] ^= 1;
    EXPECT_EQ(status("Bearer " + forged), 401);
    EXPECT_EQ(status("Bearer " + good.sign(R"({"alg":"none"})", "{}")), 401);
    const TestCertificate other, old(10);
    EXPECT_EQ(status("Bearer " + other.assertion(kOrigin, now_ns)), 401) << "not registered";
    ASSERT_TRUE(vault.service.add_vault("safe", old.der));
    EXPECT_EQ(status("Bearer " + old.assertion(kOrigin, now_ns)), 401) << "expired";
    ASSERT_TRUE(vault.service.add_vault("other", other.der));
    EXPECT_EQ(status("Bearer " + other.assertion(kOrigin, now_ns)), 401) << "of another vault";
    EXPECT_EQ(vault.service.add_vault("x", good.der).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(vault.service.add_vault("xx", Bytes{1, 2}).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(vault.ask("GET", "/vaults/nowhere/items/thing").status, 401);
    HttpRequest request;
    request.target = kItem;
    request.headers = {{"Host", "vault.example:443"},
                       {"Authorization", "Bearer " + good.assertion("http://vault.example:443", now_ns)}};
    EXPECT_EQ(vault.service.handle(request, *parse_url(kItem)).status, 404) << "the origin it came to";
  });
}

RC_GTEST_PROP(VaultService, NoTokenButASignedOnePasses, (uint64_t seed)) {
  Random random(seed);
  const TestCertificate& certificate = shared_certificate();
  const FindCertificate find = [&](const Sha256&) -> Result<std::optional<Bytes>> {
    return std::optional(certificate.der);
  };
  const int64_t now_ns = 1'478'044'800'000'000'000;
  const std::string good = certificate.assertion(kOrigin, now_ns);
  RC_ASSERT(check_assertion(good, find, {kOrigin}, now_ns).has_value());
  std::string bad = good;
  const size_t at = random.below(bad.size() - 1);  // the very last character has bits that may not count
  bad[at] = static_cast<char>(bad[at] ^ static_cast<char>(1 + random.below(255)));
  RC_ASSERT(!check_assertion(bad, find, {kOrigin}, now_ns).has_value());
  RC_ASSERT(!check_assertion(good.substr(0, random.below(good.size())), find, {kOrigin}, now_ns).has_value());
}

TEST(VaultService, ItemsBelongToOneBackup) {
  with_vault([](Vault& vault, BlobTransport&) {
    EXPECT_EQ(vault.ask("GET", kItem).status, 404);
    EXPECT_EQ(vault.ask("PUT", kItem, Vault::item_body()).status, 201);
    EXPECT_EQ(vault.ask("PUT", kItem, Vault::item_body()).status, 200);
    json other = Vault::item_body();
    other["backup_id"] = "ff112233445566778899aabbccddeeff";
    EXPECT_EQ(vault.ask("PUT", kItem, other).status, 409);
    other = Vault::item_body();
    other["kdf"]["salt"] = "ff112233445566778899aabbccddeeff";
    EXPECT_EQ(vault.ask("PUT", kItem, other).status, 409);
    other = Vault::item_body();
    other["kdf"]["log2_n"] = "15";
    EXPECT_EQ(vault.ask("PUT", kItem, other).status, 400);
    const json shown = json::parse(vault.ask("GET", kItem).body);
    EXPECT_EQ(shown["kdf"], Vault::item_body()["kdf"]);
    EXPECT_EQ(shown["points"], 0);
  });
}

TEST(VaultService, ChunksAreKeptReadAndProved) {
  with_vault([](Vault& vault, BlobTransport&) {
    const Bytes a = record_of(1), b = record_of(2);
    ASSERT_EQ(vault.ask("PUT", kItem, Vault::item_body()).status, 201);
    EXPECT_EQ(vault.put(a), 409) << "no upload is open";
    vault.begin();
    EXPECT_EQ(vault.put(a, "other"), 409);
    EXPECT_EQ(vault.put(a), 201);
    EXPECT_EQ(vault.put(a), 200);
    EXPECT_TRUE(vault.has(a));
    EXPECT_FALSE(vault.has(b));
    EXPECT_EQ(vault.get(a).body, a);
    EXPECT_EQ(vault.get(b).status, 404);
    EXPECT_EQ(vault
                  .ask("PUT", fmt::format("{}/chunks/{}?upload=u1", kItem, hex_lower(Vault::id_of(b))), b,
                       {{"x-seedbed-sha256", hex_lower(sha256_of(a))}})
                  .status,
              400);
    EXPECT_EQ(vault.ask("PUT", std::string(kItem) + "/chunks/xyz?upload=u1", b).status, 400);
    EXPECT_EQ(vault.ask("POST", std::string(kItem) + "/chunks/query", Bytes(33)).status, 400);
    const Bytes nonce(16, 7);
    const json proof =
        json::parse(vault
                        .ask("POST", std::string(kItem) + "/chunks/proof",
                             json{{"nonce", hex_lower(nonce)},
                                  {"ids", {hex_lower(Vault::id_of(a)), hex_lower(Vault::id_of(b))}}})
                        .body);
    Bytes whole = nonce;
    append(whole, a);
    EXPECT_EQ(proof["proofs"][0], hex_lower(sha256_of(whole)));
    EXPECT_TRUE(proof["proofs"][1].is_null());
  });
}

TEST(VaultService, ADamagedRecordIsNeverGivenOut) {
  with_vault([](Vault& vault, BlobTransport&) {
    vault.begin();
    const Bytes a = record_of(1);
    ASSERT_EQ(vault.put(a), 201);
    const auto packs = vault.state->files.list("/state/vaults").value();
    ASSERT_EQ(packs.size(), 1u);
    auto file = vault.state->files.open("/state/vaults/" + packs[0].name, OpenMode::read_write).value();
    ASSERT_TRUE(file->write_at(100, Bytes{static_cast<uint8_t>(a[100] ^ 1)}));
    const HttpResponse answer = vault.get(a);
    EXPECT_EQ(answer.status, 500);
    EXPECT_EQ(code_of(answer), "ChunkCorrupt");
    const json proof =
        json::parse(vault
                        .ask("POST", std::string(kItem) + "/chunks/proof",
                             json{{"nonce", std::string(32, '0')}, {"ids", {hex_lower(Vault::id_of(a))}}})
                        .body);
    EXPECT_TRUE(proof["proofs"][0].is_null());
  });
}

TEST(VaultService, TheSeedIsCopiedByTheVaultItself) {
  with_vault([](Vault& vault, BlobTransport& inside) {
    vault.begin();
    inside.blob = record_of(9, 4096);
    const auto range = [&](size_t offset, size_t length) {
      return Bytes(inside.blob.begin() + static_cast<long>(offset),
                   inside.blob.begin() + static_cast<long>(offset + length));
    };
    json chunks = json::array();
    const auto want = [&](size_t offset, size_t length, const Bytes& record) {
      chunks.push_back({{"id", hex_lower(Vault::id_of(record))},
                        {"offset_bytes", offset},
                        {"length_bytes", length},
                        {"sha256", hex_lower(sha256_of(record))}});
    };
    want(0, 1000, range(0, 1000));
    want(1000, 500, range(1000, 500));
    want(2000, 500, record_of(3, 500));  // not what stands there
    want(4000, 500, record_of(4, 500));  // beyond the end
    const std::string path = std::string(kItem) + "/chunks/copy?upload=u1";
    const auto statuses = [&](const HttpResponse& answer) {
      std::vector<std::string> all;
      const json body = json::parse(answer.body);
      for (const json& each : body["results"]) all.push_back(each["status"]);
      return all;
    };
    const json body = {{"source", "http://127.0.0.1:10000/account/box/blob?sig=x"}, {"chunks", chunks}};
    inside.failures = 1;
    const HttpResponse first = vault.ask("POST", path, body);
    ASSERT_EQ(first.status, 200) << as_text(first.body);
    EXPECT_EQ(statuses(first), (std::vector<std::string>{"copied", "copied", "mismatch", "unreadable"}));
    EXPECT_EQ(inside.requests, 4) << "neighbours in one request; one try that failed";
    EXPECT_EQ(vault.get(range(1000, 500)).body, range(1000, 500));
    EXPECT_EQ(statuses(vault.ask("POST", path, body)),
              (std::vector<std::string>{"present", "present", "mismatch", "unreadable"}));
    inside.status = 403;
    EXPECT_EQ(statuses(vault.ask("POST", path, body))[2], "unreadable");
    EXPECT_EQ(vault.ask("POST", std::string(kItem) + "/chunks/copy?upload=no", body).status, 409);
    EXPECT_EQ(vault.ask("POST", path, json{{"source", "file:///etc/passwd"}, {"chunks", chunks}}).status,
              400);
    json wrong = body;
    wrong["chunks"][0]["length_bytes"] = -1;
    EXPECT_EQ(vault.ask("POST", path, wrong).status, 400);
    EXPECT_EQ(vault.state->files.list("/state/vaults").value().size(), 1u)
        << "packs without chunks are taken back";
  });
}

TEST(VaultService, PointsNeedAllTheirChunks) {
  with_vault([](Vault& vault, BlobTransport&) {
    vault.begin();
    const Bytes a = record_of(1), b = record_of(2);
    ASSERT_EQ(vault.put(a), 201);
    const HttpResponse missing = vault.point("p1", {a, b});
    EXPECT_EQ(missing.status, 409);
    EXPECT_EQ(code_of(missing), "ChunksMissing");
    EXPECT_EQ(json::parse(missing.body)["error"]["missing"], json::array({hex_lower(Vault::id_of(b))}));
    ASSERT_EQ(vault.put(b), 201);
    EXPECT_EQ(vault.point("p1", {a, b}, "no").status, 409);
    EXPECT_EQ(vault.point("p1", {a, b}).status, 201);
    EXPECT_EQ(vault.point("p1", {a, b}).status, 200);
    EXPECT_EQ(vault.point("p1", {b, a}).status, 409);
    const json list = json::parse(vault.ask("GET", std::string(kItem) + "/points").body);
    ASSERT_EQ(list["points"].size(), 1u);
    EXPECT_EQ(list["points"][0]["id"], "p1");
    EXPECT_EQ(list["points"][0]["chunks"], 2);
    const HttpResponse shown = vault.ask("GET", std::string(kItem) + "/points/p1");
    const size_t feed = as_text(shown.body).find('\n');
    EXPECT_EQ(json::parse(as_text(shown.body).substr(0, feed))["kind"], "seed");
    EXPECT_EQ(shown.body.size() - feed - 1, 64u);
    EXPECT_EQ(vault.ask("PUT", std::string(kItem) + "/points/p2?upload=u1", Bytes{'{', '}'}).status, 400);
    EXPECT_EQ(vault.ask("DELETE", std::string(kItem) + "/points/p1").status, 200);
    EXPECT_EQ(vault.ask("DELETE", std::string(kItem) + "/points/p1").status, 404);
  });
}

TEST(VaultService, GarbageGoesAtTheSecondMarkWithoutAnUploadBetween) {
  with_vault([](Vault& vault, BlobTransport&) {
    vault.begin();
    const Bytes kept = record_of(1), lost = record_of(2);
    vault.put(kept);
    vault.put(lost);
    ASSERT_EQ(vault.point("p", {kept}).status, 201);
    const auto close = [&](const char* id) {
      vault.ask("DELETE", std::string("/vaults/safe/uploads/") + id);
    };
    EXPECT_EQ(vault.sweep()["open_uploads"], 1);
    EXPECT_EQ(vault.sweep()["removed"], 0);
    close("u1");
    EXPECT_EQ(vault.sweep()["marked"], 1);
    vault.begin("u2");  // it may have asked for the marked chunk
    EXPECT_TRUE(vault.has(lost));
    close("u2");
    EXPECT_EQ(vault.sweep()["removed"], 0);
    EXPECT_TRUE(vault.has(lost));
    EXPECT_EQ(vault.sweep()["removed"], 1);
    EXPECT_FALSE(vault.has(lost));
    EXPECT_EQ(vault.get(kept).body, kept);
    EXPECT_EQ(vault.state->files.list("/state/vaults").value().size(), 1u);
    vault.ask("DELETE", std::string(kItem) + "/points/p");
    vault.sweep();
    EXPECT_EQ(vault.sweep()["removed"], 1);
    EXPECT_TRUE(vault.state->files.list("/state/vaults").value().empty());
  });
}

// Chunks and points that were answered for are there, whole, after any death and power cut; and the vault
// goes on.
TEST(VaultService, KilledAnywhereItKeepsWhatItAnswered) {
  BlobTransport inside;
  inside.blob = record_of(50, 3000);
  const auto work = [&](Vault& vault, std::vector<Bytes>& promised, bool& point) {
    vault.begin();
    for (uint64_t i = 0; i < 3; i++)
      if (vault.put(record_of(i)) <= 201) promised.push_back(record_of(i));
    const Bytes seed(inside.blob.begin(), inside.blob.begin() + 1000);
    const json body = {{"source", "http://x/a/b/c"},
                       {"chunks",
                        {{{"id", hex_lower(Vault::id_of(seed))},
                          {"offset_bytes", 0},
                          {"length_bytes", 1000},
                          {"sha256", hex_lower(sha256_of(seed))}}}}};
    if (vault.ask("POST", std::string(kItem) + "/chunks/copy?upload=u1", body).status == 200)
      promised.push_back(seed);
    if (vault.point("p", {record_of(0), seed}).status <= 201) point = true;
    vault.ask("DELETE", "/vaults/safe/uploads/u1");
    vault.sweep();
    vault.sweep();
  };
  unsigned deaths = 0;
  for (uint64_t at = 20;; at += 7) {
    ServiceWorld world(at);
    std::vector<Bytes> promised;
    bool point = false, unused = false;
    const bool ended = world.boot(
        [&](Machine& machine) {
          Vault vault(machine, inside);
          work(vault, promised, point);
        },
        at);
    if (ended) break;
    deaths++;
    world.kill();
    if (at % 2 == 0) world.power_cut({.shape = Survivors::Shape::none});
    EXPECT_TRUE(world.boot([&](Machine& machine) {
      Vault vault(machine, inside);
      if (point) {
        EXPECT_EQ(vault.ask("GET", std::string(kItem) + "/points/p").status, 200) << at;
        promised.erase(
            std::remove_if(promised.begin(), promised.end(),
                           [](const Bytes& each) { return each == record_of(1) || each == record_of(2); }),
            promised.end());  // the sweep may have taken these
      }
      for (const Bytes& record : promised)
        EXPECT_EQ(vault.get(record).body, record) << "death at port call " << at;
      std::vector<Bytes> again;
      work(vault, again, unused);
      EXPECT_TRUE(unused) << at;
      EXPECT_EQ(again.size(), 4u) << at;
      EXPECT_EQ(vault.get(record_of(0)).body, record_of(0)) << at;
    }));
  }
  EXPECT_GT(deaths, 20u);
}

}  // namespace
}  // namespace seedbed
