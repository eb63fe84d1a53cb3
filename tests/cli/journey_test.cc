// The whole chain with real processes over HTTP: offseed and fakeazure, both killed on the way; and what
// offseed says, with which exit code, when something on the way is not as it should be.
#include <sys/mount.h>

#include "engine/linux/http_client.h"
#include "tests/cli/process.h"

namespace seedbed {
namespace {

using namespace testing_support;

constexpr const char* kWaiting =
    "Waiting for Azure Import Job to complete. Please check on Azure Management portal for more information "
    "on job status.";

class Journey : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"bay", "stage", "log", "source"})
      std::filesystem::create_directory(directory.file(name));
    write("passphrase", "correct horse battery staple\n");
    write("token", "bearer-token\n");
  }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(directory.file(name), std::ios::binary) << text;
    std::filesystem::permissions(directory.file(name), std::filesystem::perms(0600));
  }

  // The services, from nothing or from where they were killed, at the same address as before.
  void serve(std::vector<std::string> more = {}) {
    std::vector<std::string> words = {"serve",
                                      "--data",
                                      directory.file("services"),
                                      "--bay",
                                      directory.file("bay"),
                                      "--listen",
                                      endpoint.empty() ? "127.0.0.1:0" : endpoint.substr(7)};
    words.insert(words.end(), more.begin(), more.end());
    services.emplace("fakeazure", words);
    const auto line = services->line_with("listening on ");
    ASSERT_TRUE(line);
    endpoint = line->substr(line->find("http"));
  }
  void register_here() {
    const CommandResult made = run_binary("fakeazure", {"credentials", "--data", directory.file("services"),
                                                        "--vault", "vault1", "-o", directory.file("v.cred")});
    ASSERT_TRUE(made.ok()) << made.text();
    policy();
    expect(offseed({"register", "--vault-credentials", directory.file("v.cred"), "--policy", policy_file()}),
           0, "registered");
  }
  std::string policy_file() const { return directory.file("policy.toml"); }
  void policy(const std::string& staging = "stage", const std::string& limits = "tries = 1\n",
              const std::string& more = "") const {
    write("policy.toml",
          "name = \"fileserver\"\n[source]\npaths = [\"source\"]\n[staging]\npath = \"" + staging +
              "\"\n[passphrase]\nfile = \"passphrase\"\n[state]\npath = \"state\"\n[seed]\njob = \"job1\"\n"
              "subscription = \"00000000-0000-0000-0000-000000000001\"\nresource_group = \"seedbed\"\n"
              "storage_account = \"devstoreaccount1\"\ncontainer = \"seed\"\nlocation = \"West US\"\n"
              "token_file = \"token\"\n[vault]\nname = \"vault1\"\n[endpoints]\nmanagement = \"" +
              endpoint + "\"\nblob = \"" + endpoint + "/{account}\"\nvault = \"" + endpoint +
              "\"\n[limits]\nkdf_log2_n = 10\nchunk_kib = 64\nbatch_kib = 2048\n" + limits + more);
  }

  static CommandResult offseed(const std::vector<std::string>& words) { return run_binary("offseed", words); }
  CommandResult backup() const { return offseed({"backup", "--policy", policy_file()}); }
  CommandResult job(const std::vector<std::string>& words) const {
    std::vector<std::string> all = {"job"};
    all.insert(all.end(), words.begin(), words.end());
    for (const std::string& word :
         {std::string("--management"), endpoint, std::string("--subscription"),
          std::string("00000000-0000-0000-0000-000000000001"), std::string("--resource-group"),
          std::string("seedbed"), std::string("--token-file"), directory.file("token")})
      all.push_back(word);
    return offseed(all);
  }
  std::vector<std::string> diskprep() const {
    return {"diskprep",
            "s:" + directory.file("stage"),
            "--policy",
            policy_file(),
            "--drive",
            directory.file("bay/drive.img"),
            "--log-dir",
            directory.file("log"),
            "--checkpoint-mib",
            "1",
            "--yes",
            "--contact",
            "Ada Example",
            "--phone",
            "425-555-0100",
            "--email",
            "ada@example.com",
            "--street",
            "1 Main Street",
            "--city",
            "Seattle",
            "--state-or-province",
            "WA",
            "--postal-code",
            "98101",
            "--country",
            "USA",
            "--return-carrier",
            "FedEx",
            "--return-account",
            "123456789"};
  }
  void make_drive() const {
    ASSERT_TRUE(offseed({"drive", "create", directory.file("bay/drive.img"), "--size", "96MiB"}).ok());
  }
  std::string dock(const std::string& method, const std::string& door, const std::string& body = "") {
    HttpRequest request;
    request.method = method;
    request.target = endpoint + "/_dock/" + door;
    request.body.assign(body.begin(), body.end());
    const auto answer = http.send(request);
    if (!answer || answer->status >= 300) {
      ADD_FAILURE() << door << ": " << (answer ? std::string(as_text(answer->body)) : answer.error().what);
      return {};
    }
    return std::string(as_text(answer->body));
  }

  static void expect(const CommandResult& result, int exit_code, const std::string& says) {
    EXPECT_EQ(result.exit_code, exit_code) << result.text();
    EXPECT_NE(result.errors.find(says), std::string::npos)
        << "expected \"" << says << "\" in: " << result.text();
  }
  static std::string listing(const std::string& root) {
    return run_command(
               {"sh", "-c",
                "cd \"$0\" && find . -printf '%P %y %m %T@ %n %l\\n' | sort && find . -type f -print0 | "
                "sort -z | xargs -0 sha256sum",
                root})
        .output;
  }

  TempDirectory directory;
  std::string endpoint;
  std::optional<Process> services;
  HttpClient http;
};

