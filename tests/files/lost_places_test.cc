// Shares that vanish and come back, and disks that are full.
#include <gtest/gtest.h>

#include "tests/files/faulty_machine.h"

namespace seedbed {
namespace {

using Shape = Survivors::Shape;
using LostPlaces = FaultyMachine;

TEST_F(LostPlaces, AShareThatVanishedAnswersDeviceGoneUntilItIsBack) {
  for (const char* const directory : {"/share", "/share/d", "/desk"})
    ASSERT_TRUE(tree_->make_directory(directory, 0755, 0));
  ASSERT_TRUE(tree_->plant_file("/share/d/a", as_bytes("content"), 0600));
  ASSERT_TRUE(tree_->plant_symlink("/share/d", "/desk/link"));
  tree_->settle();
  const auto gone = [](const auto& result, const std::string& path) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::device_gone);
    EXPECT_EQ(result.error().where, path);
    EXPECT_EQ(result.error().remedy, "Bring the share back and run the same command again.");
  };
  EXPECT_TRUE(boot([&](FileStore& files) {
    auto file = files.open("/share/d/a", OpenMode::read_write).value();
    ASSERT_TRUE(file->write_at(7, as_bytes(" more")));
    tree_->unreach("/share");
    Bytes out(1);
    gone(file->size(), "/share/d/a");
    gone(file->read_at(0, out), "/share/d/a");
    gone(file->write_at(0, out), "/share/d/a");
    gone(file->truncate(0), "/share/d/a");
    gone(file->lock(), "/share/d/a");
    gone(files.open("/share/d/a", OpenMode::read), "/share/d/a");
    gone(files.open("/share/new", OpenMode::create), "/share/new");
    gone(files.stat("/share"), "/share");
    gone(files.stat("/share/d/none"), "/share/d/none");
    gone(files.stat("/desk/link/a"), "/desk/link/a");
    gone(files.list("/share/d"), "/share/d");
    gone(files.make_directory("/share/e"), "/share/e");
    gone(files.remove("/share/d/a"), "/share/d/a");
    gone(files.rename("/share/d/a", "/desk/a"), "/share/d/a");
    gone(files.sync_directory("/share/d"), "/share/d");
    gone(files.free_bytes("/share"), "/share");
    gone(files.real_path("/share/d"), "/share/d");
    EXPECT_EQ(files.list("/")->size(), 2u);  // where it was mounted is still seen
    EXPECT_TRUE(replace_file(files, "/desk/journal", as_bytes("x")));
    tree_->reach("/share");
    EXPECT_EQ(file->size(), 12u);
    EXPECT_TRUE(file->sync());
  }));
  tree_->power_cut();
  EXPECT_EQ(read("/share/d/a"), "content more");
  EXPECT_EQ(read("/desk/journal"), "x");
}

TEST_F(LostPlaces, ASyncWhileTheShareIsGoneIsAFailedSync) {
  ASSERT_TRUE(tree_->make_directory("/share", 0755, 0));
  tree_->settle();
  EXPECT_TRUE(boot([&](FileStore& files) {
    auto file = files.open("/share/a", OpenMode::create).value();
    ASSERT_TRUE(file->write_at(0, as_bytes("x")));
    tree_->unreach("/share");
    ASSERT_FALSE(file->sync());
    ASSERT_FALSE(files.sync_directory("/share"));
    tree_->reach("/share");
    ASSERT_TRUE(file->sync());
    ASSERT_TRUE(files.sync_directory("/share"));
  }));
  EXPECT_EQ(tree_->pending().size(), 2u);
  FileTree all = *tree_;
  all.power_cut({.shape = Shape::all});
  EXPECT_EQ(all.stat("/share/a")->size_bytes, 1u);
  tree_->power_cut();
  EXPECT_EQ(tree_->list("/share")->size(), 0u);
}

TEST_F(LostPlaces, AShareStaysGoneOverAPowerCut) {
  ASSERT_TRUE(tree_->make_directory("/share", 0755, 0));
  ASSERT_TRUE(tree_->plant_file("/share/a", as_bytes("x")));
  tree_->settle();
  tree_->unreach("/share");
  tree_->power_cut();
  EXPECT_EQ(read("/share/a"), "<device_gone>");
  tree_->kill();
  EXPECT_EQ(read("/share/a"), "<device_gone>");
  tree_->reach("/share");
  EXPECT_EQ(read("/share/a"), "x");
}

TEST_F(LostPlaces, WhatAPowerCutPutsBackInThePlaceOfTheShareIsOutOfReach) {
  ASSERT_TRUE(tree_->make_directory("/share", 0755, 0));
  ASSERT_TRUE(tree_->plant_file("/share/a", as_bytes("x")));
  tree_->settle();
  ASSERT_TRUE(tree_->rename("/share", "/was", 0));
  ASSERT_TRUE(tree_->make_directory("/share", 0755, 0));
  tree_->unreach("/share");
  EXPECT_EQ(read("/was/a"), "x");
  tree_->power_cut();
  EXPECT_EQ(read("/share/a"), "<device_gone>");
}

TEST_F(LostPlaces, ADiskThatShrankIsFullUntilItGrowsAgain) {
  constexpr uint64_t kPage = CachedContent::kPageBytes;
  EXPECT_TRUE(boot([&](FileStore& files) {
    auto file = files.open("/a", OpenMode::create).value();
    ASSERT_TRUE(file->write_at(0, Bytes(3 * kPage, 'x')));
    const uint64_t capacity_bytes = tree_->capacity_bytes();
    tree_->set_capacity(2 * kPage);
    EXPECT_EQ(files.free_bytes("/"), 0u);
    const Status full = file->write_at(3 * kPage, as_bytes("y"));
    ASSERT_FALSE(full);
    EXPECT_EQ(full.error().code, ErrorCode::out_of_space);
    EXPECT_EQ(file->size(), 3 * kPage);
    EXPECT_TRUE(file->write_at(0, as_bytes("over what is there")));
    EXPECT_TRUE(file->sync());
    tree_->set_capacity(capacity_bytes);
    EXPECT_EQ(files.free_bytes("/"), capacity_bytes - 3 * kPage);
    EXPECT_TRUE(file->write_at(3 * kPage, as_bytes("y")));
  }));
}

TEST_F(LostPlaces, AWriteThatFoundNoSpaceLeavesWhatFitted) {
  constexpr uint64_t kPage = CachedContent::kPageBytes;
  ASSERT_TRUE(tree_->plant_file("/a", Bytes(kPage, 'o'), 0600));
  tree_->settle();
  tree_->set_capacity(2 * kPage);
  EXPECT_TRUE(boot([&](FileStore& files) {
    auto file = files.open("/a", OpenMode::read_write).value();
    EXPECT_EQ(file->write_at(kPage, Bytes(2 * kPage, 'n')).error().code, ErrorCode::out_of_space);
  }));
  const auto pending = tree_->pending();
  ASSERT_EQ(pending.size(), 1u);
  EXPECT_EQ(pending[0].units, kPage / 512);
  tree_->power_cut({.shape = Shape::all});
  EXPECT_EQ(tree_->stat("/a")->size_bytes, 2 * kPage);
}

}  // namespace
}  // namespace seedbed
