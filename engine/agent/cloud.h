// The clients of one run of the agent, made when they are first needed from what the policy names: the
// publish settings or the token file, the storage account's key (asked of the management service), the
// vault's certificate (from the registration). Owned by the run; its main task calls.
#pragma once

#include <memory>
#include <optional>

#include "engine/agent/agent.h"
#include "engine/cloud/blob_client.h"
#include "engine/cloud/job_client.h"

namespace seedbed {

class Cloud {
 public:
  // Both outlive it.
  Cloud(AgentPorts& ports, const Policy& policy);

  Result<JobClient*> jobs();
  Result<BlobClient*> blobs();
  Result<VaultClient*> vault();
  // The account's key may have been rotated: the next blobs() asks for it anew.
  void forget_storage_key() { blobs_.reset(); }

 private:
  AgentPorts& ports_;
  const Policy& policy_;
  HttpCaller caller_;
  std::optional<JobClient> jobs_;
  std::optional<BlobClient> blobs_;
  std::optional<VaultClient> vault_;
};

}  // namespace seedbed
