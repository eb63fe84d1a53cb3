// The data centre with a real prepared drive: what reaches the account is what the source had, wherever the
// machine dies; what is damaged is named and left out.
#include "fakes/import_service/datacenter.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <nlohmann/json.hpp>

#include "fakes/import_service/attachment.h"
#include "fakes/import_service/blob_import.h"
#include "fakes/reference/drive.h"
#include "tests/services/import_world.h"

namespace seedbed {
namespace {

using nlohmann::json;
using namespace testing_support;

TestBay bay_of(const Prepared& prepared) {
  TestBay bay;
  bay.serial = prepared.serial;
  bay.bytes = prepared.bytes;
  return bay;
}

void with_site(TestBay bay, const std::function<void(Site&)>& body) {
  ServiceWorld world(3);
  EXPECT_TRUE(world.boot([&](Machine& machine) {
    Site site(machine, bay);
    body(site);
  }));
}

// The same drive with bytes of a file spoilt, from the offset in the file on.
TestBay spoilt_bay(const Prepared& prepared, const std::string& file, uint64_t offset_bytes) {
  TestBay bay = bay_of(prepared);
  bay.bytes = std::make_shared<Bytes>(*prepared.bytes);
  SharedSource whole(bay.bytes);
  reference::DriveSecret secret;
  secret.text = SecretBytes::of_text(prepared.password);
  secret.memo = &memo();
  auto drive = reference::Drive::open(whole, secret).value();
  auto stream = drive->ntfs().open_file(drive->ntfs().find(file).value()).value();
  const uint64_t place = drive->partition().place.offset_bytes +
                         stream->content().runs.at(0).lcn * drive->ntfs().geometry().cluster_bytes +
                         offset_bytes;
  bay.bytes->at(place) ^= 1;
  return bay;
}

std::string path_on_drive(const Prepared& prepared, const std::string& name) {
  SharedSource whole(prepared.bytes);
  reference::DriveSecret secret;
  secret.text = SecretBytes::of_text(prepared.password);
  secret.memo = &memo();
  auto drive = reference::Drive::open(whole, secret).value();
  const auto all = drive->ntfs().walk().value();
  for (const auto& [path, entry] : all)
    if (path.ends_with(name)) return path;
  return "none";
}

TEST(Datacenter, BringsADriveIntoTheAccount) {
  with_site(bay_of(page_drive()), [](Site& site) {
    EXPECT_EQ(site.datacenter->run_round().value().drives_finished, 0u) << "nothing has arrived";
    site.receive(page_drive());
    EXPECT_EQ(site.job()["state"], "Received");
    const auto round = site.datacenter->run_round();
    ASSERT_TRUE(round);
    EXPECT_EQ(round->drives_finished, 1u) << fmt::format("{}", fmt::join(round->lines, "; "));
    EXPECT_EQ(round->bytes_put, 1001u * 512);
    site.expect_all(page_drive());
    const json drive = site.drive();
    EXPECT_EQ(drive["state"], "Completed");
    EXPECT_EQ(drive["copyStatus"], "Completed");
    EXPECT_EQ(drive["percentComplete"], 100);
    EXPECT_EQ(drive["bytesSucceeded"], 1001 * 512);
    EXPECT_FALSE(drive.contains("errorLogUri"));
    const std::string log = site.log("verboseLogUri");
    EXPECT_NE(log.find("<Status>Completed</Status>"), std::string::npos) << log;
    EXPECT_NE(log.find("<BlobPath>box/tree/dir/b.bin</BlobPath>"), std::string::npos);
    EXPECT_EQ(log.find(page_drive().password), std::string::npos);
    const std::string manifest = site.log("manifestUri");
    EXPECT_EQ(hex_upper(md5_of(as_bytes(manifest))), page_drive().manifest_hash);
    EXPECT_EQ(site.job()["state"], "Packaging");
    EXPECT_EQ(site.ask("POST", "/_dock/return", json::object()).status, 200);
    EXPECT_EQ(site.job()["state"], "Completed");
  });
}

TEST(Datacenter, NamesWhatIsCorruptedAndBringsTheRest) {
  with_site(spoilt_bay(page_drive(), path_on_drive(page_drive(), "\\z"), 100'000), [](Site& site) {
    site.receive(page_drive());
    ASSERT_TRUE(site.datacenter->run_round());
    EXPECT_EQ(site.drive()["state"], "CompletedMoreInfo");
    EXPECT_EQ(site.drive()["copyStatus"], "CompletedWithErrors");
    const std::string log = site.log("errorLogUri");
    EXPECT_NE(log.find("Offset=\"65536\" Length=\"65536\""), std::string::npos) << log;
    EXPECT_NE(log.find("Status=\"Corrupted\""), std::string::npos) << log;
    EXPECT_EQ(log.find("a.bin"), std::string::npos) << "what went well is not in the error log";
    Bytes expected = page_drive().blobs.at("box/tree/z");
    std::fill_n(expected.begin() + 65'536, 65'536, uint8_t{0});
    EXPECT_EQ(site.blob("box/tree/z"), std::optional(expected)) << "the bad range was not put";
    EXPECT_EQ(site.blob("box/tree/a.bin"), std::optional(page_drive().blobs.at("box/tree/a.bin")));
    site.ask("POST", "/_dock/return", json::object());
    EXPECT_EQ(site.job()["state"], "Closed");
  });
}

TEST(Datacenter, TellsWhyADriveCannotBeRead) {
  const auto status = [](const json& changes, const std::function<void(TestBay&)>& spoil = {}) {
    std::string found;
    TestBay bay = bay_of(page_drive());
    if (spoil) spoil(bay);
    with_site(bay, [&](Site& site) {
      site.receive(page_drive(), changes);
      ASSERT_TRUE(site.datacenter->run_round());
      EXPECT_EQ(site.drive()["state"], "CompletedMoreInfo");
      found = site.drive()["copyStatus"];
    });
    return found;
  };
  EXPECT_EQ(status({{"bitLockerKey", "111111-111111-111111-111111-111111-111111-111111-111111"}}),
            "BitLockerKeyInvalid");
  EXPECT_EQ(status({{"manifestFile", "\\other.xml"}}), "ManifestNotFound");
  EXPECT_EQ(status({{"manifestHash", "00000000000000000000000000000000"}}), "ManifestCorrupted");
  EXPECT_EQ(status(json::object(), [](TestBay& bay) { bay.bytes = std::make_shared<Bytes>(4 * MiB); }),
            "BitLockerVolumeNotFound");
}

TEST(Datacenter, ADriveOfAnotherNameIsNotImported) {
  TestBay bay = bay_of(page_drive());
  bay.serial = "OTHER";
  with_site(bay, [](Site& site) {
    Prepared other = page_drive();
    other.serial = "OTHER";
    site.receive(other);
    ASSERT_TRUE(site.datacenter->run_round());
    EXPECT_EQ(site.drive()["copyStatus"], "ManifestDriveIdMismatch");
  });
}

TEST(Datacenter, ARotatedKeyIsForbidden) {
  with_site(bay_of(page_drive()), [](Site& site) {
    site.receive(page_drive());
    ASSERT_EQ(site.ask("POST", "/_dock/accounts/devstoreaccount1/rotate", {{"key", "key1"}}).status, 200);
    ASSERT_TRUE(site.datacenter->run_round());
    EXPECT_EQ(site.drive()["state"], "CompletedMoreInfo");
    EXPECT_EQ(site.drive()["copyStatus"], "BlobRequestForbidden");
    EXPECT_EQ(site.drive()["bytesSucceeded"], 0);
  });
}

TEST(Datacenter, ForeignBlobsAreLeftAloneOrRenamed) {
  with_site(bay_of(page_drive()), [](Site& site) {
    AccountClient account = site.account();
    ASSERT_EQ(account.ensure_container("box").value(), 0);
    const Bytes mine{'m', 'i', 'n', 'e'};
    ASSERT_EQ(
        account.send("PUT", "box", "tree/a.bin", "", {{"x-ms-blob-type", "BlockBlob"}}, Bytes(mine))->status,
        201);
    site.receive(page_drive());
    ASSERT_TRUE(site.datacenter->run_round());
    EXPECT_EQ(site.blob("box/tree/a.bin"), std::optional(mine));
    EXPECT_EQ(site.blob("box/tree/a (2).bin"), std::optional(page_drive().blobs.at("box/tree/a.bin")));
    EXPECT_NE(site.log("verboseLogUri").find("<ImportDisposition Status=\"Renamed\">rename"),
              std::string::npos);
  });
  with_site(bay_of(block_drive()), [](Site& site) {
    AccountClient account = site.account();
    ASSERT_EQ(account.ensure_container("box").value(), 0);
    ASSERT_EQ(account.send("PUT", "box", "tree/z", "", {{"x-ms-blob-type", "BlockBlob"}}, Bytes{'x'})->status,
              201);
    site.receive(block_drive());
    ASSERT_TRUE(site.datacenter->run_round());
    EXPECT_EQ(site.drive()["copyStatus"], "Completed") << site.log("errorLogUri");
    EXPECT_EQ(site.blob("box/tree/z"), std::optional(Bytes{'x'}));
    EXPECT_EQ(site.blob("box/tree/a.bin"), std::optional(block_drive().blobs.at("box/tree/a.bin")));
    EXPECT_EQ(site.blob("box/tree/dir/b.bin"), std::optional(block_drive().blobs.at("box/tree/dir/b.bin")));
    EXPECT_NE(site.log("verboseLogUri").find("<ImportDisposition Status=\"Skipped\">no-overwrite"),
              std::string::npos);
  });
}

TEST(Datacenter, WhatIsToBeOverwrittenIsOnce) {
  static const Prepared prepared = prepare(5, "PageBlob", "overwrite");
  with_site(bay_of(prepared), [](Site& site) {
    AccountClient account = site.account();
    ASSERT_EQ(account.ensure_container("box").value(), 0);
    ASSERT_EQ(account.send("PUT", "box", "tree/z", "", {{"x-ms-blob-type", "BlockBlob"}}, Bytes{'x'})->status,
              201);
    site.receive(prepared);
    ASSERT_TRUE(site.datacenter->run_round());
    site.expect_all(prepared);
    const std::string log = site.log("verboseLogUri");
    EXPECT_NE(log.find("Status=\"Overwritten\""), std::string::npos) << log;
    EXPECT_NE(log.find("Status=\"Created\""), std::string::npos) << log;
  });
}

// The signature of a container's SAS as the service's documentation gives it.
std::string container_sas(const std::string& permissions) {
  const std::string to_sign =
      permissions + "\n\n2030-01-01T00:00:00Z\n/blob/devstoreaccount1/box\n\n\n\n2018-03-28\n\n\n\n\n";
  const Bytes key = *parse_base64(kStorageKey);
  uint8_t mac[32];
  unsigned length = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), as_bytes(to_sign).data(), to_sign.size(), mac,
       &length);
  return "box?sv=2018-03-28&sr=c&sp=" + permissions +
         "&se=2030-01-01T00%3A00%3A00Z&sig=" + percent_encode(base64(ByteSpan(mac, length)));
}

