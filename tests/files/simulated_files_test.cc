// Simulated files as a machine's port: latency, death in mid-call, tasks side by side.
#include "simulator/simulated_files.h"

#include <gtest/gtest.h>

#include "engine/linux/thread_runtime.h"
#include "simulator/virtual_runtime.h"

namespace seedbed {
namespace {

TEST(SimulatedFiles, EveryCallCostsItsLatencyAndStampsVirtualTime) {
  Scheduler scheduler;
  VirtualRuntime runtime(scheduler);
  SimulatedFiles files(runtime, std::make_shared<FileTree>(), {.latency_ns = 1'000});
  runtime
      .spawn("test",
             [&] {
               const uint64_t begin_ns = runtime.now_ns();
               auto file = files.open("/a", OpenMode::create);
               ASSERT_TRUE(file);
               ASSERT_TRUE((*file)->write_at(0, as_bytes("x")));
               const int64_t written_ns = runtime.utc_ns();
               ASSERT_TRUE((*file)->sync());
               EXPECT_EQ(runtime.now_ns() - begin_ns, 3'000u);
               EXPECT_EQ(files.stat("/a")->modified_ns, written_ns);
             })
      ->join();
}

// Replaces a file while the machine dies at its n-th port call, for every n: old or new, never anything else.
TEST(SimulatedFiles, ReplaceFileSurvivesDeathAtEveryCall) {
  bool finished = false;
  int olds = 0, news = 0;
  for (uint64_t ordinal = 1; !finished; ordinal++) {
    ASSERT_LT(ordinal, 100u);
    for (const bool power_fails : {false, true}) {
      const auto tree = std::make_shared<FileTree>();
      ASSERT_TRUE(tree->plant_file("/a", as_bytes("old")));
      tree->settle();
      Scheduler scheduler;
      finished = false;
      {
        VirtualRuntime runtime(scheduler);
        SimulatedFiles files(runtime, tree);
        runtime.kill_at_port_call(ordinal);
        try {  // spawn is a port call too
          auto task = runtime.spawn(
              "replace", [&] { finished = replace_file(files, "/a", as_bytes("new")).has_value(); });
          task->join();
        } catch (const Killed&) {
        }
        power_fails ? files.power_cut() : files.kill();
      }
      const auto handle = tree->open("/a", OpenMode::read, 0, 0);
      ASSERT_TRUE(handle);
      Bytes content(tree->size(*handle).value());
      ASSERT_TRUE(tree->read(*handle, 0, content));
      if (finished) {
        EXPECT_EQ(as_text(content), "new");
      } else {
        EXPECT_TRUE(as_text(content) == "old" || as_text(content) == "new") << as_text(content);
      }
      (as_text(content) == "old" ? olds : news)++;
    }
  }
  EXPECT_GT(olds, 4);
  EXPECT_GT(news, 1);
}

TEST(SimulatedFiles, AKilledCallHasDoneNothing) {
  const auto tree = std::make_shared<FileTree>();
  Scheduler scheduler;
  {
    VirtualRuntime runtime(scheduler);
    SimulatedFiles files(runtime, tree, {.latency_ns = 1'000});
    auto task = runtime.spawn("writer", [&] {
      auto file = files.open("/a", OpenMode::create);
      (void)(*file)->write_at(0, as_bytes("never"));
      FAIL() << "the machine is dead";
    });
    scheduler.at(scheduler.now_ns() + 1'500, [&] { runtime.kill(); });  // in the middle of write_at
    EXPECT_THROW(task->join(), Killed);
    files.kill();
  }
  EXPECT_EQ(tree->stat("/a")->size_bytes, 0u);
}

TEST(SimulatedFiles, TasksMayShareAFileAndAStore) {
  ThreadRuntime runtime;
  const auto tree = std::make_shared<FileTree>();
  SimulatedFiles files(runtime, tree, {.latency_ns = 0});
  auto shared = files.open("/shared", OpenMode::create);
  ASSERT_TRUE(shared);
  constexpr uint64_t kPieceBytes = 1'000;
  {
    std::vector<Task> tasks;
    for (uint8_t t = 0; t < 4; t++)
      tasks.push_back(runtime.spawn("writer", [&, t] {
        for (uint64_t i = 0; i < 50; i++) {
          ASSERT_TRUE((*shared)->write_at((i * 4 + t) * kPieceBytes, Bytes(kPieceBytes, t + 1)));
          ASSERT_TRUE(replace_file(files, "/own" + std::to_string(t), Bytes(10, t)));
          ASSERT_TRUE(files.list("/"));
        }
      }));
  }
  Bytes all(200 * kPieceBytes);
  EXPECT_EQ((*shared)->read_at(0, all), all.size());
  for (size_t i = 0; i < all.size(); i++) ASSERT_EQ(all[i], i / kPieceBytes % 4 + 1) << i;
  EXPECT_EQ(files.list("/")->size(), 5u);
}

TEST(SimulatedFiles, AFileOutlivesItsStore) {
  ThreadRuntime runtime;
  const auto tree = std::make_shared<FileTree>();
  std::unique_ptr<File> file;
  {
    SimulatedFiles files(runtime, tree, {.latency_ns = 0});
    file = files.open("/a", OpenMode::create).value();
  }
  EXPECT_TRUE(file->write_at(0, as_bytes("x")));
  file.reset();
  EXPECT_EQ(tree->stat("/a")->size_bytes, 1u);
}

}  // namespace
}  // namespace seedbed
