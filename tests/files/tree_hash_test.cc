// The hash by which judges tell trees apart, and that copies are trees of their own.
#include <gtest/gtest.h>

#include <functional>

#include "simulator/file_tree.h"

namespace seedbed {
namespace {

void write(FileTree& tree, const std::string& path, uint64_t offset_bytes, ByteSpan data, int64_t now_ns) {
  const auto handle = tree.open(path, OpenMode::create, 0600, now_ns);
  ASSERT_TRUE(handle) << handle.error().message();
  ASSERT_TRUE(tree.write(*handle, offset_bytes, data, now_ns));
  tree.close(*handle);
}

void truncate(FileTree& tree, const std::string& path, uint64_t size_bytes, int64_t now_ns) {
  const auto handle = tree.open(path, OpenMode::read_write, 0600, now_ns);
  ASSERT_TRUE(handle);
  ASSERT_TRUE(tree.truncate(*handle, size_bytes, now_ns));
  tree.close(*handle);
}

FileTree some_tree() {
  FileTree tree;
  EXPECT_TRUE(tree.make_directory("/d", 0700, 1));
  EXPECT_TRUE(tree.plant_file("/d/a", Bytes(10'000, 'a'), 0644, 2));
  EXPECT_TRUE(tree.plant_file("/d/b", as_bytes("content"), 0644, 3));
  EXPECT_TRUE(tree.plant_symlink("a", "/d/link"));
  tree.settle();
  return tree;
}

TEST(TreeHash, IsTheSameHoweverAnEqualTreeCameAbout) {
  const FileTree one = some_tree();
  FileTree other;
  EXPECT_TRUE(other.plant_symlink("a", "/link"));
  EXPECT_TRUE(other.make_directory("/e", 0700, 9));
  EXPECT_TRUE(other.rename("/e", "/d", 9));
  write(other, "/d/b.new", 0, as_bytes("conTENT and more"), 3);
  write(other, "/d/b.new", 3, as_bytes("tent"), 3);
  truncate(other, "/d/b.new", 7, 3);
  EXPECT_TRUE(other.rename("/d/b.new", "/d/b", 3));
  EXPECT_TRUE(other.rename("/link", "/d/link", 3));
  for (uint64_t at_bytes = 0; at_bytes < 10'000; at_bytes += 1'000)
    write(other, "/d/a", at_bytes, Bytes(1'000, 'a'), 2);
  EXPECT_TRUE(other.set_mode("/d/a", 0644));
  EXPECT_TRUE(other.set_mode("/d/b", 0644));
  EXPECT_TRUE(other.set_modified("/d", one.stat("/d")->modified_ns));
  EXPECT_TRUE(other.set_modified("/", one.stat("/")->modified_ns));
  EXPECT_EQ(other.hash(), one.hash());
  EXPECT_EQ(other.hash_under("/d"), one.hash_under("/d"));
}

TEST(TreeHash, TellsWhateverANextBootCouldSee) {
  const FileTree one = some_tree();
  const uint64_t hash = one.hash();
  const auto differs = [&](const std::function<void(FileTree&)>& change) {
    FileTree other = one;
    change(other);
    EXPECT_NE(other.hash(), hash);
    return other.hash();
  };
  std::set<uint64_t> all = {
      hash,
      differs([](FileTree& tree) { write(tree, "/d/a", 5'000, as_bytes("x"), 2); }),
      differs([](FileTree& tree) { write(tree, "/d/a", 5'000, as_bytes("a"), 4); }),  // the time
      differs([](FileTree& tree) { write(tree, "/d/a", 10'000, Bytes(1), 2); }),      // the size
      differs([](FileTree& tree) { truncate(tree, "/d/a", 10'002, 2); }),
      differs([](FileTree& tree) { EXPECT_TRUE(tree.set_mode("/d/a", 0600)); }),
      differs([](FileTree& tree) { EXPECT_TRUE(tree.set_modified("/d", 99)); }),
      differs([](FileTree& tree) { EXPECT_TRUE(tree.rename("/d/a", "/d/c", 3)); }),
      differs([](FileTree& tree) { EXPECT_TRUE(tree.remove("/d/b", 3)); }),
      differs([](FileTree& tree) { EXPECT_TRUE(tree.plant_hard_link("/d/a", "/d/b2")); }),
      differs([](FileTree& tree) { EXPECT_TRUE(tree.plant_file("/d/b2", Bytes(10'000, 'a'), 0644, 2)); }),
      differs([](FileTree& tree) { tree.unreach("/d"); }),
  };
  EXPECT_EQ(all.size(), 12u);
  EXPECT_EQ(one.hash(), hash);
}

TEST(TreeHash, PagesOfZerosAreAsGoodAsNone) {
  FileTree one, other;
  write(one, "/a", 0, Bytes(20'000), 1);
  write(other, "/a", 19'999, Bytes(1), 1);
  EXPECT_EQ(one.hash(), other.hash());
  write(one, "/a", 8'192, as_bytes("x"), 1);
  EXPECT_NE(one.hash(), other.hash());
  write(one, "/a", 8'192, Bytes(1), 1);
  EXPECT_EQ(one.hash(), other.hash());
}

TEST(TreeHash, EqualPagesInOtherPlacesDiffer) {
  FileTree one, other;
  write(one, "/a", 0, Bytes(4'096, 'x'), 1);
  write(other, "/a", 4'096, Bytes(4'096, 'x'), 1);
  truncate(one, "/a", 8'192, 1);
  EXPECT_NE(one.hash(), other.hash());
}

TEST(TreeHash, OfASubtreeKnowsNothingOfTheRest) {
  FileTree tree = some_tree();
  const uint64_t under = tree.hash_under("/d"), file = tree.hash_under("/d/a");
  EXPECT_TRUE(tree.plant_file("/elsewhere", as_bytes("x")));
  EXPECT_EQ(tree.hash_under("/d"), under);
  write(tree, "/d/b", 0, as_bytes("C"), 3);
  EXPECT_NE(tree.hash_under("/d"), under);
  EXPECT_EQ(tree.hash_under("/d/a"), file);
  tree.unreach("/d");
  EXPECT_EQ(tree.hash_under("/d/a"), file);  // the judge reaches everything
  EXPECT_EQ(tree.hash_under("/none"), 0u);
}

TEST(TreeHash, TheSameCutOfTheSameTreeIsTheSameState) {
  FileTree tree = some_tree();
  write(tree, "/d/a", 100, Bytes(5'000, 'n'), 7);
  write(tree, "/d/c", 0, Bytes(900, 'c'), 8);
  std::set<uint64_t> states;
  for (uint64_t seed = 0; seed < 50; seed++) {
    const Survivors survivors{.shape = Survivors::Shape::seeded, .seed = seed};
    FileTree one = tree, other = tree;
    one.power_cut(survivors);
    other.power_cut(survivors);
    EXPECT_EQ(one.hash(), other.hash());
    states.insert(one.hash());
  }
  EXPECT_GT(states.size(), 10u);
}

TEST(TreeCopy, ChangesOfOneAreNotSeenInTheOther) {
  FileTree tree = some_tree();
  write(tree, "/d/a", 0, as_bytes("pending"), 5);
  const uint64_t hash = tree.hash();
  const size_t pending = tree.pending().size();
  FileTree copy = tree;
  const auto handle = copy.open("/d/a", OpenMode::read_write, 0, 6);
  ASSERT_TRUE(handle);
  EXPECT_TRUE(copy.lock(*handle));
  EXPECT_TRUE(copy.write(*handle, 0, as_bytes("otherwise"), 6));
  EXPECT_TRUE(copy.sync(*handle));
  EXPECT_TRUE(copy.remove("/d/b", 6));
  EXPECT_TRUE(copy.make_directory("/d/e", 0700, 6));
  EXPECT_TRUE(copy.sync_directory("/d"));
  copy.unreach("/d");
  copy.set_capacity(0);
  copy.power_cut();
  EXPECT_EQ(tree.hash(), hash);
  EXPECT_EQ(tree.pending().size(), pending);
  EXPECT_GT(tree.free_bytes("/d").value(), 0u);
  const auto own = tree.open("/d/a", OpenMode::read_write, 0, 6);
  ASSERT_TRUE(own);
  EXPECT_TRUE(tree.lock(*own));
  Bytes out(9);
  EXPECT_EQ(tree.read(*own, 0, out), 9u);
  EXPECT_EQ(as_text(out), "pendingaa");
}

}  // namespace
}  // namespace seedbed