TEST(Datacenter, AContainersSasIsEnough) {
  static const Prepared prepared = prepare(6, "PageBlob", "rename", "/csas:" + container_sas("rwdl"));
  with_site(bay_of(prepared), [](Site& site) {
    AccountClient account = site.account();
    ASSERT_EQ(account.ensure_container("box").value(), 0);
    site.receive(prepared);
    const auto round = site.datacenter->run_round();
    ASSERT_TRUE(round) << round.error().message();
    EXPECT_EQ(site.drive()["copyStatus"], "Completed") << round->lines.at(0);
    site.expect_all(prepared);
    EXPECT_NE(std::string(site.drive()["verboseLogUri"]).find("/box/waimportexport/waies/job1_"),
              std::string::npos);
  });
}

TEST(Datacenter, ABusyAccountInterruptsOnly) {
  with_site(bay_of(page_drive()), [](Site& site) {
    site.receive(page_drive());
    site.watched.busy = 3;
    EXPECT_EQ(site.datacenter->run_round().value().drives_finished, 1u)
        << "three tries too many are waited for";
    site.expect_all(page_drive());
  });
  with_site(bay_of(page_drive()), [](Site& site) {
    site.receive(page_drive());
    site.watched.busy = 1'000;
    EXPECT_FALSE(site.datacenter->run_round());
    site.watched.busy = 0;
    EXPECT_EQ(site.datacenter->run_round().value().drives_finished, 1u);
    site.expect_all(page_drive());
  });
}

