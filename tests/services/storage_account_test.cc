// Storage accounts: refusals one by one, page blobs against a
// model, deaths at any port call, and requests that nobody sane would send.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <fmt/format.h>

#include <set>

#include "engine/base/checksum.h"
#include "engine/base/random.h"
#include "fakes/storage_account/block_list.h"
#include "tests/services/storage_account_bench.h"

namespace seedbed {
namespace {

using testing_support::AccountBench;
using testing_support::kKey;
using testing_support::Machine;
using testing_support::page_headers;
using testing_support::ServiceWorld;

const HttpHeaders kPageBlob4K = {{"x-ms-blob-type", "PageBlob"}, {"x-ms-blob-content-length", "4096"}};
const HttpHeaders kBlockBlob = {{"x-ms-blob-type", "BlockBlob"}};

HttpHeaders plus(HttpHeaders headers, const std::string& name, const std::string& value) {
  headers.emplace_back(name, value);
  return headers;
}
Bytes bytes_of(std::string_view text) {
  const ByteSpan span = as_bytes(text);
  return {span.begin(), span.end()};
}
void with_bench(const std::function<void(AccountBench&)>& body) {
  ServiceWorld world(3);
  EXPECT_TRUE(world.boot([&](Machine& machine) {
    AccountBench bench(machine);
    body(bench);
  }));
}

TEST(StorageAccount, KeysAndClocksAreChecked) {
  with_bench([](AccountBench& bench) {
    EXPECT_EQ(bench.outcome("PUT", "/box?restype=container"), "201");
    const int64_t now_ns = bench.state->utc_ns(), minute_ns = 60'000'000'000;
    for (const int64_t off : {-16, 16})
      EXPECT_EQ(bench.outcome("GET", "?comp=list", {{"x-ms-date", http_date(now_ns + off * minute_ns)}}),
                "403 AuthenticationFailed");
    for (const int64_t off : {-14, 14})
      EXPECT_EQ(bench.outcome("GET", "?comp=list", {{"x-ms-date", http_date(now_ns + off * minute_ns)}}),
                "200");
    EXPECT_EQ(bench.outcome("GET", "?comp=list", {{"x-ms-date", "yesterday"}}), "403 AuthenticationFailed");
    const auto keys = bench.accounts.keys_of(testing_support::kAccount);
    ASSERT_TRUE(keys);
    bench.key = keys->key2;
    EXPECT_EQ(bench.outcome("GET", "?comp=list"), "200");
    EXPECT_TRUE(bench.accounts.rotate_key(testing_support::kAccount, "key2", base64(Bytes(64, 1))));
    EXPECT_EQ(bench.outcome("GET", "?comp=list"), "403 AuthenticationFailed");
    bench.key = base64(Bytes(64, 1));
    EXPECT_EQ(bench.outcome("GET", "?comp=list"), "200");
    EXPECT_FALSE(bench.accounts.rotate_key("nobody", "key1", kKey));
    EXPECT_FALSE(bench.accounts.rotate_key(testing_support::kAccount, "key3", kKey));
    EXPECT_FALSE(bench.accounts.add_account("vaults", kKey));
    EXPECT_FALSE(bench.accounts.add_account("Upper", kKey));
    EXPECT_TRUE(bench.accounts.add_account(testing_support::kAccount, kKey));
    EXPECT_FALSE(bench.accounts.add_account(testing_support::kAccount, base64(Bytes(64, 9))));
  });
}

TEST(StorageAccount, WhatAzureRefusesIsRefused) {
  with_bench([](AccountBench& bench) {
    const auto put_page = [&](uint64_t offset, uint64_t range, size_t size, HttpHeaders more = {}) {
      HttpHeaders headers = page_headers(offset, range);
      headers.insert(headers.end(), more.begin(), more.end());
      return bench.outcome("PUT", "/box/p?comp=page", headers, Bytes(size, 7));
    };
    EXPECT_EQ(bench.outcome("PUT", "/box/p", kPageBlob4K), "404 ContainerNotFound");
    EXPECT_EQ(bench.outcome("PUT", "/Box?restype=container"), "400 InvalidResourceName");
    EXPECT_EQ(bench.outcome("PUT", "/bo?restype=container"), "400 OutOfRangeInput");
    EXPECT_EQ(bench.outcome("PUT", "/box?restype=container"), "201");
    EXPECT_EQ(bench.outcome("PUT", "/box?restype=container"), "409 ContainerAlreadyExists");
    EXPECT_EQ(put_page(0, 512, 512), "404 BlobNotFound");
    EXPECT_EQ(bench.outcome("PUT", "/box/p"), "400 MissingRequiredHeader");
    EXPECT_EQ(bench.outcome("PUT", "/box/p", {{"x-ms-blob-type", "PageBlob"}}), "400 MissingRequiredHeader");
    EXPECT_EQ(bench.outcome("PUT", "/box/p",
                            {{"x-ms-blob-type", "PageBlob"}, {"x-ms-blob-content-length", "1000"}}),
              "400 InvalidHeaderValue");
    EXPECT_EQ(bench.outcome("PUT", "/box/p", kPageBlob4K, Bytes(1)), "400 InvalidHeaderValue");
    EXPECT_EQ(bench.outcome("PUT", "/box/p", kPageBlob4K), "201");
    EXPECT_EQ(put_page(0, 512, 512, {{"Content-MD5", base64(md5_of(Bytes(512, 8)))}}), "400 Md5Mismatch");
    EXPECT_EQ(put_page(0, 512, 512, {{"Content-MD5", "rubbish"}}), "400 InvalidMd5");
    EXPECT_EQ(put_page(0, 512, 512, {{"Content-MD5", base64(md5_of(Bytes(512, 7)))}}), "201");
    EXPECT_EQ(put_page(4096, 512, 512), "416 InvalidRange");
    EXPECT_EQ(put_page(3584, 1024, 1024), "416 InvalidRange");
    EXPECT_EQ(put_page(100, 512, 512), "416 InvalidPageRange");
    EXPECT_EQ(put_page(0, 500, 500), "416 InvalidPageRange");
    EXPECT_EQ(put_page(0, 1024, 512), "400 InvalidHeaderValue");
    EXPECT_EQ(put_page(0, 4 * MiB + 512, 4 * MiB + 512), "413 RequestBodyTooLarge");
    EXPECT_EQ(put_page(0, 512, 512, {{"If-Match", "\"0x0\""}}), "412 ConditionNotMet");
    EXPECT_EQ(put_page(0, 512, 512, {{"x-ms-if-sequence-number-lt", "0"}}),
              "412 SequenceNumberConditionNotMet");
    EXPECT_EQ(put_page(0, 512, 512, {{"x-ms-lease-id", "x"}}), "412 LeaseNotPresentWithBlobOperation");
    EXPECT_EQ(bench.outcome("PUT", "/box/p?comp=page", {{"x-ms-range", "bytes=0-511"}}, Bytes(512)),
              "400 MissingRequiredHeader");
    EXPECT_EQ(bench.outcome("PUT", "/box/p?comp=page", {{"x-ms-page-write", "update"}}, Bytes(512)),
              "400 MissingRequiredHeader");
    EXPECT_EQ(bench.outcome("PUT", "/box/p?comp=page", page_headers(0, 512, "clear"), Bytes(512)),
              "400 InvalidHeaderValue");
    EXPECT_EQ(bench.outcome("PUT", "/box/p?comp=block&blockid=AAAA", {}, Bytes(3)), "409 InvalidBlobType");
    EXPECT_EQ(bench.outcome("PUT", "/box/b", kBlockBlob, Bytes(3)), "201");
    EXPECT_EQ(bench.outcome("PUT", "/box/b?comp=page", page_headers(0, 512), Bytes(512)),
              "409 InvalidBlobType");
    EXPECT_EQ(bench.outcome("GET", "/box/b?comp=pagelist"), "409 InvalidBlobType");
    EXPECT_EQ(bench.outcome("PUT", "/box/b", plus(kBlockBlob, "If-None-Match", "*"), Bytes(3)),
              "409 BlobAlreadyExists");
    EXPECT_EQ(bench.outcome("PUT", "/box/c", plus(kBlockBlob, "If-Match", "*"), Bytes(3)),
              "412 ConditionNotMet");
    EXPECT_EQ(bench.outcome("PUT", "/box/c", plus(kBlockBlob, "x-ms-meta-a b", "1"), {}),
              "400 InvalidMetadata");
    EXPECT_EQ(bench.outcome("PUT", "/box/b?comp=block&blockid=AAAA", {}, Bytes(3)), "201");
    EXPECT_EQ(bench.outcome("PUT", "/box/b?comp=block&blockid=AAAAAAAA", {}, Bytes(3)),
              "400 InvalidBlobOrBlock");
    EXPECT_EQ(bench.outcome("PUT", "/box/b?comp=block&blockid=*", {}, Bytes(3)),
              "400 InvalidQueryParameterValue");
    EXPECT_EQ(bench.outcome("PUT", "/box/b?comp=blocklist", {},
                            bytes_of("<BlockList><Latest>BBBB</Latest></BlockList>")),
              "400 InvalidBlockList");
    EXPECT_EQ(bench.outcome("PUT", "/box/b?comp=blocklist", {}, bytes_of("<List/>")),
              "400 InvalidXmlDocument");
    EXPECT_EQ(bench.outcome("GET", "/box/b", {{"x-ms-range", "bytes=3-5"}}), "416 InvalidRange");
    EXPECT_EQ(bench.outcome("GET", "/box/b", {{"x-ms-range", "lines=3-5"}}), "400 InvalidHeaderValue");
    EXPECT_EQ(bench.outcome("GET", "/box/b", {{"If-None-Match", "*"}}), "304 ConditionNotMet");
    EXPECT_EQ(bench.outcome("GET", "/box/b", {{"x-ms-version", "soon"}}), "400 InvalidHeaderValue");
    EXPECT_EQ(bench.outcome("PUT", "/box/b?comp=lease"), "400 InvalidQueryParameterValue");
    EXPECT_EQ(bench.outcome("PATCH", "/box/b"), "405 UnsupportedHttpVerb");
    EXPECT_EQ(bench.outcome("GET", "/box/x%01"), "400 InvalidResourceName");
    EXPECT_EQ(bench.outcome("DELETE", "/box/never"), "404 BlobNotFound");
    EXPECT_EQ(bench.outcome("DELETE", "/box?restype=container"), "202");
    EXPECT_EQ(bench.outcome("DELETE", "/box?restype=container"), "404 ContainerNotFound");
  });
}

TEST(StorageAccount, ImportIdsAreForInsideEyesOnly) {
  with_bench([](AccountBench& bench) {
    ASSERT_EQ(bench.outcome("PUT", "/box?restype=container"), "201");
    const HttpHeaders inside = {{"x-seedbed-internal", bench.state->internal_token}};
    HttpHeaders put = plus(kPageBlob4K, "x-seedbed-import-id", "job 1, drive 2");
    const auto id = [&](const char* target, const HttpHeaders& headers) {
      return std::string(header_of(bench.ask("HEAD", target, headers).headers, "x-seedbed-import-id"));
    };
    ASSERT_EQ(bench.outcome("PUT", "/box/outside", put), "201");
    EXPECT_EQ(id("/box/outside", inside), "");
    put.push_back(inside[0]);
    ASSERT_EQ(bench.outcome("PUT", "/box/inside", put), "201");
    EXPECT_EQ(id("/box/inside", inside), "job 1, drive 2");
    EXPECT_EQ(id("/box/inside", {}), "");
    EXPECT_EQ(id("/box/inside", {{"x-seedbed-internal", "guess"}}), "");
  });
}

TEST(StorageAccount, ABlockBlobKeepsTheBlocksItNames) {
  with_bench([](AccountBench& bench) {
    ASSERT_EQ(bench.outcome("PUT", "/box?restype=container"), "201");
    const auto put = [&](const char* id, const char* text) {
      EXPECT_EQ(bench.outcome("PUT", std::string("/box/b?comp=block&blockid=") + id, {}, bytes_of(text)),
                "201");
    };
    const auto commit = [&](const char* list) {
      return bench.outcome("PUT", "/box/b?comp=blocklist", {}, bytes_of(list));
    };
    const auto content = [&] { return std::string(as_text(bench.ask("GET", "/box/b").body)); };
    put("AAAA", "one ");
    put("BBBB", "two ");
    EXPECT_EQ(bench.outcome("GET", "/box/b"), "404 BlobNotFound");
    ASSERT_EQ(
        commit("<BlockList><Latest>BBBB</Latest><Latest>AAAA</Latest><Latest>BBBB</Latest></BlockList>"),
        "201");
    EXPECT_EQ(content(), "two one two ");
    put("AAAA", "ONE ");
    ASSERT_EQ(
        commit("<?xml version=\"1.0\"?><BlockList><Committed>AAAA</Committed><Uncommitted>AAAA</Uncommitted>"
               "</BlockList>"),
        "201");
    EXPECT_EQ(content(), "one ONE ");
    EXPECT_EQ(bench.outcome("PUT", "/box/b", kBlockBlob, bytes_of("whole")), "201");
    EXPECT_EQ(content(), "whole");
    EXPECT_EQ(bench.outcome("PUT", "/box/b", kBlockBlob, {}), "201");
    EXPECT_EQ(content(), "");
    const auto files = bench.state->files.list("/azure/blobs");
    EXPECT_EQ(files->size(), 0u);  // nothing is left behind
  });
}

// --- page blobs against plain bytes ---

struct PageModel {
  Bytes bytes = Bytes(64 * KiB);
  std::vector<bool> named = std::vector<bool>(128);
  std::string ranges() const {  // as Get Page Ranges shows them
    std::string out;
    for (size_t i = 0; i < named.size(); i++) {
      if (!named[i]) continue;
      size_t end = i;
      while (end < named.size() && named[end]) end++;
      out += fmt::format("<PageRange><Start>{}</Start><End>{}</End></PageRange>", i * 512, end * 512 - 1);
      i = end;
    }
    return out;
  }
};

struct PageStep {
  bool clear = false;
  uint64_t first_page = 0, pages = 1;
  uint8_t fill = 0;
};

PageStep draw_page_step(Random& random) {
  PageStep step;
  step.clear = random.chance(1, 3);
  step.first_page = random.below(128);
  step.pages = 1 + random.below(std::min<uint64_t>(20, 128 - step.first_page));
  step.fill = static_cast<uint8_t>(1 + random.below(255));
  return step;
}

HttpResponse apply(AccountBench& bench, const PageStep& step) {
  const uint64_t offset_bytes = step.first_page * 512, length_bytes = step.pages * 512;
  return bench.ask("PUT", "/box/p?comp=page",
                   page_headers(offset_bytes, length_bytes, step.clear ? "clear" : "update"),
                   step.clear ? Bytes() : Bytes(length_bytes, step.fill));
}

void apply(PageModel& model, const PageStep& step) {
  for (uint64_t page = step.first_page; page < step.first_page + step.pages; page++) {
    model.named[page] = !step.clear;
    std::fill_n(model.bytes.begin() + static_cast<ptrdiff_t>(page * 512), 512, step.clear ? 0 : step.fill);
  }
}

std::string ranges_of(AccountBench& bench, HttpHeaders headers = {}) {
  const HttpResponse answer = bench.ask("GET", "/box/p?comp=pagelist", std::move(headers));
  const std::string text(as_text(answer.body));
  const size_t from = text.find("<PageList>") + 10, to = text.find("</PageList>");
  return to == std::string::npos ? "no list" : text.substr(from, to - from);
}

const HttpHeaders kPageBlob64K = {{"x-ms-blob-type", "PageBlob"}, {"x-ms-blob-content-length", "65536"}};

RC_GTEST_PROP(StorageAccount, APageBlobIsItsBytes, (uint64_t seed)) {
  with_bench([seed](AccountBench& bench) {
    Random random(seed);
    EXPECT_EQ(bench.outcome("PUT", "/box?restype=container"), "201");
    EXPECT_EQ(bench.outcome("PUT", "/box/p", kPageBlob64K), "201");
    PageModel model;
    for (int i = 0; i < 10; i++) {
      const PageStep step = draw_page_step(random);
      EXPECT_EQ(apply(bench, step).status, 201);
      apply(model, step);
      EXPECT_EQ(ranges_of(bench), model.ranges()) << "seed " << seed;
      const uint64_t from = random.below(65536), to = from + random.below(65536 - from);
      const auto part = bench.ask("GET", "/box/p", {{"Range", fmt::format("bytes={}-{}", from, to)}});
      EXPECT_EQ(part.status, 206);
      EXPECT_EQ(part.body, Bytes(model.bytes.begin() + static_cast<ptrdiff_t>(from),
                                 model.bytes.begin() + static_cast<ptrdiff_t>(to) + 1));
    }
    EXPECT_EQ(bench.ask("GET", "/box/p").body, model.bytes);
  });
}

// Whatever died wherever: what was answered is there, what was not is there or not, page by page, and no file
// is left that no row names.
void account_survives(uint64_t seed) {
  Random random(seed);
  ServiceWorld world(seed);
  PageModel known;
  std::optional<PageStep> under_way;
  bool made = false;                           // the blob was answered 201
  std::map<std::string, Bytes> blocks;         // answered
  std::optional<std::string> block_under_way;  // put or deleted
  for (int boot = 0; boot < 5; boot++) {
    world.boot(
        [&](Machine& machine) {
          AccountBench bench(machine);
          bench.ask("PUT", "/box?restype=container");
          const auto found = bench.ask("GET", "/box/p");
          if (found.status == 200) {
            made = true;
            for (uint64_t page = 0; page < 128; page++) {
              const auto at = static_cast<ptrdiff_t>(page * 512);
              const bool touched = under_way && page >= under_way->first_page &&
                                   page < under_way->first_page + under_way->pages;
              if (!std::equal(found.body.begin() + at, found.body.begin() + at + 512,
                              known.bytes.begin() + at)) {
                EXPECT_TRUE(touched) << "seed " << seed << ", boot " << boot << ", page " << page;
              }
              std::copy_n(found.body.begin() + at, 512, known.bytes.begin() + at);
            }
          } else {
            EXPECT_FALSE(made) << "seed " << seed;
            if (bench.ask("PUT", "/box/p", kPageBlob64K).status == 201) made = true;
          }
          under_way.reset();
          std::set<std::string> names;
          for (int i = 0; i < 6; i++) names.insert(fmt::format("b{}", i));
          for (const std::string& name : names) {
            const auto block = bench.ask("GET", "/box/" + name);
            const bool same = block.status == 200 ? blocks.contains(name) && blocks[name] == block.body
                                                  : !blocks.contains(name);
            if (!same) {
              EXPECT_EQ(name, block_under_way.value_or("")) << "seed " << seed << ", boot " << boot;
            }
            if (block.status == 200)
              blocks[name] = block.body;
            else
              blocks.erase(name);
          }
          block_under_way.reset();
          EXPECT_EQ(bench.state->files.list("/azure/blobs")->size(), 1 + blocks.size())
              << "seed " << seed << ", boot " << boot;
          for (int i = 0; i < 15; i++) {
            if (random.chance(1, 2)) {
              const PageStep step = draw_page_step(random);
              under_way = step;
              if (apply(bench, step).status == 201) apply(known, step);
              under_way.reset();
              continue;
            }
            const std::string name = fmt::format("b{}", random.below(6));
            block_under_way = name;
            if (random.chance(1, 3)) {
              if (bench.ask("DELETE", "/box/" + name).status == 202) blocks.erase(name);
            } else {
              Bytes content(1 + random.below(3000));
              random.fill(content);
              if (bench.ask("PUT", "/box/" + name, kBlockBlob, content).status == 201) blocks[name] = content;
            }
            block_under_way.reset();
          }
        },
        1 + random.below(boot == 0 ? 600 : 450));
    if (random.chance(1, 3))
      world.kill();
    else
      world.power_cut({.shape = Survivors::Shape::seeded, .seed = random.next()});
  }
}

RC_GTEST_PROP(StorageAccount, WhatWasAnsweredSurvivesDeathsAndCuts, (uint64_t seed)) {
  account_survives(seed);
}

// A request that was killed between its write and its sync leaves bytes that can be read: whoever has read
// them finds them again, whatever goes then.
TEST(StorageAccount, WhatAKilledRequestLeftAndSomebodyReadOutlastsAPowerCut) {
  const auto put = [](AccountBench& bench, uint8_t fill) {
    return bench.ask("PUT", "/box/p?comp=page", page_headers(0, 512, "update"), Bytes(512, fill)).status;
  };
  size_t read_unanswered = 0;
  for (uint64_t dies_at = 1, ended = 0; ended == 0; dies_at++) {
    ServiceWorld world(1);
    world.boot([&](Machine& machine) {
      AccountBench bench(machine);
      EXPECT_EQ(bench.ask("PUT", "/box?restype=container").status, 201);
      EXPECT_EQ(bench.ask("PUT", "/box/p", kPageBlob64K).status, 201);
      EXPECT_EQ(put(bench, 1), 201);
    });
    ended = world.boot(
        [&](Machine& machine) {
          AccountBench bench(machine);
          put(bench, 2);
        },
        dies_at);
    world.kill();
    Bytes seen, left;
    world.boot([&](Machine& machine) { seen = AccountBench(machine).ask("GET", "/box/p").body; });
    world.power_cut({.shape = Survivors::Shape::none});
    world.boot([&](Machine& machine) { left = AccountBench(machine).ask("GET", "/box/p").body; });
    EXPECT_EQ(seen, left) << "killed at port call " << dies_at;
    if (ended == 0 && seen.at(0) == 2) read_unanswered++;
  }
  EXPECT_GT(read_unanswered, 1u);
}

// --- requests that nobody sane would send ---

std::string draw_text(Random& random, const std::vector<std::string>& words, size_t count_max) {
  std::string out;
  for (uint64_t i = random.below(count_max + 1); i > 0; i--) {
    if (random.chance(1, 8))
      out += fmt::format("%{:02x}", random.below(256));
    else if (random.chance(1, 8))
      out += static_cast<char>(33 + random.below(94));
    else
      out += words[random.below(words.size())];
  }
  return out;
}

RC_GTEST_PROP(StorageAccount, AnyRequestIsAnswered, (uint64_t seed)) {
  with_bench([seed](AccountBench& bench) {
    Random random(seed);
    EXPECT_EQ(bench.outcome("PUT", "/box?restype=container"), "201");
    EXPECT_EQ(bench.outcome("PUT", "/box/p", kPageBlob4K), "201");
    const std::vector<std::string> paths = {"/", "box", "/p", "//", "$root", ".."};
    const std::vector<std::string> queries = {"comp=",
                                              "page",
                                              "block",
                                              "blocklist",
                                              "pagelist",
                                              "list",
                                              "&",
                                              "restype=",
                                              "container",
                                              "blockid=",
                                              "AAAA",
                                              "marker=",
                                              "maxresults=",
                                              "delimiter=",
                                              "prefix=",
                                              "metadata",
                                              "properties",
                                              "18446744073709551615",
                                              "0"};
    const std::vector<std::string> names = {"x-ms-range",
                                            "Range",
                                            "x-ms-page-write",
                                            "x-ms-blob-type",
                                            "x-ms-blob-content-length",
                                            "Content-MD5",
                                            "If-Match",
                                            "If-Modified-Since",
                                            "x-ms-meta-",
                                            "x-ms-version",
                                            "x-ms-if-sequence-number-eq",
                                            "x-ms-sequence-number-action"};
    const std::vector<std::string> values = {"bytes=",
                                             "0",
                                             "-",
                                             "511",
                                             "update",
                                             "clear",
                                             "PageBlob",
                                             "BlockBlob",
                                             "512",
                                             "18446744073709551615",
                                             "9223372036854775807",
                                             "*",
                                             "\"0x8D\"",
                                             "2021-12-02",
                                             "increment"};
    static constexpr const char* kMethods[] = {"GET",  "PUT",   "HEAD",    "DELETE",
                                               "POST", "PATCH", "OPTIONS", "X"};
    for (int i = 0; i < 20; i++) {
      HttpHeaders headers;
      for (uint64_t k = random.below(4); k > 0; k--)
        headers.emplace_back(names[random.below(names.size())], draw_text(random, values, 3));
      Bytes body(random.chance(1, 2) ? 0 : random.below(2000));
      random.fill(body);
      const std::string target = draw_text(random, paths, 3) + "?" + draw_text(random, queries, 4);
      HttpRequest request;
      if (!parse_url("/devstoreaccount1" + target)) continue;
      const auto answer = bench.ask(kMethods[random.below(8)], target, headers, body);
      EXPECT_TRUE(answer.status >= 200 && answer.status < 500)
          << target << " " << answer.status << " " << as_text(answer.body);
    }
  });
}

RC_GTEST_PROP(StorageAccount, AnyBlockListIsRefusedOrRead, (uint64_t seed)) {
  Random random(seed);
  std::string xml =
      "<?xml version=\"1.0\"?><BlockList><Latest>AAAA</Latest><Committed>BBBB</Committed></BlockList>";
  for (uint64_t i = 1 + random.below(6); i > 0; i--) {
    const size_t at = random.below(xml.size());
    if (random.chance(1, 3))
      xml.erase(at, 1 + random.below(8));
    else
      xml.insert(at, draw_text(random, {"<", ">", "</", "&amp;", "&x;", "Latest", "<!DOCTYPE a>", "]]>"}, 2));
    if (xml.empty()) xml = " ";
  }
  const auto list = parse_block_list(as_bytes(xml));
  if (!list) {
    EXPECT_EQ(list.error().status, 400);
  }
}

TEST(StorageAccount, AnEntityIsNotExpanded) {
  const auto list = parse_block_list(
      as_bytes("<!DOCTYPE BlockList [<!ENTITY a \"AAAA\">]><BlockList><Latest>&a;</Latest></BlockList>"));
  ASSERT_FALSE(list);
  EXPECT_EQ(list.error().code, "InvalidXmlDocument");
}

}  // namespace
}  // namespace seedbed
