// The loading dock, and a bay that is a directory.
#include "fakes/carrier/carrier.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "fakes/carrier/directory_bay.h"
#include "tests/services/service_world.h"

namespace seedbed {
namespace {

using nlohmann::json;
using testing_support::Machine;
using testing_support::ServiceWorld;

void plant(FileStore& files, const std::string& path, std::string_view text) {
  ASSERT_TRUE(replace_file(files, path, as_bytes(text)));
}

TEST(DirectoryBay, SlotsAreFilesAndSerialsStandBesideThem) {
  ServiceWorld world(1);
  EXPECT_TRUE(world.boot([](Machine& machine) {
    ASSERT_TRUE(machine.files.make_directory("/bay"));
    plant(machine.files, "/bay/one.img", "bytes of a drive");
    plant(machine.files, "/bay/one.img.identity.toml", "# x\nserial = \"SB123\"\nmodel = \"m\"\n");
    plant(machine.files, "/bay/TWO.img", "x");
    plant(machine.files, "/bay/three.img", "x");
    plant(machine.files, "/bay/three.img.identity.toml", "serial = SB");
    plant(machine.files, "/bay/.hidden", "x");
    DirectoryBay bay(machine.files, "/bay");
    EXPECT_EQ(bay.slots(), (std::vector<std::string>{"TWO.img", "one.img", "three.img"}));
    EXPECT_EQ(bay.serial_of("one.img"), "SB123");
    EXPECT_EQ(bay.serial_of("TWO.img"), "TWO");
    EXPECT_EQ(bay.serial_of("three.img"), "three") << "a sidecar that says nothing";
    EXPECT_EQ(bay.serial_of("/bay/one.img"), "SB123") << "a path is a slot, too";
    for (const char* bad : {"", ".", "..", "../bay/one.img", "none", "/none"})
      EXPECT_EQ(bay.serial_of(bad), "") << bad;
    auto source = bay.open("one.img");
    ASSERT_TRUE(source);
    EXPECT_EQ((*source)->size_bytes(), 16u);
    EXPECT_EQ(bay.open("../bay/one.img").error().code, ErrorCode::not_found);
    EXPECT_TRUE(DirectoryBay(machine.files, "").slots().empty());
    EXPECT_TRUE(DirectoryBay(machine.files, "/nowhere").slots().empty());
  }));
}

struct Dock {
  explicit Dock(Machine& machine)
      : state(ServiceState::open(machine.runtime, machine.files, machine.entropy, "/state").value()),
        book(*state),
        bay(machine.files, "/bay"),
        carrier(
            *state, book, bay,
            {.keys_of = {},
             .rotate_key = [this](const std::string& account, int which, const std::string& key) -> Status {
               if (account != "a") return fail(ErrorCode::not_found, "no such account", account);
               rotated = key + std::to_string(which);
               return {};
             }},
            [](const std::string& name, ByteSpan) -> Status {
              if (name == "bad") return fail(ErrorCode::invalid_argument, "no certificate", "certificate");
              return {};
            }) {
    static_cast<void>(machine.files.make_directory("/bay"));
    if (!book.create_tables()) throw std::runtime_error("no tables");
  }
  HttpResponse ask(const std::string& method, const std::string& path, const std::string& body = "",
                   const HttpHeaders& headers = {}) {
    HttpRequest request;
    request.method = method;
    request.target = path;
    request.headers = headers;
    request.body.assign(body.begin(), body.end());
    return carrier.handle(request, *parse_url(path));
  }
  // A job on its way under the tracking number "T".
  int64_t ship(const std::vector<std::string>& drives) {
    return book
        .change("s", "g", "job1",
                [&](Job& job) -> Status {
                  job.location = "West US";
                  job.account = "a";
                  job.tags = "{}";
                  job.properties =
                      R"({"diagnosticsPath":"logs","logLevel":"Verbose","backupDriveManifest":true})";
                  job.state = "Shipping";
                  job.carrier = "FedEx";
                  job.tracking = "T";
                  job.shipped_ns = state->utc_ns();
                  for (const std::string& id : drives) {
                    JobDrive drive;
                    drive.drive_id = id;
                    drive.bitlocker_key = "the key";
                    job.drives.push_back(drive);
                  }
                  return {};
                })
        .value()
        .row;
  }
  std::unique_ptr<ServiceState> state;
  JobBook book;
  DirectoryBay bay;
  std::string rotated;
  Carrier carrier;
};

void with_dock(const std::function<void(Dock&, Machine&)>& body) {
  ServiceWorld world(2);
  EXPECT_TRUE(world.boot([&](Machine& machine) {
    Dock dock(machine);
    body(dock, machine);
  }));
}

TEST(Carrier, DeliversWorksAndReturns) {
  with_dock([](Dock& dock, Machine& machine) {
    plant(machine.files, "/bay/D1.img", "x");
    plant(machine.files, "/bay/D2.img", "x");
    plant(machine.files, "/bay/X.img", "x");
    const int64_t row = dock.ship({"D1", "D2"});
    const auto deliver = [&](const json& drives) {
      return json::parse(dock.ask("POST", "/_dock/deliver",
                                  json{{"carrier", "FedEx"}, {"tracking", "T"}, {"drives", drives}}.dump())
                             .body);
    };
    EXPECT_EQ(deliver({"none.img"})["error"]["code"], "NotFound");
    json answer = deliver({"D1.img", "X.img"});
    EXPECT_EQ(answer["job"]["state"], "Shipping");
    EXPECT_EQ(answer["notes"].size(), 2u) << "an extra drive, one missing";
    answer = deliver({"D2.img"});
    EXPECT_EQ(answer["job"]["state"], "Received");
    EXPECT_EQ(answer["job"]["drives"][1]["slot"], "D2.img");

    const HttpHeaders inside = {{"x-seedbed-internal", dock.state->internal_token}};
    EXPECT_EQ(dock.ask("GET", "/_dock/work").status, 403);
    EXPECT_EQ(dock.ask("GET", "/_dock/work", "", {{"x-seedbed-internal", "x"}}).status, 403);
    const json work = json::parse(dock.ask("GET", "/_dock/work", "", inside).body);
    EXPECT_EQ(work["jobs"][0]["drives"][0]["bitLockerKey"], "the key");
    EXPECT_EQ(work["jobs"][0]["diagnosticsPath"], "logs");
    const auto report = [&](const std::string& id, const std::string& state, const HttpHeaders& headers) {
      return dock
          .ask("POST", "/_dock/jobs/" + std::to_string(row) + "/drives/" + id, json{{"state", state}}.dump(),
               headers)
          .status;
    };
    EXPECT_EQ(report("D1", "Transferring", {}), 403);
    EXPECT_EQ(report("D1", "Completed", inside), 409);
    EXPECT_EQ(report("D9", "Transferring", inside), 404);
    for (const char* id : {"D1", "D2"})
      for (const char* state : {"Transferring", "Completed"}) EXPECT_EQ(report(id, state, inside), 200);
    const HttpResponse shown = dock.ask("GET", "/_dock/state");
    EXPECT_EQ(json::parse(shown.body)["jobs"][0]["state"], "Packaging");
    EXPECT_EQ(json::parse(shown.body)["bay"].size(), 3u);
    EXPECT_EQ(as_text(shown.body).find("the key"), std::string_view::npos);
    EXPECT_EQ(json::parse(dock.ask("POST", "/_dock/return").body)["jobs"][0]["state"], "Completed");
  });
}

TEST(Carrier, MovesTheClockRotatesKeysAndMakesVaults) {
  with_dock([](Dock& dock, Machine&) {
    const int64_t before_ns = dock.state->utc_ns();
    EXPECT_EQ(dock.ask("POST", "/_dock/clock", R"({"advance_s":1209600})").status, 200);
    EXPECT_GE(dock.state->utc_ns() - before_ns, 1'209'600'000'000'000);
    for (const char* bad :
         {"", "{}", "x", R"({"advance_s":-1})", R"({"advance_s":1.5})", R"({"advance_s":1,"x":2})"})
      EXPECT_EQ(dock.ask("POST", "/_dock/clock", bad).status, 400) << bad;
    EXPECT_EQ(dock.ask("POST", "/_dock/accounts/a/rotate", R"({"key":"key2","value":"a2V5"})").status, 200);
    EXPECT_EQ(dock.rotated, "a2V52");
    EXPECT_EQ(dock.ask("POST", "/_dock/accounts/a/rotate").status, 200);
    EXPECT_EQ(dock.rotated.size(), 89u) << "drawn: 64 bytes in base64, of key 1";
    EXPECT_EQ(dock.ask("POST", "/_dock/accounts/b/rotate").status, 404);
    EXPECT_EQ(dock.ask("POST", "/_dock/accounts/a/rotate", R"({"key":"key3"})").status, 400);
    EXPECT_EQ(dock.ask("POST", "/_dock/vaults/v", R"({"certificate":"AAAA"})").status, 201);
    EXPECT_EQ(dock.ask("POST", "/_dock/vaults/bad", R"({"certificate":"AAAA"})").status, 400);
    EXPECT_EQ(dock.ask("POST", "/_dock/vaults/v", R"({"certificate":"?"})").status, 400);
    EXPECT_EQ(dock.ask("GET", "/_dock/nothing").status, 404);
    EXPECT_EQ(dock.ask("GET", "/_dock").status, 404);
  });
}

}  // namespace
}  // namespace seedbed