TEST_F(Journey, OffseedAndFakeazureKilledOnTheWay) {
  serve();
  register_here();
  make_tree(directory.file("source"), 11, 60, 900'000);
  std::filesystem::create_symlink("../nowhere", directory.file("source/link"));
  std::filesystem::create_hard_link(directory.file("source/d1/f1"), directory.file("source/same"));

  {  // the agent, killed in staging
    Process killed("offseed", {"--json", "backup", "--policy", policy_file()});
    ASSERT_TRUE(killed.line_with("\"staging\""));
    ASSERT_EQ(killed.kill_now(), 137);
  }
  expect(backup(), 0, "Next, at the computer with the drives");
  expect(backup(), 4, kWaiting);

  make_drive();
  {  // disk preparation, killed at a checkpoint
    auto words = diskprep();
    words.insert(words.begin(), "--json");
    Process killed("offseed", words);
    ASSERT_TRUE(killed.line_with("\"event\":\"checkpoint\""));
    ASSERT_EQ(killed.kill_now(), 137);
  }
  expect(offseed(diskprep()), 0, "The import job job1 is Creating");
  expect(offseed(diskprep()), 0, "The import job job1 is Creating");  // again: the same job, nothing new
  expect(backup(), 4, kWaiting);
  expect(offseed({"diskprep", "u:", "--policy", policy_file(), "--log-dir", directory.file("log"),
                  "--carrier", "FedEx", "--tracking", "123", "--yes"}),
         0, "The job is now Shipping");

  // The data centre, killed while it imports.
  dock("POST", "deliver", R"({"carrier":"FedEx","tracking":"123","drives":["drive.img"]})");
  std::string seen;
  for (int i = 0; i < 100'000 && seen.find("\"Transferring\"") == std::string::npos; i++) {
    seen = dock("GET", "state");
    ASSERT_EQ(seen.find("\"Packaging\""), std::string::npos) << "it was over before it could be killed";
    ASSERT_FALSE(seen.empty());
  }
  ASSERT_EQ(services->kill_now(), 137);
  expect(backup(), 1, "run the same command again");  // nobody answers
  serve();
  ASSERT_TRUE(services->line_with("job job1: Completed"));
  const CommandResult shown = job({"show", "job1"});
  EXPECT_NE(shown.text().find("Packaging"), std::string::npos) << shown.text();
  EXPECT_NE(dock("POST", "return", "{}").find("\"Completed\""), std::string::npos);

  std::ofstream(directory.file("source/d2/f2"), std::ios::app) << "one more line";
  std::filesystem::remove(directory.file("source/d3/f3"));
  const CommandResult taken = backup();
  expect(taken, 0, "The seed is in the vault");
  const CommandResult points = offseed({"points", "--policy", policy_file()});
  expect(points, 0, "increment");
  expect(offseed({"restore", "--policy", policy_file(), "--to", directory.file("restored"), "--strip-prefix",
                  directory.file("source")}),
         0, "Restored");
  EXPECT_EQ(listing(directory.file("restored")), listing(directory.file("source")));
  EXPECT_FALSE(listing(directory.file("source")).empty());
}

TEST_F(Journey, APassphraseThatDoesNotFit) {
  serve();
  register_here();
  make_tree(directory.file("source"), 1, 8, 50'000);
  expect(backup(), 0, "Next, at the computer with the drives");
  write("passphrase", "another\n");
  expect(backup(), 3, "passphrase");
  expect(offseed({"check", "--policy", policy_file()}), 3, "passphrase");
  write("passphrase", "correct horse battery staple\n");
  expect(backup(), 4, kWaiting);
}

TEST_F(Journey, AFullStagingLocation) {
  serve();
  register_here();
  make_tree(directory.file("source"), 2, 30, 400'000);
  const std::string small = directory.file("small");
  std::filesystem::create_directory(small);
  ASSERT_EQ(mount("none", small.c_str(), "tmpfs", 0, "size=2m"), 0) << "mounts a tmpfs: run it as root";
  policy("small");
  const CommandResult before = backup();
  policy("small", "tries = 1\n", "[staging2]\n");
  const CommandResult wrong = backup();
  // Believed to shrink a lot, it fills up on the way: what is staged stays, and more room lets it go on.
  std::string text = read_text(policy_file());
  policy("small");
  text = read_text(policy_file());
  text.replace(text.find("path = \"small\""), 14, "path = \"small\"\nassume_ratio = 0.1");
  write("policy.toml", text);
  const CommandResult filled = backup();
  const bool grown = mount("none", small.c_str(), "tmpfs", MS_REMOUNT, "size=64m") == 0;
  const CommandResult after = backup();
  umount2(small.c_str(), MNT_DETACH);
  expect(before, 1, "staging");
  expect(wrong, 2, "staging2");
  expect(filled, 1, "space");
  ASSERT_TRUE(grown);
  expect(after, 0, "Next, at the computer with the drives");
}

TEST_F(Journey, ARottenPageIsFoundBeforeItIsShipped) {
  serve();
  register_here();
  make_tree(directory.file("source"), 3, 8, 200'000);
  expect(backup(), 0, "Next, at the computer with the drives");
  const std::string blob = directory.file("stage/job1_001.BaseBlob");
  const auto size = std::filesystem::file_size(blob);
  {
    std::fstream file(blob, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(size / 2));
    const char byte = static_cast<char>(file.get() ^ 1);
    file.seekp(static_cast<std::streamoff>(size / 2));
    file.put(byte);
  }
  make_drive();
  const CommandResult untouched = run_command({"sha256sum", directory.file("bay/drive.img")});
  expect(offseed(diskprep()), 5, "job1_001.BaseBlob");
  EXPECT_EQ(run_command({"sha256sum", directory.file("bay/drive.img")}).output, untouched.output);
  expect(job({"show", "job1"}), 1, "job1");
}

TEST_F(Journey, AStorageKeyThatIsNotTheAccounts) {
  serve();
  register_here();
  make_tree(directory.file("source"), 7, 4, 5'000);
  expect(backup(), 0, "Next, at the computer with the drives");
  make_drive();
  const CommandResult untouched = run_command({"sha256sum", directory.file("bay/drive.img")});
  const auto prepare = [&](const std::string& key) {
    return offseed(
        {"waimportexport", "PrepImport", "--policy", policy_file(), "/j:" + directory.file("drive.jrn"),
         "/id:session-1", "/t:" + directory.file("bay/drive.img"), "/format", "/encrypt", "/silentmode",
         "/sk:" + key, "/srcdir:" + directory.file("stage"), "/dstdir:seed/", "/BlobType:PageBlob"});
  };
  const std::string strange(86, 'A');
  const CommandResult refused = prepare(strange + "==");
  expect(refused, 3, "/sk is no key of the storage account devstoreaccount1");
  EXPECT_EQ(refused.text().find(strange), std::string::npos);
  EXPECT_EQ(run_command({"sha256sum", directory.file("bay/drive.img")}).output, untouched.output);
  EXPECT_FALSE(std::filesystem::exists(directory.file("drive.jrn")));
  // Azurite's well-known key, which the account has from the start
  expect(prepare("Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="),
         0, "The copy session is complete");
}

TEST_F(Journey, JobsAndTokensThatAreNotKnown) {
  serve({"--token", "bearer-token"});
  register_here();
  make_tree(directory.file("source"), 4, 8, 50'000);
  expect(backup(), 0, "Next, at the computer with the drives");
  expect(job({"show", "nosuchjob"}), 1, "nosuchjob");
  expect(offseed({"diskprep", "s:" + directory.file("stage"), "--policy", policy_file(), "--log-dir",
                  directory.file("log"), "--job", "nosuchjob", "--drive", directory.file("bay/drive.img"),
                  "--yes"}),
         1, "nosuchjob");
  write("token", "another-token\n");
  const CommandResult refused = job({"show", "job1"});
  expect(refused, 1, "token");
  EXPECT_EQ(refused.text().find("another-token"), std::string::npos);
  expect(backup(), 1, "token");
  // Assertions that were made by a clock that stays behind have expired.
  write("token", "bearer-token\n");
  dock("POST", "clock", R"({"advance_s":7200})");
  const CommandResult expired = offseed({"points", "--policy", policy_file()});
  expect(expired, 1, "clock");
}

TEST_F(Journey, ServicesThatAreNotThereAreAskedAgainAndThenLeft) {
  serve();
  register_here();
  make_tree(directory.file("source"), 5, 4, 5'000);
  expect(backup(), 0, "Next, at the computer with the drives");
  services->kill_now();
  policy("stage", "tries = 2\n");
  expect(backup(), 1, "failed after 2 tries");
  expect(backup(), 1, "run the same command again to go on");
  serve();
  expect(backup(), 4, kWaiting);
}

TEST_F(Journey, OverTlsWithPublishSettings) {
  serve({"--tls"});
  ASSERT_TRUE(endpoint.starts_with("https://"));
  const CommandResult made = run_binary(
      "fakeazure", {"publishsettings", "--data", directory.file("services"), "-o", directory.file("p.xml")});
  ASSERT_TRUE(made.ok()) << made.text();
  const std::string authority = directory.file("services/tls-certificate.pem");
  ASSERT_TRUE(run_binary("fakeazure", {"credentials", "--data", directory.file("services"), "--vault",
                                       "vault1", "-o", directory.file("v.cred")})
                  .ok());
  policy();
  std::string text = read_text(policy_file());
  text.replace(text.find("token_file = \"token\""), 20, "publish_settings = \"p.xml\"");
  write("policy.toml", text);
  const std::vector<std::string> bind = {"register", "--vault-credentials", directory.file("v.cred"),
                                         "--policy", policy_file()};
  expect(offseed(bind), 0, "--ca-file");  // kept, with a warning: nobody here vouches for the vault
  std::vector<std::string> trusted = {"--ca-file", authority};
  trusted.insert(trusted.end(), bind.begin(), bind.end());
  expect(offseed(trusted), 0, "registered");
  make_tree(directory.file("source"), 6, 4, 5'000);
  expect(offseed({"--ca-file", authority, "check", "--policy", policy_file()}), 0, "West US takes drives");
  expect(offseed({"--ca-file", authority, "backup", "--policy", policy_file()}), 0, "Next, at the computer");
  expect(offseed({"--ca-file", authority, "job", "show", "job1", "--subscription",
                  "00000000-0000-0000-0000-000000000001", "--resource-group", "seedbed", "--publish-settings",
                  directory.file("p.xml")}),
         1, "job1");
}

TEST_F(Journey, FilesThatAreNotWhatTheyShouldBe) {
  serve();
  register_here();
  const std::string good = read_text(policy_file());
  write("policy.toml", good + "[limit]\n");
  expect(backup(), 2, "policy.toml:");
  write("policy.toml", good.substr(0, 100) + "\n\"");
  expect(backup(), 2, "policy.toml:");
  expect(offseed({"backup", "--policy", directory.file("nowhere.toml")}), 2, "nowhere.toml");
  write("policy.toml", good);
  for (const std::string& text : {std::string(), std::string("<PublishData>"), std::string("\0\1\2", 3),
                                  std::string("<?xml version=\"1.0\"?><RSBackupVaultAADCreds/>")}) {
    write("bad.cred", text);
    expect(
        offseed({"register", "--vault-credentials", directory.file("bad.cred"), "--policy", policy_file()}),
        5, "bad.cred");
    expect(offseed({"job", "list", "--management", endpoint, "--subscription", "s", "--resource-group", "g",
                    "--publish-settings", directory.file("bad.cred")}),
           5, "bad.cred");
  }
}

}  // namespace
}  // namespace seedbed
