// Import jobs as JSON and copy logs as XML: the shapes of the published samples, both ways, and bad input.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <nlohmann/json.hpp>

#include "engine/documents/copy_log.h"
#include "engine/documents/import_job.h"
#include "engine/documents/json_reader.h"

namespace seedbed {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

ImportJob sample_job() {
  ImportJob job;
  job.name = "myjob";
  job.location = "West US";
  job.storage_account_id = storage_account_id("s", "g", "test");
  job.return_address = {.recipient_name = "Test",
                        .street_address1 = "Street1",
                        .street_address2 = "street2",
                        .city = "Redmond",
                        .state_or_province = "wa",
                        .postal_code = "98007",
                        .country_or_region = "USA",
                        .phone = "4250000000",
                        .email = "Test@contoso.com",
                        .additional_information = ""};
  job.return_shipping = {.carrier_name = "FedEx", .carrier_account_number = "989ffff"};
  job.log_level = "Verbose";
  job.backup_drive_manifest = true;
  ImportDrive drive;
  drive.drive_id = "9CA995BB";
  drive.bitlocker_key = SecretBytes::of_text("238810-662376-448998-450120-652806-203390-606320-483076");
  drive.manifest_file = "\\DriveManifest.xml";
  drive.manifest_hash = "109B21108597EF36D5785F08303F3638";
  job.drives.push_back(std::move(drive));
  return job;
}

constexpr const char* kTold = R"({
  "properties":{"storageAccountId":"/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/test",
   "jobType":"Import","returnAddress":{"recipientName":"Test","streetAddress1":"Street1","city":"Redmond",
   "postalCode":"98007","countryOrRegion":"USA","phone":"4250000000","email":"Test@contoso.com"},
   "returnShipping":{"carrierName":"FedEx","carrierAccountNumber":"989ffff"},
   "shippingInformation":{"recipientName":"Microsoft Azure Import/Export Service","streetAddress1":"2045 Lafayette Street",
   "streetAddress2":"","city":"Santa Clara","stateOrProvince":"CA","postalCode":"95050","countryOrRegion":"USA",
   "phone":"408 0000 0000","additionalInformation":"ring twice"},
   "deliveryPackage":{"carrierName":"FedEx","trackingNumber":"1Z","driveCount":1,"shipDate":"2016-11-04"},
   "diagnosticsPath":"waimportexport","logLevel":"Verbose","backupDriveManifest":true,"state":"Transferring",
   "cancelRequested":false,"percentComplete":42,"incompleteBlobListUri":null,
   "driveList":[{"driveId":"9CA995BB","manifestFile":"\\DriveManifest.xml","manifestHash":"109B21108597EF36D5785F08303F3638",
   "driveHeaderHash":"","state":"Transferring","copyStatus":"InProgress","percentComplete":42,"bytesSucceeded":123456789012,
   "errorLogUri":"http://h/e","verboseLogUri":"http://h/v","manifestUri":"http://h/m"}],
   "provisioningState":"Succeeded","encryptionKey":{"kekType":"MicrosoftManaged"}},
  "identity":{"type":"None"},"tags":{"a":"b"},
  "id":"/subscriptions/s/resourceGroups/g/providers/Microsoft.ImportExport/jobs/myjob","name":"myjob",
  "type":"Microsoft.ImportExport/jobs","location":"West US"})";

TEST(ImportJob, IsWrittenAsTheServiceTakesIt) {
  const auto body = encode_import_job(sample_job());
  ASSERT_TRUE(body) << body.error().message();
  EXPECT_EQ(
      body->text(),
      R"({"location":"West US","properties":{"storageAccountId":"/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/test",)"
      R"("jobType":"Import","returnAddress":{"recipientName":"Test","streetAddress1":"Street1","streetAddress2":"street2","city":"Redmond",)"
      R"("stateOrProvince":"wa","postalCode":"98007","countryOrRegion":"USA","phone":"4250000000","email":"Test@contoso.com"},)"
      R"("returnShipping":{"carrierName":"FedEx","carrierAccountNumber":"989ffff"},"diagnosticsPath":"waimportexport","logLevel":"Verbose",)"
      R"("backupDriveManifest":true,"driveList":[{"driveId":"9CA995BB","bitLockerKey":"238810-662376-448998-450120-652806-203390-606320-483076",)"
      R"("manifestFile":"\\DriveManifest.xml","manifestHash":"109B21108597EF36D5785F08303F3638","driveHeaderHash":""}]}})");
}

