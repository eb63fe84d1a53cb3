#include "engine/agent/policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "engine/agent/policy_toml.h"
#include "engine/base/url.h"

namespace seedbed {

namespace {

using Kind = PolicyValue::Kind;
using Words = std::span<const std::string_view>;
using Flaw = std::function<std::string(std::string_view)>;

constexpr size_t kTextBytesMax = 4096;
constexpr size_t kPathsMax = 256;

// One table of the policy, its fields taken by name.
class Fields {
 public:
  Fields(const PolicyValue& table, std::string name, const std::string& path)
      : table_(table), name_(std::move(name)), path_(path) {}

  Status known(Words words) const {
    if (table_.kind != Kind::table)
      return fail(ErrorCode::invalid_argument, fmt::format("{} is no table", name_), where(table_.place),
                  fmt::format("Write it as [{}]", name_));
    for (const PolicyValue& item : table_.items) {
      if (std::ranges::find(words, item.key) != words.end()) continue;
      const auto near = nearest_key(item.key, words);
      return fail(ErrorCode::invalid_argument, fmt::format("the policy knows no key \"{}\"", full(item.key)),
                  where(item.key_place),
                  near ? fmt::format("Did you mean \"{}\"?", *near)
                       : fmt::format("Known here are: {}", fmt::join(words, ", ")));
    }
    return {};
  }

  Status text(std::string_view key, std::string& out, bool required, const Flaw& flaw = {}) const {
    const PolicyValue* value = table_.find(key);
    if (value == nullptr) return required ? absent(key) : Status();
    out = TRY(text_of(key, *value));
    if (flaw)
      if (const std::string why = flaw(out); !why.empty()) return wrong(key, *value, why);
    return {};
  }

  Status path(std::string_view key, std::string& out, bool required) const {
    TRY(text(key, out, required));
    out = resolved(out);
    return {};
  }

  Result<std::vector<std::string>> texts(std::string_view key, bool required) const {
    std::vector<std::string> out;
    const PolicyValue* value = table_.find(key);
    if (value == nullptr) {
      if (required) TRY(absent(key));
      return out;
    }
    if (value->kind != Kind::list) return wrong(key, *value, "it must be a list of texts: [\"…\", \"…\"]");
    if (value->items.size() > kPathsMax)
      return wrong(key, *value, fmt::format("it may have {} entries at most", kPathsMax));
    if (required && value->items.empty()) return wrong(key, *value, "it must not be empty");
    for (const PolicyValue& item : value->items) out.push_back(TRY(text_of(key, item)));
    return out;
  }

  template <typename T>
  Status number(std::string_view key, T& out, uint64_t least, uint64_t most, uint64_t unit = 1) const {
    const PolicyValue* value = table_.find(key);
    if (value == nullptr) return {};
    if (value->kind != Kind::integer || value->integer < 0 || static_cast<uint64_t>(value->integer) < least ||
        static_cast<uint64_t>(value->integer) > most)
      return wrong(key, *value, fmt::format("it must be a whole number from {} to {}", least, most));
    out = static_cast<T>(static_cast<uint64_t>(value->integer) * unit);
    return {};
  }

  Status ratio(std::string_view key, double& out) const {
    const PolicyValue* value = table_.find(key);
    if (value == nullptr) return {};
    const double ratio = value->kind == Kind::real      ? value->real
                         : value->kind == Kind::integer ? static_cast<double>(value->integer)
                                                        : -1;
    if (!(ratio > 0 && ratio <= 1)) return wrong(key, *value, "it must be above 0 and at most 1");
    out = ratio;
    return {};
  }

  Result<Fields> table(std::string_view key, Words words, bool required) const {
    static const PolicyValue empty = [] {
      PolicyValue value;
      value.kind = Kind::table;
      return value;
    }();
    const PolicyValue* value = table_.find(key);
    if (value == nullptr && required)
      return fail(ErrorCode::invalid_argument, fmt::format("the policy has no [{}]", key),
                  where(table_.place), "See docs/formats/policy.md for a whole example");
    Fields fields(value == nullptr ? empty : *value, std::string(key), path_);
    TRY(fields.known(words));
    return fields;
  }

