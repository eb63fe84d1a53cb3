// What a power cut leaves of names: changes of names that survive, or not, and always a tree.
#include <gtest/gtest.h>

#include "tests/files/cut_tree.h"

namespace seedbed {
namespace {

using Shape = Survivors::Shape;

TEST(SurvivingNames, ARenameWithoutDirectorySyncMayBeLostOrNot) {
  FileTree tree;
  make(tree, "/a", "old");
  tree.settle();
  make(tree, "/a.new", "new", 10);
  ASSERT_TRUE(tree.rename("/a.new", "/a", 0, 20));
  FileTree lost = cut(tree, {.shape = Shape::prefix, .event = 19});
  EXPECT_EQ(read(lost, "/a"), "old");
  EXPECT_EQ(read(lost, "/a.new"), "new");
  FileTree kept = cut(tree, {.shape = Shape::all});
  EXPECT_EQ(read(kept, "/a"), "new");
  EXPECT_EQ(read(kept, "/a.new"), "<not_found>");
}

TEST(SurvivingNames, ARenameThatSurvivesBringsTheCreationItBuildsOn) {
  FileTree tree;
  make(tree, "/a", "old");
  tree.settle();
  make(tree, "/a.new", "new", 10);
  ASSERT_TRUE(tree.rename("/a.new", "/a", 0, 20));
  FileTree left = cut(tree, {.shape = Shape::all_but_one, .event = 10});
  EXPECT_EQ(read(left, "/a"), "new");
  EXPECT_EQ(read(left, "/a.new"), "<not_found>");
}

TEST(SurvivingNames, ARenameMaySurviveWithoutTheContent) {
  FileTree tree;
  make(tree, "/a", "old");
  tree.settle();
  const auto handle = tree.open("/a.new", OpenMode::create_new, 0600, 0, 10);
  ASSERT_TRUE(handle);
  ASSERT_TRUE(tree.write(*handle, 0, as_bytes("new"), 0, 11));
  ASSERT_TRUE(tree.rename("/a.new", "/a", 0, 12));
  FileTree left = cut(tree, {.shape = Shape::all_but_one, .event = 11});
  EXPECT_EQ(read(left, "/a"), "");
}

TEST(SurvivingNames, AFileMovedOutOfARemovedDirectoryIsNotLostWithIt) {
  FileTree tree;
  for (const char* const directory : {"/a", "/a/d", "/b"})
    ASSERT_TRUE(tree.make_directory(directory, 0700, 0));
  make(tree, "/a/d/x", "content");
  tree.settle();
  ASSERT_TRUE(tree.rename("/a/d/x", "/b/x", 0, 100));
  ASSERT_TRUE(tree.remove("/a/d", 0, 101));
  FileTree left = cut(tree, {.shape = Shape::all_but_one, .event = 100});
  EXPECT_EQ(read(left, "/b/x"), "content");
  ASSERT_TRUE(tree.sync_directory("/a"));
  FileTree synced = cut(tree, {.shape = Shape::none});
  EXPECT_EQ(read(synced, "/b/x"), "content");
}

TEST(SurvivingNames, AFailedDirectorySyncOrphansItsNamesUntilTheyAreChangedAgain) {
  FileTree tree;
  make(tree, "/a", "one");
  make(tree, "/b", "two");
  tree.lose_directory_sync("/");
  ASSERT_TRUE(tree.sync_directory("/"));
  EXPECT_EQ(read(tree, "/a"), "one");
  EXPECT_EQ(cut(tree, {.shape = Shape::none}).list("/")->size(), 0u);
  EXPECT_EQ(cut(tree, {.shape = Shape::all}).list("/")->size(), 2u);
  ASSERT_TRUE(tree.rename("/a", "/c", 0));
  ASSERT_TRUE(tree.sync_directory("/"));
  FileTree left = cut(tree, {.shape = Shape::none});
  EXPECT_EQ(read(left, "/c"), "one");
  EXPECT_EQ(left.list("/")->size(), 1u);
}

TEST(SurvivingNames, PendingEffectsAreToldInTheOrderOfEvents) {
  FileTree tree;
  const auto b = tree.open("/b", OpenMode::create, 0600, 0, 5);
  const auto a = tree.open("/a", OpenMode::create, 0600, 0, 6);
  ASSERT_TRUE(tree.write(*b, 500, Bytes(100), 0, 7));
  ASSERT_TRUE(tree.write(*a, 0, Bytes(5'000), 0, 8));
  ASSERT_TRUE(tree.write(*b, 0, Bytes(1), 0, 9));
  ASSERT_TRUE(tree.truncate(*a, 10, 0, 11));
  const auto told = [&] {
    std::vector<std::pair<uint64_t, uint64_t>> all;
    for (const PendingEffect& effect : tree.pending()) all.emplace_back(effect.event, effect.units);
    return all;
  };
  using Told = std::vector<std::pair<uint64_t, uint64_t>>;
  EXPECT_EQ(told(), (Told{{5, 1}, {6, 1}, {7, 2}, {8, 10}, {9, 1}, {11, 1}}));
  ASSERT_TRUE(tree.sync(*b));
  EXPECT_EQ(told(), (Told{{5, 1}, {6, 1}, {8, 10}, {11, 1}}));
  tree.kill();  // the computer lives on, and with it what it has not written
  EXPECT_EQ(told(), (Told{{5, 1}, {6, 1}, {8, 10}, {11, 1}}));
  ASSERT_TRUE(tree.sync_directory("/"));
  EXPECT_EQ(told(), (Told{{8, 10}, {11, 1}}));
  tree.settle();
  EXPECT_EQ(told(), Told{});
}

TEST(SurvivingNames, SettleUnderLeavesTheRestPending) {
  FileTree tree;
  ASSERT_TRUE(tree.make_directory("/source", 0755, 0));
  ASSERT_TRUE(tree.make_directory("/desk", 0755, 0));
  tree.settle();
  ASSERT_TRUE(tree.plant_file("/desk/journal", as_bytes("pending")));
  ASSERT_TRUE(tree.plant_file("/source/a", as_bytes("changed"), 0644, 77));
  tree.settle_under("/source");
  tree.power_cut();
  EXPECT_EQ(read(tree, "/source/a"), "changed");
  EXPECT_EQ(tree.stat("/source/a")->modified_ns, 77);
  EXPECT_EQ(read(tree, "/desk/journal"), "<not_found>");
}

}  // namespace
}  // namespace seedbed
