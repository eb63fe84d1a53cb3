#include <gtest/gtest.h>

#include "tests/staging/staging_world.h"

namespace seedbed {
namespace {

using testing_support::Cut;
using testing_support::kPassphrase;
using testing_support::Ports;
using testing_support::StagingWorld;
using testing_support::test_keys;

std::string text_of(const std::optional<Result<StageReport>>& outcome) {
  return !outcome   ? "killed"
         : *outcome ? "done"
                    : std::string(error_code_name(outcome->error().code)) + ": " + outcome->error().message();
}

std::vector<Bytes> staged_files(const StagingWorld& world) {
  std::vector<Bytes> files;
  const auto names = world.tree->list("/staging").value();
  for (const auto& entry : names) files.push_back(world.content("/staging/" + entry.name));
  return files;
}

TEST(Staging, AnIndependentReaderFindsTheWholeTree) {
  StagingWorld world(1);
  world.put_usual_tree();
  const auto outcome = world.stage_once();
  ASSERT_EQ(text_of(outcome), "done");
  const StageReport& report = **outcome;
  EXPECT_EQ(report.symlinks, 1u);
  EXPECT_EQ(report.hard_links, 2u);
  EXPECT_GT(report.zero_bytes, 500'000u);
  EXPECT_GE(report.duplicate_bytes, 140'000u);
  EXPECT_TRUE(report.problems.empty());
  EXPECT_LT(report.base_bytes, 1'000'000u);
  EXPECT_EQ(report.base_bytes % 512, 0u);
  EXPECT_EQ(world.judge(), "");
  EXPECT_EQ(world.tree->list("/staging")->size(), 2u) << "nothing but the two files";
}

TEST(Staging, TheJudgeSeesADifference) {
  StagingWorld world(2);
  world.put_usual_tree();
  ASSERT_EQ(text_of(world.stage_once()), "done");
  Bytes changed = world.content("/source/z.bin");
  changed[1000] ^= 1;
  world.set_content("/source/z.bin", changed, 1'000'000'007);
  EXPECT_NE(world.judge().find("other bytes"), std::string::npos);
}

TEST(Staging, BytesDoNotDependOnTheScheduleOrTheWorkers) {
  std::vector<Bytes> first;
  for (uint64_t i = 0; i < 4; i++) {
    StagingWorld world(3);
    world.put_usual_tree();
    world.schedule = i;
    world.workers = 1 + static_cast<unsigned>(i);
    ASSERT_EQ(text_of(world.stage_once()), "done");
    const auto files = staged_files(world);
    if (i == 0) first = files;
    EXPECT_EQ(files, first);
  }
}

TEST(Staging, SeveralBlobs) {
  StagingWorld world(4);
  world.put_usual_tree();
  world.options.blob_bytes_max = 200 * KiB;
  const auto outcome = world.stage_once();
  ASSERT_EQ(text_of(outcome), "done");
  EXPECT_GT((*outcome)->blobs.size(), 2u);
  for (const BlobSummary& blob : (*outcome)->blobs) EXPECT_LE(blob.base_bytes, 200 * KiB);
  EXPECT_EQ(world.judge(), "");
}

// Killed at port calls all over, in blobs of several sizes, killed again while it goes on: always the whole
// tree.
void kill_everywhere(Cut cut, uint64_t seed, uint64_t blob_bytes_max) {
  StagingWorld fresh(seed);
  fresh.put_usual_tree();
  fresh.options.blob_bytes_max = blob_bytes_max;
  uint64_t port_calls = 0;
  ASSERT_EQ(text_of(StagingWorld(fresh).stage_once(0, cut, &port_calls)), "done");
  Random random(seed);
  uint64_t killed = 0;
  for (uint64_t at = 1; at < port_calls; at += 1 + random.below(port_calls / 10)) {
    StagingWorld world(fresh);
    if (!world.stage_once(at, cut)) killed++;
    if (random.chance(1, 2)) world.stage_once(1 + random.below(port_calls), cut);
    world.options.blob_bytes_max = blob_bytes_max;
    const auto outcome = world.stage_once();
    ASSERT_EQ(text_of(outcome), "done") << "killed at " << at << " of " << port_calls;
    world.tree->kill();
    if (cut != Cut::kill) world.tree->power_cut();  // what was said to be done outlives a cut
    ASSERT_EQ(world.judge(), "") << "killed at " << at << " of " << port_calls;
  }
  EXPECT_GT(killed, 12u);
}

TEST(Staging, ResumesAfterAKillAnywhere) {
  kill_everywhere(Cut::kill, 5, 64 * MiB);
}
TEST(Staging, ResumesAfterAPowerCutAnywhere) {
  kill_everywhere(Cut::power, 6, 64 * MiB);
}
TEST(Staging, ResumesAfterATornPowerCutAnywhere) {
  kill_everywhere(Cut::power_scattered, 7, 64 * MiB);
}
TEST(Staging, ResumesInAnyOfSeveralBlobs) {
  kill_everywhere(Cut::power_scattered, 8, 150 * KiB);
}

// A source that counts what is read of it, over all runs.
class CountedFiles final : public FileStore {
 public:
  CountedFiles(FileStore& inner, uint64_t& read_bytes) : inner_(inner), read_bytes_(read_bytes) {}
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode how, uint32_t mode) override {
    auto file = TRY(inner_.open(path, how, mode));
    return std::make_unique<CountedFile>(std::move(file), read_bytes_);
  }
  Result<FileStat> stat(const std::string& path) override { return inner_.stat(path); }
  Result<std::vector<DirectoryEntry>> list(const std::string& path) override { return inner_.list(path); }
  Status make_directory(const std::string&, uint32_t) override { return no(); }
  Status rename(const std::string&, const std::string&) override { return no(); }
  Status remove(const std::string&) override { return no(); }
  Status sync_directory(const std::string&) override { return no(); }
  Result<std::string> read_link(const std::string& path) override { return inner_.read_link(path); }
  Result<uint64_t> free_bytes(const std::string& path) override { return inner_.free_bytes(path); }
  Result<std::string> real_path(const std::string& path) override { return inner_.real_path(path); }

 private:
  class CountedFile final : public File {
   public:
    CountedFile(std::unique_ptr<File> inner, uint64_t& read_bytes)
        : inner_(std::move(inner)), read_bytes_(read_bytes) {}
    Result<uint64_t> size() override { return inner_->size(); }
    Result<size_t> read_at(uint64_t offset_bytes, MutableByteSpan out) override {
      const auto got = inner_->read_at(offset_bytes, out);
      read_bytes_ += got.value_or(0);
      return got;
    }
    Status write_at(uint64_t, ByteSpan) override { return no(); }
    Status truncate(uint64_t) override { return no(); }
    Status sync() override { return no(); }
    Status lock() override { return no(); }

   private:
    std::unique_ptr<File> inner_;
    uint64_t& read_bytes_;
  };
  static Status no() { return fail(ErrorCode::permission_denied, "the source is only read"); }
  FileStore& inner_;
  uint64_t& read_bytes_;
};

TEST(Staging, AResumeReadsABatchAgainAtMost) {
  StagingWorld fresh(9);
  for (int i = 0; i < 4; i++) fresh.put("large" + std::to_string(i), 900'000);
  for (int i = 0; i < 200; i++) fresh.put("s" + std::to_string(i), 2000);
  fresh.tree->settle();
  uint64_t port_calls = 0;
  const auto whole = StagingWorld(fresh).stage_once(0, Cut::kill, &port_calls);
  ASSERT_EQ(text_of(whole), "done");
  const uint64_t all_bytes = (*whole)->read_bytes;
  for (const Cut cut : {Cut::kill, Cut::power}) {
    for (uint64_t part = 1; part < 10; part += 2) {
      StagingWorld world(fresh);
      uint64_t read_bytes = 0;
      const auto run = [&](uint64_t kill_at) {
        std::optional<Result<StageReport>> outcome;
        world.boot(
            [&](Ports& ports) {
              CountedFiles counted(ports.files, read_bytes);
              outcome = stage({ports.runtime, counted, ports.files, ports.entropy, world.person},
                              world.request, test_keys(), world.options);
            },
            kill_at, cut);
        return outcome;
      };
      ASSERT_FALSE(run(port_calls * part / 10));
      const auto told = world.person.said_as<Progress>();
      const uint64_t durable_bytes = told.empty() ? 0 : told.back().done_bytes;
      const auto rest = run(0);
      ASSERT_EQ(text_of(rest), "done");
      EXPECT_LE((*rest)->read_bytes, all_bytes - durable_bytes) << "promised " << durable_bytes;
      EXPECT_LE(read_bytes, all_bytes + world.options.batch_bytes) << "killed at " << part << " tenths";
      EXPECT_EQ(world.judge(), "");
    }
  }
}

TEST(Staging, WhatChangesBetweenTwoRunsIsStagedAsItIsNow) {
  StagingWorld fresh(10);
  fresh.put_usual_tree();
  uint64_t port_calls = 0;
  ASSERT_EQ(text_of(StagingWorld(fresh).stage_once(0, Cut::kill, &port_calls)), "done");
  for (uint64_t part = 2; part < 10; part++) {
    StagingWorld world(fresh);
    ASSERT_FALSE(world.stage_once(port_calls * part / 10, Cut::power));
    Random random(part);
    for (const char* path : {"/source/a.bin", "/source/d/deep/b.bin", "/source/d/small3", "/source/z.bin"})
      if (random.chance(1, 2)) world.set_content(path, world.content("/source/d/sparse"), 9'000'000'000);
    for (const char* path : {"/source/d/small4", "/source/one"})
      if (random.chance(1, 2)) {
        ASSERT_TRUE(world.tree->remove(path, 0));
      }
    world.put("d/a new one", 30'000);
    ASSERT_TRUE(world.tree->set_mode("/source/d/small5", 0600));
    world.tree->settle();
    ASSERT_EQ(text_of(world.stage_once()), "done");
    EXPECT_EQ(world.judge(), "") << part;
  }
}

TEST(Staging, TooLittleSpaceIsToldBeforeAnythingIsWritten) {
  StagingWorld world(11);
  world.put_usual_tree();
  world.tree->set_capacity(2 * MiB);  // the source takes more than half of it
  const auto outcome = world.stage_once();
  ASSERT_TRUE(outcome && !*outcome);
  EXPECT_EQ(outcome->error().code, ErrorCode::out_of_space);
  EXPECT_NE(outcome->error().remedy, "");
  EXPECT_TRUE(world.tree->list("/staging")->empty());
  world.options.assume_ratio = 0.5;
  world.tree->set_capacity(3 * MiB);
  EXPECT_EQ(text_of(world.stage_once()), "done");
}

TEST(Staging, ADiskThatFillsUpIsNoLoss) {
  StagingWorld world(12);
  world.put("a", 400'000);
  world.put("b", 600'000);
  world.tree->settle();
  world.options.assume_ratio = 0.1;
  world.tree->set_capacity(1'350'000);
  const auto outcome = world.stage_once();
  ASSERT_TRUE(outcome && !*outcome);
  EXPECT_EQ(outcome->error().code, ErrorCode::out_of_space) << text_of(outcome);
  world.tree->kill();
  world.tree->set_capacity(1 * GiB);
  EXPECT_EQ(text_of(world.stage_once()), "done");
  EXPECT_EQ(world.judge(), "");
}

TEST(Staging, OtherPassphrasesAndOtherBackupsAreRefused) {
  StagingWorld world(13);
  world.put_usual_tree();
  ASSERT_EQ(text_of(world.stage_once()), "done");
  const auto before = staged_files(world);
  const auto other = derive_chunk_keys(SecretBytes::of_text("another"), world.request.kdf).value();
  world.boot([&](Ports& ports) {
    const auto wrong = stage({ports.runtime, ports.files, ports.files, ports.entropy, world.person},
                             world.request, other, world.options);
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().code, ErrorCode::permission_denied);
    EXPECT_NE(wrong.error().remedy.find("passphrase"), std::string::npos);
    StageRequest request = world.request;
    request.inputs.backup_id[0] = 'f';
    const auto foreign = stage({ports.runtime, ports.files, ports.files, ports.entropy, world.person},
                               request, test_keys(), world.options);
    ASSERT_FALSE(foreign);
    EXPECT_EQ(foreign.error().code, ErrorCode::already_exists);
  });
  EXPECT_EQ(staged_files(world), before);
  const auto again = world.stage_once();
  ASSERT_EQ(text_of(again), "done");
  EXPECT_TRUE((*again)->already_complete);
  EXPECT_EQ(staged_files(world), before);
}

TEST(Staging, TwoJobsShareALocation) {
  StagingWorld world(14);
  world.put_usual_tree();
  ASSERT_EQ(text_of(world.stage_once()), "done");
  world.request.inputs.job = "job2";
  world.request.inputs.backup_id[0] = 'f';
  world.options.blob_bytes_max = 200 * KiB;
  ASSERT_FALSE(world.stage_once(700));
  world.boot([&](Ports& ports) {
    const auto jobs = find_staging_jobs(ports.files, "/staging");
    ASSERT_TRUE(jobs) << jobs.error().message();
    ASSERT_EQ(jobs->size(), 2u);
    EXPECT_TRUE((*jobs)[0].complete);
    EXPECT_EQ((*jobs)[0].inputs.account, "devstoreaccount1");
    EXPECT_FALSE((*jobs)[1].complete);
    EXPECT_EQ((*jobs)[1].inputs.job, "job2");
  });
  ASSERT_EQ(text_of(world.stage_once()), "done");
  EXPECT_EQ(world.judge(), "");
  world.request.inputs.job = "job1";
  EXPECT_EQ(world.judge(), "");
  world.boot([&](Ports& ports) {
    const auto job = find_staging_job(ports.files, "/staging", "job2");
    ASSERT_TRUE(job && *job);
    EXPECT_TRUE((*job)->complete);
    EXPECT_GT((*job)->blobs.size(), 2u);
    const auto catalog = read_staged_catalog(ports.files, "/staging", **job, test_keys());
    ASSERT_TRUE(catalog) << catalog.error().message();
    EXPECT_NE(catalog->find("source/d/link"), nullptr);
  });
}

TEST(Staging, ARottenByteIsFoundWithItsPlace) {
  StagingWorld world(15);
  world.put_usual_tree();
  ASSERT_EQ(text_of(world.stage_once()), "done");
  const std::string path = "/staging/job1_001.BaseBlob";
  const Bytes sound = world.content(path);
  Random random(15);
  for (int i = 0; i < 20; i++) {
    Bytes rotten = sound;
    const size_t at = random.below(sound.size());
    rotten[at] ^= static_cast<uint8_t>(1 << random.below(8));
    world.set_content(path, rotten, 0);
    world.boot([&](Ports& ports) {
      const auto check = check_staging(ports.runtime, ports.files, "/staging", "job1");
      ASSERT_TRUE(check);
      ASSERT_EQ(check->damage.size(), 1u) << at;
      EXPECT_EQ(check->damage[0].file, path);
      EXPECT_LE(check->damage[0].offset_bytes, at);
      EXPECT_GT(check->damage[0].offset_bytes + check->damage[0].length_bytes, at);
    });
    EXPECT_NE(world.judge(), "");
  }
  world.set_content(path, sound, 0);
  world.boot([&](Ports& ports) {
    EXPECT_TRUE(check_staging(ports.runtime, ports.files, "/staging", "job1")->damage.empty());
  });
}

TEST(Staging, ADamagedIndexIsMadeAnewFromTheBlob) {
  StagingWorld world(16);
  world.put_usual_tree();
  world.options.blob_bytes_max = 250 * KiB;
  ASSERT_EQ(text_of(world.stage_once()), "done");
  const auto before = staged_files(world);
  for (const char* path : {"/staging/job1_001.AIBBlob", "/staging/job1_002.AIBBlob"}) {
    const Aib good = parse_aib(world.content(path)).value();
    world.boot([&](Ports& ports) {
      const std::string base = std::string(path).substr(0, 17) + ".BaseBlob";
      const auto rebuilt = rebuild_aib(ports.files, base, test_keys());
      ASSERT_TRUE(rebuilt) << rebuilt.error().message();
      EXPECT_EQ(rebuilt->entries, good.entries);
    });
    Bytes damaged = world.content(path);
    damaged[damaged.size() / 2] ^= 8;
    world.set_content(path, damaged, 0);
    ASSERT_EQ(text_of(world.stage_once()), "done");
    EXPECT_EQ(world.judge(), "");
    EXPECT_EQ(parse_aib(world.content(path)).value().entries, good.entries);
  }
}

// A file that another program writes into while it is read.
class RestlessFiles final : public FileStore {
 public:
  RestlessFiles(FileStore& inner, std::shared_ptr<FileTree> tree, std::string path, int times)
      : inner_(inner), tree_(std::move(tree)), path_(std::move(path)), times_(times) {}
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode how, uint32_t mode) override {
    auto file = inner_.open(path, how, mode);
    if (path == path_ && times_-- > 0) static_cast<void>(tree_->set_modified(path, 77'000'000'000 + times_));
    return file;
  }
  Result<FileStat> stat(const std::string& path) override { return inner_.stat(path); }
  Result<std::vector<DirectoryEntry>> list(const std::string& path) override { return inner_.list(path); }
  Status make_directory(const std::string&, uint32_t) override { return no(); }
  Status rename(const std::string&, const std::string&) override { return no(); }
  Status remove(const std::string&) override { return no(); }
  Status sync_directory(const std::string&) override { return no(); }
  Result<std::string> read_link(const std::string& path) override { return inner_.read_link(path); }
  Result<uint64_t> free_bytes(const std::string& path) override { return inner_.free_bytes(path); }
  Result<std::string> real_path(const std::string& path) override { return inner_.real_path(path); }

 private:
  static Status no() { return fail(ErrorCode::permission_denied, "the source is only read"); }
  FileStore& inner_;
  std::shared_ptr<FileTree> tree_;
  std::string path_;
  int times_;
};

TEST(Staging, AFileThatChangesWhileItIsReadIsReadAgainAndThenReported) {
  for (const char* path : {"/source/a.bin", "/source/d/small7"}) {
    for (const int times : {1, 2, 9}) {
      StagingWorld world(17);
      world.put_usual_tree();
      std::optional<Result<StageReport>> outcome;
      world.boot([&](Ports& ports) {
        RestlessFiles restless(ports.files, world.tree, path, times);
        outcome = stage({ports.runtime, restless, ports.files, ports.entropy, world.person}, world.request,
                        test_keys(), world.options);
      });
      ASSERT_EQ(text_of(outcome), "done");
      const std::string name = std::string(path).substr(1);
      EXPECT_EQ((*outcome)->changed,
                times == 9 ? std::vector<std::string>{name} : std::vector<std::string>{});
      std::vector<std::string> but;
      if (times == 9) but = {name, "source/d/other name"};
      EXPECT_EQ(world.judge(but), "");
    }
  }
}

TEST(Staging, WhatCannotBeReadIsReportedAndTheRestIsStaged) {
  StagingWorld world(18);
  world.put_usual_tree();
  ASSERT_TRUE(world.tree->set_mode("/source/a.bin", 0));  // its other name is as unreadable
  ASSERT_TRUE(world.tree->set_mode("/source/d/deep", 0));
  const auto outcome = world.stage_once();
  ASSERT_EQ(text_of(outcome), "done");
  EXPECT_EQ((*outcome)->problems.size(), 3u);
  ASSERT_TRUE(world.tree->set_mode("/source/d/deep", 0755));
  const std::string findings = world.judge({"source/a.bin", "source/d/other name", "source/d/deep"});
  EXPECT_EQ(findings, "");
}

TEST(Staging, ASourceThatDropsOutEndsTheRunAndNothingIsTakenForMissing) {
  StagingWorld world(19);
  world.put_usual_tree();
  ASSERT_FALSE(world.stage_once(900));
  world.tree->unreach("/source");
  const auto gone = world.stage_once();
  ASSERT_TRUE(gone && !*gone);
  EXPECT_EQ(gone->error().code, ErrorCode::device_gone);
  world.tree->reach_everything();
  ASSERT_EQ(text_of(world.stage_once()), "done");
  EXPECT_EQ(world.judge(), "");
}

TEST(Staging, ExcludesAndTheStagingLocationItself) {
  StagingWorld world(20);
  world.put_usual_tree();
  ASSERT_TRUE(world.tree->make_directory("/source/staging", 0755, 0));
  world.request.staging_path = "/source/staging";
  world.request.source.excludes = {"small1?", "/source/d/deep"};
  ASSERT_EQ(text_of(world.stage_once()), "done");
  world.boot([&](Ports& ports) {
    const auto job = find_staging_job(ports.files, "/source/staging", "job1");
    ASSERT_TRUE(job && *job);
    const auto catalog = read_staged_catalog(ports.files, "/source/staging", **job, test_keys());
    ASSERT_TRUE(catalog);
    EXPECT_EQ(catalog->find("source/d/small11"), nullptr);
    EXPECT_NE(catalog->find("source/d/small1"), nullptr);
    EXPECT_EQ(catalog->find("source/d/deep"), nullptr);
    EXPECT_EQ(catalog->find("source/staging"), nullptr);
  });
}

}  // namespace
}  // namespace seedbed
