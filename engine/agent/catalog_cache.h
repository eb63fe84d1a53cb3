// The catalog of a recovery point: kept in the state directory so that an increment need not fetch it, else
// read from the staging location, else from the vault. The cache is a convenience: when it is absent, of
// another point or damaged, it is as if it had never been. One task.
#pragma once

#include "engine/agent/agent_run.h"

namespace seedbed {

// Durable on return.
Status keep_catalog(const StateDirectory& directory, FileStore& files, const std::string& point,
                    const Catalog& catalog);
Result<Catalog> catalog_of_point(AgentRun& run, VaultClient& vault, const std::string& point);
// From the vault alone, each part verified.
Result<Catalog> fetch_catalog(VaultClient& vault, const std::string& item, const ChunkKeys& keys,
                              const std::string& point);

}  // namespace seedbed