  std::unexpected<Error> wrong(std::string_view key, const PolicyValue& value, std::string_view why) const {
    return fail(ErrorCode::invalid_argument, fmt::format("{}: {}", full(key), why), where(value.place),
                "Correct the value");
  }
  std::unexpected<Error> at_table(std::string what, std::string remedy) const {
    return fail(ErrorCode::invalid_argument, std::move(what), where(table_.place), std::move(remedy));
  }

  std::string resolved(const std::string& path) const {
    return path.empty() || path.front() == '/' ? path
           : parent_of(path_) == "."           ? path
                                               : join_path(parent_of(path_), path);
  }

 private:
  Status absent(std::string_view key) const {
    return fail(ErrorCode::invalid_argument, fmt::format("{} is missing", full(key)), where(table_.place),
                fmt::format("Add {} = …; docs/formats/policy.md has a whole example", key));
  }
  Result<std::string> text_of(std::string_view key, const PolicyValue& value) const {
    if (value.kind != Kind::text) return wrong(key, value, "it must be a text in quotes");
    if (value.text.empty()) return wrong(key, value, "it must not be empty");
    if (value.text.size() > kTextBytesMax)
      return wrong(key, value, fmt::format("it may have {} bytes at most", kTextBytesMax));
    if (std::ranges::any_of(value.text,
                            [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }))
      return wrong(key, value, "it holds a control character");
    return value.text;
  }
  std::string full(std::string_view key) const {
    return name_.empty() ? std::string(key) : fmt::format("{}.{}", name_, key);
  }
  std::string where(PolicyPlace place) const { return policy_where(path_, place); }

