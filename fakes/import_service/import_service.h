// The Import/Export service as Azure Resource Manager shows it: jobs, BitLocker keys, locations, operations
// (Microsoft.ImportExport, api-versions 2016-11-01, 2020-08-01, 2021-01-01) and a storage account's keys.
// Stricter than the real one: what it does not know or what breaks a rule is refused, with the field.
//
// Any task may call handle(). Durability: a change is committed before it is answered; a killed service has
// done it or not, and GET tells.
#pragma once

#include "engine/base/url.h"
#include "engine/ports/http.h"
#include "fakes/import_service/account_door.h"
#include "fakes/import_service/job_book.h"

namespace seedbed {

struct ImportOptions {
  std::string only_token;       // the one good bearer token; "": any that is not empty
  std::string scheme = "http";  // of the origin that a request's Host header names
};

class ImportService {
 public:
  ImportService(ServiceState& state, AccountDoor accounts, ImportOptions options = {})
      : state_(state), accounts_(std::move(accounts)), options_(std::move(options)), book_(state) {}
  Status create_tables() { return book_.create_tables(); }
  // Everything under /subscriptions and /providers.
  HttpResponse handle(const HttpRequest& request, const Url& url);
  JobBook& job_book() noexcept { return book_; }

 private:
  struct Call;
  HttpResponse route(const Call& call);
  HttpResponse jobs(const Call& call);
  HttpResponse put_job(const Call& call);
  HttpResponse patch_job(const Call& call);
  HttpResponse list_jobs(const Call& call);
  HttpResponse locations(const Call& call);
  HttpResponse account_keys(const Call& call);

  ServiceState& state_;
  AccountDoor accounts_;
  ImportOptions options_;
  JobBook book_;
};

}  // namespace seedbed
