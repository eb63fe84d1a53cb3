// The job client against a script (the shape of each request, as the official clients send it) and against a
// small job book under random failures: a job is made once, whatever happens to the answers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "engine/cloud/job_client.h"
#include "tests/cloud/scripted_transport.h"

namespace seedbed {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing_support::answer;
using testing_support::ManualRuntime;
using testing_support::maybe_applied;
using testing_support::not_sent;
using testing_support::ScriptedTransport;

constexpr const char* kJob =
    "/subscriptions/sub/resourceGroups/my%20group/providers/Microsoft.ImportExport/jobs/"
    "job-1?api-version=2021-01-01";

ImportJob wanted_job(const std::string& drive_id = "9WM35C2V") {
  ImportJob job;
  job.name = "job-1";
  job.location = "West US";
  job.storage_account_id = storage_account_id("sub", "my group", "account");
  job.return_address = {.recipient_name = "N",
                        .street_address1 = "S",
                        .street_address2 = "",
                        .city = "C",
                        .state_or_province = "",
                        .postal_code = "P",
                        .country_or_region = "L",
                        .phone = "1",
                        .email = "e@x",
                        .additional_information = ""};
  job.return_shipping = {.carrier_name = "FedEx", .carrier_account_number = "1"};
  ImportDrive drive;
  drive.drive_id = drive_id;
  drive.bitlocker_key = SecretBytes::of_text("111111-222222");
  drive.manifest_file = "\\DriveManifest.xml";
  drive.manifest_hash = "109B21108597EF36D5785F08303F3638";
  drive.header_hash = "0:512:AA";
  job.drives.push_back(std::move(drive));
  return job;
}

// As the service tells it: without keys, with a state.
json told_of(json document, const std::string& state = "Creating") {
  document["name"] = "job-1";
  document["properties"]["state"] = state;
  for (auto& drive : document["properties"]["driveList"]) {
    drive.erase("bitLockerKey");
    drive["state"] = "Specified";
  }
  return document;
}
std::string told(const ImportJob& job, const std::string& state = "Creating") {
  return told_of(json::parse(encode_import_job(job)->text()), state).dump();
}
std::string told_with_package(const std::string& tracking, const std::string& state) {
  json document = json::parse(told(wanted_job(), state));
  document["properties"]["deliveryPackage"] = {
      {"carrierName", "FedEx"}, {"trackingNumber", tracking}, {"driveCount", 1}};
  return document.dump();
}

struct JobClientTest : testing::Test {
  ManualRuntime runtime;
  ScriptedTransport transport;
  HttpCaller caller{runtime, transport, {.tries_max = 3}};
  int tokens = 0;
  JobClient jobs{
      caller, runtime,    "http://127.0.0.1:10000/",
      "sub",  "my group", [this](int64_t) -> Result<std::string> { return "T" + std::to_string(++tokens); }};
};

TEST_F(JobClientTest, CreatingLooksFirstAndPutsOnce) {
  transport.then(answer(404));
  transport.then(answer(201, told(wanted_job())));
  const auto job = jobs.create(wanted_job());
  ASSERT_TRUE(job) << job.error().message();
  EXPECT_EQ(job->state, "Creating");
  EXPECT_THAT(transport.lines(), ElementsAre(std::string("GET ") + kJob, std::string("PUT ") + kJob));
  EXPECT_EQ(transport.header(1, "Content-Type"), "application/json");
  EXPECT_EQ(transport.header(1, "Accept"), "application/json");
  EXPECT_EQ(transport.header(1, "Authorization"), "Bearer T2");
  EXPECT_EQ(transport.body(1), encode_import_job(wanted_job())->text());
  EXPECT_EQ(transport.body(0), "");
}

TEST_F(JobClientTest, TheSameJobThereIsFineAnotherIsNot) {
  transport.then(answer(200, told(wanted_job(), "Transferring")));
  const auto same = jobs.create(wanted_job());
  ASSERT_TRUE(same);
  EXPECT_EQ(same->state, "Transferring");
  transport.then(answer(200, told(wanted_job("OTHER"), "Shipping")));
  const auto other = jobs.create(wanted_job());
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, ErrorCode::already_exists);
  EXPECT_THAT(other.error().what, HasSubstr("in state Shipping"));
  EXPECT_THAT(other.error().what, HasSubstr("9WM35C2V is not in it"));
  EXPECT_FALSE(other.error().remedy.empty());
  EXPECT_THAT(transport.lines(), testing::Each(testing::StartsWith("GET ")));
}