TEST(ImportJob, WhatTheServiceRequiresIsRequiredHere) {
  const auto expect_refused = [](auto change) {
    ImportJob job = sample_job();
    change(job);
    const auto body = encode_import_job(job);
    ASSERT_FALSE(body);
    EXPECT_EQ(body.error().code, ErrorCode::invalid_argument);
  };
  expect_refused([](ImportJob& job) { job.name.clear(); });
  expect_refused([](ImportJob& job) { job.location.clear(); });
  expect_refused([](ImportJob& job) { job.return_address.email.clear(); });
  expect_refused([](ImportJob& job) { job.return_shipping.carrier_account_number.clear(); });
  expect_refused([](ImportJob& job) { job.drives.clear(); });
  expect_refused([](ImportJob& job) { job.drives.resize(kDrivesPerJobMax + 1); });
  expect_refused([](ImportJob& job) { job.drives[0].bitlocker_key = {}; });
  expect_refused([](ImportJob& job) { job.drives[0].manifest_hash.clear(); });
  expect_refused([](ImportJob& job) { job.return_address.city = "a\xff"; });
}

TEST(ImportJob, IsReadAsTheServiceTellsIt) {
  const auto job = parse_import_job(kTold, "answer");
  ASSERT_TRUE(job) << job.error().message();
  EXPECT_EQ(job->name, "myjob");
  EXPECT_EQ(job->state, "Transferring");
  EXPECT_EQ(job->percent_complete, 42u);
  EXPECT_EQ(job->tags.at("a"), "b");
  EXPECT_TRUE(job->backup_drive_manifest);
  EXPECT_EQ(job->incomplete_blob_list_uri, "");
  ASSERT_TRUE(job->shipping_information);
  EXPECT_EQ(job->shipping_information->street_address1, "2045 Lafayette Street");
  EXPECT_EQ(job->shipping_information->additional_information, "ring twice");
  ASSERT_TRUE(job->delivery_package);
  EXPECT_EQ(job->delivery_package->tracking_number, "1Z");
  ASSERT_EQ(job->drives.size(), 1u);
  EXPECT_EQ(job->drives[0].copy_status, "InProgress");
  EXPECT_EQ(job->drives[0].bytes_succeeded, 123456789012u);
  EXPECT_EQ(job->drives[0].error_log_uri, "http://h/e");
  EXPECT_TRUE(job->drives[0].bitlocker_key.empty());
  EXPECT_EQ(import_job_difference(sample_job(), *job), "");
}

TEST(ImportJob, ErrorsNameThePlaceAsAPointer) {
  const auto where_of = [](const std::string& from, const std::string& to) {
    std::string text = kTold;
    text.replace(text.find(from), from.size(), to);
    const auto job = parse_import_job(text, "answer");
    EXPECT_FALSE(job);
    if (job) return std::string();
    EXPECT_EQ(job.error().code, ErrorCode::corrupt);
    return job.error().where;
  };
  EXPECT_EQ(where_of("\"driveId\":\"9CA995BB\"", "\"driveId\":7"), "answer: /properties/driveList/0/driveId");
  EXPECT_EQ(where_of("\"driveId\":\"9CA995BB\"", "\"driveId\":\"\""),
            "answer: /properties/driveList/0/driveId");
  EXPECT_EQ(where_of("123456789012", "-1"), "answer: /properties/driveList/0/bytesSucceeded");
  EXPECT_EQ(where_of("\"tags\":{\"a\":\"b\"}", "\"tags\":{\"a/b\":1}"), "answer: /tags/a~1b");
  EXPECT_EQ(where_of("\"name\":\"myjob\"", "\"nome\":\"myjob\""), "answer: the whole document");
  EXPECT_EQ(where_of("\"jobType\":\"Import\"", "\"jobType\":\"Other\""), "answer: /properties");
  EXPECT_EQ(where_of("\"identity\"", "identity"), "answer: line 16, column 3");
}