// Wherever the machine dies, round after round ends with the account holding what the source had, nothing
// twice, and little put again.
void die_and_go_on(const Prepared& prepared) {
  TestBay bay = bay_of(prepared);
  DatacenterOptions options;
  options.batch_bytes = 64 * KiB;
  uint64_t begin = 0, end = 0;
  {
    ServiceWorld world(3);
    EXPECT_TRUE(world.boot([&](Machine& machine) {
      Site site(machine, bay, options);
      site.receive(prepared);
      begin = static_cast<VirtualRuntime&>(machine.runtime).port_calls();
      ASSERT_TRUE(site.datacenter->run_round());
      end = static_cast<VirtualRuntime&>(machine.runtime).port_calls();
    }));
  }
  ASSERT_GT(end, begin + 100);
  Random random(9);
  for (int trial = 0; trial < 25; trial++) {
    ServiceWorld world(3);
    const uint64_t at = begin + 1 + random.below(end - begin);
    uint64_t first_put = 0, second_put = 0;
    const bool survived = world.boot(
        [&](Machine& machine) {
          Site site(machine, bay, options);
          struct Count {
            ~Count() { out = site.watched.pages_put; }
            Site& site;
            uint64_t& out;
          } count{site, first_put};
          site.receive(prepared);
          static_cast<void>(site.datacenter->run_round());
        },
        at);
    if (survived) continue;
    world.kill();
    if (trial % 2 == 0) world.power_cut({.shape = Survivors::Shape::none});
    EXPECT_TRUE(world.boot([&](Machine& machine) {
      Site site(machine, bay, options);
      const auto round = site.datacenter->run_round();
      ASSERT_TRUE(round) << round.error().message();
      EXPECT_EQ(round->drives_interrupted, 0u);
      second_put = site.watched.pages_put;
      site.expect_all(prepared);
      EXPECT_EQ(site.drive()["state"], "Completed") << "death at " << at;
      EXPECT_EQ(site.job()["state"], "Packaging");
      const auto listed = site.account().send("GET", "box", "", "restype=container&comp=list", {});
      ASSERT_TRUE(listed);
      const std::string_view names = as_text(listed->body);
      size_t blobs = 0;
      for (size_t from = names.find("<Name>"); from != std::string_view::npos;
           from = names.find("<Name>", from + 1))
        blobs++;
      EXPECT_EQ(blobs, prepared.blobs.size()) << "nothing twice, death at " << at;
      const auto logs = site.account().send("GET", "waimportexport", "", "restype=container&comp=list", {});
      ASSERT_TRUE(logs);
      size_t left = 0;
      const std::string_view log_names = as_text(logs->body);
      for (size_t from = log_names.find("<Name>"); from != std::string_view::npos;
           from = log_names.find("<Name>", from + 1))
        left++;
      EXPECT_EQ(left, 2u) << "one verbose log and one manifest, death at " << at;
    }));
    EXPECT_LE(first_put + second_put, 1001u * 512 + options.batch_bytes) << "death at " << at;
  }
}

