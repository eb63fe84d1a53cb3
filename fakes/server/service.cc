#include "fakes/server/service.h"

#include "fakes/store/json_answer.h"

namespace seedbed {

namespace {

// Azurite's well-known account.
constexpr const char* kFirstAccount = "devstoreaccount1";
constexpr const char* kFirstKey =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

bool is_under(const Url& url, std::string_view first) {
  return url.path.starts_with(first) && (url.path.size() == first.size() || url.path[first.size()] == '/');
}

}  // namespace

Service::Service(ServiceState& state, HttpTransport& inside, Bay& bay, ServiceOptions options)
    : accounts_(state),
      imports_(
          state, account_door(),
          {.only_token = options.only_token, .scheme = options.origin.substr(0, options.origin.find(':'))}),
      vaults_(state, inside,
              {.origins = {options.origin}, .scheme = options.origin.substr(0, options.origin.find(':'))}),
      carrier_(state, imports_.job_book(), bay, account_door(),
               [this](const std::string& name, ByteSpan certificate) {
                 return vaults_.add_vault(name, certificate);
               }) {}

AccountDoor Service::account_door() {
  return {.keys_of = [this](const std::string& account) -> std::optional<std::array<std::string, 2>> {
            const auto keys = accounts_.keys_of(account);
            if (!keys) return std::nullopt;
            return std::array<std::string, 2>{keys->key1, keys->key2};
          },
          .rotate_key = [this](const std::string& account, int which, const std::string& key) -> Status {
            return accounts_.rotate_key(account, which == 1 ? "key1" : "key2", key);
          }};
}

Status Service::open() {
  TRY(accounts_.create_tables());
  TRY(imports_.create_tables());
  TRY(vaults_.create_tables());
  TRY(carrier_.create_tables());
  if (accounts_.keys_of(kFirstAccount)) return {};  // its keys may have been rotated since
  return accounts_.add_account(kFirstAccount, kFirstKey);
}

HttpResponse Service::handle(const HttpRequest& request) {
  const auto url = parse_url(request.target);
  if (!url || !url->scheme.empty()) return json_error(400, "InvalidUri", "The request's target is no path.");
  if (is_under(*url, "/subscriptions") || is_under(*url, "/providers")) return imports_.handle(request, *url);
  if (is_under(*url, "/vaults")) return vaults_.handle(request, *url);
  if (is_under(*url, "/_dock")) return carrier_.handle(request, *url);
  return accounts_.handle(request, *url);
}

HttpResult DirectTransport::send(const HttpRequest& request) {
  const auto url = parse_url(request.target);
  if (!url || url->origin() != origin_)
    return std::unexpected(HttpFailure{HttpFailure::Kind::not_sent, "nobody answers at that address"});
  HttpRequest inside = request;
  inside.target = url->target();
  inside.headers.emplace_back("Host", origin_.substr(origin_.find("//") + 2));
  inside.headers.emplace_back("Content-Length", std::to_string(request.body.size()));
  return handler_.handle(inside);
}

}  // namespace seedbed
