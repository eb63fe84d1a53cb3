// The whole chain: staging, drives, import, ingest, increment, restore; with and without things that go
// wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/agent/chain_steps.h"

namespace seedbed {
namespace {

using namespace testing_support;
using testing::HasSubstr;
using Kind = BackupOutcome::Kind;

TEST(Journey, WithRealDrivesFromSourceToVaultAndBack) {
  Started started(1);
  ChainWorld& world = started.world;
  auto staged = world.backup();
  ASSERT_TRUE(is(staged, Kind::staged)) << text_of(staged, world);
  EXPECT_THAT((*staged)->status_text, HasSubstr("offseed diskprep s:/staging"));
  auto waiting = world.backup();
  ASSERT_TRUE(is(waiting, Kind::waiting)) << text_of(waiting, world);
  EXPECT_TRUE((*waiting)->status_text.starts_with(kWaitingText));

  world.add_drive("a");
  const auto prepared = world.prepare_drives({"a"});
  ASSERT_TRUE(prepared && *prepared) << (prepared ? prepared->error().message() : world.stuck);
  EXPECT_EQ((*prepared)->job_state, "Creating");
  EXPECT_FALSE((*prepared)->location.address.street_address1.empty());
  const auto shipped = world.ship("FedEx", "T77");
  ASSERT_TRUE(shipped) << shipped.error().message();
  EXPECT_EQ(shipped->job.state, "Shipping");
  waiting = world.backup();
  ASSERT_TRUE(is(waiting, Kind::waiting)) << text_of(waiting, world);
  EXPECT_EQ((*waiting)->job_state, "Shipping");

  std::string lines;
  for (const std::string& line : world.import_drives("T77")) lines += line + '\n';
  const auto ingested = world.backup();
  ASSERT_TRUE(is(ingested, Kind::ingested_and_incremented)) << text_of(ingested, world) << '\n' << lines;
  EXPECT_EQ((*ingested)->repaired_chunks, 0u);
  EXPECT_GT((*ingested)->seed_chunks, 10u);

  const auto back = restore(world);
  ASSERT_TRUE(back) << back.error().message();
  expect_restored(world);
}

TEST(Journey, AfterTheIngestOnlyWhatChangedTravels) {
  Started started(2);
  ChainWorld& world = started.world;
  ASSERT_TRUE(is(world.backup(), Kind::staged));
  put_seed(world);
  complete_job(world);
  const auto ingested = world.backup();
  ASSERT_TRUE(is(ingested, Kind::ingested_and_incremented)) << text_of(ingested, world);
  EXPECT_LT(world.sent.chunk_bytes_put, 20'000u);  // the increment's catalog alone
  EXPECT_LT(world.sent.up_bytes, 60'000u);

  const auto idle = world.backup();
  ASSERT_TRUE(is(idle, Kind::incremented)) << text_of(idle, world);
  EXPECT_EQ((*idle)->read_bytes, 0u);
  EXPECT_EQ(world.sent.chunks_put, 0u);

  world.put("dir/b.bin", 200'000, 1);
  world.put("new", 40'000);
  world.tree->settle();
  const auto changed = world.backup();
  ASSERT_TRUE(is(changed, Kind::incremented)) << text_of(changed, world);
  EXPECT_EQ((*changed)->read_bytes, 240'000u);
  EXPECT_GT(world.sent.chunk_bytes_put, 200'000u);
  EXPECT_LT(world.sent.chunk_bytes_put, 300'000u);

  const auto back = restore(world);
  ASSERT_TRUE(back) << back.error().message();
  expect_restored(world);
}

TEST(Journey, APageThatWasDamagedInTheAccountIsSentFromStagingOrRefused) {
  for (const bool staging_there : {true, false}) {
    Started started(3);
    ChainWorld& world = started.world;
    ASSERT_TRUE(is(world.backup(), Kind::staged));
    put_seed(world);
    complete_job(world);
    const Status damaged = world.with_account<Status>([](BlobClient& blobs) {
      return blobs.put_page("seed", "job1_001.BaseBlob", 64 * 512, Bytes(512, 0x5a));
    });
    ASSERT_TRUE(damaged);
    if (!staging_there) {
      world.empty_staging();
      const auto refused = world.backup();
      EXPECT_EQ(code_of(refused), ErrorCode::corrupt) << text_of(refused, world);
      EXPECT_THAT(text_of(refused, world), HasSubstr("job1_001.BaseBlob bytes"));
      const auto points = world.boot<Result<std::vector<VaultPoint>>>(
          [&](AgentPorts& ports, VirtualRuntime&) { return list_points(ports, world.policy); });
      ASSERT_TRUE(*points);
      EXPECT_TRUE((*points)->empty());
      continue;
    }
    const auto ingested = world.backup();
    ASSERT_TRUE(is(ingested, Kind::ingested_and_incremented)) << text_of(ingested, world);
    EXPECT_EQ((*ingested)->repaired_chunks, 1u);
    ASSERT_TRUE(restore(world));
    expect_restored(world);
  }
}

TEST(Journey, WithoutTheStagingLocationTheAccountIsEnough) {
  Started started(4);
  ChainWorld& world = started.world;
  ASSERT_TRUE(is(world.backup(), Kind::staged));
  put_seed(world);
  complete_job(world);
  world.empty_staging();
  const auto ingested = world.backup();
  ASSERT_TRUE(is(ingested, Kind::ingested_and_incremented)) << text_of(ingested, world);
  ASSERT_TRUE(restore(world));
  expect_restored(world);
}

TEST(Journey, AStateDirectoryThatWasLostIsMadeAnew) {
  Started started(5);
  ChainWorld& world = started.world;
  ASSERT_TRUE(is(world.backup(), Kind::staged));
  ASSERT_TRUE(world.tree->remove("/state/agent.state", 0));
  ASSERT_TRUE(is(world.backup(), Kind::staged));
  put_seed(world);
  complete_job(world);
  ASSERT_TRUE(is(world.backup(), Kind::ingested_and_incremented));
  ASSERT_TRUE(world.tree->remove("/state/agent.state", 0));
  ASSERT_TRUE(world.tree->remove("/state/last.catalog", 0));
  const auto again = world.backup();
  ASSERT_TRUE(is(again, Kind::incremented)) << text_of(again, world);
  EXPECT_EQ((*again)->read_bytes, 0u);
}

TEST(Journey, WhatIsWrongIsRefusedWithARemedy) {
  Started started(6);
  ChainWorld& world = started.world;
  ASSERT_TRUE(is(world.backup(), Kind::staged));

  world.plant("/etc/passphrase", "another one\n", 0600);
  auto wrong = world.backup();
  EXPECT_EQ(code_of(wrong), ErrorCode::refused) << text_of(wrong, world);
  EXPECT_THAT(text_of(wrong, world), HasSubstr("passphrase"));
  world.plant("/etc/passphrase", "correct horse battery staple\n", 0600);

  world.policy.seed.container = "other";
  wrong = world.backup();
  EXPECT_EQ(code_of(wrong), ErrorCode::refused) << text_of(wrong, world);
  EXPECT_THAT(text_of(wrong, world), HasSubstr("seed.container"));
  world.policy.seed.container = "seed";

  world.loses_request = [](const HttpRequest&) { return true; };
  wrong = world.backup();
  EXPECT_EQ(code_of(wrong), ErrorCode::io_error) << text_of(wrong, world);
  EXPECT_FALSE(wrong->error().remedy.empty());
  world.loses_request = {};

  world.plant("/etc/token", "\n", 0600);
  wrong = world.backup();
  EXPECT_EQ(code_of(wrong), ErrorCode::invalid_argument) << text_of(wrong, world);
  world.plant("/etc/token", "a-token\n", 0600);

  // The job was there once, then it expired: no tracking number within two weeks.
  world.add_drive("a");
  ASSERT_TRUE(*world.prepare_drives({"a"}));
  auto waiting = world.backup();
  ASSERT_TRUE(is(waiting, Kind::waiting)) << text_of(waiting, world);
  world.advance(15 * 86'400);
  wrong = world.backup();
  EXPECT_EQ(code_of(wrong), ErrorCode::not_found) << text_of(wrong, world);
  EXPECT_THAT(text_of(wrong, world), HasSubstr("diskprep"));
  // And is made anew of the same drives.
  const auto again = world.prepare_drives({"a"});
  ASSERT_TRUE(again && *again) << again->error().message();
  EXPECT_EQ((*again)->drives.size(), 1u);
  EXPECT_TRUE(is(world.backup(), Kind::waiting));
}

TEST(Journey, AComputerThatIsNotRegisteredIsTold) {
  ChainWorld world(7);
  world.put_usual_tree();
  const auto refused = world.backup();
  EXPECT_EQ(code_of(refused), ErrorCode::refused);
  EXPECT_THAT(text_of(refused, world), HasSubstr("offseed register"));
}

TEST(Journey, ARestoreLeavesOtherFilesAlone) {
  Started started(8);
  ChainWorld& world = started.world;
  ASSERT_TRUE(is(world.backup(), Kind::staged));
  put_seed(world);
  complete_job(world);
  ASSERT_TRUE(is(world.backup(), Kind::ingested_and_incremented));
  world.plant("/back/mine", "precious");
  auto refused = restore(world, to("/back"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::refused);
  RestoreRequest request = to("/back/x");
  request.point = "nonsense";
  EXPECT_EQ(restore(world, request).error().code, ErrorCode::invalid_argument);
  const auto some = [&] {
    RestoreRequest chosen = to("/back/some");
    chosen.includes = {"b.bin"};
    return restore(world, chosen);
  }();
  ASSERT_TRUE(some) << some.error().message();
  EXPECT_EQ(some->report.files, 1u);

  // Killed at many places, the same restore goes on.
  uint64_t killed = 0;
  for (uint64_t at = 5; at < 400; at += 37) {
    const auto cut = world.boot<Result<RestoreOutcome>>(
        [&](AgentPorts& ports, VirtualRuntime&) { return run_restore(ports, world.policy, to("/back/cut")); },
        at, at % 2 == 0 ? Cut::kill : Cut::host_power);
    if (cut) {
      ASSERT_TRUE(*cut) << cut->error().message();
      break;
    }
    killed++;
  }
  EXPECT_GT(killed, 3u);
  if (world.hash_of("/back/cut/source") != world.hash_of("/source")) {
    const auto whole = restore(world, to("/back/cut"));
    ASSERT_TRUE(whole || whole.error().code == ErrorCode::refused) << whole.error().message();
  }
  expect_restored(world, "/back/cut");
}

// A file system in which one directory has nothing to sync, or is not to be read.
class OddParent final : public FileStore {
 public:
  OddParent(FileStore& inner, std::string path, ErrorCode code)
      : inner_(inner), path_(std::move(path)), code_(code) {}
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode how, uint32_t mode) override {
    return inner_.open(path, how, mode);
  }
  Result<FileStat> stat(const std::string& path) override { return inner_.stat(path); }
  Result<std::vector<DirectoryEntry>> list(const std::string& path) override { return inner_.list(path); }
  Status make_directory(const std::string& path, uint32_t mode) override {
    return inner_.make_directory(path, mode);
  }
  Status rename(const std::string& from, const std::string& to) override { return inner_.rename(from, to); }
  Status remove(const std::string& path) override { return inner_.remove(path); }
  Status sync_directory(const std::string& path) override {
    return path == path_ ? fail(code_, "fsync directory", path) : inner_.sync_directory(path);
  }
  Result<std::string> read_link(const std::string& path) override { return inner_.read_link(path); }
  Status set_attributes(const std::string& path, const FileAttributes& attributes) override {
    return inner_.set_attributes(path, attributes);
  }
  Result<uint64_t> free_bytes(const std::string& path) override { return inner_.free_bytes(path); }
  Result<std::string> real_path(const std::string& path) override { return inner_.real_path(path); }

 private:
  FileStore& inner_;
  std::string path_;
  ErrorCode code_;
};

TEST(Journey, ARestoreIntoADirectoryOfAnAutomounterSucceedsAndAFailedSyncIsTold) {
  Started started(8);
  ChainWorld& world = started.world;
  ASSERT_TRUE(is(world.backup(), Kind::staged));
  put_seed(world);
  complete_job(world);
  ASSERT_TRUE(is(world.backup(), Kind::ingested_and_incremented));
  const auto restored_where_sync_gives = [&](ErrorCode code, const std::string& name) {
    RestoreRequest request = to("/mounts/" + name);
    request.includes = {"b.bin"};
    return *world.boot<Result<RestoreOutcome>>([&](AgentPorts& ports, VirtualRuntime&) {
      static_cast<void>(ports.files.make_directory("/mounts", 0755));
      static_cast<void>(ports.files.make_directory(request.to, 0755));
      OddParent files(ports.files, "/mounts", code);
      AgentPorts odd{.runtime = ports.runtime,
                     .files = files,
                     .entropy = ports.entropy,
                     .person = ports.person,
                     .http = ports.http,
                     .log = {},
                     .retry = {},
                     .computer = ports.computer};
      return run_restore(odd, world.policy, request);
    });
  };
  EXPECT_TRUE(restored_where_sync_gives(ErrorCode::invalid_argument, "a"));
  EXPECT_TRUE(restored_where_sync_gives(ErrorCode::permission_denied, "b"));
  const auto failed = restored_where_sync_gives(ErrorCode::io_error, "c");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::io_error);
}

TEST(Journey, EveryPrerequisiteIsCheckedByItself) {
  Started started(9);
  ChainWorld& world = started.world;
  const auto check = [&] {
    std::map<std::string, bool> out;
    const auto found = *world.boot<Result<std::vector<Prerequisite>>>(
        [&](AgentPorts& ports, VirtualRuntime&) { return check_policy(ports, world.policy); });
    for (const Prerequisite& one : *found) {
      out[one.name] = one.ok;
      EXPECT_TRUE(one.ok || !one.remedy.empty()) << one.name << ": " << one.detail;
    }
    return out;
  };
  for (const auto& [name, ok] : check()) EXPECT_TRUE(ok) << name;
  world.policy.seed.container = "nowhere";
  world.policy.seed.location = "Atlantis";
  world.policy.sources = {"/missing"};
  ASSERT_TRUE(world.tree->remove("/etc/passphrase", 0));
  const auto bad = check();
  for (const char* name : {"location", "source", "passphrase"}) EXPECT_FALSE(bad.at(name)) << name;
  EXPECT_TRUE(bad.at("container"));  // the import makes it
  EXPECT_TRUE(bad.at("vault"));
}

// Killed at port calls all over a run, then run again: the chain ends as it would have.
void kill_all_over(uint64_t seed, Cut cut, uint64_t step, Kind phase) {
  uint64_t killed = 0;
  for (uint64_t at = 3; at < 100'000; at += step) {
    Started started(seed);
    ChainWorld& world = started.world;
    if (phase != Kind::staged) {
      ASSERT_TRUE(is(world.backup(), Kind::staged));
      put_seed(world);
      complete_job(world);
    }
    if (phase == Kind::incremented) {
      ASSERT_TRUE(is(world.backup(), Kind::ingested_and_incremented));
      world.put("dir/b.bin", 200'000, 1);
      world.tree->settle();
    }
    const auto cut_run = world.backup(at, cut);
    ASSERT_TRUE(world.stuck.empty()) << world.stuck;
    if (cut_run) {
      EXPECT_TRUE(*cut_run) << text_of(cut_run, world);
      break;
    }
    killed++;
    auto next = world.backup();
    ASSERT_TRUE(next && *next) << "killed at " << at << ": " << text_of(next, world);
    if (phase == Kind::staged) {
      put_seed(world);
      complete_job(world);
      while (is(next, Kind::staged) || is(next, Kind::waiting)) next = world.backup();
      ASSERT_TRUE(is(next, Kind::ingested_and_incremented)) << text_of(next, world);
    }
    EXPECT_LT(world.sent.chunk_bytes_put, 300'000u) << "killed at " << at;
    const auto back = restore(world);
    ASSERT_TRUE(back) << "killed at " << at << ": " << back.error().message();
    expect_restored(world);
  }
  EXPECT_GT(killed, 4u);
}

TEST(Journey, StagingKilledAnywhereGoesOn) {
  kill_all_over(20, Cut::kill, 151, Kind::staged);
}
TEST(Journey, IngestKilledAnywhereGoesOn) {
  kill_all_over(21, Cut::host_power, 59, Kind::ingested_and_incremented);
}
TEST(Journey, AnIncrementKilledAnywhereGoesOn) {
  kill_all_over(22, Cut::host_power, 53, Kind::incremented);
}

TEST(Journey, DrivesKilledAnywhereMakeOneJob) {
  uint64_t killed = 0;
  for (uint64_t at = 11; at < 100'000; at += 397) {
    Started started(30);
    ChainWorld& world = started.world;
    ASSERT_TRUE(is(world.backup(), Kind::staged));
    world.add_drive("a");
    const auto cut = world.prepare_drives({"a"}, at, Cut::host_power);
    ASSERT_TRUE(world.stuck.empty()) << world.stuck;
    if (cut) {
      ASSERT_TRUE(*cut) << cut->error().message();
      break;
    }
    killed++;
    const auto again = world.prepare_drives({"a"});
    ASSERT_TRUE(again && *again) << "killed at " << at << ": "
                                 << (again ? again->error().message() : world.stuck);
    expect_jobs(world, 1, 1);
    if (killed % 4 != 1) continue;
    ASSERT_TRUE(world.ship("FedEx", "T1"));
    ASSERT_TRUE(world.ship("FedEx", "T1"));  // the same again is fine
    world.import_drives("T1");
    const auto ingested = world.backup();
    ASSERT_TRUE(is(ingested, Kind::ingested_and_incremented))
        << "killed at " << at << ": " << text_of(ingested, world);
  }
  EXPECT_GT(killed, 3u);
}

TEST(Journey, SeveralDrivesShareTheFilesAndTooFewAreRefusedUntouched) {
  Started started(31);
  ChainWorld& world = started.world;
  world.put("large.bin", 6'000'000);
  world.tree->settle();
  ASSERT_TRUE(is(world.backup(), Kind::staged));
  for (const char* slot : {"a", "b", "c"}) world.add_drive(slot, 40 * MiB);
  const auto prepared = world.prepare_drives({"a", "b"});
  ASSERT_TRUE(prepared && *prepared) << (prepared ? prepared->error().message() : world.stuck);
  size_t files = 0;
  for (const PreparedDrive& drive : (*prepared)->drives) {
    EXPECT_TRUE(drive.complete);
    files += drive.files.size();
  }
  EXPECT_EQ(files, world.tree->list("/staging")->size());
  EXPECT_EQ(world.drives.at("c").cache.completed(), 0u);  // not named, not touched

  Started small(32);
  small.world.put("large.bin", 12'000'000);
  small.world.tree->settle();
  ASSERT_TRUE(is(small.world.backup(), Kind::staged));
  small.world.add_drive("a", 12 * MiB);
  const auto refused = small.world.prepare_drives({"a"});
  ASSERT_TRUE(refused);
  ASSERT_FALSE(*refused);
  EXPECT_EQ(small.world.drives.at("a").cache.completed(), 0u) << refused->error().message();
}

TEST(Journey, AStagingLocationIsCopiedAsPageBlobsToItsContainerOrNotAtAll) {
  Started started(33);
  ChainWorld& world = started.world;
  ASSERT_TRUE(is(world.backup(), Kind::staged));
  world.add_drive("a");
  const std::vector<std::string> head = {
      "/j:/desk/d.jrn",       "/id:session-1",   "/t:a", "/format", "/encrypt", "/silentmode",
      "/sk:c2VlZGJlZC1rZXk=", "/srcdir:/staging"};
  const auto with = [&](std::vector<std::string> more) {
    std::vector<std::string> words = head;
    words.insert(words.end(), more.begin(), more.end());
    return world.prep(words);
  };
  auto refused = with({"/dstdir:seed/", "/BlobType:BlockBlob"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::refused);
  EXPECT_THAT(refused.error().what,
              HasSubstr("this workflow will succeed only if the PageBlob option is specified"));
  refused = with({"/dstdir:other/", "/BlobType:PageBlob"});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().remedy, HasSubstr("/dstdir:seed/"));
  EXPECT_EQ(world.drives.at("a").cache.completed(), 0u);
  const auto done = with({"/dstdir:seed/", "/BlobType:PageBlob"});
  EXPECT_TRUE(done) << done.error().message();
}

}  // namespace
}  // namespace seedbed
