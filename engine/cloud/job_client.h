// Import jobs, data centres and storage keys, by Azure Resource Manager. Refers to the caller and the
// Runtime, which outlive it; any task may call.
//
// Exactly once: create, update_shipping and cancel look (GET) before they act, and after anything that leaves
// the effect in doubt they look again and compare before they repeat. So a process that died anywhere may
// call them again with the same words. What a return means for durability: the job book holds it.
#pragma once

#include <string>
#include <vector>

#include "engine/cloud/authority.h"
#include "engine/cloud/http_caller.h"
#include "engine/documents/import_job.h"

namespace seedbed {

inline constexpr const char* kImportExportVersion = "2021-01-01";  // api-version
inline constexpr const char* kStorageProviderVersion = "2019-06-01";

class JobClient {
 public:
  // endpoint: the origin of the management service ("http://127.0.0.1:10000").
  JobClient(HttpCaller& caller, Runtime& runtime, std::string endpoint, std::string subscription,
            std::string resource_group, Authority authority);

  // The job as the service has it. The same job there already (account, location, drives, manifests, hashes),
  // in whatever state: fine. Another of that name: already_exists, with its state and what differs.
  Result<ImportJob> create(const ImportJob& job);
  Result<ImportJob> get(const std::string& name);  // not_found
  Result<std::vector<ImportJob>> list();
  // Carrier and tracking number; the job is Shipping then. The same package told already: fine, in whatever
  // state the job is. Too late for another: refused, with the state.
  Result<ImportJob> update_shipping(const std::string& name, const DeliveryPackage& package);
  Result<ImportJob> cancel(const std::string& name);
  Status remove(const std::string& name);  // not_found when it never was there
  Result<std::vector<DriveKey>> keys(const std::string& name);

  Result<std::vector<ImportLocation>> locations();
  Result<ImportLocation> location(const std::string& name);  // "West US" or "westus"
  Result<std::vector<StorageKey>> storage_keys(const std::string& account);

 private:
  HttpRequest request(const char* method, const std::string& path, const char* api_version) const;
  HttpRequest job_request(const char* method, const std::string& name, const char* action = "") const;
  Result<CallOutcome> send(const HttpRequest& request, bool idempotent);
  Result<HttpResponse> ask(const HttpRequest& request);  // reading, or what may be repeated; 2xx only
  Result<std::optional<ImportJob>> find(const std::string& name);
  // Sends a PATCH once. Nothing: its effect is in doubt.
  Result<std::optional<ImportJob>> change(const std::string& name, const std::string& body);
  void wait_before_looking(unsigned round);

  HttpCaller& caller_;
  Runtime& runtime_;
  std::string endpoint_, subscription_, resource_group_;
  Authority authority_;
};

}  // namespace seedbed
