// What a power cut leaves of simulated files: the durable, all of it and nothing else.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "simulator/file_tree.h"

namespace seedbed {
namespace {

class PowerCut : public testing::Test {
 protected:
  FileTree::Handle open(const std::string& path, OpenMode how = OpenMode::create) {
    const auto handle = tree_.open(path, how, 0600, 0);
    EXPECT_TRUE(handle) << handle.error().message();
    return handle.value_or(FileTree::Handle{});
  }
  void write(const std::string& path, std::string_view text) {
    const auto handle = open(path);
    EXPECT_TRUE(tree_.truncate(handle, 0, 0));
    EXPECT_TRUE(tree_.write(handle, 0, as_bytes(text), 0));
    tree_.close(handle);
  }
  void sync(const std::string& path) {
    const auto handle = open(path, OpenMode::read_write);
    EXPECT_TRUE(tree_.sync(handle));
    tree_.close(handle);
  }
  void write_durably(const std::string& path, std::string_view text) {
    write(path, text);
    sync(path);
    EXPECT_TRUE(tree_.sync_directory(parent_of(path)));
  }
  std::string read(const std::string& path) {
    const auto handle = tree_.open(path, OpenMode::read, 0, 0);
    if (!handle) return std::string("<") + error_code_name(handle.error().code) + ">";
    Bytes out(tree_.size(*handle).value());
    EXPECT_EQ(tree_.read(*handle, 0, out), out.size());
    tree_.close(*handle);
    return std::string(as_text(out));
  }

