// The services of a world as a judge asks them: their disk copied, the machine started anew, and clients with
// every right. What was acknowledged must be found there even after a power cut: so their disk is cut first.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/cloud/blob_client.h"
#include "engine/cloud/job_client.h"
#include "engine/cloud/vault_client.h"
#include "scenarios/world.h"

namespace seedbed {

struct JudgeClients {
  JobClient& jobs;
  BlobClient& blobs;
  VaultClient& vault;
};

// A disk as a store that costs no time; the disk itself stays as it is.
void look_at_disk(const FileTree& disk, const std::function<void(FileStore&)>& look);

// What goes wrong on the way is a finding too.
void look_at_services(const World& world, std::vector<std::string>& findings,
                      const std::function<Status(JudgeClients&)>& look);

}  // namespace seedbed