TEST(Datacenter, DiesAnywhereAndGoesOnPageBlobs) {
  die_and_go_on(page_drive());
}
TEST(Datacenter, DiesAnywhereAndGoesOnBlockBlobs) {
  die_and_go_on(block_drive());
}

TEST(Datacenter, RenamesAsTheServiceDoes) {
  EXPECT_EQ(renamed("photos/Seattle.jpg", 2), "photos/Seattle (2).jpg");
  EXPECT_EQ(renamed("a.b/plain", 3), "a.b/plain (3)");
  EXPECT_EQ(renamed("x.tar.gz", 2), "x.tar (2).gz");
}

TEST(Datacenter, MetadataAndPropertiesFilesBecomeHeaders) {
  const auto meta = metadata_headers(as_bytes("<Metadata><UploadMethod>by drive</UploadMethod></Metadata>"));
  ASSERT_TRUE(meta);
  EXPECT_EQ(*meta, (HttpHeaders{{"x-ms-meta-UploadMethod", "by drive"}}));
  const auto properties =
      properties_headers(as_bytes("<?xml version=\"1.0\"?>\n<Properties>\n "
                                  "<Content-Type>text/plain</Content-Type><Etag>x</Etag></Properties>"));
  ASSERT_TRUE(properties);
  EXPECT_EQ(*properties, (HttpHeaders{{"x-ms-blob-content-type", "text/plain"}}));
  for (const char* bad : {"", "x", "<Metadata>", "<Other/>", "<Metadata><a><b/></a></Metadata>",
                          "<!DOCTYPE x [<!ENTITY e 'v'>]><Metadata><a>&e;</a></Metadata>",
                          "<Metadata><a-b>1</a-b></Metadata>", "<Metadata><a>1\n2</a></Metadata>"})
    EXPECT_FALSE(metadata_headers(as_bytes(bad))) << bad;
}

}  // namespace
}  // namespace seedbed
