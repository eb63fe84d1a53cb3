// Steps of the chain that tests of the agent take, and words for how they ended.
#pragma once

#include <gtest/gtest.h>

#include "tests/support/chain_world.h"

namespace seedbed::testing_support {

inline std::string text_of(const std::optional<ChainWorld::Backup>& backup, const ChainWorld& world) {
  if (!world.stuck.empty()) return world.stuck;
  if (!backup) return "killed";
  return *backup ? (*backup)->status_text
                 : std::string(error_code_name(backup->error().code)) + ": " + backup->error().message();
}

inline ErrorCode code_of(const std::optional<ChainWorld::Backup>& backup) {
  return backup && !*backup ? backup->error().code : ErrorCode::internal;
}

inline bool is(const std::optional<ChainWorld::Backup>& backup, BackupOutcome::Kind kind) {
  return backup && *backup && (*backup)->kind == kind;
}

inline RestoreRequest to(const std::string& directory) {
  RestoreRequest request;
  request.to = directory;
  return request;
}
inline Result<RestoreOutcome> restore(ChainWorld& world, const RestoreRequest& request = to("/back/here")) {
  return *world.boot<Result<RestoreOutcome>>(
      [&](AgentPorts& ports, VirtualRuntime&) { return run_restore(ports, world.policy, request); });
}

// What the backup has to hold: the source without what is excluded.
inline void expect_restored(ChainWorld& world, const std::string& to = "/back/here") {
  const int64_t modified_ns = world.tree->stat("/source")->modified_ns;
  ASSERT_TRUE(world.tree->remove("/source/left.tmp", modified_ns));
  EXPECT_EQ(world.hash_of("/source"), world.hash_of(to + "/source"));
}

// The staged files as page blobs in the account, as the data centre leaves them.
inline void put_seed(ChainWorld& world) {
  const auto put = world.boot<Status>([&](AgentPorts& ports, VirtualRuntime&) -> Status {
    for (const DirectoryEntry& entry : TRY(ports.files.list("/staging"))) {
      const Bytes bytes = TRY(read_file(ports.files, "/staging/" + entry.name, 64 * MiB));
      const Status done = world.with_account<Status>([&](BlobClient& blobs) -> Status {
        TRY(blobs.create_page_blob("seed", entry.name, bytes.size()));
        for (uint64_t at = 0; at < bytes.size(); at += MiB)
          TRY(blobs.put_page("seed", entry.name, at,
                             ByteSpan(bytes).subspan(at, std::min<uint64_t>(MiB, bytes.size() - at))));
        return {};
      });
      TRY(Status(done));
    }
    return {};
  });
  ASSERT_TRUE(put && *put) << put->error().message();
}

// A job as if drives had been written, shipped, imported (with that outcome) and returned.
inline void complete_job(ChainWorld& world, const std::string& drive_state = "Completed",
                         const std::string& copy_status = "Completed") {
  const std::string job =
      "/subscriptions/sub1/resourceGroups/rg1/providers/Microsoft.ImportExport/jobs/"
      "job1?api-version=2021-01-01";
  world.add_drive("1");
  HttpResponse answer = world.arm("PUT", job, R"({"location":"West US","properties":{
    "storageAccountId":"/subscriptions/sub1/resourceGroups/rg1/providers/Microsoft.Storage/storageAccounts/devstoreaccount1",
    "jobType":"Import","returnAddress":{"recipientName":"T","streetAddress1":"S","city":"R","stateOrProvince":"WA",
    "postalCode":"98007","countryOrRegion":"USA","phone":"42","email":"t@contoso.com"},
    "returnShipping":{"carrierName":"FedEx","carrierAccountNumber":"9"},"diagnosticsPath":"waimportexport",
    "driveList":[{"driveId":"SER1","bitLockerKey":"111111-222222-333333-444444-555555-666666-777777-888888",
    "manifestFile":"\\DriveManifest.xml","manifestHash":"00112233445566778899AABBCCDDEEFF","driveHeaderHash":""}]}})");
  ASSERT_LT(answer.status, 300) << as_text(answer.body);
  answer = world.arm(
      "PATCH", job,
      R"({"properties":{"state":"Shipping","deliveryPackage":{"carrierName":"FedEx","trackingNumber":"T1","driveCount":1,"shipDate":"2016-11-02"}}})");
  ASSERT_LT(answer.status, 300) << as_text(answer.body);
  answer = world.dock("/_dock/deliver", R"({"carrier":"FedEx","tracking":"T1","drives":["1"]})");
  ASSERT_LT(answer.status, 300) << as_text(answer.body);
  for (const auto& [state, status] : {std::pair{std::string("Transferring"), std::string("Transferring")},
                                      std::pair{drive_state, copy_status}}) {
    answer = world.inner(
        "POST", "/_dock/jobs/1/drives/SER1",
        fmt::format(R"({{"state":"{}","copyStatus":"{}","percentComplete":100}})", state, status));
    ASSERT_LT(answer.status, 300) << as_text(answer.body);
  }
  answer = world.dock("/_dock/return", "{}");
  ASSERT_LT(answer.status, 300) << as_text(answer.body);
}

struct Started {
  explicit Started(uint64_t seed) : world(seed) {
    world.put_usual_tree();
    EXPECT_TRUE(world.make_container());
    const Status bound = world.register_here();
    EXPECT_TRUE(bound) << bound.error().message();
  }
  ChainWorld world;
};

inline size_t times(std::string_view text, std::string_view part) {
  size_t found = 0;
  for (size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) found++;
  return found;
}

// How many jobs the service has, and how often a drive stands in them.
inline void expect_jobs(ChainWorld& world, size_t jobs, size_t drives) {
  const HttpResponse answer = world.arm(
      "GET", "/subscriptions/sub1/providers/Microsoft.ImportExport/jobs?api-version=2021-01-01", "");
  ASSERT_EQ(answer.status, 200) << as_text(answer.body);
  EXPECT_EQ(times(as_text(answer.body), "\"storageAccountId\""), jobs) << as_text(answer.body);
  EXPECT_EQ(times(as_text(answer.body), "\"driveId\""), drives) << as_text(answer.body);
}

}  // namespace seedbed::testing_support
