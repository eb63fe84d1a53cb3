// What a vault answers, read: JSON and octets, bounded, errors with the place. Pure; any thread. Only
// vault_client and tests include this.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/cloud/vault_client.h"

namespace seedbed {

Result<VaultItem> parse_vault_item(std::string_view json, const std::string& where);
// One for each range, in their order, and of its id.
Result<std::vector<VaultCopyResult>> parse_copy_results(std::string_view json,
                                                        std::span<const VaultCopyRange> asked,
                                                        const std::string& where);
Result<std::vector<std::optional<Sha256>>> parse_proofs(std::string_view json, size_t count,
                                                        const std::string& where);
Result<std::vector<VaultPoint>> parse_vault_points(std::string_view json, const std::string& where);
// A line of JSON, a line feed, the chunk ids; they must be those that chunks_digest tells.
Result<VaultPointContent> parse_point_content(ByteSpan body, const std::string& where);
// The error body of a point whose chunks the vault has not: {"error":{"missing":[…]}}
Result<std::vector<VaultChunkId>> parse_missing_chunks(std::string_view json, const std::string& where);

}  // namespace seedbed
