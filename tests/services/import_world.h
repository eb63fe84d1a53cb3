// A whole import in small: a drive prepared by the engine, the services and the data centre on one simulated
// machine.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "engine/base/url.h"
#include "fakes/import_service/account_client.h"
#include "fakes/import_service/datacenter.h"
#include "fakes/server/service.h"
#include "tests/services/service_world.h"
#include "tests/support/session_world.h"

namespace seedbed::testing_support {

using nlohmann::json;
inline constexpr const char* kOrigin = "http://127.0.0.1:10000";
inline constexpr const char* kStorageKey =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
inline constexpr const char* kJob =
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.ImportExport/jobs/job1";

// A drive as it comes out of the preparation, and what it is to bring.
struct Prepared {
  std::shared_ptr<Bytes> bytes;
  std::string serial, password, manifest_hash;
  std::map<std::string, Bytes> blobs;  // by path, container first
};

// `access`: "/sk:…" or "/csas:…".
inline Prepared prepare(uint64_t seed, const std::string& type, const std::string& disposition,
                        const std::string& access = std::string("/sk:") + kStorageKey) {
  SessionWorld world(seed);
  Prepared prepared;
  for (const auto& [name, size] :
       std::map<std::string, size_t>{{"a.bin", 300 * 512}, {"dir/b.bin", 512}, {"z", 700 * 512}}) {
    if (name.starts_with("dir/")) world.put_directory("dir");
    world.put(name, size);
    Bytes content(size);
    Random(sub_seed(seed, name)).fill(content);
    prepared.blobs["box/tree/" + name] = std::move(content);
  }
  world.tree->settle();
  auto words = SessionWorld::first_words();
  for (auto& word : words)
    if (word.starts_with("/sk:")) word = access;
  words.push_back("/BlobType:" + type);
  words.push_back("/Disposition:" + disposition);
  const auto end = world.command(words);
  if (!end.done()) throw std::runtime_error(end.text());
  const auto history = world.history();
  prepared.serial = world.drive.identity.serial;
  prepared.password = history->drive.recovery_password.text();
  prepared.manifest_hash = history->last_complete()->manifest_hash;
  prepared.bytes = std::make_shared<Bytes>(world.drive.contract.capacity_bytes);
  Scheduler scheduler({.seed = 1, .start_ns = 1'000'000'000, .trace = {}});
  VirtualRuntime machine(scheduler, {.name = "reader", .workers = 1, .utc_ns = 0, .costs = {}});
  machine
      .spawn("reader",
             [&] {
               SimulatedDrive device(machine, world.drive);
               reference::DeviceSource whole(device);
               if (const Status read = whole.read(0, *prepared.bytes); !read)
                 throw std::runtime_error(read.error().message());
             })
      ->join();
  return prepared;
}

inline const Prepared& page_drive() {
  static const Prepared prepared = prepare(3, "PageBlob", "rename");
  return prepared;
}
inline const Prepared& block_drive() {
  static const Prepared prepared = prepare(4, "BlockBlob", "no-overwrite");
  return prepared;
}

inline reference::StretchMemo& memo() {
  static reference::StretchMemo memo;
  return memo;
}

class SharedSource final : public reference::ByteSource {
 public:
  explicit SharedSource(std::shared_ptr<Bytes> bytes) : bytes_(std::move(bytes)) {}
  uint64_t size_bytes() const noexcept override { return bytes_->size(); }
  const std::string& name() const noexcept override { return name_; }

 protected:
  Status read_inside(uint64_t offset_bytes, MutableByteSpan out) override {
    std::copy_n(bytes_->begin() + static_cast<std::ptrdiff_t>(offset_bytes), out.size(), out.begin());
    return {};
  }

 private:
  std::shared_ptr<Bytes> bytes_;
  std::string name_ = "slot";
};

struct TestBay final : Bay {
  std::vector<std::string> slots() override { return {"slot1"}; }
  std::string serial_of(const std::string& slot) override { return slot == "slot1" ? serial : ""; }
  Result<std::unique_ptr<reference::ByteSource>> open(const std::string&) override {
    return std::make_unique<SharedSource>(bytes);
  }
  std::string serial;
  std::shared_ptr<Bytes> bytes;
};

// Sends through, counts bytes put, and may refuse.
struct Watched final : HttpTransport {
  explicit Watched(HttpTransport& inner) : inner(inner) {}
  HttpResult send(const HttpRequest& request) override {
    if (busy > 0) {
      busy--;
      HttpResponse answer;
      answer.status = 503;
      return answer;
    }
    if (request.method == "PUT" && request.target.find("comp=page") != std::string::npos)
      pages_put += request.body.size();
    return inner.send(request);
  }
  HttpTransport& inner;
  uint64_t pages_put = 0;
  int busy = 0;
};

// The services and the data centre on one machine.
struct Site {
  Site(Machine& machine, TestBay& bay, const DatacenterOptions& wishes = {})
      : state(ServiceState::open(machine.runtime, machine.files, machine.entropy, "/state").value()),
        service(*state, late, bay, {.origin = kOrigin, .only_token = {}}),
        direct(service, kOrigin),
        watched(direct),
        runtime(machine.runtime) {
    late.target = &direct;
    const Status ready = service.open();
    if (!ready) throw std::runtime_error(ready.error().message());
    DatacenterOptions options = wishes;
    options.internal_token = state->internal_token;
    options.origin = kOrigin;
    options.memo = &memo();
    datacenter = std::make_unique<Datacenter>(machine.runtime, watched, bay, options);
  }
  HttpResponse ask(const std::string& method, const std::string& path, const json& body) {
    HttpRequest request;
    request.method = method;
    request.target = std::string(kOrigin) + path;
    request.headers = {{"Authorization", "Bearer t"}};
    const std::string text = body.dump();
    if (!body.is_null()) request.body.assign(text.begin(), text.end());
    return direct.send(request).value();
  }
  // A job, shipped and arrived.
  void receive(const Prepared& prepared, const json& changes = json::object()) {
    json drive = {{"driveId", prepared.serial},
                  {"bitLockerKey", prepared.password},
                  {"manifestFile", "\\DriveManifest.xml"},
                  {"manifestHash", prepared.manifest_hash}};
    drive.update(changes);
    const json address = {{"recipientName", "A"}, {"streetAddress1", "S"},    {"city", "C"},
                          {"postalCode", "1"},    {"countryOrRegion", "USA"}, {"phone", "1"},
                          {"email", "a@b.c"}};
    const std::string account =
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/devstoreaccount1";
    const std::string version = "?api-version=2021-01-01";
    const HttpResponse made = ask("PUT", kJob + version,
                                  {{"location", "West US"},
                                   {"properties",
                                    {{"storageAccountId", account},
                                     {"jobType", "Import"},
                                     {"returnAddress", address},
                                     {"logLevel", "Verbose"},
                                     {"backupDriveManifest", true},
                                     {"driveList", json::array({drive})}}}});
    ASSERT_EQ(made.status, 201) << as_text(made.body);
    ASSERT_EQ(
        ask("PATCH", kJob + version,
            {{"properties",
              {{"state", "Shipping"}, {"deliveryPackage", {{"carrierName", "F"}, {"trackingNumber", "T"}}}}}})
            .status,
        200);
    const HttpResponse arrived =
        ask("POST", "/_dock/deliver", {{"carrier", "F"}, {"tracking", "T"}, {"drives", {"slot1"}}});
    ASSERT_EQ(arrived.status, 200) << as_text(arrived.body);
  }
  json job() {
    return json::parse(ask("GET", std::string(kJob) + "?api-version=2021-01-01", nullptr).body)["properties"];
  }
  json drive() { return job()["driveList"][0]; }
  AccountClient account() {
    AccountAccess access;
    access.endpoint = std::string(kOrigin) + "/devstoreaccount1";
    access.account = "devstoreaccount1";
    access.key = SecretBytes(*parse_base64(kStorageKey));
    access.internal_token = state->internal_token;
    return AccountClient(runtime, direct, std::move(access), {});
  }
  std::optional<Bytes> blob(const std::string& path) {
    const size_t slash = path.find('/');
    const auto got = account().send("GET", path.substr(0, slash), path.substr(slash + 1), "", {});
    if (!got || got->status != 200) return std::nullopt;
    return got->body;
  }
  std::string log(const char* kind) {
    const std::string uri = drive().value(kind, "");
    const auto url = parse_url(uri);
    if (!url) return "no " + std::string(kind);
    const auto text =
        blob(percent_decode(url->path.substr(std::string("/devstoreaccount1/").size())).value());
    return text ? std::string(as_text(*text)) : "not there: " + uri;
  }
  void expect_all(const Prepared& prepared) {
    for (const auto& [path, content] : prepared.blobs) {
      const auto found = blob(path);
      EXPECT_TRUE(found && *found == content) << path;
    }
  }

  struct Late final : HttpTransport {
    HttpResult send(const HttpRequest& request) override { return target->send(request); }
    HttpTransport* target = nullptr;
  };
  Late late;
  std::unique_ptr<ServiceState> state;
  Service service;
  DirectTransport direct;
  Watched watched;
  Runtime& runtime;
  std::unique_ptr<Datacenter> datacenter;
};

}  // namespace seedbed::testing_support
