// What one agent remembers between its runs, in the policy's state directory: how far the seed is, and the
// identifiers under which it touches the vault. A small text file, replaced as a whole
// (docs/formats/agent-state.md). No secrets.
//
// Owned by the one run that holds the directory's lock. save() is durable on return: it comes before the
// remote effect it speaks of.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "engine/ports/entropy.h"
#include "engine/ports/file_store.h"
#include "engine/staging/chunk_keys.h"

namespace seedbed {

enum class SeedPhase : uint8_t {
  staging,    // the initial copy is being written
  waiting,    // it is complete; the import has to come
  ingesting,  // the vault takes the seed from the account
  seeded,     // the seed's recovery point is committed; increments from here on
};
const char* seed_phase_name(SeedPhase phase) noexcept;

struct AgentState {
  SeedPhase phase = SeedPhase::staging;
  std::string item;       // whose state this is
  std::string backup_id;  // 32 hex
  KdfSpec kdf;
  Bytes key_check;  // empty: no run has derived the keys yet
  // Where the seed goes; a policy that says otherwise meanwhile is refused.
  std::string job, subscription, resource_group, account, container;
  bool job_seen = false;  // the import job has been there once: absent now means gone

  // Under way; "" when nothing is.
  std::string upload, point;  // 32 hex each
  int64_t point_utc_ns = 0;
  // Of the seed's chunks, in the order of the base blobs and of their indexes: proven in the vault.
  uint64_t proven_chunks = 0;

  std::string last_point;  // the newest committed recovery point
  uint64_t seed_points = 0, increments = 0;

  friend bool operator==(const AgentState&, const AgentState&) = default;
};

std::string encode_agent_state(const AgentState& state);
// corrupt, with the line. Untrusted text.
Result<AgentState> parse_agent_state(std::string_view text, const std::string& where);

class StateDirectory {
 public:
  // Makes the directory when it is absent (its parent must exist) and takes it for this process: busy when
  // another run has it.
  static Result<StateDirectory> open(FileStore& files, const std::string& path);

  // Nothing: no run was here yet.
  Result<std::optional<AgentState>> load() const;
  Status save(const AgentState& state) const;

  const std::string& path() const noexcept { return path_; }
  std::string file(const std::string& name) const { return join_path(path_, name); }

 private:
  StateDirectory(FileStore& files, std::string path) : files_(files), path_(std::move(path)) {}

  FileStore& files_;
  std::string path_;
  std::unique_ptr<File> lock_;
};

// 16 random bytes as 32 lower-case hex digits: ids of backups, uploads and recovery points.
std::string draw_id(Entropy& entropy);

}  // namespace seedbed