  const PolicyValue& table_;
  std::string name_;
  const std::string& path_;
};

// 1 to `most` characters, letters, digits and `more`.
Flaw word_of(size_t most, std::string_view more) {
  return [most, more](std::string_view text) -> std::string {
    if (text.size() > most) return fmt::format("it may have {} characters at most", most);
    for (const char c : text) {
      const bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
      if (!word && more.find(c) == std::string_view::npos)
        return fmt::format("it may have letters, digits and {} only", more);
    }
    return {};
  };
}

std::string item_flaw(std::string_view text) {
  if (text.front() == '.' || text.front() == '-') return "it must begin with a letter or digit";
  return word_of(50, "-")(text);
}

std::string location_flaw(std::string_view text) {
  return word_of(40, " -()")(text);
}

std::string vault_flaw(std::string_view text) {
  if (text.size() < 2) return "a vault's name has 2 to 50 characters";
  return word_of(50, "-")(text);
}

std::string endpoint_flaw(std::string_view text) {
  std::string whole(text);
  for (size_t at = whole.find("{account}"); at != std::string::npos; at = whole.find("{account}"))
    whole.replace(at, 9, "account");
  const auto url = parse_url(whole);
  if (!url || url->scheme.empty() || url->host.empty())
    return "it must be an address like http://127.0.0.1:10000 or https://host";
  if (!url->query.empty()) return "an endpoint has no query";
  return {};
}

std::string without_slash(std::string text) {
  while (text.ends_with('/')) text.pop_back();
  return text;
}

Status read_seed(const Fields& top, SeedPolicy& seed) {
  static constexpr std::string_view kKeys[] = {
      "job",       "subscription", "resource_group",   "storage_account",
      "container", "location",     "publish_settings", "token_file"};
  const Fields fields = TRY(top.table("seed", kKeys, true));
  TRY(fields.text("job", seed.job, true, job_name_flaw));
  TRY(fields.text("subscription", seed.subscription, true, word_of(64, "-")));
  TRY(fields.text("resource_group", seed.resource_group, true, word_of(90, "-_.()")));
  TRY(fields.text("storage_account", seed.account, true, account_name_flaw));
  TRY(fields.text("container", seed.container, true, container_name_flaw));
  TRY(fields.text("location", seed.location, true, location_flaw));
  TRY(fields.path("publish_settings", seed.publish_settings, false));
  TRY(fields.path("token_file", seed.token_file, false));
  if (seed.publish_settings.empty() == seed.token_file.empty())
    return fields.at_table(seed.token_file.empty() ? "seed names neither publish_settings nor token_file"
                                                   : "seed names both publish_settings and token_file",
                           "Name one of the two files: it says who may ask for the import job");
  return {};
}

Status read_endpoints(const Fields& top, Policy& policy) {
  static constexpr std::string_view kKeys[] = {"management", "blob", "vault"};
  const Fields fields = TRY(top.table("endpoints", kKeys, true));
  TRY(fields.text("management", policy.management_endpoint, true, endpoint_flaw));
  TRY(fields.text("blob", policy.blob_endpoint, true, endpoint_flaw));
  TRY(fields.text("vault", policy.vault_endpoint, true, endpoint_flaw));
  policy.management_endpoint = without_slash(std::move(policy.management_endpoint));
  policy.vault_endpoint = without_slash(std::move(policy.vault_endpoint));
  std::string blob = without_slash(std::move(policy.blob_endpoint));
  const size_t account = blob.find("{account}");
  if (account != std::string::npos) blob.replace(account, 9, policy.seed.account);
  policy.blob_endpoint = std::move(blob);
  return {};
}

Status read_limits(const Fields& top, Policy& policy) {
  static constexpr std::string_view kKeys[] = {"kdf_log2_n", "batch_kib", "blob_mib", "chunk_kib", "tries"};
  const Fields fields = TRY(top.table("limits", kKeys, false));
  TRY(fields.number("kdf_log2_n", policy.kdf_log2_n, 10, 20));
  TRY(fields.number("batch_kib", policy.batch_bytes, 64, 1024 * 1024, KiB));
  TRY(fields.number("blob_mib", policy.blob_bytes_max, 1, 8 * 1024 * 1024, MiB));
  TRY(fields.number("chunk_kib", policy.chunk_bytes, 4, 4096, KiB));
  const uint64_t average = policy.chunk_bytes == 0 ? 1 * MiB : policy.chunk_bytes;
  if (policy.batch_bytes < 8 * std::min<uint64_t>(4 * average, 4 * MiB))
    return fields.at_table("limits.batch_kib is too small: a batch holds at least eight of the largest chunks",
                           "Give 32 times chunk_kib or more");
  return fields.number("tries", policy.tries, 1, 20);
}

}  // namespace

Result<Policy> parse_policy(std::string_view text, const std::string& path) {
  const PolicyValue root = TRY(parse_policy_toml(text, path));
  Policy policy;
  policy.path = path;
  const Fields top(root, "", policy.path);
  static constexpr std::string_view kTop[] = {"name", "source", "staging",   "passphrase", "state",
                                              "seed", "vault",  "endpoints", "limits"};
  static constexpr std::string_view kSource[] = {"paths", "exclude"};
  static constexpr std::string_view kStaging[] = {"path", "assume_ratio"};
  static constexpr std::string_view kFile[] = {"file"};
  static constexpr std::string_view kPath[] = {"path"};
  static constexpr std::string_view kVault[] = {"name"};
  TRY(top.known(kTop));
  TRY(top.text("name", policy.name, true, item_flaw));

  const Fields source = TRY(top.table("source", kSource, true));
  policy.sources = TRY(source.texts("paths", true));
  policy.excludes = TRY(source.texts("exclude", false));
  for (std::string& one : policy.sources) one = source.resolved(one);

  const Fields staging = TRY(top.table("staging", kStaging, true));
  TRY(staging.path("path", policy.staging, true));
  TRY(staging.ratio("assume_ratio", policy.assume_ratio));

  const Fields passphrase = TRY(top.table("passphrase", kFile, true));
  TRY(passphrase.path("file", policy.passphrase_file, true));
  const Fields state = TRY(top.table("state", kPath, true));
  TRY(state.path("path", policy.state, true));

  TRY(read_seed(top, policy.seed));
  const Fields vault = TRY(top.table("vault", kVault, true));
  TRY(vault.text("name", policy.vault, true, vault_flaw));
  TRY(read_endpoints(top, policy));
  TRY(read_limits(top, policy));
  return policy;
}

Result<Policy> read_policy(FileStore& files, const std::string& path) {
  auto text = read_file(files, path, kPolicyBytesMax);
  if (!text && text.error().code == ErrorCode::not_found)
    return fail(ErrorCode::invalid_argument, "the policy file does not exist", path, "Check --policy");
  if (!text) return std::unexpected(std::move(text).error());
  return parse_policy(as_text(*text), path);
}

}  // namespace seedbed
