// The conformance suite of the FileStore port: every backend, one set of tests.
#include "tests/files/file_stores.h"

namespace seedbed {
namespace {

TEST_P(FileStores, OpenModes) {
  run([&] {
    EXPECT_TRUE(fails_with(files().open(at("a"), OpenMode::read), ErrorCode::not_found));
    EXPECT_TRUE(fails_with(files().open(at("a"), OpenMode::read_write), ErrorCode::not_found));
    EXPECT_TRUE(files().open(at("a"), OpenMode::create_new));
    EXPECT_TRUE(fails_with(files().open(at("a"), OpenMode::create_new), ErrorCode::already_exists));
    EXPECT_TRUE(files().open(at("a"), OpenMode::create));
    EXPECT_TRUE(files().open(at("a"), OpenMode::read_write));
    EXPECT_TRUE(files().open(at("b"), OpenMode::create));
    EXPECT_TRUE(fails_with(files().open(at("none/b"), OpenMode::create), ErrorCode::not_found));
    EXPECT_TRUE(fails_with(files().open(at("a/b"), OpenMode::create), ErrorCode::not_found));
  });
}

TEST_P(FileStores, OpeningForReadingDoesNotAllowWriting) {
  run([&] {
    write("a", "abc");
    auto file = files().open(at("a"), OpenMode::read);
    ASSERT_TRUE(file);
    EXPECT_FALSE((*file)->write_at(0, as_bytes("x")));
    EXPECT_FALSE((*file)->truncate(1));
    EXPECT_EQ(read("a"), "abc");
  });
}

TEST_P(FileStores, DirectoriesAreNotOpenedAsFiles) {
  run([&] {
    ASSERT_TRUE(files().make_directory(at("d")));
    for (const OpenMode how : {OpenMode::read, OpenMode::read_write, OpenMode::create})
      EXPECT_TRUE(fails_with(files().open(at("d"), how), ErrorCode::invalid_argument));
    EXPECT_TRUE(fails_with(files().open(at("d"), OpenMode::create_new), ErrorCode::already_exists));
  });
}

TEST_P(FileStores, ModesAreExact) {
  run([&] {
    for (const uint32_t mode : {0600u, 0666u, 0644u, 0640u, 0400u, 0777u}) {
      const std::string name = "m" + std::to_string(mode);
      ASSERT_TRUE(files().open(at(name), OpenMode::create, mode));
      EXPECT_EQ(files().stat(at(name))->mode, mode);
      ASSERT_TRUE(files().make_directory(at("d" + name), mode));
      EXPECT_EQ(files().stat(at("d" + name))->mode, mode);
    }
    ASSERT_TRUE(files().open(at("m384"), OpenMode::create, 0644));
    EXPECT_EQ(files().stat(at("m384"))->mode, 0600u);  // an existing file keeps its own
  });
}

TEST_P(FileStores, ReadsAtAndBeyondTheEnd) {
  run([&] {
    write("a", "0123456789");
    auto file = files().open(at("a"), OpenMode::read);
    ASSERT_TRUE(file);
    EXPECT_EQ((*file)->size(), 10u);
    Bytes out(4);
    EXPECT_EQ((*file)->read_at(2, out), 4u);
    EXPECT_EQ(as_text(out), "2345");
    EXPECT_EQ((*file)->read_at(8, out), 2u);
    EXPECT_EQ(as_text(out).substr(0, 2), "89");
    EXPECT_EQ((*file)->read_at(10, out), 0u);
    EXPECT_EQ((*file)->read_at(1'000'000, out), 0u);
    EXPECT_EQ((*file)->read_at(UINT64_MAX, out), 0u);
    EXPECT_EQ((*file)->read_at(0, {}), 0u);
  });
}

TEST_P(FileStores, WritesBeyondTheEndLeaveZeros) {
  run([&] {
    auto file = files().open(at("a"), OpenMode::create_new);
    ASSERT_TRUE(file);
    ASSERT_TRUE((*file)->write_at(0, as_bytes("x")));
    ASSERT_TRUE((*file)->write_at(100'000, as_bytes("y")));
    EXPECT_EQ((*file)->size(), 100'001u);
    Bytes all(100'001);
    EXPECT_EQ((*file)->read_at(0, all), all.size());
    EXPECT_EQ(all.front(), 'x');
    EXPECT_EQ(all.back(), 'y');
    EXPECT_TRUE(all_zero(ByteSpan(all).subspan(1, 99'999)));
    ASSERT_TRUE((*file)->write_at(5'000'000'000, as_bytes("z")));  // beyond 32 bits
    EXPECT_EQ((*file)->size(), 5'000'000'001u);
    Bytes end(2);
    EXPECT_EQ((*file)->read_at(4'999'999'999, end), 2u);
    EXPECT_EQ(end, (Bytes{0, 'z'}));
    EXPECT_FALSE((*file)->write_at(UINT64_MAX - 1, as_bytes("no")));
    EXPECT_TRUE((*file)->write_at(0, {}));
  });
}

TEST_P(FileStores, TruncatesBothWays) {
  run([&] {
    auto file = files().open(at("a"), OpenMode::create_new);
    ASSERT_TRUE(file);
    ASSERT_TRUE((*file)->write_at(0, Bytes(10'000, 0xaa)));
    ASSERT_TRUE((*file)->truncate(5'000));
    EXPECT_EQ((*file)->size(), 5'000u);
    ASSERT_TRUE((*file)->truncate(9'000));
    Bytes all(10'000);
    EXPECT_EQ((*file)->read_at(0, all), 9'000u);
    EXPECT_EQ(all[4'999], 0xaa);
    EXPECT_TRUE(all_zero(ByteSpan(all).subspan(5'000)));  // what was cut off does not come back
    EXPECT_FALSE((*file)->truncate(UINT64_MAX));
  });
}

TEST_P(FileStores, RenameReplaces) {
  run([&] {
    write("a", "new");
    write("b", "old");
    const auto inode = files().stat(at("a"))->inode;
    auto open_b = files().open(at("b"), OpenMode::read);
    ASSERT_TRUE(files().rename(at("a"), at("b")));
    EXPECT_EQ(read("b"), "new");
    EXPECT_EQ(files().stat(at("b"))->inode, inode);
    EXPECT_TRUE(fails_with(files().stat(at("a")), ErrorCode::not_found));
    Bytes out(3);
    EXPECT_EQ((*open_b)->read_at(0, out), 3u);  // who has it open keeps the replaced one
    EXPECT_EQ(as_text(out), "old");
    EXPECT_TRUE(files().rename(at("b"), at("b")));
    EXPECT_EQ(read("b"), "new");
  });
}

TEST_P(FileStores, RenameRefusals) {
  run([&] {
    write("a", "a");
    ASSERT_TRUE(files().make_directory(at("d")));
    ASSERT_TRUE(files().make_directory(at("d/e")));
    ASSERT_TRUE(files().make_directory(at("empty")));
    EXPECT_TRUE(fails_with(files().rename(at("none"), at("b")), ErrorCode::not_found));
    EXPECT_TRUE(fails_with(files().rename(at("a"), at("none/b")), ErrorCode::not_found));
    EXPECT_TRUE(fails_with(files().rename(at("a"), at("empty")), ErrorCode::invalid_argument));
    EXPECT_TRUE(fails_with(files().rename(at("empty"), at("a")), ErrorCode::not_found));
    EXPECT_TRUE(fails_with(files().rename(at("empty"), at("d")), ErrorCode::already_exists));
    EXPECT_TRUE(fails_with(files().rename(at("d"), at("d/e/f")), ErrorCode::invalid_argument));
    EXPECT_TRUE(files().rename(at("d"), at("empty")));  // an empty directory is replaced
    EXPECT_EQ(names(at("empty")), std::vector<std::string>{"e"});
    EXPECT_EQ(names(world_->root()), (std::vector<std::string>{"a", "empty"}));
  });
}

TEST_P(FileStores, RemovesFilesAndEmptyDirectories) {
  run([&] {
    write("a", "a");
    ASSERT_TRUE(files().make_directory(at("d")));
    write("d/b", "b");
    EXPECT_TRUE(fails_with(files().remove(at("d")), ErrorCode::already_exists));
    EXPECT_EQ(read("d/b"), "b");
    EXPECT_TRUE(fails_with(files().remove(at("none")), ErrorCode::not_found));
    auto open_file = files().open(at("d/b"), OpenMode::read_write);
    EXPECT_TRUE(files().remove(at("d/b")));
    EXPECT_TRUE((*open_file)->write_at(1, as_bytes("still")));  // removed, but open
    EXPECT_EQ((*open_file)->size(), 6u);
    EXPECT_TRUE(files().remove(at("d")));
    EXPECT_TRUE(files().remove(at("a")));
    EXPECT_TRUE(names(world_->root()).empty());
    EXPECT_TRUE(fails_with(files().make_directory(at("x/y")), ErrorCode::not_found));
    EXPECT_TRUE(files().make_directory(at("x")));
    EXPECT_TRUE(fails_with(files().make_directory(at("x")), ErrorCode::already_exists));
  });
}

TEST_P(FileStores, ListsSortedByBytesWithKinds) {
  run([&] {
    for (const char* name : {"b", "a", "B", "\xc3\xa9", "a.b", "ab", ".hidden", "z"}) write(name, "");
    ASSERT_TRUE(files().make_directory(at("dir")));
    world_->plant_symlink("a", at("link"));
    EXPECT_EQ(names(world_->root()), (std::vector<std::string>{".hidden", "B", "a", "a.b", "ab", "b", "dir",
                                                               "link", "z", "\xc3\xa9"}));
    const auto entries = files().list(world_->root());
    EXPECT_EQ((*entries)[0].kind, FileKind::file);
    EXPECT_EQ((*entries)[6].kind, FileKind::directory);
    EXPECT_EQ((*entries)[7].kind, FileKind::symlink);
    EXPECT_TRUE(fails_with(files().list(at("none")), ErrorCode::not_found));
    EXPECT_TRUE(fails_with(files().list(at("a")), ErrorCode::not_found));  // a file is no directory
  });
}

TEST_P(FileStores, NamesAreBytes) {
  run([&] {
    const std::vector<std::string> odd = {
        "\x01\n",       " ",       "\"quoted\"", "caf\xc3\xa9", "\xe2\x82\xac\xf0\x9f\x98\x80",
        "\xed\xa0\x80", "\xff\xfe"};
    for (const std::string& name : odd) write(name, name);
    EXPECT_EQ(names(world_->root()), odd);
    for (const std::string& name : odd) EXPECT_EQ(read(name), name);
    EXPECT_TRUE(
        fails_with(files().open(at(std::string("a\0b", 3)), OpenMode::create), ErrorCode::invalid_argument));
  });
}

TEST_P(FileStores, LongNames) {
  run([&] {
    const std::string longest(255, 'n');
    write(longest, "long");
    EXPECT_EQ(read(longest), "long");
    EXPECT_EQ(names(world_->root()), std::vector<std::string>{longest});
    EXPECT_TRUE(fails_with(files().open(at(longest + "n"), OpenMode::create), ErrorCode::invalid_argument));
    EXPECT_TRUE(fails_with(files().make_directory(at(longest + "n")), ErrorCode::invalid_argument));
  });
}

TEST_P(FileStores, PathsLongerThanTheKernelTakes) {
  run([&] {
    std::string path = world_->root();
    for (int depth = 0; depth < 40; depth++) {
      path = join_path(path, std::string(200, 'd'));
      ASSERT_TRUE(files().make_directory(path)) << depth;
    }
    ASSERT_GT(path.size(), 8'000u);
    ASSERT_TRUE(replace_file(files(), join_path(path, "deep"), as_bytes("deep")));
    EXPECT_EQ(as_text(*read_file(files(), join_path(path, "deep"), 100)), "deep");
    EXPECT_EQ(files().stat(join_path(path, "deep"))->size_bytes, 4u);
    EXPECT_EQ(names(path + "//"), std::vector<std::string>{"deep"});
    EXPECT_TRUE(files().free_bytes(path));
    EXPECT_TRUE(fails_with(files().stat(join_path(path, "none")), ErrorCode::not_found));
    EXPECT_TRUE(files().remove(join_path(path, "deep")));
    while (path != world_->root()) {
      ASSERT_TRUE(files().remove(path));
      path = parent_of(path);
    }
  });
}

TEST_P(FileStores, SymlinksAreSeenAsThemselves) {
  run([&] {
    write("file", "content");
    ASSERT_TRUE(files().make_directory(at("dir")));
    write("dir/inner", "inner");
    world_->plant_symlink("file", at("link"));
    world_->plant_symlink("nowhere", at("dangling"));
    world_->plant_symlink("dir", at("to_dir"));
    world_->plant_symlink("loop", at("loop"));

    const auto stat = files().stat(at("link"));
    ASSERT_TRUE(stat);
    EXPECT_EQ(stat->kind, FileKind::symlink);
    EXPECT_EQ(stat->size_bytes, 4u);
    EXPECT_EQ(files().read_link(at("link")), "file");
    EXPECT_EQ(files().read_link(at("dangling")), "nowhere");
    EXPECT_TRUE(fails_with(files().read_link(at("file")), ErrorCode::invalid_argument));

    for (const OpenMode how : {OpenMode::read, OpenMode::read_write, OpenMode::create}) {
      EXPECT_TRUE(fails_with(files().open(at("link"), how), ErrorCode::refused));
      EXPECT_TRUE(fails_with(files().open(at("dangling"), how), ErrorCode::refused));
    }
    EXPECT_TRUE(fails_with(files().open(at("link"), OpenMode::create_new), ErrorCode::already_exists));
    EXPECT_TRUE(
        fails_with(files().stat(at("nowhere")), ErrorCode::not_found));  // nothing was made through it

    EXPECT_EQ(read("to_dir/inner"), "inner");  // only the last part of a path is not followed
    EXPECT_EQ(names(at("to_dir")), std::vector<std::string>{"inner"});
    EXPECT_TRUE(files().sync_directory(at("to_dir")));
    EXPECT_TRUE(fails_with(files().stat(at("loop/x")), ErrorCode::invalid_argument));

    EXPECT_TRUE(files().remove(at("link")));  // the link, not the file
    EXPECT_EQ(read("file"), "content");
    EXPECT_TRUE(files().rename(at("file"), at("dangling")));  // replaces the link itself
    EXPECT_EQ(files().stat(at("dangling"))->kind, FileKind::file);
    EXPECT_TRUE(fails_with(files().stat(at("nowhere")), ErrorCode::not_found));
  });
}

TEST_P(FileStores, LongSymlinkTargetsAreReadWhole) {
  run([&] {
    for (const size_t length : {255u, 256u, 257u, 512u, 4095u}) {
      const std::string target(length, 't');
      world_->plant_symlink(target, at("l" + std::to_string(length)));
      EXPECT_EQ(files().read_link(at("l" + std::to_string(length))), target);
    }
  });
}

TEST_P(FileStores, RealPathResolvesEverything) {
  run([&] {
    ASSERT_TRUE(files().make_directory(at("dir")));
    ASSERT_TRUE(files().make_directory(at("dir/deeper")));
    write("dir/file", "");
    world_->plant_symlink("dir", at("one"));
    world_->plant_symlink(at("one"), at("two"));
    world_->plant_symlink("deeper/../file", at("dir/three"));
    EXPECT_EQ(files().real_path(at("two/./deeper/..//file")), at("dir/file"));
    EXPECT_EQ(files().real_path(at("two/three")), at("dir/file"));
    EXPECT_EQ(files().real_path(at("two/")), at("dir"));
    EXPECT_EQ(files().real_path("/"), "/");
    EXPECT_EQ(files().real_path("/.."), "/");
    EXPECT_TRUE(fails_with(files().real_path(at("none")), ErrorCode::not_found));
    EXPECT_TRUE(fails_with(files().real_path(at("dir/file/")), ErrorCode::not_found));
    const auto here = files().real_path(".");
    ASSERT_TRUE(here);
    EXPECT_TRUE(here->starts_with('/'));
  });
}

TEST_P(FileStores, StatTellsTimesLinksAndIdentity) {
  run([&] {
    write("a", "12345");
    world_->set_modified(at("a"), 1'478'111'054'735'123'456);
    world_->plant_hard_link(at("a"), at("b"));
    write("c", "");
    const auto a = files().stat(at("a")), b = files().stat(at("b")), c = files().stat(at("c"));
    ASSERT_TRUE(a && b && c);
    EXPECT_EQ(a->kind, FileKind::file);
    EXPECT_EQ(a->size_bytes, 5u);
    EXPECT_EQ(a->modified_ns, 1'478'111'054'735'123'456);
    EXPECT_EQ(a->link_count, 2u);
    EXPECT_EQ(a->inode, b->inode);
    EXPECT_NE(a->inode, c->inode);
    EXPECT_EQ(a->device, c->device);
    EXPECT_EQ(c->link_count, 1u);
    EXPECT_GT(c->modified_ns, 1'400'000'000'000'000'000);
    EXPECT_EQ(files().stat(world_->root())->kind, FileKind::directory);
    ASSERT_TRUE(files().remove(at("b")));
    EXPECT_EQ(files().stat(at("a"))->link_count, 1u);
    write("a", "changed");
    EXPECT_NE(files().stat(at("a"))->modified_ns, 1'478'111'054'735'123'456);
  });
}

TEST_P(FileStores, ALockIsBusyForEverybodyElse) {
  run([&] {
    write("journal", "");
    auto first = files().open(at("journal"), OpenMode::read_write);
    auto second = files().open(at("journal"), OpenMode::read_write);
    ASSERT_TRUE((*first)->lock());
    EXPECT_TRUE((*first)->lock());  // it is already ours
    const Status busy = (*second)->lock();
    EXPECT_TRUE(fails_with(busy, ErrorCode::busy));
    EXPECT_FALSE(busy.error().remedy.empty());
    EXPECT_TRUE((*second)->write_at(0, as_bytes("x")));  // it warns, it does not stop
    first->reset();
    EXPECT_TRUE((*second)->lock());
    ASSERT_TRUE(files().rename(at("journal"), at("moved")));
    EXPECT_TRUE(fails_with((*files().open(at("moved"), OpenMode::read_write))->lock(), ErrorCode::busy));
  });
}

TEST_P(FileStores, SyncsFilesAndDirectories) {
  run([&] {
    write("a", "a");
    auto file = files().open(at("a"), OpenMode::read_write);
    EXPECT_TRUE((*file)->sync());
    EXPECT_TRUE(files().sync_directory(world_->root()));
    EXPECT_TRUE(fails_with(files().sync_directory(at("none")), ErrorCode::not_found));
    EXPECT_TRUE(fails_with(files().sync_directory(at("a")), ErrorCode::not_found));
  });
}

TEST_P(FileStores, ReplaceFileIsWholeAndReadFileIsBounded) {
  run([&] {
    ASSERT_TRUE(replace_file(files(), at("a"), as_bytes("first")));
    ASSERT_TRUE(replace_file(files(), at("a"), as_bytes("2nd"), 0640));
    EXPECT_EQ(read("a"), "2nd");
    EXPECT_EQ(files().stat(at("a"))->mode, 0640u);
    EXPECT_EQ(names(world_->root()), std::vector<std::string>{"a"});
    write("a.new", "a longer leftover of a crash");
    ASSERT_TRUE(replace_file(files(), at("a"), as_bytes("third")));
    EXPECT_EQ(read("a"), "third");
    EXPECT_TRUE(read_file(files(), at("a"), 5));
    EXPECT_TRUE(fails_with(read_file(files(), at("a"), 4), ErrorCode::corrupt));
    EXPECT_TRUE(fails_with(read_file(files(), at("none"), 4), ErrorCode::not_found));
    EXPECT_TRUE(replace_file(files(), at("empty"), {}));
    EXPECT_EQ(read("empty"), "");
    EXPECT_TRUE(fails_with(replace_file(files(), at("none/a"), {}), ErrorCode::not_found));
  });
}

TEST_P(FileStores, FreeBytesKnowsTheDisk) {
  run([&] {
    const auto free_bytes = files().free_bytes(world_->root());
    ASSERT_TRUE(free_bytes);
    EXPECT_GT(*free_bytes, 0u);
    EXPECT_TRUE(fails_with(files().free_bytes(at("none")), ErrorCode::not_found));
  });
}

TEST_P(FileStores, PermissionsAreNamedWithThePath) {
  run([&] {
    write("secret", "s");
    ASSERT_TRUE(files().make_directory(at("locked")));
    write("locked/inner", "i");
    ASSERT_TRUE(files().make_directory(at("fixed"), 0555));
  });
  world_->set_mode(at("secret"), 0);
  world_->set_mode(at("locked"), 0);
  world_->run_unprivileged([&] {
    const auto listed = files().list(at("locked"));
    EXPECT_TRUE(fails_with(listed, ErrorCode::permission_denied));
    EXPECT_EQ(listed.error().where, at("locked"));
    EXPECT_TRUE(fails_with(files().open(at("secret"), OpenMode::read), ErrorCode::permission_denied));
    EXPECT_TRUE(fails_with(files().stat(at("locked/inner")), ErrorCode::permission_denied));
    EXPECT_TRUE(fails_with(files().open(at("fixed/new"), OpenMode::create), ErrorCode::permission_denied));
    EXPECT_TRUE(fails_with(files().make_directory(at("fixed/new")), ErrorCode::permission_denied));
    EXPECT_TRUE(files().stat(at("secret")));
  });
}

INSTANTIATE_TEST_SUITE_P(Backends, FileStores,
                         testing::Values(std::pair{"posix", &make_posix_world},
                                         std::pair{"simulated", &make_simulated_world},
                                         std::pair{"simulated_on_threads", &make_simulated_world_on_threads}),
                         [](const auto& test) { return std::string(test.param.first); });

}  // namespace
}  // namespace seedbed
