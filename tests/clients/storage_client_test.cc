// Microsoft's JavaScript storage client against fakeazure, and fakeazure as a program.
#include <gtest/gtest.h>

#include "tests/clients/node_client.h"

namespace seedbed::testing_support {
namespace {

TEST(StorageClient, OverHttp) {
  ASSERT_EQ(missing_program("node", "nodejs"), "");
  ASSERT_EQ(missing_program("npm", "npm"), "");
  FakeAzure azure;
  ASSERT_NE(azure.origin(), "") << azure.output();
  const auto run = run_node(azure, "storage.mjs");
  EXPECT_TRUE(run.ok()) << run.text();
}

TEST(StorageClient, OverHttps) {
  ASSERT_EQ(missing_program("node", "nodejs"), "");
  ASSERT_EQ(missing_program("npm", "npm"), "");
  FakeAzure azure({"--tls"});
  ASSERT_TRUE(azure.origin().starts_with("https://127.0.0.1:")) << azure.output();
  const auto run = run_node(azure, "storage.mjs");
  EXPECT_TRUE(run.ok()) << run.text();
}

TEST(FakeAzureProgram, WhatWasAnsweredSurvivesKill9) {
  ASSERT_EQ(missing_program("node", "nodejs"), "");
  FakeAzure azure;
  ASSERT_NE(azure.origin(), "") << azure.output();
  const auto put = run_node(azure, "survival.mjs", {"put"});
  ASSERT_TRUE(put.ok()) << put.text();
  azure.end(SIGKILL);
  azure.start();
  ASSERT_NE(azure.origin(), "") << azure.output();
  const auto get = run_node(azure, "survival.mjs", {"get"});
  EXPECT_TRUE(get.ok()) << get.text();
}

TEST(FakeAzureProgram, ASignalEndsItAtOnceAndWell) {
  FakeAzure azure;
  ASSERT_NE(azure.origin(), "") << azure.output();
  const int status = azure.end(SIGTERM);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

TEST(FakeAzureProgram, CredentialFilesAreForTheOwnerOnly) {
  FakeAzure azure;
  ASSERT_NE(azure.origin(), "") << azure.output();
  TempDirectory directory;
  const std::string program = std::string(SEEDBED_BIN) + "/fakeazure";
  const std::string file = directory.file("v.VaultCredentials"),
                    settings = directory.file("s.publishsettings");
  const auto made =
      run_command({program, "credentials", "--data", azure.data(), "--vault", "vault-1", "-o", file});
  ASSERT_TRUE(made.ok()) << made.text();
  ASSERT_TRUE(run_command({program, "publishsettings", "--data", azure.data(), "-o", settings}).ok());
  for (const std::string& path : {file, settings})
    EXPECT_EQ(std::filesystem::status(path).permissions(),
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  EXPECT_NE(whole_file(file).find("<IdMgmtRestEndpoint>" + azure.origin()), std::string::npos);
  EXPECT_NE(whole_file(settings).find("SchemaVersion=\"2.0\""), std::string::npos);
  const auto bad =
      run_command({program, "credentials", "--data", azure.data(), "--vault", "no such name!", "-o", file});
  EXPECT_EQ(bad.exit_code, 1) << bad.text();
}

TEST(FakeAzureProgram, BadWordsAreUsageErrors) {
  const std::string program = std::string(SEEDBED_BIN) + "/fakeazure";
  TempDirectory directory;
  EXPECT_EQ(run_command({program}).exit_code, 2);
  EXPECT_EQ(run_command({program, "serve"}).exit_code, 2);
  EXPECT_EQ(run_command({program, "serve", "--data", directory.file("d"), "--listen", "nowhere"}).exit_code,
            2);
  EXPECT_EQ(run_command({program, "serve", "--data", directory.file("d"), "--chaos", "file"}).exit_code, 2);
}

}  // namespace
}  // namespace seedbed::testing_support
