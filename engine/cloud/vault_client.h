// A backup vault: its items, their sealed chunks and recovery points. Refers to the caller and the Runtime,
// which outlive it; any task may call. Chunks, points and items never change once they are there, so every
// operation but sweep() may be repeated, and is (http_caller.h).
//
// What a return means for durability: what was put is durable in the vault. A chunk is safe from the sweep
// while its upload is open or a point refers to it.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/base/checksum.h"
#include "engine/cloud/authority.h"
#include "engine/cloud/http_caller.h"

namespace seedbed {

using VaultChunkId = std::array<uint8_t, 32>;

struct VaultKdf {
  std::string name = "scrypt";
  uint32_t log2_n = 0, r = 0, p = 0;
  Bytes salt;
  friend bool operator==(const VaultKdf&, const VaultKdf&) = default;
};

struct VaultItem {
  std::string server;
  std::string backup_id;  // 32 hex digits
  VaultKdf kdf;
  Bytes key_check;
  uint64_t points = 0;  // told by the vault
};

struct VaultPoint {
  std::string id;
  std::string created_utc;  // ISO 8601
  std::string kind;         // "seed", "increment"
  std::vector<VaultChunkId> catalog;
  std::string chunks_digest;  // hex SHA-256 of the chunk ids, one after the other; put_point computes it
};

struct VaultPointContent {
  VaultPoint point;
  std::vector<VaultChunkId> chunks;  // every one that the point needs
};

// A chunk that lies in a blob of the storage account.
struct VaultCopyRange {
  VaultChunkId id{};
  uint64_t offset_bytes = 0, length_bytes = 0;
  Sha256 sha256{};  // of those bytes
};
struct VaultCopyResult {
  VaultChunkId id{};
  enum class Status : uint8_t { copied, present, mismatch, unreadable } status = Status::copied;
  std::string detail;
  bool good() const noexcept { return status == Status::copied || status == Status::present; }
};

struct VaultPutPoint {
  enum class Outcome : uint8_t { made, same, chunks_missing } outcome = Outcome::made;
  std::vector<VaultChunkId> missing;  // the first hundred
};

inline constexpr size_t kVaultQueryMax = 32'768, kVaultCopyMax = 1024, kVaultProofMax = 1024;
inline constexpr uint64_t kVaultRecordBytesMax = 8 * MiB;
inline constexpr size_t kVaultChunksPerPointMax = 8'000'000;  // 256 MiB of ids

class VaultClient {
 public:
  // endpoint: the vault service's origin ("http://127.0.0.1:10000"); vault: its name.
  VaultClient(HttpCaller& caller, Runtime& runtime, std::string endpoint, std::string vault,
              Authority authority);

  // True: it is new; false: the same was there. already_exists when another backup id or salt is there.
  Result<bool> put_item(const std::string& item, const VaultItem& content);
  Result<std::optional<VaultItem>> get_item(const std::string& item);

  // For each id, whether the vault has it. Any number; asked in requests of at most kVaultQueryMax.
  Result<std::vector<bool>> query_chunks(const std::string& item, std::span<const VaultChunkId> ids);
  // True: it is new; false: it was there already (and stays as it was).
  Result<bool> put_chunk(const std::string& item, const std::string& upload, const VaultChunkId& id,
                         ByteSpan record);
  Result<Bytes> get_chunk(const std::string& item, const VaultChunkId& id);
  // The vault takes the ranges from the blob itself. One result for each range, in their order. `source_url`
  // carries a SAS. At most kVaultCopyMax.
  Result<std::vector<VaultCopyResult>> copy_chunks(const std::string& item, const std::string& upload,
                                                   const std::string& source_url,
                                                   std::span<const VaultCopyRange> ranges);
  // SHA-256(nonce ‖ stored record) for each id; nothing where the vault has none. At most kVaultProofMax.
  Result<std::vector<std::optional<Sha256>>> prove_chunks(const std::string& item, ByteSpan nonce,
                                                          std::span<const VaultChunkId> ids);

  // already_exists when the point is there with other content.
  Result<VaultPutPoint> put_point(const std::string& item, const std::string& upload, const VaultPoint& point,
                                  std::span<const VaultChunkId> chunks);
  Result<std::vector<VaultPoint>> points(const std::string& item);  // in the order they were committed
  Result<std::optional<VaultPointContent>> get_point(const std::string& item, const std::string& point);
  Status delete_point(const std::string& item, const std::string& point);  // not there: fine

  Status open_upload(const std::string& upload, const std::string& item);  // open already: fine
  Status close_upload(const std::string& upload);                          // closed already: fine
  // Sent once: an effect in doubt is io_error, for two sweeps are not one.
  Status sweep();

 private:
  HttpRequest request(const char* method, const std::string& path) const;
  Result<HttpResponse> call(HttpRequest request, bool idempotent = true);

  HttpCaller& caller_;
  Runtime& runtime_;
  std::string endpoint_, vault_;
  Authority authority_;
};

}  // namespace seedbed