TEST_F(JobClientTest, AfterDoubtItLooksBeforeItPutsAgain) {
  transport.then(answer(404));
  transport.then(maybe_applied());
  transport.then(answer(404));  // it was not done
  transport.then(answer(500));
  transport.then(answer(200, told(wanted_job())));  // it was done
  const auto job = jobs.create(wanted_job());
  ASSERT_TRUE(job) << job.error().message();
  std::string methods;
  for (const auto& request : transport.requests) methods += request.method[0];
  EXPECT_EQ(methods, "GPGPG");
}

TEST_F(JobClientTest, AConflictIsLookedAt) {
  transport.then(answer(404));
  transport.then(answer(409, R"({"error":{"code":"Conflict","message":"m"}})"));
  transport.then(answer(200, told(wanted_job("OTHER"))));
  const auto job = jobs.create(wanted_job());
  ASSERT_FALSE(job);
  EXPECT_EQ(job.error().code, ErrorCode::already_exists);
  transport.then(answer(404));
  transport.then(answer(400, R"({"error":{"code":"InvalidLocation","message":"no such place"}})"));
  const auto refused = jobs.create(wanted_job());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::refused);
  EXPECT_THAT(refused.error().what, HasSubstr("InvalidLocation: no such place"));
}

TEST_F(JobClientTest, NoErrorTellsAKey) {
  transport.always([](const HttpRequest&) { return not_sent(); });
  const auto job = jobs.create(wanted_job());
  ASSERT_FALSE(job);
  EXPECT_EQ(job.error().code, ErrorCode::io_error);
  EXPECT_THAT(job.error().message(), testing::Not(HasSubstr("111111")));
  EXPECT_THAT(job.error().message(), testing::Not(HasSubstr("Bearer")));
  EXPECT_EQ(transport.requests.size(), 3u);
}

TEST_F(JobClientTest, ListsFollowTheNextLinkOfTheSameServiceOnly) {
  const std::string next = "http://127.0.0.1:10000/more?api-version=2021-01-01&%24skiptoken=x";
  transport.then(answer(200, R"({"value":[)" + told(wanted_job()) + R"(],"nextLink":")" + next + "\"}"));
  transport.then(answer(200, R"({"value":[)" + told(wanted_job()) + "]}"));
  const auto list = jobs.list();
  ASSERT_TRUE(list) << list.error().message();
  EXPECT_EQ(list->size(), 2u);
  EXPECT_THAT(
      transport.lines(),
      ElementsAre("GET /subscriptions/sub/resourceGroups/my%20group/providers/Microsoft.ImportExport/jobs"
                  "?api-version=2021-01-01",
                  "GET /more?api-version=2021-01-01&%24skiptoken=x"));
  transport.then(answer(200, R"({"value":[],"nextLink":"http://evil/x"})"));
  EXPECT_FALSE(jobs.list());
}

TEST_F(JobClientTest, ShippingIsToldOnce) {
  const DeliveryPackage package{
      .carrier_name = "FedEx", .tracking_number = "1Z", .drive_count = 1, .ship_date = "2016-11-04"};
  transport.then(answer(200, told(wanted_job())));
  transport.then(maybe_applied());
  transport.then(answer(200, told_with_package("1z", "Shipping")));
  const auto job = jobs.update_shipping("job-1", package);
  ASSERT_TRUE(job) << job.error().message();
  EXPECT_EQ(transport.requests[1].method, "PATCH");
  EXPECT_EQ(transport.requests[1].target, std::string("http://127.0.0.1:10000") + kJob);
  EXPECT_EQ(transport.body(1), encode_shipping_update(package, true));
  EXPECT_EQ(transport.requests.size(), 3u);

  transport.then(answer(200, told_with_package("OTHER", "Shipping")));  // the package may change on its way
  transport.then(answer(200, told_with_package("1Z", "Shipping")));
  ASSERT_TRUE(jobs.update_shipping("job-1", package));
  EXPECT_EQ(transport.body(4), encode_shipping_update(package, false));

  transport.then(answer(200, told_with_package("1Z", "Received")));
  ASSERT_TRUE(jobs.update_shipping("job-1", package));
  transport.then(answer(200, told_with_package("OTHER", "Received")));
  const auto late = jobs.update_shipping("job-1", package);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ErrorCode::refused);
  EXPECT_THAT(late.error().what, HasSubstr("Received"));
  EXPECT_FALSE(jobs.update_shipping("job-1", {}));
}

