#include "fakes/storage_account/storage_accounts.h"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <array>

#include "engine/base/text.h"
#include "fakes/storage_account/operations.h"

namespace seedbed {

namespace {

constexpr size_t kKeyBytes = 64;
constexpr size_t kKeyBytesMax = 256;
constexpr size_t kClientIdBytesMax = 1024;
constexpr std::array<std::string_view, 4> kTaken = {"subscriptions", "providers", "vaults", "portal"};

Status check_key(const std::string& key_base64) {
  const auto key = parse_base64(key_base64);
  if (!key || key->empty() || key->size() > kKeyBytesMax)
    return fail(ErrorCode::invalid_argument, "an account key is base64 of 1 to 256 bytes", {},
                "Give it as the portal shows it.");
  return {};
}

std::unexpected<StorageError> refuse_verb() {
  return refuse(405, "UnsupportedHttpVerb", "The resource doesn't support specified Http Verb.");
}

Answer account_operation(const BlobCall& call) {
  if (call.request.http.method != "GET") return refuse_verb();
  if (call.request.comp == "list") return list_containers(call);
  return refuse_parameter("comp");
}

Answer container_operation(const BlobCall& call) {
  const std::string &method = call.request.http.method, &comp = call.request.comp;
  if (comp == "list" && method == "GET") return list_blobs(call);
  if (comp == "metadata" && method == "PUT") return set_container_metadata(call);
  if (!comp.empty() && comp != "metadata") return refuse_parameter("comp");
  if (call.request.reads()) return container_properties(call);
  if (method == "PUT") return create_container(call);
  if (method == "DELETE" && comp.empty()) return delete_container(call);
  return refuse_verb();
}

Answer blob_operation(const BlobCall& call) {
  const std::string &method = call.request.http.method, &comp = call.request.comp;
  if (call.request.parameter("snapshot")) return refuse_parameter("snapshot");
  if (call.request.parameter("versionid")) return refuse_parameter("versionid");
  const bool put = method == "PUT", get = method == "GET";
  if (comp.empty()) {
    if (put) return put_blob(call);
    if (call.request.reads()) return get_blob(call);
    if (method == "DELETE") return delete_blob(call);
    return refuse_verb();
  }
  if (comp == "page" && put) return put_page(call);
  if (comp == "pagelist" && get) return get_page_ranges(call);
  if (comp == "block" && put) return put_block(call);
  if (comp == "blocklist" && put) return put_block_list(call);
  if (comp == "blocklist" && get) return get_block_list(call);
  if (comp == "metadata" && put) return set_blob_metadata(call);
  if (comp == "metadata" && call.request.reads()) return get_blob_metadata(call);
  if (comp == "properties" && put) return set_blob_properties(call);
  for (const char* known : {"page", "pagelist", "block", "blocklist", "metadata", "properties"})
    if (comp == known) return refuse_verb();
  return refuse_parameter("comp");
}

}  // namespace

StorageAccounts::StorageAccounts(ServiceState& state) : state_(state), store_(state) {}

Status StorageAccounts::create_tables() {
  Locked held(*state_.lock);
  return store_.create_tables();
}

std::optional<AccountKeys> StorageAccounts::keys_of(const std::string& name) {
  Locked held(*state_.lock);
  auto find = state_.database->prepare("SELECT key1, key2 FROM blob_accounts WHERE name = ?1");
  if (!find) return std::nullopt;
  const auto found = find->bind(1, name).step();
  if (!found || !*found) return std::nullopt;
  return AccountKeys{find->text(0), find->text(1)};
}

Status StorageAccounts::add_account(const std::string& name, const std::string& key_base64) {
  const bool good =
      name.size() >= 3 && name.size() <= 24 && std::ranges::find(kTaken, name) == kTaken.end() &&
      std::ranges::all_of(name, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); });
  if (!good)
    return fail(ErrorCode::invalid_argument, "an account name is 3 to 24 lower-case letters and digits",
                name);
  TRY(check_key(key_base64));
  if (const auto keys = keys_of(name)) {
    if (keys->key1 == key_base64) return {};
    return fail(ErrorCode::already_exists, "the storage account is there with another key1", name,
                "Leave it out, or rotate its key: POST /_dock/accounts/" + name + "/rotate.");
  }
  Bytes drawn(kKeyBytes);
  state_.entropy.fill(drawn);
  Locked held(*state_.lock);
  auto put = TRY(state_.database->prepare("INSERT INTO blob_accounts VALUES (?1, ?2, ?3)"));
  return put.bind(1, name).bind(2, key_base64).bind(3, base64(drawn)).run();
}

Status StorageAccounts::rotate_key(const std::string& name, const std::string& which,
                                   const std::string& new_key_base64) {
  if (which != "key1" && which != "key2")
    return fail(ErrorCode::invalid_argument, "an account has the keys key1 and key2", which);
  TRY(check_key(new_key_base64));
  Locked held(*state_.lock);
  auto put =
      TRY(state_.database->prepare(fmt::format("UPDATE blob_accounts SET {} = ?2 WHERE name = ?1", which)));
  TRY(put.bind(1, name).bind(2, new_key_base64).run());
  if (state_.database->changes() == 0)
    return fail(ErrorCode::not_found, "there is no such storage account", name);
  return {};
}

HttpResponse StorageAccounts::handle(const HttpRequest& http, const Url& url) {
  const int64_t utc_ns = state_.utc_ns();
  const std::string request_id = state_.entropy.guid().text();
  std::string version;
  const auto answer_it = [&]() -> Answer {
    BlobRequest request = TRY(BlobRequest::of(http, url, utc_ns));
    version = request.version;
    const std::string_view token = header_of(http.headers, "x-seedbed-internal");
    request.internal = token.size() == state_.internal_token.size() &&
                       CRYPTO_memcmp(token.data(), state_.internal_token.data(), token.size()) == 0;
    const auto keys = keys_of(request.account);
    if (!keys) return refuse(404, "ResourceNotFound", "The specified resource does not exist.");
    const Grant grant = TRY(authenticate(request, {keys->key1, keys->key2}));
    const BlobCall call{state_, store_, request, grant};
    if (request.container.empty()) return account_operation(call);
    return request.blob.empty() ? container_operation(call) : blob_operation(call);
  };
  Answer answer = answer_it();
  HttpResponse response = answer ? std::move(*answer) : error_response(answer.error(), request_id, utc_ns);
  response.headers.emplace_back("x-ms-request-id", request_id);
  if (!version.empty()) response.headers.emplace_back("x-ms-version", version);
  response.headers.emplace_back("Date", http_date(utc_ns));
  if (const auto id = header_of(http.headers, "x-ms-client-request-id");
      !id.empty() && id.size() <= kClientIdBytesMax)
    response.headers.emplace_back("x-ms-client-request-id", id);
  if (response.status == 401)
    response.headers.emplace_back("WWW-Authenticate",
                                  "SharedKey realm=\"" + url.path.substr(0, url.path.find('/', 1)) + "\"");
  return response;
}

}  // namespace seedbed
