// offseed as its users call it: exit codes, messages, secrets, and what must be left untouched.
#include "tests/cli/engine_process.h"

namespace seedbed {
namespace {

using namespace testing_support;

class Offseed : public testing::Test {
 protected:
  void SetUp() override {
    make_tree(directory.file("source"), 5, 12, 50'000);
    ASSERT_TRUE(run_binary("offseed", {"drive", "create", directory.file("d.img"), "--size", "64MiB"}).ok());
  }
  std::vector<std::string> first() const {
    return {"waimportexport",
            "PrepImport",
            "/j:" + directory.file("d.jrn"),
            "/id:session-1",
            "/t:" + directory.file("d.img"),
            "/format",
            "/encrypt",
            "/silentmode",
            "/sk:" + key,
            "/srcdir:" + directory.file("source"),
            "/dstdir:box/tree/"};
  }
  std::vector<std::string> first_with(const std::string& prefix, const std::string& word) const {
    auto words = first();
    std::erase_if(words, [&](const std::string& w) { return w.starts_with(prefix); });
    if (!word.empty()) words.push_back(word);
    return words;
  }
  static void expect(const CommandResult& result, int exit_code, const std::string& says) {
    EXPECT_EQ(result.exit_code, exit_code) << result.text();
    EXPECT_NE(result.errors.find(says), std::string::npos)
        << "expected \"" << says << "\" in: " << result.text();
  }
  TempDirectory directory;
  const std::string key = "c2VlZGJlZC1zZWNyZXQtYWNjb3VudC1rZXk=";
};

TEST_F(Offseed, PreparesVerifiesListsAndReadsADrive) {
  const CommandResult prepared = run_binary("offseed", first());
  ASSERT_TRUE(prepared.ok()) << prepared.text();
  const std::string image = directory.file("d.img"), journal = directory.file("d.jrn");
  expect(run_binary("offseed", {"drive", "verify", image, "--journal", journal}), 0,
         "everything is as the manifest says");
  const CommandResult listed = run_binary("offseed", {"drive", "ls", image, "--journal", journal});
  EXPECT_NE(listed.output.find("/session-1/d3/f3"), std::string::npos) << listed.text();
  const CommandResult one =
      run_binary("offseed", {"drive", "cat", image, "/session-1/d3/f3", "--journal", journal});
  EXPECT_EQ(one.output, read_text(directory.file("source/d3/f3")));
  EXPECT_NE(run_binary("offseed", {"drive", "inspect", image, "--journal", journal})
                .output.find("no copy session is open"),
            std::string::npos);
  expect(run_binary("offseed", first()), 0, "complete already");
}

TEST_F(Offseed, AVolumePasswordOpensTheDriveToo) {
  std::ofstream(directory.file("password")) << "correct horse\n";
  auto words = first();
  words.insert(words.begin() + 1, {"--volume-password-file", directory.file("password")});
  const CommandResult prepared = run_binary("offseed", words);
  ASSERT_TRUE(prepared.ok()) << prepared.text();
  expect(run_binary("offseed",
                    {"drive", "verify", directory.file("d.img"), "--key-file", directory.file("password")}),
         0, "everything is as the manifest says");
  const CommandResult judged = run_binary(
      "drivereader", {"check", directory.file("d.img"), "--password-file", directory.file("password")});
  EXPECT_TRUE(judged.ok()) << judged.text();
  EXPECT_EQ(read_text(directory.file("d.jrn")).find("correct horse"), std::string::npos);
  EXPECT_EQ(
      run_binary("offseed", {"drive", "verify", directory.file("d.img"), "--recovery-password", "wrong"})
          .exit_code,
      1);
}

TEST_F(Offseed, KeysStayOutOfLogsOutputAndReadableFiles) {
  auto words = first();
  words.insert(words.begin(), "--json");
  const CommandResult prepared = run_binary("offseed", words);
  ASSERT_TRUE(prepared.ok()) << prepared.text();
  write_key(directory.file("d.jrn"), directory.file("key"));
  const std::string recovery = read_text(directory.file("key"));
  ASSERT_EQ(recovery.size(), 55u);
  for (const std::string& secret : {key, recovery}) {
    EXPECT_EQ(prepared.text().find(secret), std::string::npos);
    EXPECT_EQ(read_text(directory.file("d.jrn.log")).find(secret), std::string::npos);
  }
  for (const auto& entry : std::filesystem::directory_iterator(directory.path())) {
    const std::string name = entry.path().filename();
    if (!name.starts_with("d.jrn")) continue;
    EXPECT_EQ(entry.status().permissions() & std::filesystem::perms(0077), std::filesystem::perms::none)
        << name;
  }
}

TEST_F(Offseed, WrongWordsAreUsageErrors) {
  expect(run_binary("offseed", first_with("/id:", "/id:x")), 2, "3 to 30");
  expect(run_binary("offseed", first_with("/dstdir:", "/dstdir:Box/")), 2, "container name");
  expect(run_binary("offseed", first_with("/dstdir:", "/dstdir:box")), 2, "end with a slash");
  expect(run_binary("offseed", first_with("/srcdir:", "/srcdir:relative")), 2, "no absolute path");
  expect(run_binary("offseed", first_with("/j:", "/j:" + directory.file("d.txt"))), 2, ".jrn");
  expect(run_binary("offseed", first_with("/encrypt", "")), 2, "/encrypt must also be specified");
  expect(run_binary("offseed", first_with("/BlobType:", "/BlobType:pageblob")), 2,
         "upper and lower case matter");
  expect(run_binary("offseed", first_with("/sk:", "/sk:???")), 2, "not Base64");
  expect(run_binary("offseed", first_with("/x", "/nonsense:1")), 2, "unknown option /nonsense");
  expect(run_binary("offseed", first_with("/t:", "/t:q")), 2, "drive letter");
  const CommandResult leak = run_binary("offseed", {"waimportexport", "PrepImport", "--sk:" + key});
  EXPECT_EQ(leak.exit_code, 2);
  EXPECT_EQ(leak.text().find(key), std::string::npos) << "a misspelt key option is not repeated";
  EXPECT_FALSE(std::filesystem::exists(directory.file("d.jrn")));
}

TEST_F(Offseed, BadSourcesAreNamed) {
  expect(run_binary("offseed", first_with("/srcdir:", "/srcdir:" + directory.file("absent"))), 1, "absent");
  std::filesystem::create_directory(directory.file("odd"));
  std::ofstream(directory.file("odd/a.vhd")) << "513 bytes are no pages";
  auto words = first_with("/srcdir:", "/srcdir:" + directory.file("odd"));
  words.push_back("/BlobType:PageBlob");
  expect(run_binary("offseed", words), 2, "multiple of 512");
  EXPECT_FALSE(std::filesystem::exists(directory.file("d.jrn")));
}

TEST_F(Offseed, WhatIsNoDriveIsRefused) {
  expect(run_binary("offseed", first_with("/t:", "/t:" + directory.path())), 3, directory.path());
  expect(run_binary("offseed", first_with("/t:", "/t:/dev/null")), 3, "/dev/null");
  expect(run_binary("offseed", first_with("/t:", "/t:" + directory.file("no.img"))), 1, "no.img");
  std::filesystem::copy(directory.file("d.img"), directory.file("source/inside.img"));
  expect(run_binary("offseed", first_with("/t:", "/t:" + directory.file("source/inside.img"))), 3,
         "inside the source directory");
}

TEST_F(Offseed, TooSmallADriveIsRefusedUntouched) {
  make_tree(directory.file("big"), 6, 200, 900'000);
  expect(run_binary("offseed", first_with("/srcdir:", "/srcdir:" + directory.file("big"))), 3, "too small");
  EXPECT_NE(run_binary("offseed", {"drive", "inspect", directory.file("d.img")}).output.find("nothing"),
            std::string::npos);
}

TEST_F(Offseed, ADriveThatHoldsAVolumeIsAskedForOrRefused) {
  ASSERT_TRUE(run_binary("offseed", first()).ok());
  auto words = first_with("/j:", "/j:" + directory.file("e.jrn"));
  std::erase(words, "/silentmode");
  expect(run_binary("offseed", words), 3, "/silentmode");
}

TEST_F(Offseed, DamagedAndForeignJournalsAreRefused) {
  std::ofstream(directory.file("d.jrn")) << "this is no journal\n";
  expect(run_binary("offseed", first()), 5, "d.jrn");
  std::filesystem::remove(directory.file("d.jrn"));
  ASSERT_TRUE(run_binary("offseed", first()).ok());
  std::string text = read_text(directory.file("d.jrn"));
  text[text.size() / 2] ^= 1;
  std::ofstream(directory.file("d.jrn"), std::ios::binary) << text;
  expect(run_binary("offseed", first()), 5, "d.jrn");
}

TEST_F(Offseed, DamageOnTheDriveIsFoundAndPlaced) {
  ASSERT_TRUE(run_binary("offseed", first()).ok());
  write_key(directory.file("d.jrn"), directory.file("key"));
  const auto plan =
      run_binary("offseed", {"drive", "ls", directory.file("d.img"), "--key-file", directory.file("key")});
  ASSERT_TRUE(plan.ok()) << plan.text();
  // Everything from 8 MiB on is damaged, one byte every 64 KiB: some of it is file content.
  std::fstream image(directory.file("d.img"), std::ios::in | std::ios::out | std::ios::binary);
  for (std::streamoff at = 9 << 20; at < 20 << 20; at += 64 << 10) {
    image.seekg(at);
    const int byte = image.get();
    image.seekp(at);
    image.put(static_cast<char>(byte ^ 0x40));
  }
  image.close();
  const CommandResult verified = run_binary(
      "offseed", {"drive", "verify", directory.file("d.img"), "--key-file", directory.file("key")});
  EXPECT_EQ(verified.exit_code, 5) << verified.text();
}

TEST_F(Offseed, PlanTouchesNothing) {
  auto words = first();
  words.insert(words.begin() + 1, "--plan");
  expect(run_binary("offseed", words), 0, "Nothing was touched");
  EXPECT_FALSE(std::filesystem::exists(directory.file("d.jrn")));
  EXPECT_NE(run_binary("offseed", {"drive", "inspect", directory.file("d.img")}).output.find("nothing"),
            std::string::npos);
}

TEST_F(Offseed, EveryCommandHasHelpAndVersion) {
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"--help"},
                                             {"waimportexport", "--help"},
                                             {"drive", "--help"},
                                             {"drive", "verify", "--help"},
                                             {"--version"}})
    EXPECT_TRUE(run_binary("offseed", words).ok());
  EXPECT_NE(run_binary("offseed", {"--help"}).output.find("Exit codes"), std::string::npos);
  EXPECT_EQ(run_binary("offseed", {}).exit_code, 2);
}

}  // namespace
}  // namespace seedbed
