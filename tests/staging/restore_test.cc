#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "engine/linux/posix_files.h"
#include "engine/linux/thread_runtime.h"
#include "tests/staging/staging_world.h"
#include "tests/support/temp_directory.h"

namespace seedbed {
namespace {

using testing_support::Cut;
using testing_support::Ports;
using testing_support::StagingWorld;
using testing_support::test_keys;

struct Kept {
  std::map<ChunkId, Bytes> records;
  Catalog catalog;
  std::vector<ChunkId> parts;
  uint64_t read_bytes = 0;
};

void back_up(StagingWorld& world, Kept& kept, bool with_previous) {
  world.boot([&](Ports& ports) {
    TreeRequest request{
        .source = world.request.source,
        .previous = with_previous ? &kept.catalog : nullptr,
        .upload = 7,
        .stream = {.chunks = world.options.chunks, .in_flight_bytes = 256 * KiB, .mark_bytes = 1 * MiB}};
    auto backup = chunk_tree(
        ports.runtime, ports.files, ports.entropy, request, test_keys(),
        [&](const ChunkId& id) { return kept.records.contains(id); },
        [&](const ChunkId& id, Bytes record) -> Status {
          EXPECT_TRUE(kept.records.emplace(id, std::move(record)).second);
          return {};
        });
    ASSERT_TRUE(backup) << backup.error().message();
    kept.parts = backup->catalog_chunks;
    kept.read_bytes = backup->report.read_bytes;
    kept.catalog = std::move(backup->catalog);
  });
}

Result<RestoreReport> restore(StagingWorld& world, const Kept& kept, uint64_t kill_at = 0,
                              RestoreOptions options = {.to = "/restored"}, Cut cut = Cut::power) {
  Result<RestoreReport> outcome = fail(ErrorCode::internal, "killed");
  const auto end = world.boot(
      [&](Ports& ports) {
        const auto fetch = [&](const ChunkId& id) -> Result<Bytes> {
          const auto found = kept.records.find(id);
          if (found == kept.records.end()) return fail(ErrorCode::not_found, "no such chunk");
          return found->second;
        };
        const auto catalog = open_catalog(test_keys(), kept.parts, fetch);
        if (!catalog) {
          outcome = std::unexpected(catalog.error());
          return;
        }
        EXPECT_EQ(*catalog, kept.catalog);
        outcome = restore_tree(ports.runtime, ports.files, *catalog, test_keys(), fetch, options);
      },
      kill_at, cut);
  EXPECT_EQ(end.stuck, "");
  return outcome;
}

// A restored tree is compared as if it were the source.
void expect_same(StagingWorld& world, const std::string& strip = "source") {
  world.boot([&](Ports& ports) {
    std::vector<std::string> to_visit{""};
    std::map<uint64_t, uint64_t> inodes;
    while (!to_visit.empty()) {
      const std::string path = to_visit.back();
      to_visit.pop_back();
      const auto was = ports.files.stat("/source" + path), is = ports.files.stat("/restored/" + strip + path);
      ASSERT_TRUE(was && is) << path;
      EXPECT_EQ(was->kind, is->kind) << path;
      EXPECT_EQ(was->mode, is->mode) << path;
      EXPECT_EQ(was->modified_ns, is->modified_ns) << path;
      EXPECT_EQ(was->link_count, is->link_count) << path;
      if (was->kind == FileKind::symlink) {
        EXPECT_EQ(*ports.files.read_link("/source" + path),
                  *ports.files.read_link("/restored/" + strip + path));
      }
      if (was->kind == FileKind::file) {
        EXPECT_EQ(world.content("/source" + path), world.content("/restored/" + strip + path)) << path;
        const auto [pair, is_new] = inodes.try_emplace(was->inode, is->inode);
        EXPECT_EQ(pair->second, is->inode) << path;
      }
      if (was->kind != FileKind::directory) continue;
      const auto names = ports.files.list("/source" + path).value();
      EXPECT_EQ(names.size(), ports.files.list("/restored/" + strip + path)->size()) << path;
      for (const auto& name : names) to_visit.push_back(path + "/" + name.name);
    }
  });
}

TEST(Restore, ATreeComesBackAsItWas) {
  StagingWorld world(30);
  world.put_usual_tree();
  Kept kept;
  back_up(world, kept, false);
  const auto report = restore(world, kept);
  ASSERT_TRUE(report) << report.error().message();
  expect_same(world);
  const auto again = restore(world, kept);
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(again->kept, again->files);
  expect_same(world);
}

TEST(Restore, AnIncrementReadsAndSealsOnlyWhatChanged) {
  StagingWorld world(31);
  world.put_usual_tree();
  Kept kept;
  back_up(world, kept, false);
  const size_t before = kept.records.size();
  back_up(world, kept, true);
  EXPECT_EQ(kept.read_bytes, 0u);
  EXPECT_EQ(kept.records.size(), before);
  Bytes changed = world.content("/source/d/deep/b.bin");
  changed.insert(changed.begin() + 200'000, {1, 2, 3});
  world.set_content("/source/d/deep/b.bin", changed, 99);
  ASSERT_TRUE(world.tree->remove("/source/z.bin", 0));
  back_up(world, kept, true);
  EXPECT_EQ(kept.read_bytes, changed.size());
  EXPECT_LT(kept.records.size(), before + 8) << "an insertion moves only the cuts near it";
  ASSERT_TRUE(restore(world, kept));
  expect_same(world);
}

// A restore that dies at port calls all over its way is given again; what it then says outlasts a power cut.
void expect_gone_on_from(uint64_t seed, Cut cut) {
  StagingWorld fresh(seed);
  fresh.put_usual_tree();
  Kept kept;
  back_up(fresh, kept, false);
  uint64_t killed = 0;
  for (uint64_t at = 3; at < 900; at += 23) {
    StagingWorld world(fresh);
    if (!restore(world, kept, at, {.to = "/restored"}, cut)) killed++;
    const auto report = restore(world, kept);
    ASSERT_TRUE(report) << "killed at " << at << ": " << report.error().message();
    world.tree->kill();
    world.tree->power_cut();
    expect_same(world);
  }
  EXPECT_GT(killed, 10u);
}

TEST(Restore, ACutAnywhereIsGoneOnFrom) {
  expect_gone_on_from(32, Cut::power);
}

// The power stays, so a second try finds all that the first one made: it must see to what is not durable.
TEST(Restore, AKillAnywhereIsGoneOnFromAndNothingOfItIsLostLater) {
  expect_gone_on_from(36, Cut::kill);
}

TEST(Restore, ALinkWhoseTimeAPowerCutTookGetsItAgain) {
  StagingWorld world(37);
  world.put_usual_tree();
  Kept kept;
  back_up(world, kept, false);
  ASSERT_TRUE(restore(world, kept));
  ASSERT_TRUE(world.tree->set_attributes("/restored/source/d/link",
                                         {.mode = {}, .modified_ns = 1, .owner_and_group = {}}));
  ASSERT_TRUE(restore(world, kept));
  world.tree->power_cut();
  expect_same(world);
}

TEST(Restore, PartsOfATreeAndOtherPlaces) {
  StagingWorld world(33);
  world.put_usual_tree();
  Kept kept;
  back_up(world, kept, false);
  ASSERT_TRUE(restore(world, kept, 0,
                      {.to = "/restored/x", .includes = {"/source/d/deep", "z*"}, .strip_prefix = "source"}));
  EXPECT_EQ(world.content("/restored/x/d/deep/b.bin"), world.content("/source/d/deep/b.bin"));
  EXPECT_EQ(world.content("/restored/x/z one"), world.content("/source/one"))
      << "a hard link whose first name was not asked for";
  EXPECT_FALSE(world.tree->stat("/restored/x/a.bin"));
}

TEST(Restore, WhatStandsThereIsNotReplacedUnasked) {
  StagingWorld world(34);
  world.put_usual_tree();
  Kept kept;
  back_up(world, kept, false);
  ASSERT_TRUE(world.tree->make_directory("/restored/source", 0755, 0));
  ASSERT_TRUE(world.tree->plant_file("/restored/source/a.bin", Bytes(10, 1)));
  const auto refused = restore(world, kept);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::already_exists);
  EXPECT_EQ(world.content("/restored/source/a.bin"), Bytes(10, 1));
  ASSERT_TRUE(restore(world, kept, 0, {.to = "/restored", .overwrite = true}));
  expect_same(world);
}

TEST(Restore, ALinkInTheWayIsNotFollowed) {
  StagingWorld world(35);
  world.put_usual_tree();
  Kept kept;
  back_up(world, kept, false);
  ASSERT_TRUE(world.tree->make_directory("/elsewhere", 0755, 0));
  ASSERT_TRUE(world.tree->plant_symlink("/elsewhere", "/restored/source"));
  const auto refused = restore(world, kept);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::refused);
  EXPECT_TRUE(world.tree->list("/elsewhere")->empty());
}

TEST(Restore, PathsThatLeadOutAreRefusedBeforeAnythingIsWritten) {
  for (const char* path : {"../x", "/x", "a/../../x", "a//b", "", "a/."}) {
    StagingWorld world(36);
    Catalog catalog;
    catalog.entries.push_back({.path = path, .kind = FileKind::directory});
    if (catalog_path_is_safe(path)) continue;
    world.boot([&](Ports& ports) {
      const auto report =
          restore_tree(ports.runtime, ports.files, catalog, test_keys(),
                       [](const ChunkId&) -> Result<Bytes> { return Bytes(); }, {.to = "/restored"});
      ASSERT_FALSE(report);
      EXPECT_EQ(report.error().code, ErrorCode::refused);
    });
    EXPECT_TRUE(world.tree->list("/restored")->empty());
  }
}

TEST(Restore, ADamagedOrExchangedChunkIsNamed) {
  StagingWorld world(37);
  world.put("a", 30'000);
  world.put("b", 30'000);
  Kept kept;
  back_up(world, kept, false);
  const auto ids = kept.catalog.chunk_ids();
  ASSERT_GE(ids.size(), 2u);
  std::swap(kept.records.at(ids[0]), kept.records.at(ids[1]));
  const auto report = restore(world, kept);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::corrupt);
  EXPECT_NE(report.error().where.find(chunk_id_text(ids[0])), std::string::npos);
}

TEST(Restore, OnThreadsAndRealFilesToo) {
  const testing_support::TempDirectory top;
  const std::string source = std::filesystem::canonical(top.path()).string() + "/source";
  for (const char* name : {"/source", "/source/d", "/staging", "/restored"})
    std::filesystem::create_directory(top.path() + name);
  Random random(38);
  for (int i = 0; i < 60; i++) {
    Bytes bytes(i % 10 == 0 ? random.below(3 * MiB) : random.below(9000));
    random.fill(bytes);
    if (i % 3 == 0) std::fill_n(bytes.begin(), bytes.size() / 2, uint8_t{0});
    std::ofstream(source + (i % 2 == 0 ? "/d/f" : "/f") + std::to_string(i), std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }
  std::filesystem::create_symlink("nowhere", source + "/link");
  std::filesystem::create_hard_link(source + "/f1", source + "/d/f1 again");

  ThreadRuntime runtime({.workers = 3, .utc_clock = {}});
  PosixFiles files;
  SeededEntropy entropy(38, 0);
  StagingWorld world(38);
  world.request.source.paths = {source};
  world.request.staging_path = top.file("staging");
  const auto report =
      stage({runtime, files, files, entropy, world.person}, world.request, test_keys(), world.options);
  ASSERT_TRUE(report) << report.error().message();
  const reference::StagedSeed seed =
      reference::read_staged_seed(files, top.file("staging"), "job1", testing_support::kPassphrase);
  ASSERT_TRUE(seed.findings.empty()) << seed.findings.front().line();
  const auto keys =
      reference::derive_seal_keys(testing_support::kPassphrase, seed.indexes.front().facts.stretch);
  const auto differences = reference::compare_with_source(seed.tree, *keys, seed.fetch(), files, source);
  EXPECT_TRUE(differences.empty()) << differences.front().line();

  const auto job = find_staging_job(files, top.file("staging"), "job1");
  const auto catalog = read_staged_catalog(files, top.file("staging"), **job, test_keys());
  ASSERT_TRUE(catalog) << catalog.error().message();
  const auto fetch = [&](const ChunkId& id) { return seed.fetch()(id); };
  const auto restored = restore_tree(runtime, files, *catalog, test_keys(), fetch,
                                     {.to = top.file("restored"), .strip_prefix = source});
  ASSERT_TRUE(restored) << restored.error().message();
  for (const auto& entry : std::filesystem::recursive_directory_iterator(source)) {
    const std::string relative = entry.path().string().substr(source.size());
    const FileStat was = files.stat(source + relative).value(),
                   is = files.stat(top.file("restored") + relative).value();
    EXPECT_EQ(was.kind, is.kind);
    EXPECT_EQ(was.mode, is.mode) << relative;
    EXPECT_EQ(was.modified_ns, is.modified_ns) << relative;
    EXPECT_EQ(was.link_count, is.link_count) << relative;
    if (was.kind == FileKind::file) {
      EXPECT_EQ(read_file(files, source + relative, 1 * GiB).value(),
                read_file(files, top.file("restored") + relative, 1 * GiB).value());
    }
  }
}

}  // namespace
}  // namespace seedbed
