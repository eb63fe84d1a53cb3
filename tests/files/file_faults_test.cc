// What befalls a machine's calls on its files: events, and what the world answers to them.
#include <gtest/gtest.h>

#include <utility>

#include "tests/files/faulty_machine.h"

namespace seedbed {
namespace {

using FileFaults = FaultyMachine;

TEST_F(FileFaults, EveryCallIsOneEventInOrderWithItsPlaceAndTime) {
  ASSERT_TRUE(boot([](FileStore& files) {
    ASSERT_TRUE(files.make_directory("/d"));
    auto file = files.open("/d/a", OpenMode::create).value();
    ASSERT_TRUE(file->lock());
    ASSERT_TRUE(file->write_at(3, as_bytes("text")));
    Bytes out(7);
    ASSERT_TRUE(file->read_at(0, out));
    ASSERT_TRUE(file->size());
    ASSERT_TRUE(file->truncate(5));
    ASSERT_TRUE(file->sync());
    ASSERT_TRUE(files.rename("/d/a", "/d/b"));
    ASSERT_TRUE(files.sync_directory("/d"));
    ASSERT_TRUE(files.stat("/d/b"));
    ASSERT_TRUE(files.list("/d"));
    ASSERT_FALSE(files.read_link("/d/b"));
    ASSERT_TRUE(files.free_bytes("/d"));
    ASSERT_TRUE(files.real_path("/d"));
    ASSERT_FALSE(files.remove("/d"));
    ASSERT_TRUE(files.remove("/d/b"));
  }));
  const uint64_t begin_ns = log_.events().at(0).time_ns - 1'000;
  std::vector<std::string> told;
  for (const Event& event : log_.events()) {
    EXPECT_EQ(event.number, told.size() + 1);
    EXPECT_EQ(event.time_ns, begin_ns + event.number * 1'000);
    std::string line = std::string(event_name(event.kind)) + " " + event.place;
    if (event.offset_bytes + event.length_bytes != 0)
      line += " " + std::to_string(event.offset_bytes) + "+" + std::to_string(event.length_bytes);
    told.push_back(line + (event.failed ? " failed" : ""));
  }
  EXPECT_EQ(told, (std::vector<std::string>{"directory.make /d", "file.open /d/a", "file.lock /d/a",
                                            "file.write /d/a 3+4", "file.read /d/a 0+7", "file.look /d/a",
                                            "file.truncate /d/a 0+5", "file.sync /d/a",
                                            "file.rename /d/a > /d/b", "directory.sync /d", "file.look /d/b",
                                            "file.look /d", "file.look /d/b failed", "file.look /d",
                                            "file.look /d", "file.remove /d failed", "file.remove /d/b"}));
  EXPECT_EQ(log_.events()[3].detail, detail_of("text"));
}

TEST_F(FileFaults, PendingEffectsCarryTheNumberOfTheirEvent) {
  boot([](FileStore& files) {
    auto file = files.open("/a", OpenMode::create).value();
    ASSERT_TRUE(files.stat("/a"));
    ASSERT_TRUE(file->write_at(0, Bytes(600)));
    ASSERT_TRUE(file->truncate(100));
    ASSERT_TRUE(files.rename("/a", "/b"));
  });
  std::vector<uint64_t> numbers;
  for (const PendingEffect& effect : tree_->pending()) numbers.push_back(effect.event);
  EXPECT_EQ(numbers, (std::vector<uint64_t>{1, 3, 4, 5}));
}

TEST_F(FileFaults, KilledBeforeAnEffectNothingHasHappenedAndAfterItAll) {
  ASSERT_TRUE(tree_->plant_file("/a", as_bytes("old")));
  ASSERT_TRUE(tree_->make_directory("/d", 0700, 0));
  tree_->settle();
  const FileTree before = *tree_;
  const auto work = [](FileStore& files) {
    ASSERT_TRUE(files.make_directory("/d/e"));
    auto file = files.open("/b", OpenMode::create).value();
    ASSERT_TRUE(file->write_at(0, as_bytes("new")));
    ASSERT_TRUE(file->truncate(2));
    ASSERT_TRUE(file->sync());
    ASSERT_TRUE(files.rename("/b", "/a"));
    ASSERT_TRUE(files.sync_directory("/"));
    ASSERT_TRUE(files.remove("/a"));
  };
  std::vector<FileTree> kept;  // the tree after each call, killed or not
  for (uint64_t at = 1; at <= 8; at++) {
    for (const EventSide when : {EventSide::before, EventSide::after}) {
      *tree_ = before;
      log_ = EventLog();
      log_.set_hook([&](const Event& event, EventSide side) -> Interference {
        if (event.number == at && side == when) {
          runtime_->kill();
          throw Killed{};
        }
        return {};
      });
      EXPECT_FALSE(boot(work));
      EXPECT_EQ(log_.count(), at);
      kept.push_back(*tree_);
    }
  }
  EXPECT_EQ(kept[0].hash(), before.hash());
  EXPECT_TRUE(kept[0].pending().empty());
  // Killed after one call or before the next is the same but for what happens at the next.
  for (size_t i = 1; i + 1 < kept.size(); i += 2) {
    EXPECT_EQ(kept[i].hash(), kept[i + 1].hash()) << i;
    EXPECT_EQ(kept[i].pending().size(), kept[i + 1].pending().size()) << i;
    EXPECT_NE(kept[i].hash() + kept[i].pending().size(), kept[i - 1].hash() + kept[i - 1].pending().size())
        << i;
  }
}

TEST_F(FileFaults, AFailedWriteHasNoEffectAndIsMarked) {
  fail_at(EventKind::file_write);
  EXPECT_TRUE(boot([](FileStore& files) {
    auto file = files.open("/a", OpenMode::create).value();
    const Status failed = file->write_at(0, as_bytes("lost"));
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, ErrorCode::io_error);
    EXPECT_EQ(failed.error().where, "/a");
    EXPECT_EQ(file->size(), 0u);
    EXPECT_TRUE(file->write_at(0, as_bytes("kept")));
  }));
  EXPECT_TRUE(log_.events()[1].failed);
  EXPECT_FALSE(log_.events()[3].failed);
  EXPECT_EQ(read("/a"), "kept");
  EXPECT_EQ(tree_->pending().size(), 2u);
}

TEST_F(FileFaults, EveryOtherCallFailsWithoutEffectToo) {
  ASSERT_TRUE(tree_->plant_file("/a", as_bytes("a")));
  ASSERT_TRUE(tree_->plant_file("/b", as_bytes("b")));
  ASSERT_TRUE(tree_->plant_symlink("a", "/link"));
  tree_->settle();
  const uint64_t hash = tree_->hash();
  using Call = std::function<bool(FileStore&, File&)>;
  const std::vector<std::pair<EventKind, Call>> calls = {
      {EventKind::file_open, [](FileStore& s, File&) { return s.open("/c", OpenMode::create).has_value(); }},
      {EventKind::file_read,
       [](FileStore&, File& file) {
         Bytes out(1);
         return file.read_at(0, out).has_value();
       }},
      {EventKind::file_look, [](FileStore&, File& file) { return file.size().has_value(); }},
      {EventKind::file_truncate, [](FileStore&, File& file) { return file.truncate(0).has_value(); }},
      {EventKind::file_lock, [](FileStore&, File& file) { return file.lock().has_value(); }},
      {EventKind::file_look, [](FileStore& s, File&) { return s.stat("/a").has_value(); }},
      {EventKind::file_look, [](FileStore& s, File&) { return s.list("/").has_value(); }},
      {EventKind::file_look, [](FileStore& s, File&) { return s.read_link("/link").has_value(); }},
      {EventKind::file_look, [](FileStore& s, File&) { return s.free_bytes("/").has_value(); }},
      {EventKind::file_look, [](FileStore& s, File&) { return s.real_path("/a").has_value(); }},
      {EventKind::make_directory, [](FileStore& s, File&) { return s.make_directory("/d").has_value(); }},
      {EventKind::rename, [](FileStore& s, File&) { return s.rename("/a", "/c").has_value(); }},
      {EventKind::remove, [](FileStore& s, File&) { return s.remove("/a").has_value(); }},
      {EventKind::directory_sync, [](FileStore& s, File&) { return s.sync_directory("/").has_value(); }},
  };
  for (const auto& [kind, call] : calls) {
    EXPECT_TRUE(boot([&](FileStore& files) {
      auto file = files.open("/b", OpenMode::read_write).value();
      fail_at(kind);
      EXPECT_FALSE(call(files, *file)) << event_name(kind);
    }));
    EXPECT_EQ(tree_->hash(), hash) << event_name(kind);
    log_.set_hook({});
  }
}

TEST_F(FileFaults, AfterAFailedSyncOnlyRewritingMakesDurable) {
  for (const bool rewrites : {false, true}) {
    *tree_ = FileTree();
    ASSERT_TRUE(tree_->plant_file("/a", as_bytes("old"), 0600));
    tree_->settle();
    fail_at(EventKind::file_sync);
    EXPECT_TRUE(boot([&](FileStore& files) {
      auto file = files.open("/a", OpenMode::read_write).value();
      ASSERT_TRUE(file->write_at(0, as_bytes("new")));
      ASSERT_FALSE(file->sync());
      if (rewrites) {
        ASSERT_TRUE(file->write_at(0, as_bytes("new")));
      }
      ASSERT_TRUE(file->sync());
    }));
    EXPECT_EQ(read("/a"), "new");
    EXPECT_EQ(tree_->pending().size(), 1u);  // the orphan
    tree_->power_cut();
    EXPECT_EQ(read("/a"), rewrites ? "new" : "old");
  }
}

TEST_F(FileFaults, AFailedDirectorySyncOrphansTheNames) {
  fail_at(EventKind::directory_sync);
  EXPECT_TRUE(boot([](FileStore& files) {
    ASSERT_TRUE(files.open("/a", OpenMode::create));
    ASSERT_FALSE(files.sync_directory("/"));
    ASSERT_TRUE(files.sync_directory("/"));
    ASSERT_FALSE(replace_file(files, "/none/b", as_bytes("b")));
    ASSERT_TRUE(replace_file(files, "/b", as_bytes("b")));
  }));
  tree_->power_cut();
  EXPECT_EQ(read("/a"), "<not_found>");
  EXPECT_EQ(read("/b"), "b");
}

TEST_F(FileFaults, ASyncThatLiesMakesNothingDurableAndTheNextOneAll) {
  log_.set_hook([](const Event& event, EventSide) {
    return Interference{.error = {},
                        .lie = event.place == "/liar" || (event.kind == EventKind::directory_sync)};
  });
  EXPECT_TRUE(boot([](FileStore& files) {
    ASSERT_TRUE(replace_file(files, "/honest", as_bytes("x")));
    auto file = files.open("/liar", OpenMode::create).value();
    ASSERT_TRUE(file->write_at(0, as_bytes("x")));
    ASSERT_TRUE(file->sync());
  }));
  FileTree cut = *tree_;
  cut.power_cut();
  EXPECT_EQ(cut.list("/")->size(), 0u);
  log_.set_hook({});
  EXPECT_TRUE(boot([](FileStore& files) {
    ASSERT_TRUE(files.open("/liar", OpenMode::read_write).value()->sync());
    ASSERT_TRUE(files.sync_directory("/"));
  }));
  tree_->power_cut();
  EXPECT_EQ(read("/honest"), "x");
  EXPECT_EQ(read("/liar"), "x");
}

TEST_F(FileFaults, WhatTheWorldDoesToTheTreeAtAnEventTheCallFinds) {
  log_.set_hook([&](const Event& event, EventSide side) -> Interference {
    if (event.kind == EventKind::file_look && side == EventSide::before) tree_->unreach("/share");
    if (event.kind == EventKind::file_look && side == EventSide::after) tree_->reach("/share");
    return {};
  });
  ASSERT_TRUE(tree_->make_directory("/share", 0755, 0));
  EXPECT_TRUE(boot([](FileStore& files) {
    EXPECT_FALSE(files.list("/share"));
    EXPECT_TRUE(files.make_directory("/share/d"));
  }));
}

}  // namespace
}  // namespace seedbed
