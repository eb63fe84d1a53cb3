// What goes wrong around the agent while its chain runs: keys that are rotated, a vault that loses chunks,
// answers that get lost, pages that rot, jobs that end with errors, jobs that share a staging location.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/agent/chain_steps.h"

namespace seedbed {
namespace {

using namespace testing_support;
using testing::HasSubstr;
using Kind = BackupOutcome::Kind;

bool goes_to(const HttpRequest& request, const char* method, std::string_view part) {
  return request.method == method && request.target.find(part) != std::string::npos;
}

size_t points_of(ChainWorld& world) {
  const auto points = *world.boot<Result<std::vector<VaultPoint>>>(
      [&](AgentPorts& ports, VirtualRuntime&) { return list_points(ports, world.policy); });
  EXPECT_TRUE(points) << points.error().message();
  return points ? points->size() : 0;
}

// One byte of a file of the computer turns.
void rot(ChainWorld& world, const std::string& path, uint64_t offset_bytes) {
  const auto bytes = *world.boot<Result<Bytes>>(
      [&](AgentPorts& ports, VirtualRuntime&) { return read_file(ports.files, path, 64 * MiB); });
  ASSERT_TRUE(bytes) << bytes.error().message();
  Bytes rotten = *bytes;
  ASSERT_LT(offset_bytes, rotten.size());
  rotten[offset_bytes] ^= 4;
  world.plant(path, as_text(rotten), 0600);
}

void expect_whole(ChainWorld& world) {
  const auto back = restore(world);
  ASSERT_TRUE(back) << back.error().message();
  expect_restored(world);
}

struct Staged : Started {
  explicit Staged(uint64_t seed) : Started(seed) {
    const auto staged = world.backup();
    EXPECT_TRUE(is(staged, Kind::staged)) << text_of(staged, world);
  }
};
// The import is complete, the ingest comes next.
struct Imported : Staged {
  explicit Imported(uint64_t seed) : Staged(seed) {
    put_seed(world);
    complete_job(world);
  }
};

TEST(Failures, TheAccountsKeysAreRotatedWhileTheVaultCopies) {
  for (const bool staging_there : {true, false}) {
    Imported imported(101);
    ChainWorld& world = imported.world;
    if (!staging_there) world.empty_staging();
    unsigned copies = 0;
    world.loses_request = [&](const HttpRequest& request) {
      if (goes_to(request, "POST", "/chunks/copy") && copies++ == 0) world.rotate_storage_keys();
      return false;
    };
    const auto ingested = world.backup();
    ASSERT_TRUE(is(ingested, Kind::ingested_and_incremented)) << text_of(ingested, world);
    EXPECT_EQ(copies, 2u);  // signed by the old key, then by the new one
    EXPECT_EQ((*ingested)->repaired_chunks, 0u);
    world.loses_request = {};
    expect_whole(world);
  }
}

TEST(Failures, TheVaultLosesChunksOfTheSeedThatItHadProven) {
  for (const bool for_ever : {false, true}) {
    Imported imported(102);
    ChainWorld& world = imported.world;
    unsigned puts = 0;
    world.loses_request = [&](const HttpRequest& request) {
      if (goes_to(request, "PUT", "/points/") && (puts++ == 0 || for_ever))
        world.in_database("DELETE FROM vault_chunks WHERE id IN (SELECT id FROM vault_chunks LIMIT 3)");
      return false;
    };
    const auto ingested = world.backup();
    if (for_ever) {
      EXPECT_EQ(code_of(ingested), ErrorCode::io_error) << text_of(ingested, world);
      EXPECT_THAT(text_of(ingested, world), HasSubstr("loses chunks"));
      EXPECT_EQ(puts, 2u);
      world.loses_request = {};
      EXPECT_EQ(points_of(world), 0u);
      const auto again = world.backup();
      ASSERT_TRUE(is(again, Kind::ingested_and_incremented)) << text_of(again, world);
    } else {
      ASSERT_TRUE(is(ingested, Kind::ingested_and_incremented)) << text_of(ingested, world);
      EXPECT_EQ(puts, 3u);  // refused, the seed's, the increment's
      EXPECT_EQ((*ingested)->repaired_chunks, 0u);
      world.loses_request = {};
    }
    EXPECT_EQ(points_of(world), 2u);
    expect_whole(world);
  }
}

TEST(Failures, TheVaultLosesChunksOfTheLastPointAndTheIncrementSendsThem) {
  Imported imported(103);
  ChainWorld& world = imported.world;
  ASSERT_TRUE(is(world.backup(), Kind::ingested_and_incremented));
  world.in_database("DELETE FROM vault_chunks");
  const auto next = world.backup();
  ASSERT_TRUE(is(next, Kind::incremented)) << text_of(next, world);
  EXPECT_GT((*next)->read_bytes, 500'000u);  // everything was read and sent
  EXPECT_GT((*next)->sent_chunks, 10u);
  expect_whole(world);
}

TEST(Failures, EveryRequestsFirstAnswerIsLostAndEverythingIsThereOnce) {
  for (const bool before_it_left : {false, true}) {
    Started started(104);
    ChainWorld& world = started.world;
    std::set<std::string> lost;
    unsigned job_puts = 0;
    const auto first_time = [&](const HttpRequest& request) {
      return lost.insert(request.method + request.target.substr(0, request.target.find("sig="))).second;
    };
    if (before_it_left)
      world.loses_request = first_time;
    else
      world.loses_answer = [&](const HttpRequest& request) {
        if (goes_to(request, "PUT", "/jobs/job1")) job_puts++;
        return first_time(request);
      };
    ASSERT_TRUE(is(world.backup(), Kind::staged));
    world.add_drive("a");
    const auto prepared = world.prepare_drives({"a"});
    ASSERT_TRUE(prepared && *prepared) << (prepared ? prepared->error().message() : world.stuck);
    expect_jobs(world, 1, 1);
    if (!before_it_left) {
      EXPECT_EQ(job_puts, 1u);  // looked for before it was put again
    }
    const auto shipped = world.ship("FedEx", "T1");
    ASSERT_TRUE(shipped) << shipped.error().message();
    EXPECT_EQ(shipped->job.state, "Shipping");
    world.import_drives("T1");
    const auto ingested = world.backup();
    ASSERT_TRUE(is(ingested, Kind::ingested_and_incremented)) << text_of(ingested, world);
    EXPECT_EQ((*ingested)->repaired_chunks, 0u);
    EXPECT_EQ(points_of(world), 2u);
    EXPECT_GT(lost.size(), 15u);
    expect_whole(world);
    expect_jobs(world, 1, 1);
  }
}

TEST(Failures, ARottenStagedPageIsFoundBeforeADriveIsTouched) {
  Staged staged(105);
  ChainWorld& world = staged.world;
  rot(world, "/staging/job1_001.BaseBlob", 40'000);
  world.add_drive("a");
  const auto refused = world.prepare_drives({"a"});
  ASSERT_TRUE(refused);
  ASSERT_FALSE(*refused);
  EXPECT_EQ(refused->error().code, ErrorCode::corrupt);
  EXPECT_THAT(refused->error().what, HasSubstr("job1_001.BaseBlob at byte"));
  EXPECT_EQ(world.drives.at("a").cache.completed(), 0u);
  expect_jobs(world, 0, 0);

  // what the remedy says does help
  world.empty_staging();
  const auto kept = world.tree->list("/state");
  for (const DirectoryEntry& entry : *kept)
    if (entry.name.starts_with("agent.state")) {
      ASSERT_TRUE(world.tree->remove("/state/" + entry.name, 0));
    }
  const auto anew = world.backup();
  ASSERT_TRUE(is(anew, Kind::staged)) << text_of(anew, world);
  const auto prepared = world.prepare_drives({"a"});
  ASSERT_TRUE(prepared && *prepared) << (prepared ? prepared->error().message() : world.stuck);
}

TEST(Failures, ARottenStagedPageNeverRepairsTheAccounts) {
  Imported imported(106);
  ChainWorld& world = imported.world;
  rot(world, "/staging/job1_001.BaseBlob", 64 * 512 + 7);
  const auto sound = world.backup();  // the account's are good, nobody needs the rotten one
  ASSERT_TRUE(is(sound, Kind::ingested_and_incremented)) << text_of(sound, world);

  Imported both(106);
  rot(both.world, "/staging/job1_001.BaseBlob", 64 * 512 + 7);
  ASSERT_TRUE(both.world.with_account<Status>([](BlobClient& blobs) {
    return blobs.put_page("seed", "job1_001.BaseBlob", 64 * 512, Bytes(512, 0x5a));
  }));
  const auto refused = both.world.backup();
  EXPECT_EQ(code_of(refused), ErrorCode::corrupt) << text_of(refused, both.world);
  EXPECT_THAT(text_of(refused, both.world), HasSubstr("job1_001.BaseBlob bytes"));
  EXPECT_EQ(points_of(both.world), 0u);
}

TEST(Failures, AJobThatEndedWithErrorsWaitsForAPersonAndThenTakesWhatArrived) {
  for (const bool all_lost : {false, true}) {
    Staged staged(107);
    ChainWorld& world = staged.world;
    if (!all_lost) {
      put_seed(world);
      ASSERT_TRUE(world.with_account<Status>([](BlobClient& blobs) {
        return blobs.put_page("seed", "job1_001.BaseBlob", 64 * 512, Bytes(512, 0x5a));
      }));
    }
    complete_job(world, "CompletedMoreInfo", "CompletedWithErrors");
    for (int run = 0; run < 2; run++) {
      const auto refused = world.backup();
      EXPECT_EQ(code_of(refused), ErrorCode::corrupt) << text_of(refused, world);
      EXPECT_THAT(text_of(refused, world), HasSubstr("ended with errors: drive SER1 ("));
      EXPECT_THAT(refused->error().remedy, HasSubstr("--accept-import-errors"));
    }
    EXPECT_EQ(points_of(world), 0u);
    const auto taken = world.backup(0, Cut::kill, {.accept_import_errors = true});
    ASSERT_TRUE(is(taken, Kind::ingested_and_incremented)) << text_of(taken, world);
    EXPECT_EQ((*taken)->repaired_chunks, all_lost ? (*taken)->seed_chunks : 1u);
    expect_whole(world);
  }
}

TEST(Failures, AnotherComputerNeedsThePublishSettings) {
  Staged staged(108);
  ChainWorld& world = staged.world;
  world.add_drive("a");
  const auto prepare = [&](const std::string& computer, const std::string& publish_settings) {
    return *world.prepare_drives({"a"}, 0, Cut::kill, [&](DiskPrepOptions& options) {
      options.login.token_file.clear();
      options.login.publish_settings = publish_settings;
      options.computer = computer;
    });
  };
  auto refused = prepare("copy-1", "");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::refused);
  EXPECT_THAT(refused.error().message(), HasSubstr("was made on source-1, this is copy-1"));
  EXPECT_THAT(refused.error().remedy, HasSubstr("p:PUBLISHSETTINGS"));
  refused = prepare("source-1", "");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().remedy, HasSubstr("--policy"));
  const auto settings = [](const std::string& subscription) {
    return fmt::format(
        R"(<PublishData><PublishProfile SchemaVersion="2.0" PublishMethod="AzureServiceManagementAPI">)"
        R"(<Subscription ServiceManagementUrl="{}" Id="{}" Name="S" ManagementCertificate="{}" />)"
        R"(</PublishProfile></PublishData>)",
        kChainOrigin, subscription, base64(TestCertificate::shared().pfx(PfxKind::modern)));
  };
  world.plant("/etc/other.publishsettings", settings("sub9"), 0600);
  refused = prepare("copy-1", "/etc/other.publishsettings");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::refused) << refused.error().message();
  EXPECT_EQ(world.drives.at("a").cache.completed(), 0u);
  expect_jobs(world, 0, 0);
  world.plant("/etc/mine.publishsettings", settings("sub1"), 0600);
  const auto prepared = prepare("copy-1", "/etc/mine.publishsettings");
  ASSERT_TRUE(prepared) << prepared.error().message();
  expect_jobs(world, 1, 1);
}

TEST(Failures, JobsThatShareAStagingLocationKeepApart) {
  Staged staged(109);
  ChainWorld& world = staged.world;
  const Policy files = world.policy;
  ASSERT_TRUE(world.tree->make_directory("/source/db", 0755, 0));
  world.put("db/table", 150'000);
  ASSERT_TRUE(world.tree->make_directory("/state2", 0755, 0));
  world.tree->settle();
  Policy table = files;
  table.name = "database";
  table.sources = {"/source/db"};
  table.state = "/state2";
  table.seed.job = "job2";
  ASSERT_TRUE(*world.boot<Status>([&](AgentPorts& ports, VirtualRuntime&) {
    return register_computer(ports, "/etc/vault.VaultCredentials", "/state2", &table);
  }));
  world.policy = table;
  const auto second = world.backup();
  ASSERT_TRUE(is(second, Kind::staged)) << text_of(second, world);
  world.add_drive("a");
  world.add_drive("b");

  const auto prepare = [&](const std::string& slot, const std::string& job) {
    return *world.prepare_drives({slot}, 0, Cut::kill, [&](DiskPrepOptions& options) { options.job = job; });
  };
  const auto which = prepare("a", "");  // nobody is there to be asked
  ASSERT_FALSE(which);
  EXPECT_THAT(which.error().message(), HasSubstr("job1, job2"));
  EXPECT_FALSE(prepare("a", "job3"));
  for (const auto& [slot, job] : {std::pair{"a", "job1"}, std::pair{"b", "job2"}}) {
    const auto prepared = prepare(slot, job);
    ASSERT_TRUE(prepared) << prepared.error().message();
    for (const StagedFile& file : prepared->drives.at(0).files)
      EXPECT_TRUE(file.name.starts_with(std::string(job) + "_")) << file.name;
  }
  expect_jobs(world, 2, 2);
  // the drive of one job is no spare of the other
  const auto again = prepare("a", "job2");
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(again->drives.size(), 1u);
  EXPECT_EQ(again->drives[0].serial, "SERb");
}

}  // namespace
}  // namespace seedbed