TEST(ImportJob, WhatDiffersIsTold) {
  const auto difference = [](auto change) {
    ImportJob found = sample_job();
    change(found);
    return import_job_difference(sample_job(), found);
  };
  EXPECT_EQ(difference([](ImportJob& job) { job.location = "westus"; }), "");
  EXPECT_EQ(
      difference([](ImportJob& job) { job.drives[0].manifest_hash = "109b21108597ef36d5785f08303f3638"; }),
      "");
  EXPECT_EQ(difference([](ImportJob& job) { job.state = "Closed"; }), "");
  EXPECT_THAT(difference([](ImportJob& job) { job.location = "East US"; }), HasSubstr("location"));
  EXPECT_THAT(difference([](ImportJob& job) { job.storage_account_id = "x"; }), HasSubstr("account"));
  EXPECT_THAT(difference([](ImportJob& job) { job.drives[0].drive_id = "x"; }), HasSubstr("is not in it"));
  EXPECT_THAT(difference([](ImportJob& job) { job.drives[0].manifest_hash = "x"; }),
              HasSubstr("manifest hash"));
  EXPECT_THAT(difference([](ImportJob& job) { job.drives[0].header_hash = "x"; }), HasSubstr("header hash"));
  EXPECT_THAT(difference([](ImportJob& job) { job.drives[0].manifest_file = "x"; }),
              HasSubstr("manifest file"));
  EXPECT_THAT(difference([](ImportJob& job) { job.drives.emplace_back(); }), HasSubstr("2 drives, not 1"));
}

TEST(ImportDocuments, PatchesKeysAndLocations) {
  EXPECT_EQ(
      encode_shipping_update(
          {.carrier_name = "FedEx", .tracking_number = "1Z", .drive_count = 2, .ship_date = ""}, true),
      R"({"properties":{"state":"Shipping","deliveryPackage":{"carrierName":"FedEx","trackingNumber":"1Z","driveCount":2}}})");
  EXPECT_EQ(
      encode_shipping_update(
          {.carrier_name = "FedEx", .tracking_number = "1Z", .drive_count = 2, .ship_date = "2016-11-04"},
          false),
      R"({"properties":{"deliveryPackage":{"carrierName":"FedEx","trackingNumber":"1Z","driveCount":2,"shipDate":"2016-11-04"}}})");
  EXPECT_EQ(encode_cancel_request(), R"({"properties":{"cancelRequested":true}})");

  const auto drive_keys =
      parse_drive_keys(R"({"value":[{"driveId":"9CA995BB","bitLockerKey":"000000-1"}]})", "answer");
  ASSERT_TRUE(drive_keys);
  ASSERT_EQ(drive_keys->size(), 1u);
  EXPECT_EQ((*drive_keys)[0].bitlocker_key.text(), "000000-1");
  EXPECT_FALSE(parse_drive_keys(R"({"value":[{"driveId":"9CA995BB"}]})", "answer"));

  const auto keys = parse_storage_keys(
      R"({"keys":[{"keyName":"key1","value":"AAAAAAAAAAAAAAAAAAAAAA==","permissions":"FULL"}]})", "answer");
  ASSERT_TRUE(keys) << keys.error().message();
  EXPECT_EQ((*keys)[0].name, "key1");
  const auto decoded = decode_storage_key((*keys)[0].base64);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->size(), 16u);
  EXPECT_FALSE(parse_storage_keys(R"({"keys":[{"keyName":"key1","value":"no"}]})", "answer"));
  EXPECT_FALSE(parse_storage_keys(R"({"keys":[]})", "answer"));

  const auto location = parse_import_location(
      R"({"properties":{"recipientName":"R","streetAddress1":"2045 Lafayette Street","additionalShippingInformation":"x",)"
      R"("supportedCarriers":["FedEx"],"alternateLocations":["/providers/Microsoft.ImportExport/locations/westus"]},)"
      R"("id":"/providers/Microsoft.ImportExport/locations/westus","name":"West US","type":"t"})",
      "answer");
  ASSERT_TRUE(location) << location.error().message();
  EXPECT_EQ(location->name, "West US");
  EXPECT_EQ(location->address.additional_information, "x");
  EXPECT_THAT(location->supported_carriers, ElementsAre("FedEx"));

  const auto page = parse_import_job_page(
      std::string(R"({"value":[)") + kTold + R"(],"nextLink":"http://h/next"})", "answer");
  ASSERT_TRUE(page) << page.error().message();
  EXPECT_EQ(page->jobs.size(), 1u);
  EXPECT_EQ(page->next_link, "http://h/next");
}

