// The NTFS reader against volumes that mkntfs made and the ntfs-3g driver (or ntfscp) filled.
#include "fakes/reference/ntfs.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "engine/linux/posix_files.h"
#include "fakes/reference/ntfs_check.h"
#include "fakes/reference/ntfs_index.h"
#include "tests/reference/ntfs_mount.h"
#include "tests/reference/patched_source.h"
#include "tests/support/command.h"
#include "tests/support/temp_directory.h"

namespace seedbed::reference_test {
namespace {

using namespace reference;

class NtfsReader : public testing::Test {
 protected:
  void make(const NtfsImageSize& size) { make_ntfs(image(), size); }
  std::string image() const { return directory_.file("volume.img"); }
  std::string mount_point() const { return directory_.file("mount"); }
  std::string directory_file(const std::string& name) const { return directory_.file(name); }

  void open() {
    auto source = FileSource::open(files_, image());
    ASSERT_TRUE(source) << source.error().message();
    source_ = std::move(*source);
    auto volume = NtfsVolume::open(*source_);
    ASSERT_TRUE(volume) << volume.error().message();
    volume_ = std::move(*volume);
    for (const auto& finding : volume_->findings()) ADD_FAILURE() << finding.line();
  }

  std::string content(const std::string& path) {
    const auto entry = volume_->find(path);
    if (!entry) return "ERROR " + entry.error().message();
    const auto file = volume_->open_file(*entry);
    if (!file) return "ERROR " + file.error().message();
    EXPECT_EQ(entry->listed_bytes, (*file)->size_bytes()) << path;
    std::string text((*file)->size_bytes(), '\0');
    const auto got = (*file)->read(0, {reinterpret_cast<uint8_t*>(text.data()), text.size()});
    return got ? text : "ERROR " + got.error().message();
  }

  NtfsRecord record_of(const std::string& path) {
    return std::move(*volume_->read_record(record_number(volume_->find(path)->reference)));
  }

  void expect_books_balance() {
    const auto accounting = check_ntfs(*volume_, {});
    ASSERT_TRUE(accounting) << accounting.error().message();
    for (const auto& finding : accounting->findings) ADD_FAILURE() << finding.line();
    EXPECT_EQ(accounting->clusters_owned, accounting->clusters_marked);
    EXPECT_GT(accounting->clusters_owned, 0u);
  }

