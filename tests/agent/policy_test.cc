// The policy file: what a whole one says, and what every kind of wrong one is told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "engine/agent/policy.h"
#include "engine/agent/policy_toml.h"

namespace seedbed {
namespace {

using testing::HasSubstr;

const std::string kWhole = R"(name = "fileserver"
[source]
paths = ["/srv/data", "/srv/mail"]
exclude = ["*.part"]
[staging]
path = "/staging"
assume_ratio = 0.5
[passphrase]
file = "secrets/passphrase"
[state]
path = "/var/lib/offseed"
[seed]
job = "job1"
subscription = "e92b1a5c-0000-0000-0000-000000000000"
resource_group = "backup-rg"
storage_account = "devstoreaccount1"
container = "seed"
location = "West US"
publish_settings = "/etc/offseed/my.publishsettings"
[vault]
name = "vault1"
[endpoints]
management = "http://127.0.0.1:10000/"
blob = "http://127.0.0.1:10000/{account}"
vault = "http://127.0.0.1:10000"
[limits]
kdf_log2_n = 12
batch_kib = 32768
)";

std::string replaced(const std::string& from, const std::string& to) {
  std::string text = kWhole;
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(Policy, AWholeOneIsReadWithPathsResolvedAndTheAccountInTheEndpoint) {
  const auto policy = parse_policy(kWhole, "/etc/offseed/policy.toml");
  ASSERT_TRUE(policy) << policy.error().message();
  EXPECT_EQ(policy->name, "fileserver");
  EXPECT_EQ(policy->sources, (std::vector<std::string>{"/srv/data", "/srv/mail"}));
  EXPECT_EQ(policy->passphrase_file, "/etc/offseed/secrets/passphrase");
  EXPECT_EQ(policy->blob_endpoint, "http://127.0.0.1:10000/devstoreaccount1");
  EXPECT_EQ(policy->management_endpoint, "http://127.0.0.1:10000");
  EXPECT_EQ(policy->seed.location, "West US");
  EXPECT_EQ(policy->kdf_log2_n, 12u);
  EXPECT_EQ(policy->batch_bytes, 32 * MiB);
  EXPECT_DOUBLE_EQ(policy->assume_ratio, 0.5);
}

struct Wrong {
  const char *from, *to, *says, *where;
};

TEST(Policy, WhatIsWrongIsToldWithItsPlace) {
  const Wrong wrongs[] = {
      {"job = \"job1\"", "job = \"Job1\"", "begins with a lower-case letter", "p:13:7"},
      {"job = \"job1\"", "job = \"a_b\"", "lower-case letters, digits and hyphens only", "p:13:7"},
      {"job = \"job1\"", "jbo = \"job1\"", "Did you mean \"job\"?", "p:13:1"},
      {"job = \"job1\"", "", "seed.job is missing", "p:12:1"},
      {"container = \"seed\"", "container = \"Seed\"", "lower-case", "p:17:13"},
      {"container = \"seed\"", "container = \"a--b\"", "two hyphens", "p:17:13"},
      {"container = \"seed\"", "container = \"ab\"", "3 to 63", "p:17:13"},
      {"container = \"seed\"", "container = 7", "text in quotes", "p:17:13"},
      {"storage_account = \"devstoreaccount1\"", "storage_account = \"dev-store\"", "letters and digits",
       "p:16:19"},
      {"assume_ratio = 0.5", "assume_ratio = 1.5", "above 0 and at most 1", "p:7:16"},
      {"assume_ratio = 0.5", "assume_ratio = nan", "above 0 and at most 1", "p:7:16"},
      {"kdf_log2_n = 12", "kdf_log2_n = 30", "10 to 20", "p:27:14"},
      {"kdf_log2_n = 12", "kdf_log2_n = -1", "10 to 20", "p:27:14"},
      {"kdf_log2_n = 12", "worker = 1", "knows no key \"limits.worker\"", "p:27:1"},
      {"batch_kib = 32768", "batch_kib = 64", "eight of the largest chunks", "p:26:1"},
      {"[staging]", "[stagin]", "Did you mean \"staging\"?", "p:5:"},
      {"[vault]", "[[vault]]", "no table", "p:20:"},
      {"paths = [\"/srv/data\", \"/srv/mail\"]", "paths = []", "must not be empty", "p:3:9"},
      {"paths = [\"/srv/data\", \"/srv/mail\"]", "paths = \"/srv\"", "list of texts", "p:3:9"},
      {"paths = [\"/srv/data\", \"/srv/mail\"]", "paths = [3]", "text in quotes", "p:3:10"},
      {"blob = \"http://127.0.0.1:10000/{account}\"", "blob = \"127.0.0.1\"", "an address like", "p:24:8"},
      {"vault = \"http://127.0.0.1:10000\"", "vault = \"ftp://x\"", "an address like", "p:25:9"},
      {"publish_settings = \"/etc/offseed/my.publishsettings\"", "",
       "neither publish_settings nor token_file", "p:12:1"},
      {"location = \"West US\"", "location = \"West US\"\ntoken_file = \"t\"", "both", "p:12:1"},
      {"name = \"fileserver\"", "name = \"file server\"", "letters, digits and -", "p:1:8"},
      {"name = \"fileserver\"", "name = \"\"", "must not be empty", "p:1:8"},
      {"name = \"fileserver\"", "name = \"a\\u0007b\"", "control character", "p:1:8"},
      {"name = \"fileserver\"", "name = \"\"\"x\"\"\"", "several lines", "p:1:8"},
      {"name = \"fileserver\"", "näme = \"x\"", "more than ASCII", "p:1:2"},
      {"name = \"fileserver\"", "name = \"x", "has no end", "p:1:8"},
      {"name = \"fileserver\"", "name = \"a\"\nname = \"b\"", "no policy", "p:2:"},
      {"name = \"fileserver\"", "name = [[[[[[[[[1]]]]]]]]]", "nested too deeply", "p:1:16"},
      {"name = \"fileserver\"", "name = 12\"3", "inside a word", "p:1:10"},
  };
  for (const Wrong& wrong : wrongs) {
    const auto policy = parse_policy(replaced(wrong.from, wrong.to), "p");
    ASSERT_FALSE(policy) << wrong.to;
    EXPECT_EQ(policy.error().code, ErrorCode::invalid_argument) << wrong.to;
    EXPECT_THAT(policy.error().message(), HasSubstr(wrong.says)) << wrong.to;
    EXPECT_THAT(policy.error().where, HasSubstr(wrong.where)) << wrong.to;
  }
}

TEST(Policy, BytesThatAreNoTextAreRefused) {
  for (const std::string& text :
       {std::string("\xff\xfe"), std::string("a = \"\0\"", 7), std::string(300 * 1024, '#'),
        std::string(9000, '#'), std::string("a = \"\\\x01\"")})
    EXPECT_FALSE(parse_policy(text, "p"));
  EXPECT_THAT(parse_policy("", "p").error().message(), HasSubstr("name is missing"));
}

RC_GTEST_PROP(Policy, NoDamageGoesBeyondAnError, ()) {
  std::string text = kWhole;
  const auto edits = *rc::gen::inRange(1, 6);
  for (int i = 0; i < edits; i++) {
    const auto at = *rc::gen::inRange<size_t>(0, text.size());
    switch (*rc::gen::inRange(0, 3)) {
      case 0:
        text[at] = static_cast<char>(*rc::gen::inRange(0, 256));
        break;
      case 1:
        text.erase(at, *rc::gen::inRange<size_t>(1, 20));
        break;
      default:
        text.insert(at, *rc::gen::element<std::string>("\"", "'", "[", "{", "\\u", "=", ".", "\n", "1e9",
                                                       "'''", "ä"));
    }
  }
  const auto policy = parse_policy(text, "p");
  if (!policy) {
    RC_ASSERT(policy.error().code == ErrorCode::invalid_argument);
    RC_ASSERT(policy.error().where.starts_with("p"));
  }
}

TEST(Policy, TheNearestKeyIsNear) {
  static constexpr std::string_view kKeys[] = {"subscription", "storage_account", "container"};
  EXPECT_EQ(nearest_key("subscripton", kKeys), "subscription");
  EXPECT_EQ(nearest_key("contaner", kKeys), "container");
  EXPECT_EQ(nearest_key("zzz", kKeys), std::nullopt);
  EXPECT_EQ(nearest_key("", kKeys), std::nullopt);
}

}  // namespace
}  // namespace seedbed