TEST(JsonReader, IsBoundedInSizeAndDepth) {
  EXPECT_TRUE(parse_json("[[1]]", "x", {.bytes_max = 5, .depth_max = 2}));
  EXPECT_FALSE(parse_json("[[1] ]", "x", {.bytes_max = 5, .depth_max = 2}));
  EXPECT_FALSE(parse_json("[[[1]]]", "x", {.depth_max = 2}));
  EXPECT_TRUE(parse_json(R"({"[[[[[":"\"[[[["})", "x", {.depth_max = 2}));
  EXPECT_FALSE(parse_json(std::string(1'000'000, '['), "x"));
  const auto damaged = parse_json("{\n \"a\" 1}", "x");
  ASSERT_FALSE(damaged);
  EXPECT_EQ(damaged.error().where, "x: line 2, column 6");
}

TEST(ImportJob, MutationsNeverCrash) {
  const bool holds = rc::check("pieces removed, doubled, changed", [] {
    std::string text = kTold;
    for (auto edits = *rc::gen::inRange(1, 5); edits > 0; edits--) {
      const auto at = *rc::gen::inRange<size_t>(0, text.size());
      const int kind = *rc::gen::inRange(0, 3);
      if (kind == 0) text.erase(at, *rc::gen::inRange<size_t>(1, 20));
      if (kind == 1) text.insert(at, text.substr(at, *rc::gen::inRange<size_t>(1, 30)));
      if (kind == 2) text[at] = static_cast<char>(*rc::gen::inRange(0, 256));
      if (text.empty()) break;
    }
    const auto job = parse_import_job(text, "answer");
    if (!job) RC_ASSERT(job.error().where.starts_with("answer"));
    (void)parse_import_job_page(text, "answer");
    (void)parse_import_locations(text, "answer");
    (void)parse_drive_keys(text, "answer");
  });
  EXPECT_TRUE(holds);
}

constexpr const char* kLog = R"(<?xml version="1.0" encoding="utf-8"?>
<DriveLog Version="2014-11-01">
  <DriveId>9WM35C2V</DriveId>
  <Blob Status="CompletedWithErrors">
    <BlobPath>box/job_001.BaseBlob</BlobPath>
    <FilePath>\session\job_001.BaseBlob</FilePath>
    <Length>1048576</Length>
    <ImportDisposition Status="Created">rename</ImportDisposition>
    <PageRangeList>
      <PageRange Offset="0" Length="65536" Hash="00" Status="Completed"/>
      <PageRange Offset="65536" Length="65536" Hash="AA2585F6F6FD01C4AD4256E018240CD4" Status="Corrupted"/>
      <PageRange Offset="131072" Length="65536" Status="Corrupted"/>
    </PageRangeList>
    <Metadata Status="Completed"><Path Hash="1">p</Path></Metadata>
    <Properties Status="FileNotFound"><GlobalPath Hash="1">p</GlobalPath></Properties>
    <SizeInBytes>5</SizeInBytes>
  </Blob>
  <Blob Status="Completed"><BlobPath>box/b (2)</BlobPath><FilePath>\b</FilePath><Length>5</Length>
    <ImportDisposition Status="Renamed">rename</ImportDisposition>
    <BlockList><Block Offset="0" Length="5" Id="AAAAAA==" Status="Committed"/></BlockList></Blob>
  <Blob Status="FileNotFound"><BlobPath>box/c</BlobPath><FilePath>\c</FilePath><Length>9</Length>
    <BlockList><Block Offset="0" Length="9" Status="Cancelled"/></BlockList></Blob>
  <Status>CompletedWithErrors</Status>
</DriveLog>
)";

TEST(CopyLog, TellsWhatFailed) {
  const auto log = parse_copy_log(kLog, "log");
  ASSERT_TRUE(log) << log.error().message();
  EXPECT_EQ(log->drive_id, "9WM35C2V");
  EXPECT_EQ(log->status, "CompletedWithErrors");
  ASSERT_EQ(log->blobs.size(), 3u);
  EXPECT_EQ(log->blobs[0].length_bytes, 1048576u);
  EXPECT_EQ(log->blobs[0].disposition, "rename");
  EXPECT_EQ(log->blobs[0].disposition_status, "Created");
  EXPECT_EQ(log->blobs[0].metadata_status, "Completed");
  EXPECT_EQ(log->blobs[0].properties_status, "FileNotFound");
  ASSERT_EQ(log->blobs[0].ranges.size(), 3u);
  EXPECT_EQ(log->blobs[0].ranges[1].offset_bytes, 65536u);
  EXPECT_TRUE(log->blobs[1].completed());
  EXPECT_THAT(failures_of(*log),
              ElementsAre("box/job_001.BaseBlob: CompletedWithErrors (2 ranges Corrupted, first at 65536)",
                          "box/c: FileNotFound (1 range Cancelled, first at 0)"));
}

TEST(CopyLog, ADriveThatCouldNotBeReadHasNoBlobs) {
  const auto log = parse_copy_log(
      "<DriveLog Version=\"2014-11-01\"><DriveId>d</DriveId><Status>BitLockerKeyInvalid</Status></DriveLog>",
      "log");
  ASSERT_TRUE(log) << log.error().message();
  EXPECT_EQ(log->status, "BitLockerKeyInvalid");
  EXPECT_THAT(failures_of(*log), testing::IsEmpty());
}

TEST(CopyLog, BadOnesAreRefusedWithTheirPlace) {
  const auto refuse = [](const std::string& from, const std::string& to, CopyLogLimits limits = {}) {
    std::string text = kLog;
    text.replace(text.find(from), from.size(), to);
    const auto log = parse_copy_log(text, "log", limits);
    EXPECT_FALSE(log) << from;
    if (log) return ErrorCode::internal;
    EXPECT_TRUE(log.error().where.starts_with("log: line ")) << log.error().message();
    return log.error().code;
  };
  EXPECT_EQ(refuse("2014-11-01", "2018-10-01"), ErrorCode::unsupported);
  EXPECT_EQ(refuse("<DriveId>9WM35C2V</DriveId>", ""), ErrorCode::corrupt);
  EXPECT_EQ(refuse("<Status>CompletedWithErrors</Status>", ""), ErrorCode::corrupt);
  EXPECT_EQ(refuse("<Length>1048576", "<Length>-1"), ErrorCode::corrupt);
  EXPECT_EQ(refuse("Offset=\"65536\"", "Offset=\"x\""), ErrorCode::corrupt);
  EXPECT_EQ(refuse("Status=\"Corrupted\"", ""), ErrorCode::corrupt);
  EXPECT_EQ(refuse("Blob Status=\"FileNotFound\"", "Blob"), ErrorCode::corrupt);
  EXPECT_EQ(refuse("</DriveLog>", ""), ErrorCode::corrupt);
  EXPECT_EQ(refuse("x", "x", {.blobs_max = 2}), ErrorCode::corrupt);
  EXPECT_EQ(refuse("x", "x", {.ranges_max = 4}), ErrorCode::corrupt);
}

TEST(CopyLog, MutationsNeverCrash) {
  const bool holds = rc::check("pieces removed, doubled, changed", [] {
    std::string text = kLog;
    for (auto edits = *rc::gen::inRange(1, 5); edits > 0; edits--) {
      const auto at = *rc::gen::inRange<size_t>(0, text.size());
      const int kind = *rc::gen::inRange(0, 3);
      if (kind == 0) text.erase(at, *rc::gen::inRange<size_t>(1, 30));
      if (kind == 1) text.insert(at, text.substr(at, *rc::gen::inRange<size_t>(1, 60)));
      if (kind == 2) text[at] = static_cast<char>(*rc::gen::inRange(0, 256));
      if (text.empty()) break;
    }
    const auto log = parse_copy_log(text, "log");
    if (log) (void)failures_of(*log);
  });
  EXPECT_TRUE(holds);
}

}  // namespace
}  // namespace seedbed
