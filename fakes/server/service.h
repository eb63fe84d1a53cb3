// All services of one machine behind one origin: storage accounts, the import service, vaults, the loading
// dock. fakeazure puts it behind HTTP, the testbed behind a simulated network.
//
// Any task may call handle(). Nothing is kept in memory that the ServiceState's disk does not hold: a killed
// service is opened anew over the same directory.
#pragma once

#include "fakes/carrier/carrier.h"
#include "fakes/import_service/import_service.h"
#include "fakes/storage_account/storage_accounts.h"
#include "fakes/vault_service/vault_service.h"

namespace seedbed {

struct ServiceOptions {
  std::string origin;      // "http://127.0.0.1:10000": what clients call it by
  std::string only_token;  // the one good bearer token for ARM; "": any that is not empty
};

class Service final : public HttpHandler {
 public:
  // `inside`: how the services reach each other; its requests pass for inside ones. All outlive it.
  Service(ServiceState& state, HttpTransport& inside, Bay& bay, ServiceOptions options);
  // Makes the tables and the account devstoreaccount1, and clears up after a killed service. Before anything
  // else.
  Status open();
  HttpResponse handle(const HttpRequest& request) override;
  StorageAccounts& accounts() noexcept { return accounts_; }
  VaultService& vaults() noexcept { return vaults_; }

 private:
  AccountDoor account_door();

  StorageAccounts accounts_;
  ImportService imports_;
  VaultService vaults_;
  Carrier carrier_;
};

// An HttpTransport straight into a handler of the same process, for services that call each other.
class DirectTransport final : public HttpTransport {
 public:
  DirectTransport(HttpHandler& handler, std::string origin) : handler_(handler), origin_(std::move(origin)) {}
  HttpResult send(const HttpRequest& request) override;

 private:
  HttpHandler& handler_;
  std::string origin_;
};

}  // namespace seedbed
