// One request to the vault on its way through VaultService: whose vault, whose item. Only that room includes
// this.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "fakes/vault_service/vault_service.h"

namespace seedbed {

inline constexpr size_t kVaultJsonMax = 1 * MiB;
inline constexpr size_t kVaultedRecordBytesMax = 8 * MiB;
inline constexpr size_t kIdBytes = 32;

struct VaultService::Call {
  const HttpRequest& request;
  const Url& url;
  std::vector<std::string> path;  // decoded: vaults, the vault, what of it, …
  int64_t vault = 0, item = 0;    // rows; 0: none
  bool is(std::string_view method) const { return request.method == method; }
  std::string upload() const { return query_value(url, "upload").value_or(""); }
};

// Errors of what the client sent (invalid_argument, corrupt) as 400, others as the service's own.
HttpResponse vault_answer_of(const Error& error);
HttpResponse vault_octets(Bytes bytes);
// Letters, digits, '-', '_', '.'; at most 64, the first no dot.
bool is_vault_word(std::string_view text);
// 64 hex digits.
std::optional<Bytes> chunk_id_of_text(std::string_view text);
std::optional<Sha256> parse_sha256(std::string_view text);

}  // namespace seedbed
