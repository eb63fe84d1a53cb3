// The policy file: what one backup protects, where its seed goes, and how. TOML, one file per protected item
// (docs/formats/policy.md). A value, immutable once read; any thread. It holds names of files that hold
// secrets, never the secrets.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/ports/file_store.h"

namespace seedbed {

// The seed's inputs, as the original agent's screen asks for them.
struct SeedPolicy {
  std::string job;  // import job name
  std::string subscription, resource_group;
  std::string account, container;
  std::string location;          // of the account: "West US"
  std::string publish_settings;  // a file; or
  std::string token_file;        // a file whose first line is a bearer token
};

struct Policy {
  std::string path;  // of the policy file
  std::string name;  // the protected item
  std::vector<std::string> sources, excludes;
  std::string staging;
  double assume_ratio = 0;  // 0: staging must have room for all of the source
  std::string passphrase_file;
  std::string state;  // directory
  SeedPolicy seed;
  std::string vault;
  // Endpoints, without a slash at the end. blob has the account in it.
  std::string management_endpoint, blob_endpoint, vault_endpoint;
  // [limits]
  uint32_t kdf_log2_n = 15;
  uint64_t batch_bytes = 64 * MiB;  // staging redoes at most this
  uint64_t blob_bytes_max = 0;      // of one base blob; 0: staging's own
  uint64_t chunk_bytes = 0;         // on average; 0: staging's own
  uint32_t tries = 6;               // of one request
};

// Relative paths in the text are taken from the policy file's directory. Errors: invalid_argument with
// file:line:column, what is there, what is allowed and, for an unknown key, the nearest known one.
Result<Policy> parse_policy(std::string_view text, const std::string& path);
Result<Policy> read_policy(FileStore& files, const std::string& path);

// Why a name cannot be used; "" when it can. [Naming containers; names of import jobs; storage account names]
std::string job_name_flaw(std::string_view name);
std::string container_name_flaw(std::string_view name);
std::string account_name_flaw(std::string_view name);

}  // namespace seedbed
