// The import service as ARM clients see it, the job book's rules, and what survives when it is killed.
#include "fakes/import_service/import_service.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <nlohmann/json.hpp>

#include "engine/base/random.h"
#include "fakes/import_service/locations.h"
#include "fakes/store/json_answer.h"
#include "tests/services/service_world.h"

namespace seedbed {
namespace {

using nlohmann::json;
using testing_support::Machine;
using testing_support::ServiceWorld;

constexpr const char* kJobs = "/subscriptions/s1/resourceGroups/Group/providers/Microsoft.ImportExport/jobs";
constexpr int64_t kDay_s = 86'400;

json address() {
  return {{"recipientName", "A"},     {"streetAddress1", "S"}, {"city", "C"},     {"postalCode", "1"},
          {"countryOrRegion", "USA"}, {"phone", "1"},          {"email", "a@b.c"}};
}
json drive(const std::string& id) {
  return {{"driveId", id},
          {"bitLockerKey", "238810-662376-448998-450120-652806-203390-606320-483076"},
          {"manifestFile", "\\DriveManifest.xml"},
          {"manifestHash", "109B21108597EF36D5785F08303F3638"},
          {"driveHeaderHash", ""}};
}
json job_body(const std::vector<std::string>& drives = {"D1"}) {
  json list = json::array();
  for (const auto& id : drives) list.push_back(drive(id));
  return {{"location", "West US"},
          {"tags", {{"who", "me"}}},
          {"properties",
           {{"storageAccountId",
             "/subscriptions/s1/resourceGroups/Group/providers/Microsoft.Storage/storageAccounts/"
             "devstoreaccount1"},
            {"jobType", "Import"},
            {"returnAddress", address()},
            {"diagnosticsPath", "waimportexport"},
            {"logLevel", "Verbose"},
            {"backupDriveManifest", true},
            {"driveList", list}}}};
}
json shipping(const std::string& tracking) {
  return {{"properties",
           {{"state", "Shipping"},
            {"deliveryPackage",
             {{"carrierName", "FedEx"},
              {"trackingNumber", tracking},
              {"driveCount", 1},
              {"shipDate", "2016-11-02"}}}}}};
}

struct Service {
  explicit Service(Machine& machine)
      : state(ServiceState::open(machine.runtime, machine.files, machine.entropy, "/state").value()),
        import(
            *state,
            AccountDoor{.keys_of = [](const std::string& name) -> std::optional<std::array<std::string, 2>> {
                          if (name != "devstoreaccount1") return std::nullopt;
                          return std::array<std::string, 2>{"a2V5MQ==", "a2V5Mg=="};
                        },
                        .rotate_key = {}}) {
    const Status made = import.create_tables();
    if (!made) throw std::runtime_error(made.error().message());
  }
  HttpResponse ask(const std::string& method, const std::string& path, const json& body = nullptr,
                   const std::string& version = "2021-01-01") {
    HttpRequest request;
    request.method = method;
    request.target = path + (path.find('?') == std::string::npos ? "?" : "&") + "api-version=" + version;
    request.headers = {{"Authorization", "Bearer t"}, {"Host", "127.0.0.1:10000"}};
    if (!body.is_null()) {
      const std::string text = body.dump();
      request.body.assign(text.begin(), text.end());
    }
    return import.handle(request, *parse_url(request.target));
  }
  int status(const std::string& method, const std::string& path, const json& body = nullptr) {
    return ask(method, path, body).status;
  }
  void advance(int64_t days) {
    Locked held(*state->lock);
    ASSERT_TRUE(state->move_clock(days * kDay_s * 1'000'000'000));
  }
  std::string state_of(const std::string& name) {
    const HttpResponse answer = ask("GET", fmt::format("{}/{}", kJobs, name));
    if (answer.status != 200) return std::to_string(answer.status);
    return json::parse(answer.body)["properties"]["state"];
  }

  std::unique_ptr<ServiceState> state;
  ImportService import;
};

// One boot in which a service answers.
void with_service(const std::function<void(Service&)>& body) {
  ServiceWorld world(7);
  EXPECT_TRUE(world.boot([&](Machine& machine) {
    Service service(machine);
    body(service);
  }));
}

json body_of(const HttpResponse& answer) {
  return json::parse(answer.body);
}
std::string code_of(const HttpResponse& answer) {
  return body_of(answer)["error"]["code"];
}
std::string target_of(const HttpResponse& answer) {
  return body_of(answer)["error"].value("target", "");
}
std::string job_path(const std::string& name) {
  return fmt::format("{}/{}", kJobs, name);
}

TEST(ImportService, AJobIsMadeShownListedAndDeleted) {
  with_service([](Service& service) {
    const HttpResponse made = service.ask("PUT", job_path("myJob"), job_body());
    ASSERT_EQ(made.status, 201) << as_text(made.body);
    const json job = body_of(made);
    EXPECT_EQ(job["id"], job_path("myJob"));
    EXPECT_EQ(job["name"], "myJob");
    EXPECT_EQ(job["type"], "Microsoft.ImportExport/jobs");
    EXPECT_EQ(job["properties"]["state"], "Creating");
    EXPECT_EQ(job["properties"]["cancelRequested"], false);
    EXPECT_EQ(job["properties"]["provisioningState"], "Succeeded");
    EXPECT_EQ(job["properties"]["shippingInformation"]["city"], "Santa Clara");
    EXPECT_EQ(job["properties"]["driveList"][0]["state"], "Specified");
    EXPECT_EQ(job["tags"]["who"], "me");
    EXPECT_EQ(as_text(made.body).find("238810"), std::string_view::npos) << "keys are never echoed";
    EXPECT_EQ(service.status("PUT", job_path("MYJOB"), job_body()), 200) << "names have no case";
    EXPECT_EQ(body_of(service.ask("GET", job_path("MyJob")))["name"], "myJob");
    EXPECT_EQ(
        service.status("GET",
                       "/subscriptions/S1/resourcegroups/gROUP/providers/microsoft.importexport/jobs/myjob"),
        200);
    for (const char* method : {"POST", "GET"})
      EXPECT_EQ(
          body_of(service.ask(method, job_path("myJob") + "/listBitLockerKeys"))["value"][0]["bitLockerKey"],
          drive("D1")["bitLockerKey"]);
    EXPECT_EQ(service.status("DELETE", job_path("myJob")), 200);
    EXPECT_EQ(service.status("GET", job_path("myJob")), 404);
    EXPECT_EQ(service.status("DELETE", job_path("myJob")), 404);
  });
}

TEST(ImportService, WhoSendsNoTokenOrAnUnknownVersionIsRefused) {
  with_service([](Service& service) {
    HttpRequest request;
    request.target = std::string(kJobs) + "?api-version=2021-01-01";
    HttpResponse answer = service.import.handle(request, *parse_url(request.target));
    EXPECT_EQ(answer.status, 401);
    EXPECT_EQ(code_of(answer), "AuthenticationFailed");
    EXPECT_EQ(service.ask("GET", kJobs, nullptr, "2015-01-01").status, 400);
    request.headers = {{"Authorization", "Bearer x"}};
    request.target = kJobs;
    answer = service.import.handle(request, *parse_url(request.target));
    EXPECT_EQ(code_of(answer), "MissingApiVersionParameter");
    ImportService strict(*service.state, {}, ImportOptions{.only_token = "T", .scheme = "http"});
    request.target = std::string(kJobs) + "?api-version=2021-01-01";
    EXPECT_EQ(strict.handle(request, *parse_url(request.target)).status, 401);
    request.headers = {{"authorization", "bearer T"}};
    EXPECT_EQ(strict.handle(request, *parse_url(request.target)).status, 200);
  });
}

TEST(ImportService, WhatIsUnknownOrIllTypedIsRefusedWithItsPlace) {
  with_service([](Service& service) {
    const auto refused = [&](const std::function<void(json&)>& spoil, const std::string& target) {
      json body = job_body();
      spoil(body);
      const HttpResponse answer = service.ask("PUT", job_path("j"), body);
      EXPECT_EQ(answer.status, 400) << target;
      EXPECT_EQ(code_of(answer), "InvalidRequestContent");
      EXPECT_EQ(target_of(answer), target);
    };
    refused([](json& b) { b["colour"] = 1; }, "colour");
    refused([](json& b) { b.erase("location"); }, "location");
    refused([](json& b) { b["location"] = "Atlantis"; }, "location");
    refused([](json& b) { b["tags"] = 1; }, "tags");
    refused([](json& b) { b["properties"]["colour"] = 1; }, "properties.colour");
    refused([](json& b) { b["properties"]["jobType"] = "Export"; }, "properties.jobType");
    refused([](json& b) { b["properties"]["logLevel"] = "Loud"; }, "properties.logLevel");
    refused([](json& b) { b["properties"]["backupDriveManifest"] = "yes"; },
            "properties.backupDriveManifest");
    refused([](json& b) { b["properties"]["storageAccountId"] = "devstoreaccount1"; },
            "properties.storageAccountId");
    refused(
        [](json& b) {
          b["properties"]["storageAccountId"] =
              "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/other";
        },
        "properties.storageAccountId");
    refused([](json& b) { b["properties"]["returnAddress"].erase("email"); },
            "properties.returnAddress.email");
    refused([](json& b) { b["properties"].erase("driveList"); }, "properties.driveList");
    refused([](json& b) { b["properties"]["driveList"][0].erase("bitLockerKey"); },
            "properties.driveList[0].bitLockerKey");
    refused([](json& b) { b["properties"]["driveList"][0]["manifestHash"] = "zz"; },
            "properties.driveList[0].manifestHash");
    refused([](json& b) { b["properties"]["driveList"][0]["driveId"] = "a b"; },
            "properties.driveList[0].driveId");
    refused([](json& b) { b["properties"]["driveList"].push_back(drive("d1")); },
            "properties.driveList[1].driveId");
    refused(
        [](json& b) {
          for (int i = 2; i <= 11; i++) b["properties"]["driveList"].push_back(drive(fmt::format("D{}", i)));
        },
        "properties.driveList");
    EXPECT_EQ(service.status("PUT", job_path("1job"), job_body()), 400);
    EXPECT_EQ(service.status("GET", job_path("j")), 404) << "nothing of it was kept";
  });
}

TEST(ImportService, ShippingNeedsAPackageAndAnAddress) {
  with_service([](Service& service) {
    json body = job_body();
    body["properties"].erase("returnAddress");
    ASSERT_EQ(service.status("PUT", job_path("j"), body), 201);
    const json bare = {{"properties", {{"state", "Shipping"}}}};
    EXPECT_EQ(target_of(service.ask("PATCH", job_path("j"), bare)), "properties.deliveryPackage");
    EXPECT_EQ(target_of(service.ask("PATCH", job_path("j"), shipping("T1"))), "properties.returnAddress");
    EXPECT_EQ(service.state_of("j"), "Creating");
    json both = shipping("T1");
    both["properties"]["returnAddress"] = address();
    EXPECT_EQ(service.status("PATCH", job_path("j"), both), 200);
    EXPECT_EQ(service.state_of("j"), "Shipping");
    EXPECT_EQ(service.status("PATCH", job_path("j"), both), 200) << "said twice is fine";
    EXPECT_EQ(service.status("PUT", job_path("j"), job_body()), 409);
    EXPECT_EQ(service.status("DELETE", job_path("j")), 409);
    EXPECT_EQ(
        service.status("PATCH", job_path("j"), {{"properties", {{"driveList", json::array({drive("D2")})}}}}),
        409);
    EXPECT_EQ(service.status("PATCH", job_path("j"), {{"properties", {{"state", "Completed"}}}}), 400);
    EXPECT_EQ(
        service.status("PATCH", job_path("j"), {{"properties", {{"state", ""}, {"logLevel", "Error"}}}}),
        200);
    // the first version wants all of a package
    json few = {{"properties", {{"deliveryPackage", {{"carrierName", "F"}, {"trackingNumber", "T2"}}}}}};
    EXPECT_EQ(service.ask("PATCH", job_path("j"), few, "2016-11-01").status, 400);
    EXPECT_EQ(service.ask("PATCH", job_path("j"), few, "2020-08-01").status, 200);
  });
}

TEST(ImportService, TrackingNumbersAndDrivesBelongToOneJob) {
  with_service([](Service& service) {
    ASSERT_EQ(service.status("PUT", job_path("a"), job_body({"D1"})), 201);
    EXPECT_EQ(code_of(service.ask("PUT", job_path("b"), job_body({"d1"}))), "Conflict")
        << "drive in a live job";
    ASSERT_EQ(service.status("PUT", job_path("b"), job_body({"D2"})), 201);
    ASSERT_EQ(service.status("PATCH", job_path("a"), shipping("T1")), 200);
    EXPECT_EQ(service.status("PATCH", job_path("b"), shipping("t1")), 409);
    EXPECT_EQ(service.state_of("b"), "Creating") << "all of the change is undone";
    EXPECT_EQ(service.status("PATCH", job_path("b"), shipping("T2")), 200);
  });
}

TEST(ImportService, CancelledEarlyOnly) {
  with_service([](Service& service) {
    const json cancel = {{"properties", {{"cancelRequested", true}}}};
    ASSERT_EQ(service.status("PUT", job_path("a"), job_body({"D1"})), 201);
    EXPECT_EQ(service.status("PATCH", job_path("a"), {{"properties", {{"cancelRequested", false}}}}), 400);
    EXPECT_EQ(service.status("PATCH", job_path("a"), cancel), 200);
    EXPECT_EQ(service.state_of("a"), "Completed");
    EXPECT_EQ(service.status("PATCH", job_path("a"), cancel), 200);
    ASSERT_EQ(service.status("PUT", job_path("b"), job_body({"D1"})), 201) << "the drive is free again";
    ASSERT_EQ(service.status("PATCH", job_path("b"), shipping("T1")), 200);
    ASSERT_TRUE(service.import.job_book().deliver("FedEx", "T1", {{"slot", "D1"}}));
    EXPECT_EQ(service.status("PATCH", job_path("b"), cancel), 409);
  });
}

TEST(ImportService, TimeAloneMovesJobs) {
  with_service([](Service& service) {
    ASSERT_EQ(service.status("PUT", job_path("a"), job_body({"D1"})), 201);
    service.advance(13);
    EXPECT_EQ(service.status("PATCH", job_path("a"), {{"tags", {{"a", "b"}}}}), 200)
        << "resets the two weeks";
    service.advance(13);
    EXPECT_EQ(service.state_of("a"), "Creating");
    service.advance(2);
    EXPECT_EQ(service.state_of("a"), "404");
    ASSERT_EQ(service.status("PUT", job_path("b"), job_body({"D1", "D2"})), 201);
    ASSERT_EQ(service.status("PATCH", job_path("b"), shipping("T1")), 200);
    ASSERT_TRUE(service.import.job_book().deliver("FedEx", "T1", {{"slot", "D1"}}));
    EXPECT_EQ(service.state_of("b"), "Shipping") << "one is missing";
    service.advance(15);
    EXPECT_EQ(service.state_of("b"), "Received");
    const json job = body_of(service.ask("GET", job_path("b")));
    EXPECT_EQ(job["properties"]["driveList"][1]["state"], "NeverReceived");
    ASSERT_EQ(service.status("PUT", job_path("c"), job_body({"D3"})), 201);
    ASSERT_EQ(service.status("PATCH", job_path("c"), shipping("T3")), 200);
    service.advance(31);
    EXPECT_EQ(service.state_of("c"), "Closed");
    service.advance(91);
    EXPECT_EQ(service.state_of("c"), "404");
  });
}

TEST(ImportService, DrivesMoveOnlyAlongTheirStates) {
  with_service([](Service& service) {
    JobBook& book = service.import.job_book();
    ASSERT_EQ(service.status("PUT", job_path("a"), job_body({"D1", "D2"})), 201);
    ASSERT_EQ(service.status("PATCH", job_path("a"), shipping("T1")), 200);
    const int64_t row = book.find("s1", "group", "a").value()->row;
    const auto report = [&](const char* id, const char* state) {
      DriveReport said;
      said.state = state;
      said.percent_complete = 10;
      return book.report(row, id, said);
    };
    EXPECT_EQ(report("D1", "Transferring").error().code, ErrorCode::refused) << "it has not arrived";
    const auto delivery = book.deliver("DHL", "t1", {{"1", "D 1"}, {"2", "D2"}, {"3", "D9"}});
    ASSERT_TRUE(delivery && delivery->job);
    EXPECT_EQ(delivery->job->state, "Received");
    EXPECT_EQ(delivery->notes.size(), 2u) << "another carrier, a drive too many";
    EXPECT_EQ(book.work().value().size(), 1u);
    EXPECT_EQ(report("D1", "Completed").error().code, ErrorCode::refused);
    EXPECT_EQ(report("D9", "Transferring").error().code, ErrorCode::not_found);
    EXPECT_EQ(report("D1", "Transferring").value().state, "Transferring");
    EXPECT_EQ(report("D1", "Completed").value().state, "Transferring");
    EXPECT_TRUE(report("D1", "Completed")) << "said twice is fine";
    EXPECT_EQ(report("D1", "Transferring").error().code, ErrorCode::refused);
    EXPECT_TRUE(report("D2", "Transferring"));
    EXPECT_EQ(report("D2", "CompletedMoreInfo").value().state, "Packaging");
    EXPECT_TRUE(book.work().value().empty());
    EXPECT_EQ(book.return_packages("FedEx", "R").value().size(), 1u);
    EXPECT_EQ(service.state_of("a"), "Closed");
    const json job = body_of(service.ask("GET", job_path("a")));
    EXPECT_EQ(job["properties"]["driveList"][0]["state"], "ShippedBack");
    EXPECT_EQ(job["properties"]["returnPackage"]["trackingNumber"], "R");
    EXPECT_EQ(service.status("DELETE", job_path("a")), 200);
    EXPECT_FALSE(book.deliver("FedEx", "T1", {}).value().job) << "nobody waits for it";
  });
}

TEST(ImportService, ListsComeInPages) {
  with_service([](Service& service) {
    for (int i = 0; i < 5; i++)
      ASSERT_EQ(service.status("PUT", job_path(fmt::format("j{}", i)), job_body({fmt::format("D{}", i)})),
                201);
    ASSERT_EQ(service.status("PATCH", job_path("j3"), shipping("T")), 200);
    std::vector<std::string> names;
    std::string next = "/subscriptions/s1/providers/Microsoft.ImportExport/jobs?$top=2";
    for (int pages = 0; !next.empty() && pages < 9; pages++) {
      const json page = body_of(service.ask("GET", next));
      for (const json& job : page["value"]) names.push_back(job["name"]);
      const std::string link = page.value("nextLink", "");
      EXPECT_TRUE(link.empty() || link.starts_with("http://127.0.0.1:10000/subscriptions/s1/")) << link;
      next = link.empty() ? "" : link.substr(std::string("http://127.0.0.1:10000").size());
    }
    EXPECT_EQ(names, (std::vector<std::string>{"j0", "j1", "j2", "j3", "j4"}));
    const json some =
        body_of(service.ask("GET", std::string(kJobs) + "?$filter=state%20eq%20%27Shipping%27"));
    ASSERT_EQ(some["value"].size(), 1u);
    EXPECT_EQ(some["value"][0]["name"], "j3");
    EXPECT_EQ(service.status("GET", std::string(kJobs) + "?$filter=name%20eq%20%27x%27"), 400);
    EXPECT_EQ(service.status("GET", std::string(kJobs) + "?$top=101"), 400);
    EXPECT_TRUE(
        body_of(service.ask("GET", "/subscriptions/other/providers/Microsoft.ImportExport/jobs"))["value"]
            .empty());
  });
}

TEST(ImportService, LocationsOperationsAndAccountKeys) {
  with_service([](Service& service) {
    const std::string base = "/providers/Microsoft.ImportExport/locations";
    EXPECT_EQ(body_of(service.ask("GET", base))["value"].size(), import_locations().size());
    for (const char* name : {"/West%20US", "/westus", "/WESTUS"}) {
      const json place = body_of(service.ask("GET", base + name));
      EXPECT_EQ(place["name"], "West US");
      EXPECT_EQ(place["properties"]["supportedCarriers"][0], "FedEx");
      EXPECT_EQ(place["properties"]["alternateLocations"][0], base + "/westus");
    }
    EXPECT_EQ(service.status("GET", base + "/moon"), 404);
    EXPECT_FALSE(
        body_of(service.ask("GET", "/providers/Microsoft.ImportExport/operations"))["value"].empty());
    const std::string account =
        "/subscriptions/s1/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/";
    const json keys =
        body_of(service.ask("POST", account + "devstoreaccount1/listKeys", nullptr, "2019-06-01"));
    EXPECT_EQ(keys["keys"][0]["value"], "a2V5MQ==");
    EXPECT_EQ(keys["keys"][1]["keyName"], "key2");
    EXPECT_EQ(service.ask("POST", account + "nobody/listKeys", nullptr, "2019-06-01").status, 404);
    EXPECT_EQ(
        service.status("POST",
                       "/subscriptions/s1/resourceGroups/g/providers/Microsoft.ImportExport/moveResources"),
        501);
  });
}

// Whatever a body is, the answer is a well-formed error or a job that can be read.
RC_GTEST_PROP(ImportService, AnyBodyIsAnswered, (uint64_t seed)) {
  with_service([&](Service& service) {
    Random random(seed);
    for (int round = 0; round < 20; round++) {
      std::string text = job_body().dump();
      for (uint64_t i = 0, n = 1 + random.below(4); i < n; i++) {
        const size_t at = random.below(text.size());
        switch (random.below(4)) {
          case 0:
            text[at] = static_cast<char>(random.below(256));
            break;
          case 1:
            text.erase(at, 1 + random.below(20));
            break;
          case 2:
            text.insert(at, text.substr(random.below(text.size()), random.below(30)));
            break;
          default:
            text.insert(at, std::string(random.below(40), "[{\"9-"[random.below(5)]));
        }
        if (text.empty()) text = "{}";
      }
      HttpRequest request;
      request.method = random.chance(1, 3) ? "PATCH" : "PUT";
      request.target = job_path("j") + "?api-version=2021-01-01";
      request.headers = {{"Authorization", "Bearer t"}};
      request.body.assign(text.begin(), text.end());
      const HttpResponse answer = service.import.handle(request, *parse_url(request.target));
      RC_ASSERT(answer.status == 200 || answer.status == 201 || answer.status == 400 ||
                answer.status == 404 || answer.status == 409);
      RC_ASSERT(parse_json(answer.body, 1 * MiB).has_value());
    }
  });
}

// What was answered is there after any death, and what was not is done or not done, never half.
TEST(ImportService, KilledAnywhereItKeepsWhatItAnswered) {
  uint64_t calls = 0;
  {
    ServiceWorld world(11);
    world.boot([&](Machine& machine) { Service service(machine); });
    calls = world.port_calls();
  }
  unsigned deaths = 0;
  for (uint64_t at = calls / 2; deaths < 60; at += 3) {
    ServiceWorld world(11);
    std::vector<std::string> answered;
    const bool ended = world.boot(
        [&](Machine& machine) {
          Service service(machine);
          for (int i = 0; i < 3; i++) {
            const std::string name = fmt::format("j{}", i);
            if (service.status("PUT", job_path(name), job_body({name})) == 201) answered.push_back(name);
            if (service.status("PATCH", job_path(name), shipping("T" + name)) == 200)
              answered.push_back(name + "+");
          }
        },
        at);
    if (ended) break;
    deaths++;
    world.kill();
    if (deaths % 2 == 0) world.power_cut({.shape = Survivors::Shape::none});
    EXPECT_TRUE(world.boot([&](Machine& machine) {
      Service service(machine);
      for (const std::string& name : answered) {
        const bool shipped = name.ends_with('+');
        const std::string state = service.state_of(name.substr(0, 2));
        EXPECT_NE(state, "404") << name << " at " << at;
        EXPECT_TRUE(!shipped || state == "Shipping") << name << " at " << at;
      }
      for (int i = 0; i < 3; i++) {  // and it goes on
        const std::string name = fmt::format("j{}", i);
        const std::string state = service.state_of(name);
        EXPECT_TRUE(state != "404" || service.status("PUT", job_path(name), job_body({name})) == 201);
        EXPECT_EQ(service.status("PATCH", job_path(name), shipping("T" + name)), 200);
      }
    }));
  }
  EXPECT_GT(deaths, 10u);
}

}  // namespace
}  // namespace seedbed
