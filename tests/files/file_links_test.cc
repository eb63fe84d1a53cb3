// The conformance suite of FileStore, its part about links and attributes; file_store_test.cc has the
// backends.
#include "tests/files/file_stores.h"

namespace seedbed {
namespace {

TEST_P(FileStores, MakesSymlinks) {
  run([&] {
    write("file", "content");
    ASSERT_TRUE(files().make_directory(at("dir")));
    ASSERT_TRUE(files().make_symlink("file", at("link")));
    ASSERT_TRUE(files().make_symlink("no where/\xff", at("dir/dangling")));
    ASSERT_TRUE(files().make_symlink("dir", at("to_dir")));
    ASSERT_TRUE(files().make_symlink(std::string(4095, 't'), at("long")));
    EXPECT_EQ(files().stat(at("link"))->kind, FileKind::symlink);
    EXPECT_EQ(files().read_link(at("link")), "file");
    EXPECT_EQ(files().read_link(at("to_dir/dangling")), "no where/\xff");
    EXPECT_EQ(files().read_link(at("long")), std::string(4095, 't'));
    EXPECT_GT(files().stat(at("link"))->modified_ns, 1'400'000'000'000'000'000);
    for (const char* taken : {"file", "dir", "link", "dir/dangling"})
      EXPECT_TRUE(fails_with(files().make_symlink("x", at(taken)), ErrorCode::already_exists)) << taken;
    EXPECT_EQ(read("file"), "content");
    EXPECT_TRUE(fails_with(files().make_symlink("x", at("none/x")), ErrorCode::not_found));
    EXPECT_TRUE(fails_with(files().make_symlink("x", at("file/x")), ErrorCode::not_found));
    EXPECT_TRUE(fails_with(files().make_symlink("", at("x")), ErrorCode::not_found));
    EXPECT_TRUE(
        fails_with(files().make_symlink(std::string(4096, 't'), at("x")), ErrorCode::invalid_argument));
    EXPECT_TRUE(
        fails_with(files().make_symlink(std::string("a\0b", 3), at("x")), ErrorCode::invalid_argument));
    EXPECT_TRUE(
        fails_with(files().make_symlink("a", at(std::string("x\0y", 3))), ErrorCode::invalid_argument));
    EXPECT_TRUE(fails_with(files().stat(at("x")), ErrorCode::not_found));
    EXPECT_EQ(names(world_->root()), (std::vector<std::string>{"dir", "file", "link", "long", "to_dir"}));
  });
}

TEST_P(FileStores, MakesHardLinks) {
  run([&] {
    write("a", "one");
    ASSERT_TRUE(files().make_directory(at("dir")));
    ASSERT_TRUE(files().make_symlink("a", at("link")));
    ASSERT_TRUE(files().make_hard_link(at("a"), at("dir/b")));
    EXPECT_EQ(files().stat(at("a"))->link_count, 2u);
    EXPECT_EQ(files().stat(at("a"))->inode, files().stat(at("dir/b"))->inode);
    write("a", "two");
    EXPECT_EQ(read("dir/b"), "two");
    ASSERT_TRUE(files().make_hard_link(at("link"), at("link2")));  // the link itself
    EXPECT_EQ(files().read_link(at("link2")), "a");
    EXPECT_EQ(files().stat(at("link"))->link_count, 2u);
    for (const char* taken : {"a", "dir", "dir/b", "link"})
      EXPECT_TRUE(fails_with(files().make_hard_link(at("a"), at(taken)), ErrorCode::already_exists)) << taken;
    EXPECT_TRUE(fails_with(files().make_hard_link(at("none"), at("x")), ErrorCode::not_found));
    EXPECT_TRUE(fails_with(files().make_hard_link(at("a"), at("none/x")), ErrorCode::not_found));
    EXPECT_TRUE(fails_with(files().make_hard_link(at("dir"), at("x")), ErrorCode::permission_denied));
    ASSERT_TRUE(files().rename(at("a"), at("dir/b")));  // two names of one file: nothing is to be done
    EXPECT_EQ(read("a"), "two");
    ASSERT_TRUE(files().remove(at("a")));
    EXPECT_EQ(read("dir/b"), "two");
    EXPECT_EQ(files().stat(at("dir/b"))->link_count, 1u);
  });
}

TEST_P(FileStores, SetsAttributes) {
  run([&] {
    write("file", "content");
    ASSERT_TRUE(files().make_directory(at("dir")));
    ASSERT_TRUE(files().make_symlink("file", at("link")));
    const auto set = [&](const char* name, const FileAttributes& attributes) {
      const Status done = files().set_attributes(at(name), attributes);
      EXPECT_TRUE(done) << done.error().message();
    };
    constexpr int64_t kThen_ns = 1'478'111'054'735'123'456;
    set("file", {.mode = 0640, .modified_ns = kThen_ns});
    set("dir", {.mode = 0555, .modified_ns = kThen_ns + 1});
    set("link", {.mode = 0600, .modified_ns = kThen_ns + 2});
    EXPECT_EQ(files().stat(at("file"))->mode, 0640u);
    EXPECT_EQ(files().stat(at("file"))->modified_ns, kThen_ns);  // the link's time was not its own
    EXPECT_EQ(files().stat(at("dir"))->mode, 0555u);
    EXPECT_EQ(files().stat(at("dir"))->modified_ns, kThen_ns + 1);
    EXPECT_EQ(files().stat(at("link"))->mode, 0777u);
    EXPECT_EQ(files().stat(at("link"))->modified_ns, kThen_ns + 2);
    set("file", {.mode = 0400});
    EXPECT_EQ(files().stat(at("file"))->modified_ns, kThen_ns);
    set("file", {.modified_ns = -1});
    EXPECT_EQ(files().stat(at("file"))->mode, 0400u);
    EXPECT_EQ(files().stat(at("file"))->modified_ns, -1);
    const auto as_it_is = files().stat(at("file"));
    set("file", {});
    set("file", {.owner_and_group = std::pair{as_it_is->owner, as_it_is->group}});
    EXPECT_EQ(files().stat(at("file"))->mode, 0400u);
    EXPECT_EQ(files().stat(at("file"))->owner, as_it_is->owner);
    set("file", {.mode = 0600});
    write("file", "changed");
    EXPECT_GT(files().stat(at("file"))->modified_ns, 1'400'000'000'000'000'000);
    EXPECT_TRUE(fails_with(files().set_attributes(at("none"), {.mode = 0600}), ErrorCode::not_found));
    EXPECT_TRUE(fails_with(files().set_attributes(at("file/x"), {.mode = 0600}), ErrorCode::not_found));
    set("dir", {.mode = 0755});
  });
  world_->run_unprivileged([&] {
    const auto stat = files().stat(at("file"));
    const FileAttributes given_away = {.owner_and_group = std::pair{stat->owner + 1, stat->group}};
    EXPECT_TRUE(fails_with(files().set_attributes(at("file"), given_away), ErrorCode::permission_denied));
    EXPECT_EQ(files().stat(at("file"))->owner, stat->owner);
  });
}

TEST_P(FileStores, LinksNeedAWritableDirectory) {
  run([&] {
    write("a", "a");
    ASSERT_TRUE(files().make_directory(at("fixed"), 0555));
  });
  world_->run_unprivileged([&] {
    EXPECT_TRUE(fails_with(files().make_symlink("x", at("fixed/x")), ErrorCode::permission_denied));
    EXPECT_TRUE(fails_with(files().make_hard_link(at("a"), at("fixed/x")), ErrorCode::permission_denied));
    EXPECT_TRUE(names(at("fixed")).empty());
  });
}

}  // namespace
}  // namespace seedbed