  testing_support::TempDirectory directory_;
  PosixFiles files_;
  std::unique_ptr<FileSource> source_;
  std::unique_ptr<NtfsVolume> volume_;
};

struct Shape {
  const char* name;
  NtfsImageSize size;
};

class NtfsShapes : public NtfsReader, public testing::WithParamInterface<Shape> {};

TEST_P(NtfsShapes, FilesOfAllSizesComeBackByteForByte) {
  make(GetParam().size);
  std::map<std::string, std::string> written;
  {
    NtfsMount mount(image(), mount_point());
    std::filesystem::create_directories(mount.file("deep/er/est"));
    std::filesystem::create_directory(mount.file("empty"));
    for (const size_t size_bytes : {0u, 1u, 200u, 511u, 700u, 1024u, 4096u, 65536u, 65537u, 3'000'000u})
      written["deep/er/f" + std::to_string(size_bytes)] = pattern(size_bytes, size_bytes);
    written["deep/er/est/Übergröße 漢字 \U0001F600.txt"] = "unicode";
    written["UPPER"] = "upper";
    written["a name of two hundred and more characters " + std::string(200, 'x')] = "long";
    for (const auto& [path, text] : written) write_whole(mount.file(path), text);
    const int sparse = ::open(mount.file("sparse").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    ASSERT_EQ(pwrite(sparse, "begin", 5, 0), 5);
    ASSERT_EQ(pwrite(sparse, "middle", 6, 1'000'000), 6);
    ASSERT_EQ(ftruncate(sparse, 2'000'000), 0);
    close(sparse);
    written["sparse"] = "begin" + std::string(999'995, '\0') + "middle" + std::string(999'994, '\0');
  }
  open();
  std::set<std::string> expected = {"\\deep", "\\deep\\er", "\\deep\\er\\est", "\\empty"};
  for (const auto& [path, text] : written) {
    EXPECT_TRUE(content(path) == text) << path << " (" << content(path).substr(0, 80) << ")";
    std::string name = "\\" + path;
    std::replace(name.begin(), name.end(), '/', '\\');
    expected.insert(name);
  }
  const auto found = volume_->walk();
  ASSERT_TRUE(found) << found.error().message();
  std::set<std::string> paths;
  for (const auto& [path, entry] : *found) paths.insert(path);
  EXPECT_EQ(paths, expected);
  EXPECT_TRUE(record_of("deep/er/f200").find(kNtfsData, u"")->resident);
  EXPECT_FALSE(record_of("deep/er/f65536").find(kNtfsData, u"")->resident);
  expect_books_balance();
}

INSTANTIATE_TEST_SUITE_P(
    All, NtfsShapes,
    testing::Values(Shape{"sectors_512_clusters_4096", {}}, Shape{"sectors_4096", {.sector_bytes = 4096}},
                    Shape{"clusters_64K", {.volume_bytes = 64 * MiB, .cluster_bytes = 65536}},
                    Shape{"clusters_512", {.cluster_bytes = 512, .partition_start_sector = 2048}}),
    [](const auto& shape) { return shape.param.name; });

TEST_F(NtfsReader, ADirectoryOfThousandsHasAnIndexOfSeveralLevels) {
  make({.volume_bytes = 32 * MiB});
  constexpr int kFiles = 4000;
  const std::string tail(150, 'n');  // long names: few to a block, many levels
  {
    NtfsMount mount(image(), mount_point());
    std::filesystem::create_directory(mount.file("many"));
    for (int i = 0; i < kFiles; i++)
      write_whole(mount.file("many/" + std::to_string(i * 7919 % kFiles) + tail), std::to_string(i));
  }
  open();
  const auto entries = volume_->list(volume_->find("many")->reference);
  ASSERT_TRUE(entries) << entries.error().message();
  EXPECT_EQ(entries->size(), size_t{kFiles});
  for (int i = 0; i < kFiles; i += 371)
    EXPECT_EQ(content("many/" + std::to_string(i * 7919 % kFiles) + tail), std::to_string(i));

  // two levels below the root: a block that is referred to by a block has children itself
  const NtfsRecord many = record_of("many");
  const auto root_content = volume_->gather(many, kNtfsIndexRoot, u"$I30");
  ASSERT_TRUE(root_content) << root_content.error().message();
  const auto root = parse_index_root(root_content->value);
  ASSERT_TRUE(root);
  ASSERT_FALSE(root->node.children.empty());
  NtfsStream allocation(*source_, 4096, *volume_->gather(many, kNtfsIndexAllocation, u"$I30"), "index");
  Bytes block(4096);
  ASSERT_TRUE(allocation.read(root->node.children[0] * 4096, block));
  const auto middle = parse_index_block(block, root->node.children[0]);
  ASSERT_TRUE(middle) << middle.error().message();
  EXPECT_FALSE(middle->children.empty());
  expect_books_balance();
}

TEST_F(NtfsReader, AFileInHundredsOfPiecesNeedsAnAttributeList) {
  make({.volume_bytes = 24 * MiB, .cluster_bytes = 512});
  const std::string fragmented = pattern(3'000'000, 5);
  {
    NtfsMount mount(image(), mount_point());
    int count = 0;
    std::filesystem::create_directory(mount.file("filler"));
    try {
      for (;; count++) write_whole(mount.file("filler/" + std::to_string(count)), std::string(2000, 'f'));
    } catch (const std::runtime_error&) {  // the volume is full
    }
    for (int i = 0; i < count; i += 2) std::filesystem::remove(mount.file("filler/" + std::to_string(i)));
    write_whole(mount.file("fragmented"), fragmented);
  }
  open();
  EXPECT_TRUE(content("fragmented") == fragmented);
  const NtfsRecord record = record_of("fragmented");
  ASSERT_NE(record.find(kNtfsAttributeList, u""), nullptr);
  EXPECT_GT(volume_->gather(record, kNtfsData, u"")->runs.size(), 300u);
  EXPECT_EQ(content("filler/1"), std::string(2000, 'f'));
  expect_books_balance();
}

TEST_F(NtfsReader, WhatIsAllocatedButNeverWrittenReadsAsZeros) {
  make({});
  {
    NtfsMount mount(image(), mount_point());
    write_whole(mount.file("preallocated"), pattern(100'000, 1));
  }
  const auto grown =
      testing_support::run_command({"ntfsfallocate", "-f", "-l", "1000000", image(), "/preallocated"});
  ASSERT_TRUE(grown.ok()) << grown.text();
  open();
  const auto stream = volume_->open_file(*volume_->find("preallocated"));
  ASSERT_TRUE(stream) << stream.error().message();
  EXPECT_EQ((*stream)->content().initialized_bytes, 100'000u);
  EXPECT_TRUE(content("preallocated") == pattern(100'000, 1) + std::string(900'000, '\0'));
}

TEST_F(NtfsReader, ReadsWhatNtfscpCopied) {
  make({});
  const std::string text = pattern(200'000, 9);
  write_whole(directory_file("source"), text);
  const auto copied =
      testing_support::run_command({"ntfscp", "-f", "-q", image(), directory_file("source"), "/copied"});
  ASSERT_TRUE(copied.ok()) << copied.text();
  open();
  EXPECT_TRUE(content("copied") == text);
  expect_books_balance();
}

TEST_F(NtfsReader, TellsDamagedRedundancyAndBookkeeping) {
  make({});
  {
    NtfsMount mount(image(), mount_point());
    write_whole(mount.file("file"), pattern(50'000, 3));
  }
  open();
  const auto& geometry = volume_->geometry();
  PatchedSource damaged(*source_);
  damaged.flip(geometry.sectors * 512 + 100);                              // backup boot sector
  damaged.flip(geometry.mirror_lcn * geometry.cluster_bytes + 1024 + 80);  // $MFTMirr record 1
  const auto bitmap = volume_->gather(*volume_->read_record(6), kNtfsData, u"");
  const uint64_t lcn = (*volume_->open_file(*volume_->find("file")))->content().runs[0].lcn;
  damaged.flip(bitmap->runs[0].lcn * geometry.cluster_bytes + lcn / 8, static_cast<int>(lcn % 8));
  const auto volume = NtfsVolume::open(damaged);
  ASSERT_TRUE(volume) << volume.error().message();
  ASSERT_EQ((*volume)->findings().size(), 2u);
  EXPECT_EQ((*volume)->findings()[0].place, "NTFS backup boot sector");
  EXPECT_EQ((*volume)->findings()[1].place, "$MFTMirr record 1");
  const auto accounting = check_ntfs(**volume, {{geometry.clusters * geometry.cluster_bytes - 4096, 4096}});
  ASSERT_TRUE(accounting) << accounting.error().message();
  ASSERT_EQ(accounting->findings.size(), 2u);
  EXPECT_NE(accounting->findings[0].what.find("BitLocker area"), std::string::npos);
  EXPECT_NE(accounting->findings[1].what.find("owned and not marked"), std::string::npos);
}

}  // namespace
}  // namespace seedbed::reference_test