  FileTree tree_;
};

TEST_F(PowerCut, UnsyncedContentIsGone) {
  write_durably("/a", "durable");
  write("/a", "not yet durable");
  tree_.power_cut();
  EXPECT_EQ(read("/a"), "durable");
}

TEST_F(PowerCut, UnsyncedSizeIsGone) {
  write_durably("/a", std::string(10'000, 'x'));
  const auto handle = open("/a");
  ASSERT_TRUE(tree_.truncate(handle, 10, 0));
  tree_.power_cut();
  EXPECT_EQ(read("/a"), std::string(10'000, 'x'));
}

TEST_F(PowerCut, AFileWhoseNameWasNotSyncedIsGone) {
  write("/a", "content");
  sync("/a");
  tree_.power_cut();
  EXPECT_EQ(read("/a"), "<not_found>");
}

TEST_F(PowerCut, ANameWithoutSyncedContentIsAnEmptyFile) {
  write("/a", "content");
  ASSERT_TRUE(tree_.sync_directory("/"));
  tree_.power_cut();
  EXPECT_EQ(read("/a"), "");
}

TEST_F(PowerCut, AnUnsyncedRenameIsUndone) {
  write_durably("/a", "old");
  write("/a.new", "new");
  sync("/a.new");
  ASSERT_TRUE(tree_.rename("/a.new", "/a", 0));
  EXPECT_EQ(read("/a"), "new");
  tree_.power_cut();
  EXPECT_EQ(read("/a"), "old");
  EXPECT_EQ(read("/a.new"), "<not_found>");
}

TEST_F(PowerCut, ASyncedRenameStays) {
  write_durably("/a", "old");
  write("/a.new", "new");
  sync("/a.new");
  ASSERT_TRUE(tree_.rename("/a.new", "/a", 0));
  ASSERT_TRUE(tree_.sync_directory("/"));
  tree_.power_cut();
  EXPECT_EQ(read("/a"), "new");
}

TEST_F(PowerCut, ARenameWithoutSyncedContentLosesTheFile) {
  write_durably("/a", "old");
  write("/a.new", "new");
  ASSERT_TRUE(tree_.rename("/a.new", "/a", 0));
  ASSERT_TRUE(tree_.sync_directory("/"));
  tree_.power_cut();
  EXPECT_EQ(read("/a"), "");
}

TEST_F(PowerCut, AnUnsyncedRemovalIsUndone) {
  write_durably("/a", "back again");
  ASSERT_TRUE(tree_.remove("/a", 0));
  EXPECT_EQ(read("/a"), "<not_found>");
  tree_.power_cut();
  EXPECT_EQ(read("/a"), "back again");
}

TEST_F(PowerCut, ADirectoryNeedsItsOwnNameSynced) {
  ASSERT_TRUE(tree_.make_directory("/d", 0700, 0));
  write_durably("/d/a", "content");
  tree_.power_cut();
  EXPECT_EQ(read("/d/a"), "<not_found>");
  ASSERT_TRUE(tree_.make_directory("/d", 0700, 0));
  ASSERT_TRUE(tree_.sync_directory("/"));
  write_durably("/d/a", "content");
  tree_.power_cut();
  EXPECT_EQ(read("/d/a"), "content");
}

TEST_F(PowerCut, ARenameAcrossDirectoriesIsNeverHalf) {
  for (const char* const synced : {"/from", "/to"}) {
    tree_ = FileTree();
    ASSERT_TRUE(tree_.make_directory("/from", 0700, 0));
    ASSERT_TRUE(tree_.make_directory("/to", 0700, 0));
    ASSERT_TRUE(tree_.sync_directory("/"));
    write_durably("/from/a", "content");
    ASSERT_TRUE(tree_.rename("/from/a", "/to/a", 0));
    ASSERT_TRUE(tree_.sync_directory(synced));
    tree_.power_cut();
    EXPECT_EQ(read("/from/a"), "<not_found>") << synced;
    EXPECT_EQ(read("/to/a"), "content") << synced;
  }
}

TEST_F(PowerCut, AFileMovedTwiceIsInOnePlace) {
  for (const char* const directory : {"/a", "/b", "/c"})
    ASSERT_TRUE(tree_.make_directory(directory, 0700, 0));
  ASSERT_TRUE(tree_.sync_directory("/"));
  write_durably("/a/x", "content");
  ASSERT_TRUE(tree_.rename("/a/x", "/b/x", 0));
  ASSERT_TRUE(tree_.rename("/b/x", "/c/x", 0));
  ASSERT_TRUE(tree_.sync_directory("/c"));  // the second move is nothing without the first
  tree_.power_cut();
  EXPECT_EQ(read("/a/x"), "<not_found>");
  EXPECT_EQ(read("/b/x"), "<not_found>");
  EXPECT_EQ(read("/c/x"), "content");
}

TEST_F(PowerCut, ClosingAVoidFileIsInert) {
  write_durably("/a", "content");
  const auto handle = open("/a", OpenMode::read_write);
  tree_.kill();
  for (int i = 0; i < 3; i++) tree_.close(handle);
  EXPECT_EQ(read("/a"), "content");
  EXPECT_EQ(tree_.stat("/a")->size_bytes, 7u);
}

TEST_F(PowerCut, DirectoriesMovedIntoEachOtherAreNotLost) {
  ASSERT_TRUE(tree_.make_directory("/a", 0700, 0));
  ASSERT_TRUE(tree_.make_directory("/a/b", 0700, 0));
  ASSERT_TRUE(tree_.sync_directory("/"));
  ASSERT_TRUE(tree_.sync_directory("/a"));
  write_durably("/a/x", "in a");
  ASSERT_TRUE(tree_.rename("/a/b", "/b", 0));
  ASSERT_TRUE(tree_.rename("/a", "/b/a", 0));
  ASSERT_TRUE(tree_.sync_directory("/b"));
  tree_.power_cut();
  EXPECT_EQ(read("/b/a/x"), "in a");
  EXPECT_EQ(tree_.real_path("/b/a/../a/x"), "/b/a/x");
}

TEST_F(PowerCut, OpenFilesAndLocksAreVoid) {
  write_durably("/a", "content");
  const auto handle = open("/a", OpenMode::read_write);
  ASSERT_TRUE(tree_.lock(handle));
  tree_.power_cut();
  EXPECT_FALSE(tree_.write(handle, 0, as_bytes("ghost"), 0));
  const auto next = open("/a", OpenMode::read_write);
  EXPECT_TRUE(tree_.lock(next));
  tree_.close(handle);  // inert: the lock stays with its new owner
  const auto third = open("/a", OpenMode::read_write);
  EXPECT_EQ(tree_.lock(third).error().code, ErrorCode::busy);
  EXPECT_EQ(read("/a"), "content");
}

TEST_F(PowerCut, AKillLosesNothingButLocks) {
  write("/a", "never synced");
  const auto handle = open("/a", OpenMode::read_write);
  ASSERT_TRUE(tree_.lock(handle));
  ASSERT_TRUE(tree_.remove("/a", 0));
  write("/b", "neither");
  tree_.kill();
  EXPECT_FALSE(tree_.read(handle, 0, {}));
  EXPECT_EQ(read("/a"), "<not_found>");
  EXPECT_EQ(read("/b"), "neither");
  EXPECT_TRUE(tree_.lock(open("/b", OpenMode::read_write)));
  tree_.power_cut();
  EXPECT_EQ(read("/b"), "<not_found>");
}

TEST_F(PowerCut, SettleMakesEverythingDurable) {
  ASSERT_TRUE(tree_.make_directory("/d", 0700, 0));
  ASSERT_TRUE(tree_.plant_file("/d/a", as_bytes("planted")));
  ASSERT_TRUE(tree_.plant_symlink("a", "/d/link"));
  tree_.settle();
  tree_.power_cut();
  EXPECT_EQ(read("/d/a"), "planted");
  EXPECT_EQ(tree_.read_link("/d/link"), "a");
}

TEST_F(PowerCut, SpaceComesBack) {
  tree_ = FileTree({.capacity_bytes = 100 * CachedContent::kPageBytes});
  const uint64_t all_bytes = tree_.free_bytes("/").value();
  EXPECT_EQ(all_bytes, 100 * CachedContent::kPageBytes);
  write_durably("/a", std::string(50 * CachedContent::kPageBytes, 'a'));
  const auto handle = open("/b");
  const Status full = tree_.write(handle, 0, Bytes(60 * CachedContent::kPageBytes), 0);
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, ErrorCode::out_of_space);
  EXPECT_EQ(tree_.free_bytes("/"), 0u);
  EXPECT_TRUE(tree_.write(handle, 0, as_bytes("over what is there"), 0));
  ASSERT_TRUE(tree_.remove("/b", 0));
  EXPECT_EQ(tree_.free_bytes("/"), 0u);  // still open
  tree_.close(handle);
  EXPECT_EQ(tree_.free_bytes("/"), 0u);  // and its creation not yet settled with its removal
  ASSERT_TRUE(tree_.sync_directory("/"));
  EXPECT_EQ(tree_.free_bytes("/"), all_bytes / 2);
  write("/c", std::string(10 * CachedContent::kPageBytes, 'c'));
  tree_.power_cut();
  EXPECT_EQ(tree_.free_bytes("/"), all_bytes / 2);
}

TEST_F(PowerCut, ACopyIsAnotherDisk) {
  write_durably("/a", "one");
  FileTree copy = tree_;
  copy.kill();
  write("/a", "changed");
  write("/b", "new");
  tree_.settle();
  std::swap(tree_, copy);
  EXPECT_EQ(read("/a"), "one");
  EXPECT_EQ(read("/b"), "<not_found>");
  write("/a", "otherwise");
  tree_.power_cut();
  EXPECT_EQ(read("/a"), "one");
  std::swap(tree_, copy);
  EXPECT_EQ(read("/a"), "changed");
}

// The rules again, as a model of one directory: names point at files, and files and names are durable by
// their own syncs.
RC_GTEST_PROP(PowerCutModel, KeepsExactlyWhatWasSynced, ()) {
  struct ModelFile {
    Bytes current, durable;
  };
  std::vector<ModelFile> bodies;
  std::map<std::string, size_t> names, durable_names;
  FileTree tree;
  const auto some_name = [] { return std::string("/") + *rc::gen::inRange('a', 'e'); };
  const int steps = *rc::gen::inRange(0, 80);
  for (int i = 0; i < steps; i++) {
    const std::string name = some_name();
    switch (*rc::gen::inRange(0, 7)) {
      case 0:
      case 1: {  // write
        const auto offset_bytes = *rc::gen::inRange<uint64_t>(0, 10'000);
        const Bytes data(*rc::gen::inRange<size_t>(1, 9'000), *rc::gen::inRange<uint8_t>(1, 255));
        if (!names.contains(name)) {
          names[name] = bodies.size();
          bodies.emplace_back();
        }
        Bytes& body = bodies[names[name]].current;
        body.resize(std::max<size_t>(body.size(), offset_bytes + data.size()));
        std::ranges::copy(data, body.begin() + static_cast<ptrdiff_t>(offset_bytes));
        const auto handle = tree.open(name, OpenMode::create, 0600, 0);
        RC_ASSERT(tree.write(*handle, offset_bytes, data, 0).has_value());
        tree.close(*handle);
        break;
      }
      case 2: {  // truncate
        if (!names.contains(name)) break;
        const auto size_bytes = *rc::gen::inRange<uint64_t>(0, 12'000);
        bodies[names[name]].current.resize(size_bytes);
        const auto handle = tree.open(name, OpenMode::read_write, 0600, 0);
        RC_ASSERT(tree.truncate(*handle, size_bytes, 0).has_value());
        tree.close(*handle);
        break;
      }
      case 3: {  // sync
        if (!names.contains(name)) break;
        bodies[names[name]].durable = bodies[names[name]].current;
        const auto handle = tree.open(name, OpenMode::read_write, 0600, 0);
        RC_ASSERT(tree.sync(*handle).has_value());
        tree.close(*handle);
        break;
      }
      case 4: {  // rename
        const std::string to = some_name();
        RC_ASSERT(tree.rename(name, to, 0).has_value() == names.contains(name));
        if (!names.contains(name) || name == to) break;
        names[to] = names[name];
        names.erase(name);
        break;
      }
      case 5:  // remove
        RC_ASSERT(tree.remove(name, 0).has_value() == (names.erase(name) == 1));
        break;
      case 6:
        durable_names = names;
        RC_ASSERT(tree.sync_directory("/").has_value());
        break;
    }
  }
  for (const bool cut : {false, true}) {
    if (cut) tree.power_cut();
    const auto entries = tree.list("/");
    const auto& expected = cut ? durable_names : names;
    RC_ASSERT(entries->size() == expected.size());
    for (const auto& [name, body] : expected) {
      const auto handle = tree.open(name, OpenMode::read, 0, 0);
      RC_ASSERT(handle.has_value());
      Bytes found(tree.size(*handle).value());
      RC_ASSERT(tree.read(*handle, 0, found).value_or(SIZE_MAX) == found.size());
      RC_ASSERT(found == (cut ? bodies[body].durable : bodies[body].current));
      tree.close(*handle);
    }
  }
}

}  // namespace
}  // namespace seedbed
