// What a power cut leaves of modes, times and links: attributes of a file are its sync's, those of a
// directory or symlink the sync's of where they stand.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "tests/files/cut_tree.h"
#include "tests/files/faulty_machine.h"

namespace seedbed {
namespace {

using AttributeShape = Survivors::Shape;

FileTree attribute_tree() {
  FileTree tree;
  EXPECT_TRUE(tree.make_directory("/d", 0755, 1));
  EXPECT_TRUE(tree.plant_file("/d/file", as_bytes("content"), 0644, 2));
  EXPECT_TRUE(tree.make_directory("/d/sub", 0755, 3));
  EXPECT_TRUE(tree.make_symlink("file", "/d/link", 4));
  tree.settle();
  return tree;
}

void set(FileTree& tree, const std::string& path, uint32_t mode, int64_t modified_ns) {
  ASSERT_TRUE(tree.set_attributes(path, {.mode = mode, .modified_ns = modified_ns}));
}

std::pair<uint32_t, int64_t> attributes(const FileTree& tree, const std::string& path) {
  const auto stat = tree.stat(path);
  return stat ? std::pair{stat->mode, stat->modified_ns} : std::pair{0u, int64_t{-1}};
}

void sync_file(FileTree& tree, const std::string& path) {
  const auto handle = tree.open(path, OpenMode::read, 0, 0);
  ASSERT_TRUE(handle);
  ASSERT_TRUE(tree.sync(*handle));
  tree.close(*handle);
}

using Attributes = std::pair<uint32_t, int64_t>;

TEST(AttributesCut, OfAFileAreDurableByItsSyncOnly) {
  FileTree tree = attribute_tree();
  set(tree, "/d/file", 0600, 99);
  EXPECT_EQ(attributes(tree, "/d/file"), Attributes(0600, 99));
  EXPECT_EQ(attributes(cut(tree, {.shape = AttributeShape::none}), "/d/file"), Attributes(0644, 2));
  EXPECT_EQ(attributes(cut(tree, {.shape = AttributeShape::all}), "/d/file"), Attributes(0600, 99));
  EXPECT_EQ(tree.pending().size(), 1u);
  ASSERT_TRUE(tree.sync_directory("/d"));
  EXPECT_EQ(attributes(cut(tree, {.shape = AttributeShape::none}), "/d/file"), Attributes(0644, 2));
  sync_file(tree, "/d/file");
  EXPECT_EQ(attributes(cut(tree, {.shape = AttributeShape::none}), "/d/file"), Attributes(0600, 99));
  EXPECT_TRUE(tree.pending().empty());
}

TEST(AttributesCut, OfDirectoriesAndSymlinksAreDurableByTheSyncOfWhereTheyStand) {
  FileTree tree = attribute_tree();
  set(tree, "/d/sub", 0500, 99);
  set(tree, "/d/link", 0500, 98);
  set(tree, "/d", 0711, 97);
  ASSERT_TRUE(tree.sync_directory("/d/sub"));
  EXPECT_EQ(attributes(cut(tree, {.shape = AttributeShape::none}), "/d/sub"), Attributes(0755, 3));
  ASSERT_TRUE(tree.sync_directory("/d"));
  const FileTree left = cut(tree, {.shape = AttributeShape::none});
  EXPECT_EQ(attributes(left, "/d/sub"), Attributes(0500, 99));
  EXPECT_EQ(attributes(left, "/d/link"), Attributes(0777, 98));
  EXPECT_NE(attributes(left, "/d"), Attributes(0711, 97));
  ASSERT_TRUE(tree.sync_directory("/"));
  EXPECT_EQ(attributes(cut(tree, {.shape = AttributeShape::none}), "/d"), Attributes(0711, 97));
  EXPECT_TRUE(tree.pending().empty());
}

// As a restore does it: what is in a directory first, its own time last.
TEST(AttributesCut, TheNewerTimeWinsHoweverItBecomesDurable) {
  FileTree tree = attribute_tree();
  make(tree, "/d/sub/a", "a");
  set(tree, "/d/sub", 0755, 50);
  ASSERT_TRUE(tree.sync_directory("/d"));      // the time is durable, the name before it is not
  ASSERT_TRUE(tree.sync_directory("/d/sub"));  // now the name is: it brings no time of its own
  EXPECT_EQ(attributes(cut(tree, {.shape = AttributeShape::none}), "/d/sub"), Attributes(0755, 50));
  const auto handle = tree.open("/d/file", OpenMode::read_write, 0, 0);
  ASSERT_TRUE(handle);
  set(tree, "/d/file", 0600, 60);
  ASSERT_TRUE(tree.write(*handle, 0, as_bytes("C"), 70));
  ASSERT_TRUE(tree.sync(*handle));
  EXPECT_EQ(attributes(cut(tree, {.shape = AttributeShape::none}), "/d/file"), Attributes(0600, 70));
  ASSERT_TRUE(tree.write(*handle, 0, as_bytes("c"), 80));
  set(tree, "/d/file", 0600, 61);
  ASSERT_TRUE(tree.sync(*handle));
  EXPECT_EQ(attributes(cut(tree, {.shape = AttributeShape::none}), "/d/file"), Attributes(0600, 61));
}

TEST(AttributesCut, AFailedSyncLosesThem) {
  FileTree tree = attribute_tree();
  set(tree, "/d/file", 0600, 99);
  set(tree, "/d/sub", 0500, 99);
  const auto handle = tree.open("/d/file", OpenMode::read_write, 0, 0);
  ASSERT_TRUE(handle);
  tree.lose_sync(*handle);
  tree.lose_directory_sync("/d");
  ASSERT_TRUE(tree.sync(*handle));
  ASSERT_TRUE(tree.sync_directory("/d"));
  for (const char* path : {"/d/file", "/d/sub"}) {
    EXPECT_EQ(attributes(tree, path).second, 99) << path;  // still seen
    EXPECT_NE(attributes(cut(tree, {.shape = AttributeShape::none}), path).second, 99) << path;
    EXPECT_EQ(attributes(cut(tree, {.shape = AttributeShape::all}), path).second, 99) << path;
  }
  set(tree, "/d/file", 0640, 100);  // set again, it is as new
  ASSERT_TRUE(tree.sync(*handle));
  EXPECT_EQ(attributes(cut(tree, {.shape = AttributeShape::none}), "/d/file"), Attributes(0640, 100));
  EXPECT_EQ(attributes(cut(tree, {.shape = AttributeShape::all}), "/d/file"), Attributes(0640, 100));
}

TEST(AttributesCut, NewLinksAreDurableByTheSyncOfTheirDirectoryOnly) {
  FileTree tree = attribute_tree();
  ASSERT_TRUE(tree.make_symlink("x", "/d/new", 9));
  ASSERT_TRUE(tree.make_hard_link("/d/file", "/d/sub/same", 9));
  const FileTree lost = cut(tree, {.shape = AttributeShape::none});
  EXPECT_FALSE(lost.stat("/d/new"));
  EXPECT_FALSE(lost.stat("/d/sub/same"));
  EXPECT_EQ(lost.stat("/d/file")->link_count, 1u);
  ASSERT_TRUE(tree.sync_directory("/d"));
  ASSERT_TRUE(tree.sync_directory("/d/sub"));
  FileTree kept = cut(tree, {.shape = AttributeShape::none});
  EXPECT_EQ(kept.read_link("/d/new"), "x");
  EXPECT_EQ(read(kept, "/d/sub/same"), "content");
  EXPECT_EQ(kept.stat("/d/file")->link_count, 2u);
}

// One file against all outcomes: each change of its attributes is there or not, the newest that is wins.
RC_GTEST_PROP(AttributesCutModel, EveryCutLeavesOneOfTheLegalOutcomes, ()) {
  FileTree tree = attribute_tree();
  const std::string path = *rc::gen::element<std::string>("/d/file", "/d/sub");
  struct Change {
    std::optional<uint32_t> mode;
    std::optional<int64_t> modified_ns;
    bool sure = false, orphaned = false;
  };
  std::vector<Change> changes;
  const Attributes at_first = attributes(tree, path);
  const auto handle = tree.open("/d/file", OpenMode::read_write, 0, 0);
  RC_ASSERT(handle.has_value());
  const int steps = *rc::gen::inRange(1, 12);
  for (int i = 0; i < steps && changes.size() < 7; i++) {
    const int what = *rc::gen::inRange(0, 6);
    if (what < 4) {
      Change change;
      if (what != 0) change.mode = 0700 + *rc::gen::inRange(0u, 70u) % 070;
      if (what != 1) change.modified_ns = *rc::gen::inRange(100, 1000);
      RC_ASSERT(
          tree.set_attributes(path, {.mode = change.mode, .modified_ns = change.modified_ns}).has_value());
      changes.push_back(change);
    } else if (what == 4) {
      RC_ASSERT((path == "/d/sub" ? tree.sync_directory("/d") : tree.sync(*handle)).has_value());
      for (Change& change : changes) change.sure = change.sure || !change.orphaned;
    } else {
      path == "/d/sub" ? tree.lose_directory_sync("/d") : tree.lose_sync(*handle);
      for (Change& change : changes) change.orphaned = change.orphaned || !change.sure;
    }
  }
  std::set<Attributes> legal;
  for (uint64_t subset = 0; subset < uint64_t{1} << changes.size(); subset++) {
    Attributes left = at_first;
    for (size_t i = 0; i < changes.size(); i++) {
      if (!changes[i].sure && (subset >> i & 1) == 0) continue;
      left.first = changes[i].mode.value_or(left.first);
      left.second = changes[i].modified_ns.value_or(left.second);
    }
    legal.insert(left);
  }
  std::set<Attributes> found = {attributes(cut(tree, {.shape = AttributeShape::none}), path),
                                attributes(cut(tree, {.shape = AttributeShape::all}), path)};
  RC_ASSERT(found.contains(attributes(tree, path)));
  for (uint64_t seed = 1; seed <= 200; seed++)
    found.insert(attributes(cut(tree, {.shape = AttributeShape::seeded, .seed = seed}), path));
  for (const Attributes& one : found) RC_ASSERT(legal.contains(one));
  if (changes.size() < 4) RC_ASSERT(found == legal);
}

using LinkEvents = FaultyMachine;

TEST_F(LinkEvents, EachCallIsOneEventThatMayFailAndChangesState) {
  boot([](FileStore& files) {
    ASSERT_TRUE(files.make_symlink("target", "/link"));
    ASSERT_TRUE(files.open("/a", OpenMode::create));
    ASSERT_TRUE(files.make_hard_link("/a", "/b"));
    ASSERT_TRUE(files.set_attributes("/b", {.mode = 0640, .modified_ns = 5}));
    ASSERT_FALSE(files.set_attributes("/none", {}));
  });
  std::vector<std::string> told;
  for (const Event& event : log_.events())
    if (event.kind != EventKind::file_open) {
      told.push_back(std::string(event_name(event.kind)) + " " + event.place +
                     (event.failed ? " failed" : ""));
      EXPECT_TRUE(changes_state(event.kind));
    }
  EXPECT_EQ(told, (std::vector<std::string>{"file.symlink /link", "file.hardlink /a > /b",
                                            "file.attributes /b", "file.attributes /none failed"}));
  EXPECT_EQ(log_.events().front().detail, detail_of("target"));
  for (const EventKind kind :
       {EventKind::make_symlink, EventKind::make_hard_link, EventKind::set_attributes}) {
    fail_at(kind);
    boot([&](FileStore& files) {
      EXPECT_EQ(files.make_symlink("x", "/link2").has_value(), kind != EventKind::make_symlink);
      EXPECT_EQ(files.make_hard_link("/a", "/c").has_value(), kind != EventKind::make_hard_link);
      EXPECT_EQ(files.set_attributes("/a", {.mode = 0600}).has_value(), kind != EventKind::set_attributes);
      EXPECT_EQ(files.stat("/link2").has_value(), kind != EventKind::make_symlink);
      EXPECT_EQ(files.stat("/c").has_value(), kind != EventKind::make_hard_link);
      EXPECT_EQ(files.stat("/a")->mode, kind == EventKind::set_attributes ? 0640u : 0600u);
      (void)files.remove("/link2");
      (void)files.remove("/c");
      (void)files.set_attributes("/a", {.mode = 0640});
    });
  }
}

}  // namespace
}  // namespace seedbed