TEST_F(JobClientTest, CancelRemoveKeysAndPlaces) {
  transport.then(answer(200, told(wanted_job())));
  transport.then(answer(200, told(wanted_job())));
  ASSERT_TRUE(jobs.cancel("job-1"));
  EXPECT_EQ(transport.body(1), R"({"properties":{"cancelRequested":true}})");
  transport.requests.clear();

  transport.then(maybe_applied());
  transport.then(answer(404));
  EXPECT_TRUE(jobs.remove("job-1")) << "the first try did it";
  transport.then(answer(404));
  EXPECT_EQ(jobs.remove("job-1").error().code, ErrorCode::not_found);
  transport.then(answer(409, R"({"error":{"code":"JobState","message":"m"}})"));
  EXPECT_EQ(jobs.remove("job-1").error().code, ErrorCode::refused);
  EXPECT_EQ(transport.lines()[0], std::string("DELETE ") + kJob);
  EXPECT_FALSE(jobs.remove(""));
  EXPECT_FALSE(jobs.get(""));
  transport.requests.clear();

  transport.then(answer(200, R"({"value":[{"driveId":"9WM35C2V","bitLockerKey":"111111-222222"}]})"));
  const auto keys = jobs.keys("job-1");
  ASSERT_TRUE(keys);
  EXPECT_EQ((*keys)[0].bitlocker_key.text(), "111111-222222");
  transport.then(answer(200, R"({"value":[{"name":"West US","properties":{}}]})"));
  ASSERT_TRUE(jobs.locations());
  transport.then(answer(200, R"({"name":"West US","properties":{}})"));
  ASSERT_TRUE(jobs.location("West US"));
  transport.then(answer(200, R"({"keys":[{"keyName":"key1","value":"AAAAAAAAAAAAAAAAAAAAAA=="}]})"));
  ASSERT_TRUE(jobs.storage_keys("account"));
  EXPECT_THAT(
      transport.lines(),
      ElementsAre(
          "POST /subscriptions/sub/resourceGroups/my%20group/providers/Microsoft.ImportExport/jobs/job-1/"
          "listBitLockerKeys?api-version=2021-01-01",
          "GET /providers/Microsoft.ImportExport/locations?api-version=2021-01-01",
          "GET /providers/Microsoft.ImportExport/locations/West%20US?api-version=2021-01-01",
          "POST /subscriptions/sub/resourceGroups/my%20group/providers/Microsoft.Storage/storageAccounts/"
          "account/listKeys?api-version=2019-06-01"));
}

TEST_F(JobClientTest, WithoutATokenNothingIsSent) {
  JobClient none(caller, runtime, "http://h", "s", "g", [](int64_t) -> Result<std::string> {
    return fail(ErrorCode::permission_denied, "no token");
  });
  EXPECT_EQ(none.get("x").error().code, ErrorCode::permission_denied);
  EXPECT_TRUE(transport.requests.empty());
}

