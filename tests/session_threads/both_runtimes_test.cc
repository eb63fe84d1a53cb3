// The same session from the same entropy on OS threads and on fibres: identical drives, identical journals;
// the same staging: identical base blobs and indexes.
// Under TSan the thread half is what counts.
#include <gtest/gtest.h>

#include "engine/linux/thread_runtime.h"
#include "engine/staging/staging_area.h"
#include "tests/support/session_world.h"
#include "tests/support/stopped_clock.h"

namespace seedbed {
namespace {

using namespace testing_support;

struct Outcome {
  uint64_t drive = 0;
  std::string journal;
};

Outcome prepare(Runtime& runtime, SessionWorld& world) {
  SimulatedFiles files(runtime, world.tree, {.latency_ns = 0});
  SeededEntropy entropy(world.seed, 0);
  const auto open = [&](const std::string&) -> Result<std::unique_ptr<BlockDevice>> {
    return std::make_unique<SimulatedDrive>(runtime, world.drive);
  };
  const auto options = parse_prep_import(SessionWorld::first_words());
  PrepPorts ports{runtime, files, entropy, world.person, shared_formatter(), open, &shared_stretcher()};
  const auto outcome = prep_import(ports, *options, world.session, false);
  EXPECT_TRUE(outcome) << outcome.error().message();
  return {world.drive.cache.visible().hash(),
          std::string(as_text(read_file(files, "/desk/d.jrn", 1 * MiB).value_or(Bytes())))};
}

SessionWorld instant_world(uint64_t seed) {
  SessionWorld world(seed);
  world.drive.speed = {.request_ns = 0, .flush_ns = 0, .bytes_per_second = 1'000'000'000'000};
  world.put_usual_tree();
  return world;
}

Outcome on_fibres(uint64_t seed, uint64_t schedule) {
  SessionWorld world = instant_world(seed);
  Scheduler scheduler({.seed = schedule, .start_ns = 1'000'000'000, .trace = {}});
  VirtualRuntime machine(scheduler, {.name = "machine", .workers = 3, .utc_ns = 0, .costs = {}});
  StoppedClock clock(machine);
  Outcome outcome;
  Task task = machine.spawn("command", [&] { outcome = prepare(clock, world); });
  const Status ran = scheduler.run();
  EXPECT_TRUE(ran) << ran.error().message();
  task.reset();
  EXPECT_EQ(world.judge().size(), 0u);
  return outcome;
}

TEST(BothRuntimes, WriteIdenticalDrivesAndJournals) {
  for (const uint64_t seed : {1u, 2u, 3u}) {
    SessionWorld world = instant_world(seed);
    ThreadRuntime threads({.workers = 3, .utc_clock = {}});
    StoppedClock clock(threads);
    const Outcome threaded = prepare(clock, world);
    for (const uint64_t schedule : {10u, 11u}) {
      const Outcome fibred = on_fibres(seed, schedule);
      EXPECT_EQ(threaded.drive, fibred.drive) << "seed " << seed << ", schedule " << schedule;
      EXPECT_EQ(threaded.journal, fibred.journal) << "seed " << seed << ", schedule " << schedule;
    }
  }
}

// What is staged, by the bytes of its files; the tree's own times do not count.
uint64_t stage_tree(Runtime& runtime, uint64_t seed) {
  auto tree = std::make_shared<FileTree>();
  for (const char* directory : {"/source", "/source/d", "/staging"})
    EXPECT_TRUE(tree->make_directory(directory, 0755, 0));
  for (const auto& [path, size_bytes] : {std::pair<const char*, size_t>{"/source/a", 900'000},
                                         {"/source/d/b", 400'000},
                                         {"/source/d/copy of a", 900'000},
                                         {"/source/d/empty", 0},
                                         {"/source/one", 1}}) {
    Bytes content(size_bytes);
    Random(sub_seed(seed, size_bytes == 900'000 ? "a" : path)).fill(content);
    for (size_t i = 0; i < size_bytes; i++)
      if (i / 3000 % 2 == 0) content[i] = static_cast<uint8_t>("abcd"[content[i] % 4]);
    EXPECT_TRUE(tree->plant_file(path, content, 0640, 1'000'000'007));
  }
  EXPECT_TRUE(tree->plant_symlink("a", "/source/link"));
  tree->settle();
  SimulatedFiles files(runtime, tree, {.latency_ns = 0});
  SeededEntropy entropy(seed, 0);
  ScriptedOperator person;
  StageRequest request;
  request.source.paths = {"/source"};
  request.staging_path = "/staging";
  request.inputs.job = "job1";
  request.inputs.backup_id = "00112233445566778899aabbccddeeff";
  request.kdf = {.log2_n = 10, .r = 8, .p = 1, .salt = Bytes(16, 0x5a)};
  StageOptions options;
  options.chunks = {.min_bytes = 4 * KiB, .average_bytes = 16 * KiB, .max_bytes = 64 * KiB};
  options.batch_bytes = 512 * KiB;
  options.blob_bytes_max = 1 * MiB;
  const auto keys = derive_chunk_keys(SecretBytes::of_text("a passphrase"), request.kdf);
  const auto report = stage({runtime, files, files, entropy, person}, request, *keys, options);
  EXPECT_TRUE(report) << report.error().message();
  EXPECT_GT(report->chunks, 30u);
  TraceHash hash;
  const auto staged = files.list("/staging");
  EXPECT_GE(staged->size(), 2u);
  for (const DirectoryEntry& entry : *staged) {
    hash.mix(entry.name);
    hash.mix(as_text(read_file(files, "/staging/" + entry.name, 16 * MiB).value_or(Bytes())));
  }
  return hash.value();
}

TEST(BothRuntimes, StageIdenticalBlobsAndIndexes) {
  std::set<uint64_t> different;
  for (const uint64_t seed : {1u, 2u}) {
    ThreadRuntime threads({.workers = 3, .utc_clock = {}});
    StoppedClock clock(threads);
    const uint64_t threaded = stage_tree(clock, seed);
    different.insert(threaded);
    for (const uint64_t schedule : {10u, 11u}) {
      Scheduler scheduler({.seed = schedule, .start_ns = 1'000'000'000, .trace = {}});
      VirtualRuntime machine(scheduler, {.name = "machine", .workers = 3, .utc_ns = 0, .costs = {}});
      StoppedClock stopped(machine);
      uint64_t fibred = 0;
      Task task = machine.spawn("command", [&] { fibred = stage_tree(stopped, seed); });
      const Status ran = scheduler.run();
      EXPECT_TRUE(ran) << ran.error().message();
      task.reset();
      EXPECT_EQ(threaded, fibred) << "seed " << seed << ", schedule " << schedule;
    }
  }
  EXPECT_EQ(different.size(), 2u);
}

}  // namespace
}  // namespace seedbed
