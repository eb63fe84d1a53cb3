// The judge over whole drives: a right one is fine, and every kind of wrong has its finding with the right
// place.
#include "fakes/reference/drive_judge.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "engine/linux/posix_files.h"
#include "tests/reference/drive_maker.h"
#include "tests/reference/ntfs_mount.h"
#include "tests/reference/patched_source.h"
#include "tests/support/command.h"
#include "tests/support/temp_directory.h"

namespace seedbed::reference_test {
namespace {

using namespace reference;
using testing::HasSubstr;

constexpr uint64_t kPieceBytes = 65536;

std::string md5_text(std::string_view text) {
  return hex_upper(md5_of(as_bytes(text)));
}

std::string blob_element(const std::string& blob_path, const std::string& file_path,
                         const std::string& content, bool page) {
  std::string text = fmt::format(
      "<Blob><BlobPath>{}</BlobPath><FilePath>{}</FilePath><Length>{}</Length><ImportDisposition>rename</"
      "ImportDisposition>",
      blob_path, file_path, content.size());
  text += page ? "<PageRangeList>" : "<BlockList>";
  for (size_t at = 0; at < content.size(); at += kPieceBytes) {
    const auto piece = std::string_view(content).substr(at, kPieceBytes);
    text += fmt::format("<{} Offset=\"{}\" Length=\"{}\" Hash=\"{}\"/>", page ? "PageRange" : "Block", at,
                        piece.size(), md5_text(piece));
  }
  return text + (page ? "</PageRangeList></Blob>\n" : "</BlockList></Blob>\n");
}

class DriveJudge : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(source() + "/sub/dir");
    contents_ = {{"one.bin", pattern(200'000, 1)},
                 {"sub/two.vhd", pattern(512 * 300, 2)},
                 {"sub/dir/empty", ""},
                 {"sub/dir/ü.txt", "small"}};
    for (const auto& [path, content] : contents_) write_whole(source() + "/" + path, content);
    std::filesystem::create_symlink("one.bin", source() + "/link");  // skipped, as the copy skips it
  }

  std::string source() const { return directory_.file("source"); }

  std::string manifest() const {
    std::string text =
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<DriveManifest "
        "Version=\"2014-11-01\"><Drive><DriveId>SERIAL1</DriveId>"
        "<StorageAccountKey>AAAA==</StorageAccountKey><BlobList>\n";
    for (const auto& [path, content] : contents_) {
      std::string file_path = "\\seed\\" + path;
      std::replace(file_path.begin(), file_path.end(), '/', '\\');
      text += blob_element("box/in/" + path, file_path, content, path.ends_with(".vhd"));
    }
    return text + "</BlobList></Drive></DriveManifest>\n";
  }

  // A drive with the source's files under \seed and this manifest; `more` may change what is on it.
  void make(const std::string& manifest, const std::function<void(const std::string& root)>& more = {}) {
    manifest_ = manifest;
    make_drive(directory_.path(), image(), [&](const std::string& root) {
      std::filesystem::create_directories(root + "seed/sub/dir");
      for (const auto& [path, content] : contents_) write_whole(root + "seed/" + path, content);
      if (!manifest.empty()) write_whole(root + "DriveManifest.xml", manifest);
      if (more) more(root);
    });
    auto opened = FileSource::open(files_, image());
    ASSERT_TRUE(opened) << opened.error().message();
    whole_ = std::move(*opened);
  }
  std::string image() const { return directory_.file("drive.img"); }

  Expectations expectations() {
    return {.manifest_hash = md5_of(as_bytes(manifest_)),
            .drive_id = "SERIAL1",
            .sources = {{source(), "box/in/"}},
            .files = &files_};
  }
  Judgement judge(ByteSource& whole, const Expectations& expected) {
    const auto drive = Drive::open(whole, recovery_secret());
    if (drive) return judge_drive(**drive, expected);
    Judgement judgement;
    judgement.add("drive", drive.error().message());
    return judgement;
  }
  Judgement judge() { return judge(*whole_, expectations()); }

  // The only finding's line.
  static std::string only(const Judgement& judgement) {
    std::string all;
    for (const auto& finding : judgement.findings) all += finding.line() + "\n";
    return judgement.findings.size() == 1 ? judgement.findings[0].line()
                                          : fmt::format("{} findings:\n{}", judgement.findings.size(), all);
  }

  testing_support::TempDirectory directory_;
  std::map<std::string, std::string> contents_;
  PosixFiles files_;
  std::unique_ptr<FileSource> whole_;
  std::string manifest_;
};

TEST_F(DriveJudge, ARightDriveIsFineAndEverythingWasLookedAt) {
  make(manifest(), [](const std::string& root) { write_whole(root + "left over", "x"); });
  const Judgement judgement = judge();
  for (const auto& finding : judgement.findings) ADD_FAILURE() << finding.line();
  EXPECT_TRUE(judgement.fine());
  EXPECT_EQ(judgement.drive_id, "SERIAL1");
  EXPECT_EQ(judgement.blobs, 4u);
  EXPECT_EQ(judgement.page_blobs, 1u);
  EXPECT_EQ(judgement.pieces, 4u + 3u + 1u);
  EXPECT_EQ(judgement.source_files, 4u);
  EXPECT_EQ(judgement.hashed_bytes, 200'000u + 512 * 300 + 5);
  EXPECT_EQ(judgement.compared_bytes, judgement.hashed_bytes);
  EXPECT_THAT(judgement.unlisted_files, testing::ElementsAre("\\left over"));
}

// What is expected differs from what is there: no need to make another drive.
TEST_F(DriveJudge, TellsTheWrongManifestDriveOrSource) {
  make(manifest());
  auto expected = expectations();
  expected.manifest_hash = Md5{};
  EXPECT_THAT(only(judge(*whole_, expected)),
              HasSubstr("\\DriveManifest.xml: its MD5 is " + md5_text(manifest_)));
  expected = expectations();
  expected.drive_id = "OTHER";
  EXPECT_THAT(only(judge(*whole_, expected)), HasSubstr("its DriveId is \"SERIAL1\""));

  write_whole(source() + "/sub/new", "n");
  EXPECT_EQ(only(judge()), "source box/in/sub/new: no blob of this path is in the manifest");
  std::filesystem::rename(source() + "/sub/new", source() + "/kept");
  std::filesystem::rename(source() + "/one.bin", source() + "/sub/new");
  std::filesystem::remove(source() + "/kept");
  const Judgement moved = judge();
  ASSERT_EQ(moved.findings.size(), 2u);
  EXPECT_EQ(moved.findings[0].line(), "blob box/in/one.bin: comes from no source file");
  EXPECT_EQ(moved.findings[1].line(), "source box/in/sub/new: no blob of this path is in the manifest");
  std::filesystem::rename(source() + "/sub/new", source() + "/one.bin");

  std::string changed = contents_["one.bin"];
  changed[70'000] ^= 1;
  write_whole(source() + "/one.bin", changed);
  EXPECT_EQ(only(judge()),
            "blob box/in/one.bin, piece at 65536: differs from its source first at byte 70000");
  write_whole(source() + "/one.bin", contents_["one.bin"] + "more");
  EXPECT_THAT(only(judge()), HasSubstr("one.bin has 200004 bytes, the manifest says 200000"));
}

TEST_F(DriveJudge, TellsDamageOnTheDrive) {
  make(manifest());
  const auto drive = Drive::open(*whole_, password_secret());
  ASSERT_TRUE(drive) << drive.error().message();
  const uint64_t start = (*drive)->partition().place.offset_bytes,
                 cluster_bytes = (*drive)->ntfs().geometry().cluster_bytes;
  const auto file = (*drive)->ntfs().open_file(*(*drive)->ntfs().find("seed/one.bin"));
  const uint64_t byte = start + (*file)->content().runs[0].lcn * cluster_bytes + 12;
  PatchedSource data(*whole_);
  data.flip(byte);
  const Judgement judgement = judge(data, expectations());
  ASSERT_EQ(judgement.findings.size(), 2u);
  EXPECT_THAT(judgement.findings[0].line(), HasSubstr("blob box/in/one.bin, piece at 0: its bytes have MD5"));
  EXPECT_EQ(
      judgement.findings[1].line(),
      "blob box/in/one.bin, piece at 0: differs from its source first at byte 0");  // XTS garbles 16 bytes

  PatchedSource table(*whole_);
  table.flip(whole_->size_bytes() - 512 + 60);
  EXPECT_THAT(only(judge(table, expectations())), HasSubstr("GPT backup: GPT header CRC-32 does not match"));

  PatchedSource metadata(*whole_);
  metadata.flip(start + (*drive)->bitlocker().metadata_offset_bytes()[2] + 65535);
  EXPECT_THAT(only(judge(metadata, expectations())), HasSubstr("differs from the first whole copy"));
}

TEST_F(DriveJudge, TellsWhatTheManifestGetsWrong) {
  const std::string right = manifest(), one = contents_["one.bin"];
  const std::string first_hash = md5_text(one.substr(0, kPieceBytes));
  const auto replaced = [&](const std::string& from, const std::string& to) {
    std::string text = right;
    const size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
  };
  const std::pair<std::string, std::string> wrongs[] = {
      {"", "there is no manifest"},
      {replaced(first_hash, std::string(32, '0')),
       "blob box/in/one.bin, piece at 0: its bytes have MD5 " + first_hash},
      {replaced(first_hash, hex_lower(*parse_hex(first_hash))), "its Hash is not 32 upper-case hex digits"},
      {replaced("<FilePath>\\seed\\one.bin", "<FilePath>\\seed\\One.bin"),
       "its file \\seed\\One.bin is not on the drive"},
      {replaced("<FilePath>\\seed\\sub\\dir\\empty", "<FilePath>\\seed\\sub\\dir\\ü.txt"),
       "is in the manifest twice"},
      {replaced("<BlobPath>box/in/sub/dir/empty", "<BlobPath>box/in/one.bin"),
       "blob box/in/one.bin: is in the manifest twice"},
      {replaced("Offset=\"65536\"", "Offset=\"65535\""),
       "block at 65535: overlaps or is out of order (the one before ends at 65536)"},
      {replaced("Offset=\"131072\"", "Offset=\"131073\""),
       "block at 131073: leaves a gap (the one before ends at 131072)"},
      {replaced("<Length>200000", "<Length>200001"), "its file has 200000 bytes, the manifest says 200001"},
      {replaced("Length=\"65536\"", "Length=\"4194305\""), "has 4194305 bytes, 1 to 4 MiB are allowed"},
      {replaced("rename", "clobber"), "its import disposition is \"clobber\""},
      {replaced("<StorageAccountKey>AAAA==</StorageAccountKey>", ""),
       "exactly one of StorageAccountKey and ContainerSas"},
      {replaced("<BlobList>", "<BlobList><MetadataPath Hash=\"00\">\\seed\\one.bin</MetadataPath>"),
       "its MetadataPath \\seed\\one.bin has MD5 " + md5_text(one)},
      {replaced("</DriveManifest>", ""), "not well-formed XML"},
  };
  for (const auto& [text, expected] : wrongs) {
    make(text);
    auto expectations = this->expectations();
    if (text.empty()) expectations.manifest_hash.reset();
    const Judgement judgement = judge(*whole_, expectations);
    std::string all;
    for (const auto& finding : judgement.findings) all += finding.line() + "\n";
    EXPECT_THAT(all, HasSubstr(expected));
  }
}

TEST_F(DriveJudge, TheProgramJudgesListsAndPrints) {
  make(manifest());
  write_whole(directory_.file("recovery"), std::string(kRecoveryPassword) + "\n");
  const auto run = [&](std::vector<std::string> arguments, std::string_view input = {}) {
    arguments.insert(arguments.begin(), DRIVEREADER);
    return testing_support::run_command(arguments, input);
  };
  const std::vector<std::string> check = {"check",
                                          image(),
                                          "--recovery-password-file",
                                          directory_.file("recovery"),
                                          "--drive-id",
                                          "SERIAL1",
                                          "--manifest-hash",
                                          md5_text(manifest_),
                                          "--source",
                                          source(),
                                          "--prefix",
                                          "box/in/"};
  auto result = run(check);
  EXPECT_EQ(result.exit_code, 0) << result.text();
  EXPECT_EQ(result.output, "");
  write_whole(source() + "/one.bin", std::string(200'000, 'x'));
  result = run(check);
  EXPECT_EQ(result.exit_code, 1) << result.text();
  EXPECT_THAT(
      result.output,
      HasSubstr("blob box/in/one.bin, piece at 65536: differs from its source first at byte 65536\n"));

  result = run({"ls", image(), "--password-file", "-", "seed"}, kPassword);
  EXPECT_EQ(result.exit_code, 0) << result.text();
  EXPECT_EQ(result.output, "-           200000 one.bin\nd                0 sub\n");
  result = run({"cat", image(), "\\seed\\sub\\dir\\ü.txt", "--password-file", "-"}, kPassword);
  EXPECT_EQ(result.output, "small");
  result = run({"manifest", image(), "--recovery-password-file", directory_.file("recovery")});
  EXPECT_EQ(result.output, manifest_);

  result = run({"check", image(), "--password-file", "-"}, "wrong");
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.output, HasSubstr("the secret does not open the volume"));
  EXPECT_EQ(run({"check", image()}).exit_code, 2);
  EXPECT_EQ(run({"check", image(), "--password-file", "-", "--manifest-hash", "12"}, kPassword).exit_code, 2);
  EXPECT_EQ(run({"frobnicate"}).exit_code, 2);
  EXPECT_EQ(run({"--help"}).exit_code, 0);
  EXPECT_THAT(run({"--version"}).output, HasSubstr("drivereader "));
}

}  // namespace
}  // namespace seedbed::reference_test