// A job book that does what it is told, behind a network that does not.
struct ShakyBook {
  std::vector<int> schedule;  // what happens to each request
  size_t at = 0;
  std::optional<json> job;
  std::string log;  // G, P (PUT), A (PATCH), D; lower case: nothing reached the book
  unsigned puts_done = 0, changes_done = 0;

  HttpResult handle(const HttpRequest& request) {
    const int what = at < schedule.size() ? schedule[at] : 0;
    at++;
    const char letter = request.method == "GET"     ? 'G'
                        : request.method == "PUT"   ? 'P'
                        : request.method == "PATCH" ? 'A'
                                                    : 'D';
    switch (what) {
      case 1:
        log += static_cast<char>(letter - 'A' + 'a');
        return not_sent();
      case 2:  // lost on the way
        log += letter;
        return maybe_applied();
      case 3:
        log += static_cast<char>(letter - 'A' + 'a');
        return answer(503);
      case 4:
        log += letter;
        return answer(500);
      default:
        break;
    }
    log += letter;
    HttpResponse done = apply(request);
    if (what == 5) return maybe_applied();  // done, and the answer lost
    if (what == 6) return answer(504);
    return done;
  }

  HttpResponse apply(const HttpRequest& request) {
    if (request.method == "PUT") {
      puts_done++;
      const bool fresh = !job;
      job = told_of(json::parse(as_text(request.body)));
      return answer(fresh ? 201 : 200, job->dump());
    }
    if (!job) return answer(404);
    if (request.method == "PATCH") {
      const auto properties = json::parse(as_text(request.body))["properties"];
      if (properties.contains("state") && (*job)["properties"]["state"] != "Creating") return answer(400);
      changes_done++;
      for (const auto& [name, value] : properties.items()) (*job)["properties"][name] = value;
    }
    return answer(200, job->dump());
  }
};

// Between two that may have reached the book stands a look.
bool looked_between(const std::string& log, char act) {
  bool looked = true;
  for (const char c : log) {
    if (c == 'G') looked = true;
    if (c != act) continue;
    if (!looked) return false;
    looked = false;
  }
  return true;
}

TEST(JobClientProperty, WhateverHappensToTheAnswersAJobIsMadeAndShippedOnce) {
  const bool holds = rc::check("any schedule of failures", [] {
    ManualRuntime runtime;
    ScriptedTransport transport;
    ShakyBook book;
    book.schedule =
        *rc::gen::container<std::vector<int>>(*rc::gen::inRange<size_t>(0, 60), rc::gen::inRange(0, 7));
    transport.always([&](const HttpRequest& request) { return book.handle(request); });
    HttpCaller caller(runtime, transport, {.tries_max = 4, .first_wait_ns = 1, .wait_max_ns = 8});
    JobClient jobs(caller, runtime, "http://h", "sub", "my group",
                   [](int64_t) -> Result<std::string> { return std::string("T"); });
    unsigned runs = 0;
    for (;; runs++) {  // "run the same command again"
      RC_ASSERT(runs < 80u);
      const size_t before = transport.requests.size();
      const auto job = jobs.create(wanted_job());
      RC_ASSERT(transport.requests.size() - before <= 5u * 4 + 4 * 4);
      RC_ASSERT(book.puts_done <= 1u);
      if (job) break;
      RC_ASSERT(job.error().code == ErrorCode::io_error);
    }
    RC_ASSERT(looked_between(book.log, 'P'));
    RC_ASSERT(book.puts_done == 1u);
    const DeliveryPackage package{
        .carrier_name = "FedEx", .tracking_number = "1Z", .drive_count = 1, .ship_date = ""};
    for (;; runs++) {
      RC_ASSERT(runs < 160u);
      const auto job = jobs.update_shipping("job-1", package);
      if (job) break;
      RC_ASSERT(job.error().code == ErrorCode::io_error);
    }
    RC_ASSERT(looked_between(book.log, 'A'));
    RC_ASSERT(book.changes_done == 1u);
    RC_ASSERT((*book.job)["properties"]["state"] == "Shipping");
  });
  EXPECT_TRUE(holds);
}

}  // namespace
}  // namespace seedbed
